"""What went back, and what a person holds, stays until somebody says otherwise."""

from __future__ import annotations

import pytest

from lakewright.lake import ControlRecord
from lakewright.lake.control import active_holds, held_now
from lakewright.lake.records import ControlKind
from runtime.back import go_back, resume
from runtime.shop import _CUSTOMER_FIELDS as CUSTOMER_FIELDS
from runtime.shop import (
    CUSTOMERS,
    DAY_TWO,
    ENVIRONMENT,
    FILES,
    NOW,
    PEOPLE,
    Shop,
    name,
)

NEW_TOTALS = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
CYD = {"customer": "cyd", "region": "east"}
DAY_THREE = [*DAY_TWO, {"id": 6, "customer": "bob", "amount": 3}]


@pytest.fixture
def shop() -> Shop:
    """Release 1, and release 2 with the rows and the query of the next day."""
    shop = Shop.open()
    assert shop.apply().ok
    shop.orders(DAY_TWO)
    shop.edit("sql/gold/totals.sql", NEW_TOTALS)
    assert shop.apply().ok
    return shop


def rows_of(shop: Shop, number: int) -> dict[str, list[dict[str, object]]]:
    return shop.contents(shop.world.lake().release(ENVIRONMENT, number))


def held_of(shop: Shop) -> dict[str, str]:
    return {str(hold.table): hold.by for hold in shop.latest().held}


# By a rollback


def test_what_went_back_is_held_and_a_refresh_leaves_it(shop: Shop) -> None:
    go_back(shop, 1)
    assert held_of(shop) == dict.fromkeys(
        ("gold.large", "gold.totals", "silver.orders"), "rollback"
    )
    shop.orders(DAY_THREE)
    assert shop.refresh().release is None
    assert shop.contents(shop.latest()) == rows_of(shop, 1)


def test_a_refresh_goes_on_with_what_did_not_go_back(shop: Shop) -> None:
    go_back(shop, 1)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    assert shop.refresh().release == 4
    contents = shop.contents(shop.latest())
    assert {row["customer"] for row in contents["silver.customers"]} == {"ann", "bob", "cyd"}
    assert contents["gold.totals"] == rows_of(shop, 1)["gold.totals"]
    assert held_of(shop)["gold.totals"] == "rollback"


def test_a_descendant_that_did_not_go_back_waits_for_what_is_held(shop: Shop) -> None:
    shop.edit("sql/gold/counted.sql", "SELECT count(*) AS n FROM silver.orders, raw.customers")
    shop.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"])
    assert shop.apply().ok
    text = FILES["sql/silver/orders.sql"].replace("amount FROM", "amount + 0 AS amount FROM")
    shop.edit("sql/silver/orders.sql", text)
    assert shop.apply().ok
    go_back(shop, 3)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    before = shop.contents(shop.latest())["gold.counted"]
    shop.refresh()
    assert shop.contents(shop.latest())["gold.counted"] == before


def test_resume_lets_the_next_refresh_go_on(shop: Shop) -> None:
    go_back(shop, 1)
    resume(shop)
    assert shop.refresh().ok
    assert shop.latest().held == ()
    orders = shop.contents(shop.latest())["silver.orders"]
    assert [row["id"] for row in orders] == [1, 2, 5]
    # the code stays that of release 1: a refresh deploys nothing
    totals = shop.contents(shop.latest())["gold.totals"]
    assert {row["amount"] for row in totals} == {12, 20}


def test_resume_of_one_table_leaves_the_others_held(shop: Shop) -> None:
    go_back(shop, 1)
    resume(shop, "silver.orders")
    shop.refresh()
    assert [row["id"] for row in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5]
    assert held_of(shop) == dict.fromkeys(("gold.large", "gold.totals"), "rollback")
    assert shop.contents(shop.latest())["gold.totals"] == rows_of(shop, 1)["gold.totals"]


def test_an_older_resume_frees_nothing(shop: Shop) -> None:
    resume(shop)
    go_back(shop, 1)
    assert shop.refresh().release is None
    assert held_of(shop)["silver.orders"] == "rollback"


def test_an_apply_frees_what_it_selects(shop: Shop) -> None:
    go_back(shop, 1)
    assert shop.apply().ok
    assert shop.latest().held == ()
    assert shop.contents(shop.latest()) == rows_of(shop, 2)


def test_replay_holds_nothing(shop: Shop) -> None:
    assert go_back(shop, 1, mode="replay").ok
    assert shop.latest().held == ()
    assert shop.refresh().ok
    assert [row["id"] for row in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5]


def test_a_hold_of_before_stays_where_nothing_went_back(shop: Shop) -> None:
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, PEOPLE[0]])
    shop.refresh()
    assert held_of(shop)["silver.customers"] == "check"
    go_back(shop, 1)
    assert held_of(shop)["silver.customers"] == "check"


# A person's hold


def say(shop: Shop, kind: ControlKind, *tables: str) -> None:
    said = tuple(map(name, tables))
    record = ControlRecord(kind, "looking", "ana", NOW, said, release=shop.latest().release)
    shop.world.lake().put_control(ENVIRONMENT, record)


def test_a_person_holds_a_table_until_it_is_resumed(shop: Shop) -> None:
    say(shop, "hold", "silver.orders")
    shop.orders(DAY_THREE)
    shop.refresh()
    assert shop.contents(shop.latest())["silver.orders"] == rows_of(shop, 2)["silver.orders"]
    say(shop, "resume", "silver.orders")
    assert shop.refresh().ok
    assert [r["id"] for r in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5, 6]


def test_an_apply_ends_a_persons_hold_of_what_it_selects(shop: Shop) -> None:
    say(shop, "hold", "silver.orders", "silver.customers")
    shop.orders(DAY_THREE)
    assert shop.apply(select={name("silver.orders"), name("gold.totals"), name("gold.large")}).ok
    records = shop.world.lake().control(ENVIRONMENT)
    assert [str(hold.table) for hold in active_holds(records)] == ["silver.customers"]


def test_an_apply_of_a_held_table_that_needs_nothing_ends_the_hold_once(shop: Shop) -> None:
    say(shop, "hold", "silver.orders")
    assert shop.apply().release == 3
    assert active_holds(shop.world.lake().control(ENVIRONMENT)) == ()
    assert shop.plan().empty


def test_what_is_held_is_told_with_resumes_taken_off(shop: Shop) -> None:
    say(shop, "hold", "silver.customers")
    go_back(shop, 1)
    lake = shop.world.lake()

    def told() -> dict[str, str]:
        held = held_now(shop.latest(), lake.control(ENVIRONMENT))
        return {str(hold.table): hold.by for hold in held}

    assert told() == {
        "gold.large": "rollback",
        "gold.totals": "rollback",
        "silver.customers": "person",
        "silver.orders": "rollback",
    }
    say(shop, "resume", "silver.customers", "gold.large")
    assert told() == {"gold.totals": "rollback", "silver.orders": "rollback"}
    say(shop, "resume")
    assert told() == {}
