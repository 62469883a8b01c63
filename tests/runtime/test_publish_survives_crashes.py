"""Stop at every operation: readers see release R or R+1, and a re-run converges."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from runtime.shop import DAY_TWO, FILES, Shop

NEW_QUERY = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")


def first_build(shop: Shop) -> None:
    del shop


def new_data(shop: Shop) -> None:
    shop.apply()
    shop.orders(DAY_TWO)


def new_code(shop: Shop) -> None:
    shop.apply()
    shop.edit("sql/gold/totals.sql", NEW_QUERY)


def new_schema(shop: Shop) -> None:
    shop.apply()
    shop.edit(
        "sql/silver/orders.sql",
        "SELECT id, customer, amount, CAST(amount AS STRING) AS shown FROM raw.orders\n",
    )


def new_rule(shop: Shop) -> None:
    shop.apply()
    text = shop.files["pipelines/silver/customers.yml"]
    shop.edit("pipelines/silver/customers.yml", text + "expect: [{not_null: [region]}]\n")


SITUATIONS = (first_build, new_data, new_code, new_schema, new_rule)


@pytest.mark.parametrize("tear", [False, True], ids=["whole", "torn"])
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_a_crash_at_any_operation_leaves_one_release_and_a_rerun_converges(
    situation: Callable[[Shop], None], tear: bool
) -> None:
    start = Shop.open()
    situation(start)
    before = start.world.lake("reader").latest("prod")
    expected = copy.deepcopy(start)
    assert expected.apply().ok
    after = expected.latest()
    old = start.contents(before) if before else None
    point, crashed = 0, True
    while crashed:
        point += 1
        shop = copy.deepcopy(start)
        crashed = crash_at(shop, point, tear=tear)
        seen = shop.world.lake("reader").latest("prod")
        number = seen.release if seen else 0
        assert number in {after.release - 1, after.release}, f"point {point}"
        if seen is not None:
            wanted = expected.contents(after) if number == after.release else old
            assert shop.contents(seen) == wanted, f"point {point}"
        again = shop.run(shop.plan("b"), "b")
        assert again.ok, f"point {point}: {again.problems}"
        assert shop.contents(shop.latest()) == expected.contents(after), f"point {point}"
        assert shop.plan("c").empty, f"point {point}"
    assert point > 20


def crash_at(shop: Shop, point: int, *, tear: bool) -> bool:
    """Apply as process `a`, dying at that point; whether it died."""
    plan = shop.plan("a")
    shop.world.hook = CrashAt(point, tear=tear)
    try:
        shop.run(plan, "a")
    except Crash:
        return True
    finally:
        shop.world.hook = None
        shop.world.kill("a")
    return False
