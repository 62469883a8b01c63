"""What a rollback's plan says, from records, code and what was found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewright.errors import RefusedError
from lakewright.lake import Collected
from lakewright.plans import (
    Found,
    Plan,
    Return,
    Way,
    choose_return,
    compile_released,
    compile_target,
    make_rollback,
)
from runtime.shop import DAY_TWO, ENVIRONMENT, FILES, NOW, Shop, name


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    shop.orders(DAY_TWO)
    assert shop.refresh().ok
    return shop


def choose(shop: Shop, ask: Return) -> Way:
    lake = shop.world.lake()
    state = lake.state(ENVIRONMENT, ())
    assert state.release is not None
    entries = (*state.release.tables.values(), *ask.to.tables.values())
    state = replace(state, code=lake.released_code(ENVIRONMENT, entries))
    return choose_return(state, ask, compile_released(state), compile_target(state, ask.to))


def asked(shop: Shop, to: int = 1, **more: object) -> Return:
    return replace(Return(shop.world.lake().release(ENVIRONMENT, to)), **more)  # type: ignore[arg-type]


def planned(shop: Shop, ask: Return, found: Found | None = None) -> Plan:
    state = shop.world.lake().state(ENVIRONMENT, ())
    return make_rollback(state, ask, choose(shop, ask), found or Found(), NOW)


def test_planning_twice_gives_equal_plans(shop: Shop) -> None:
    assert planned(shop, asked(shop)).changes == planned(shop, asked(shop)).changes


def test_what_reads_comes_behind_what_it_reads(shop: Shop) -> None:
    order = [str(change.table) for change in planned(shop, asked(shop)).changes]
    assert order.index("raw.orders") < order.index("silver.orders") < order.index("gold.totals")


def test_the_version_of_a_source_that_is_consumed_again_is_named(shop: Shop) -> None:
    plan = planned(shop, asked(shop))
    change = next(it for it in plan.changes if it.table == name("silver.orders"))
    assert [reason.detail for reason in change.reasons] == ["consumed raw.orders 2 -> 1"]


def test_a_source_stays_where_somebody_who_stays_reads_it(shop: Shop) -> None:
    shop.edit("sql/gold/counted.sql", "SELECT count(*) AS n FROM raw.orders")
    assert shop.apply().ok
    way = choose(shop, asked(shop, 1, select=frozenset({name("silver.orders")})))
    assert name("raw.orders") not in way.moving
    way = choose(
        shop, asked(shop, 1, select=frozenset({name("silver.orders"), name("gold.counted")}))
    )
    assert name("raw.orders") in way.moving


def test_the_oldest_release_that_all_tables_can_go_back_to_is_told(shop: Shop) -> None:
    shop.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("o.amount", "o.id"))
    assert shop.apply().ok
    found = Found(numbers=(1, 2, 3), collected=Collected(tables={name("gold.totals"): 1}))
    assert planned(shop, asked(shop, 2), found).state.restorable_from == 2


def test_collected_tables_that_stay_stop_nothing(shop: Shop) -> None:
    found = Found(numbers=(1, 2), collected=Collected(tables={name("silver.customers"): 1}))
    assert planned(shop, asked(shop), found).changes


def test_the_record_is_the_parents_where_nothing_goes_back(shop: Shop) -> None:
    plan = planned(shop, asked(shop, select=frozenset({name("gold.totals")})))
    assert plan.rollback is not None
    parent = shop.latest().tables
    assert {str(key) for key in parent if plan.rollback.tables[key] != parent[key]} == {
        "gold.totals"
    }


def test_code_that_does_not_compile_any_more_is_refused(shop: Shop) -> None:
    lake = shop.world.lake()
    target = lake.release(ENVIRONMENT, 1)
    tables = {key: entry for key, entry in target.tables.items() if key != name("silver.orders")}
    broken = replace(target, tables=tables)
    with pytest.raises(RefusedError) as caught:
        choose(shop, Return(broken))
    assert caught.value.code == "LW350"
