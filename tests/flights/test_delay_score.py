"""The robust score of carriers, on flights that fit on a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.compute as pc

NAMES = [{"carrier": "UA", "name": "United"}, {"carrier": "AA", "name": "American"}]


def delays(carrier: str, *minutes: int) -> list[dict[str, Any]]:
    return [{"carrier": carrier, "arr_delay": late} for late in minutes]


def test_one_terrible_day_does_not_move_a_carriers_score(
    run_table: Callable[..., Any], assert_table: Callable[..., None]
) -> None:
    usual = delays("UA", 0, 1, 2, 3, 4)
    calm = run_table(
        "gold.delay_score",
        {"silver.completed_flights": usual + delays("AA", 2), "silver.airlines": NAMES},
    )
    terrible = run_table(
        "gold.delay_score",
        {
            "silver.completed_flights": delays("UA", 0, 1, 2, 3, 900) + delays("AA", 2),
            "silver.airlines": NAMES,
        },
    )
    row = {"carrier": "UA", "carrier_name": "United", "flights": 5, "median_delay": 2.0}
    for ran in (calm, terrible):
        mine = ran.rows.filter(pc.equal(ran.rows["carrier"], "UA"))
        assert_table(mine, [row])


def test_a_carrier_of_few_flights_is_only_warned_about(run_table: Callable[..., Any]) -> None:
    ran = run_table(
        "gold.delay_score",
        {"silver.completed_flights": delays("UA", 1, 2), "silver.airlines": NAMES},
    )
    assert ran.failed["enough_flights"] == 1
    assert ran.rows.num_rows == 1
