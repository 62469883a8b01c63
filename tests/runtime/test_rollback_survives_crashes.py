"""Stop a rollback at every operation: readers see R or R+1, and the next command converges."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from lakewright.plans import RollbackMode
from runtime.back import go_back, heads, plan_back, resume, run_back
from runtime.shop import DAY_TWO, FILES, Shop, name

NEW_TOTALS = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
DAY_THREE = [*DAY_TWO, {"id": 6, "customer": "bob", "amount": 3}]


def new_data(shop: Shop) -> None:
    shop.orders(DAY_TWO)
    assert shop.refresh().ok


def new_code(shop: Shop) -> None:
    shop.edit("sql/gold/totals.sql", NEW_TOTALS)
    assert shop.apply().ok


def new_schema(shop: Shop) -> None:
    shop.edit(
        "sql/silver/orders.sql",
        "SELECT id, customer, amount, CAST(amount AS STRING) AS shown FROM raw.orders\n",
    )
    text = FILES["pipelines/silver/orders.yml"]
    shop.edit("pipelines/silver/orders.yml", text + "  - {not_null: [amount]}\n")
    assert shop.apply().ok


def new_and_dropped(shop: Shop) -> None:
    del shop.files["pipelines/gold/large.yml"], shop.files["sql/gold/large.sql"]
    shop.edit("sql/gold/counted.sql", "SELECT count(*) AS n FROM silver.orders")
    assert shop.apply(allow_destructive={name("gold.large")}).ok


SITUATIONS = (new_data, new_code, new_schema, new_and_dropped)


@pytest.fixture(params=SITUATIONS, ids=lambda one: one.__name__)
def start(request: pytest.FixtureRequest) -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    situation: Callable[[Shop], None] = request.param
    situation(shop)
    return shop


@pytest.mark.parametrize("tear", [False, True], ids=["whole", "torn"])
def test_a_crash_at_any_operation_leaves_one_release_and_the_same_rollback_converges(
    start: Shop, tear: bool
) -> None:
    first, second = start.world.lake().release("prod", 1), start.latest()
    seen = {2: start.contents(second), 3: start.contents(first)}
    finished = copy.deepcopy(start)
    assert go_back(finished, 1).ok
    point, crashed = 0, True
    while crashed:
        point += 1
        shop = copy.deepcopy(start)
        crashed = crash_at(shop, point, tear=tear)
        number = shop.latest().release
        assert number in seen, f"point {point}"
        assert shop.contents(shop.latest()) == seen[number], f"point {point}"
        again = go_back(shop, 1, process="b")
        assert again.ok, f"point {point}: {again.problems}"
        assert shop.latest().release == 3, f"point {point}"
        assert shop.contents(shop.latest()) == seen[3], f"point {point}"
        assert heads(shop) == heads(finished), f"point {point}"
        assert plan_back(shop, 1).empty
    assert point > 15


@pytest.mark.parametrize("mode", ["hold", "replay"])
def test_after_a_crash_at_any_operation_a_refresh_keeps_its_word(mode: RollbackMode) -> None:
    start = Shop.open()
    assert start.apply().ok
    new_data(start)
    start.orders(DAY_THREE)
    point, crashed = 0, True
    while crashed:
        point += 1
        shop = copy.deepcopy(start)
        crashed = crash_at(shop, point, mode=mode)
        went_back = shop.latest().release == 3
        shop.run(shop.plan_refresh("b"), "b")
        ids = [row["id"] for row in shop.contents(shop.latest())["silver.orders"]]
        held = went_back and mode == "hold"
        assert ids == ([1, 2] if held else [1, 2, 5, 6]), f"point {point}"
        resume(shop)
        shop.run(shop.plan_refresh("c"), "c")
        ids = [row["id"] for row in shop.contents(shop.latest())["silver.orders"]]
        assert ids == [1, 2, 5, 6], f"point {point}"
        assert heads(shop)["silver.orders"] == shop.contents(shop.latest())["silver.orders"]
    assert point > 15


def crash_at(shop: Shop, point: int, *, tear: bool = False, mode: RollbackMode = "hold") -> bool:
    """Roll back as process `a`, dying at that point; whether it died."""
    plan = plan_back(shop, 1, mode=mode)
    shop.world.hook = CrashAt(point, tear=tear)
    try:
        run_back(shop, plan, "a")
    except Crash:
        return True
    finally:
        shop.world.hook = None
        shop.world.kill("a")
    return False
