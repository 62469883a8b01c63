"""Tables that stay as they are while what they read is rebuilt: what the releases say of them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import pytest

from lakewright.lake import Entry, Field, InputVersion
from runtime.back import go_back
from runtime.estate import Estate
from runtime.shop import CUSTOMERS, DAY_TWO, PEOPLE, Shop, name

ORDERS, READER, SEEN = name("silver.orders"), name("gold.reader"), name("gold.seen")
SILVER = "sql/silver/orders.sql"
QUERY = "SELECT id, customer, amount, amount * 2 AS twice FROM raw.orders"
EDITED = QUERY.replace("* 2", "* 3")
FILES = {
    SILVER: QUERY,
    "pipelines/silver/orders.yml": "table: silver.orders\n",
    "sql/gold/reader.sql": "SELECT o.id, c.region FROM silver.orders AS o"
    " JOIN silver.customers AS c ON c.customer = o.customer",
    "pipelines/gold/seen.yml": "table: gold.seen\nkind: view\n",
    "sql/gold/seen.sql": "SELECT id, amount FROM silver.orders WHERE amount > 0",
    "sql/gold/below.sql": "SELECT * FROM gold.reader",
}


@pytest.fixture
def shop() -> Shop:
    return copy.deepcopy(_built())


@cache
def _built() -> Shop:
    shop = Shop.open()
    for path in [path for path in shop.files if "/gold/" in path]:
        del shop.files[path]
    shop.files.update(FILES)
    assert shop.apply().ok
    return shop


def entry(shop: Shop, table: object = READER) -> Entry:
    return shop.latest().tables[name(str(table))]


def people(shop: Shop) -> None:
    """The source of customers is written again."""
    shop.source(CUSTOMERS, (Field("customer", "string"), Field("region", "string")), PEOPLE)


def deploy(shop: Shop, text: str = EDITED) -> None:
    shop.edit(SILVER, text)
    assert shop.apply().ok


def test_the_entry_goes_on_and_its_table_gets_no_version(shop: Shop) -> None:
    before = entry(shop)
    deploy(shop)
    now, orders = entry(shop), entry(shop, ORDERS)
    assert (now.version, now.data_version, now.token) == (
        before.version,
        before.data_version,
        before.token,
    )
    assert now.inputs[ORDERS] == InputVersion(orders.table_id, orders.data_version)
    assert now.inputs[ORDERS] != before.inputs[ORDERS]
    assert now.inputs[name("silver.customers")] == before.inputs[name("silver.customers")]


def test_the_print_of_the_entry_is_that_of_code_over_code(shop: Shop) -> None:
    before = entry(shop)
    deploy(shop)
    step = shop.graph().steps[READER]
    assert (entry(shop).own, entry(shop).fingerprint) == (before.own, step.fingerprint.full)
    assert entry(shop).fingerprint != before.fingerprint
    assert entry(shop).code == before.code


def test_a_second_plan_is_empty_and_so_is_a_refresh(shop: Shop) -> None:
    deploy(shop)
    assert shop.plan().empty
    assert shop.plan_refresh().empty


def test_what_is_left_alone_holds_what_a_full_build_gives(shop: Shop) -> None:
    deploy(shop)
    before = shop.contents(shop.latest())
    assert shop.apply(full=True).ok
    assert shop.contents(shop.latest()) == before


def test_a_refresh_goes_on_from_there(shop: Shop) -> None:
    deploy(shop)
    shop.orders(DAY_TWO)
    report = shop.refresh()
    assert {str(table.table) for table in report.tables} == {
        "silver.orders",
        "gold.reader",
        "gold.seen",
        "gold.below",
    }
    assert 5 in {row["id"] for row in shop.contents(shop.latest())["gold.reader"]}
    assert shop.plan().empty


def test_a_view_is_read_over_the_new_version_and_stays_the_one_it_was(shop: Shop) -> None:
    before = entry(shop, SEEN)
    deploy(shop)
    assert entry(shop, SEEN).version == before.version
    orders = entry(shop, ORDERS)
    assert entry(shop, SEEN).inputs == {ORDERS: InputVersion(orders.table_id, orders.data_version)}


def test_a_description_that_changes_along_advances_the_entry_too(shop: Shop) -> None:
    shop.edit("pipelines/gold/reader.yml", "table: gold.reader\ndescription: Read.\n")
    deploy(shop)
    assert entry(shop).inputs[ORDERS].version == entry(shop, ORDERS).data_version
    assert shop.plan().empty


def test_a_rollback_brings_entry_and_input_back_together(shop: Shop) -> None:
    before, rows = entry(shop), shop.contents(shop.latest())
    deploy(shop)
    assert go_back(shop, 1, mode="replay").ok
    assert entry(shop).inputs == before.inputs
    assert shop.contents(shop.latest()) == rows
    assert shop.plan_refresh().empty
    assert shop.apply().ok
    assert entry(shop).version == before.version
    assert shop.plan().empty


def test_a_rollback_of_the_reader_alone_is_stale_and_built(shop: Shop) -> None:
    deploy(shop)
    assert go_back(shop, 1, select=("gold.reader",), mode="replay").ok
    assert READER in {change.table for change in shop.plan_refresh().changes}
    assert shop.refresh().ok
    assert shop.plan().empty


def test_a_run_that_publishes_nothing_advances_nothing(shop: Shop) -> None:
    before = entry(shop)
    shop.edit("pipelines/silver/orders.yml", "table: silver.orders\nkey: [one]\n")
    shop.edit(SILVER, EDITED.replace("amount,", "amount, 1 AS one,"))
    assert not shop.apply().ok
    assert entry(shop) == before


def test_a_reader_that_others_built_meanwhile_advances_all_the_same(shop: Shop) -> None:
    """The winner built it from the version that the plan compared, over other customers."""
    shop.edit(SILVER, EDITED)
    plan, told = shop.plan(), list[bool]()

    def others_build(step: str) -> None:
        if step == "5 verified" and not told:
            people(shop)
            told.append(shop.run(shop.plan_refresh("b"), "b").ok)

    before = entry(shop)
    assert shop.run(plan, stop_at=others_build).ok
    assert told == [True]
    assert shop.latest().release == 3
    assert entry(shop).version == before.version + 1
    assert entry(shop).inputs[ORDERS].version == entry(shop, ORDERS).data_version
    assert shop.plan().empty


def test_a_reader_that_got_other_code_meanwhile_refuses_the_run(shop: Shop) -> None:
    shop.edit(SILVER, EDITED)
    plan, told = shop.plan(), list[bool]()

    def others_deploy(step: str) -> None:
        if step == "5 verified" and not told:
            other = copy.deepcopy(shop.files)
            shop.files |= {SILVER: QUERY, "sql/gold/reader.sql": "SELECT twice FROM silver.orders"}
            told.append(shop.run(shop.plan("b"), "b").ok)
            shop.files = other

    report = shop.run(plan, stop_at=others_deploy)
    assert told == [True]
    assert [problem.code for problem in report.problems] == ["LW334"]


def test_in_a_fork_a_reader_in_the_parent_stays_there(tmp_path: Path) -> None:
    estate = Estate.build(tmp_path)
    estate.files.update(FILES)
    assert estate.apply("prod").ok
    estate.fork("dev")
    estate.edit(SILVER, EDITED)
    assert estate.apply("dev").ok
    tables = estate.last("dev").tables
    assert tables[ORDERS].location.startswith("dev/")
    assert tables[READER].location.startswith("prod/")
    assert tables[READER].inputs[ORDERS].table_id == tables[ORDERS].table_id
    assert tables[SEEN].borrows == {}
    assert estate.plan_in("dev").empty
    assert estate.plan_in("prod", graph=estate.graph()).changes
