"""The demo warehouse over its fixture: what a first build, a second plan and a query say."""

from __future__ import annotations

from typing import Any

import pytest

from demo.warehouses import EXPECTED, Warehouse, copy_demo

ENGINES = ["sail", pytest.param("spark", marks=pytest.mark.spark)]
SPLIT = [name for name, counts in EXPECTED.items() if "produced" in counts]
GOLD = [name for name, counts in EXPECTED.items() if "rows" in counts]
FLIGHTS = """
SELECT flight_id, date_format(scheduled_departure, 'MM-dd HH:mm') AS scheduled,
    date_format(departed_at, 'MM-dd HH:mm') AS departed,
    date_format(scheduled_arrival, 'MM-dd HH:mm') AS due,
    date_format(arrived_at, 'MM-dd HH:mm') AS arrived, cancelled, diverted
FROM silver.flights"""


@pytest.fixture(scope="module", params=ENGINES)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Warehouse, dict[str, dict[str, Any]]]:
    """The warehouse after its first `apply`, and the report of each table."""
    warehouse = copy_demo(tmp_path_factory.mktemp("demo"), request.param)
    report = warehouse.ask("apply", "--yes")
    return warehouse, {table["table"]: table for table in report["tables"]}


Built = tuple[Warehouse, dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def flights(built: Built) -> dict[str, dict[str, Any]]:
    """Flights by their id, with times as `MM-dd HH:mm` in UTC."""
    return {row["flight_id"]: row for row in built[0].ask("sql", FLIGHTS)}


@pytest.mark.parametrize("table", SPLIT)
def test_counts_are_those_of_the_plainest_reading(built: Built, table: str) -> None:
    report = built[1][table]
    parts = ("produced", "kept", "quarantined", "dropped")
    assert {part: report[f"rows_{part}"] for part in parts} == {
        part: EXPECTED[table][part] for part in parts
    }


def test_flights_add_up(built: Built) -> None:
    flights = built[1]["silver.flights"]
    apart = flights["rows_quarantined"] + flights["rows_dropped"]
    assert flights["rows_produced"] == flights["rows_kept"] + apart
    assert flights["rows_produced"] == built[1]["bronze.flights"]["rows_kept"]


@pytest.mark.parametrize("rule", ["tailnum_format", "known_aircraft"])
def test_warnings_count_kept_rows(built: Built, rule: str) -> None:
    checks = {check["name"]: check for check in built[1]["silver.flights"]["checks"]}
    assert checks[rule]["verdict"] == "warn"
    assert checks[rule]["failed_rows"] == EXPECTED["silver.flights"][f"warn {rule}"]


def test_a_second_plan_is_empty(built: Built) -> None:
    done = built[0].run("plan", "--detailed-exitcode", "--json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_gold_has_a_row_for_every_key(built: Built) -> None:
    counts = " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in GOLD
    )
    found = {row["name"]: row["n"] for row in built[0].ask("sql", counts)}
    assert found == {name: EXPECTED[name]["rows"] for name in GOLD}


def test_gold_counts_every_kept_flight_once(built: Built) -> None:
    sums = """
        SELECT (SELECT sum(flights) FROM gold.carrier_month) AS by_month,
            (SELECT sum(departures) FROM gold.weather_delays) AS by_weather,
            (SELECT sum(scheduled) FROM gold.airport_load) AS by_hour"""
    kept = EXPECTED["silver.flights"]["kept"]
    assert built[0].ask("sql", sums) == [{"by_month": kept, "by_weather": kept, "by_hour": kept}]


def test_cancelled_and_diverted_flights_are_marked(flights: dict[str, dict[str, Any]]) -> None:
    assert (
        sum(row["cancelled"] for row in flights.values()) == EXPECTED["silver.flights"]["cancelled"]
    )
    assert (
        sum(row["diverted"] for row in flights.values()) == EXPECTED["silver.flights"]["diverted"]
    )


@pytest.mark.parametrize(
    ("flight", "times"),
    [
        # on the day, in another zone
        ("UA-1545-EWR-201301010515", "01-01 10:15, 01-01 10:17, 01-01 14:19, 01-01 14:30"),
        # arrives at 2400, the midnight that ends the day
        ("B6-1109-JFK-201301012155", "01-02 02:55, 01-02 03:09, 01-02 04:37, 01-02 05:00"),
        # due after midnight, arrives at 2400 of the day before
        ("B6-383-LGA-201301052130", "01-06 02:30, 01-06 02:16, 01-06 05:18, 01-06 05:00"),
        # Honolulu, ten hours from UTC
        ("HA-51-JFK-201301010900", "01-01 14:00, 01-01 13:57, 01-02 01:30, 01-02 01:16"),
        # a day late
        ("HA-51-JFK-201301090900", "01-09 14:00, 01-10 11:41, 01-10 01:30, 01-10 22:42"),
        # the evening of the day on which summer time begins
        ("EV-4368-EWR-201303102100", "03-11 01:00, 03-11 04:41, 03-11 02:57, 03-11 06:30"),
        # the evening before summer time ends, and the morning after
        ("B6-486-JFK-201311022245", "11-03 02:45, 11-03 02:36, 11-03 04:03, 11-03 03:41"),
        ("UA-322-EWR-201311030520", "11-03 10:20, 11-03 10:19, 11-03 14:00, 11-03 13:51"),
    ],
)
def test_clocks_become_moments(flights: dict[str, dict[str, Any]], flight: str, times: str) -> None:
    found = flights[flight]
    assert ", ".join(found[it] for it in ("scheduled", "departed", "due", "arrived")) == times
