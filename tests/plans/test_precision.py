"""Readers of a table whose code changes: left alone, or not. Each condition as a pair."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from lakewright.lake import Field
from lakewright.plans import Plan, make_plan
from runtime.shop import (
    CUSTOMERS,
    DAY_TWO,
    ENVIRONMENT,
    FILES,
    NOW,
    ORDERS,
    PEOPLE,
    Shop,
    name,
)

SILVER = "sql/silver/orders.sql"
SPEC = "pipelines/silver/orders.yml"
RULED = """\
table: silver.orders
expect:
  - {expression: "amount >= 0", on_fail: quarantine}
"""
QUERY = "SELECT id, customer, amount, amount * 2 AS twice, 1 AS one FROM raw.orders"
READER = "SELECT id, customer FROM silver.orders"


def begun(query: str = QUERY, reader: str = READER, spec: str = "table: silver.orders\n") -> Shop:
    """`silver.orders` by the query, read by `gold.reader` and by nothing else; released."""
    return copy.deepcopy(_begun(query, reader, spec))


@cache
def _begun(query: str, reader: str, spec: str) -> Shop:
    shop = Shop.open()
    for path in [path for path in shop.files if "/gold/" in path]:
        del shop.files[path]
    shop.files[SPEC] = spec
    shop.files[SILVER] = query
    shop.files["sql/gold/reader.sql"] = reader
    assert shop.apply().ok
    return shop


def affected(plan: Plan) -> bool:
    return name("gold.reader") in {change.table for change in plan.changes}


def edited(shop: Shop, query: str) -> Plan:
    shop.edit(SILVER, query)
    plan = shop.plan()
    assert name("silver.orders") in {change.table for change in plan.changes}
    return plan


def spared(plan: Plan) -> list[str]:
    return [str(one.table) for one in plan.spared]


def test_a_reader_of_other_columns_is_left_alone_and_the_plan_says_so() -> None:
    plan = edited(begun(), QUERY.replace("* 2", "* 3"))
    assert not affected(plan)
    assert spared(plan) == ["gold.reader"]
    assert name("gold.reader") in plan.unchanged


def test_a_reader_of_the_changed_column_is_built_and_the_reason_names_it() -> None:
    shop = begun(reader="SELECT id, twice FROM silver.orders")
    plan = edited(shop, QUERY.replace("* 2", "* 3"))
    reader = next(change for change in plan.changes if change.table == name("gold.reader"))
    assert [reason.detail for reason in reader.reasons] == ["reads silver.orders.twice"]
    assert spared(plan) == []


def test_the_reason_of_the_edited_table_names_the_changed_columns() -> None:
    plan = edited(begun(), QUERY.replace("* 2", "* 3").replace(", 1 AS one", ", 2 AS two"))
    assert [reason.detail for reason in plan.changes[0].reasons] == [
        "code: one removed (breaking), two added, twice"
    ]
    assert plan.changes[0].columns.removed == ("one",)
    assert plan.changes[0].columns.added == ("two",)


def test_a_declared_type_is_a_change_of_its_column() -> None:
    typed = "table: silver.orders\ncolumns:\n  twice: {type: double}\n"
    for reader, expected in ((READER, False), ("SELECT id, twice FROM silver.orders", True)):
        shop = begun(reader=reader)
        shop.edit(SPEC, typed)
        plan = shop.plan()
        assert plan.changes[0].columns.retyped == {"twice": ("bigint", "double")}
        assert affected(plan) is expected


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("SELECT count(*) AS n FROM silver.orders", False),
        ("SELECT * FROM silver.orders", True),
        ("SELECT id FROM silver.orders WHERE twice > 1", True),
        ("SELECT o.id FROM silver.orders AS o JOIN silver.orders AS p ON p.twice = o.id", True),
        ("SELECT id, rank() OVER (ORDER BY twice) AS r FROM silver.orders", True),
        ("WITH a AS (SELECT * FROM silver.orders) SELECT id FROM a", True),
        ("SELECT c.region FROM silver.customers AS c NATURAL JOIN silver.orders AS o", True),
    ],
)
def test_whatever_a_reader_uses_of_a_changed_column_counts(reader: str, expected: bool) -> None:
    assert affected(edited(begun(reader=reader), QUERY.replace("* 2", "* 3"))) is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (f"{QUERY} WHERE amount > 0", True),
        (QUERY.replace("SELECT", "SELECT DISTINCT"), True),
        (QUERY.replace("1 AS one", "explode(array(1, 2)) AS one"), True),
        (QUERY.replace("1 AS one", "uuid() AS one"), True),
        (f"{QUERY} ORDER BY id LIMIT 2", True),
        (QUERY.replace("1 AS one", "row_number() OVER (ORDER BY id) AS one"), True),
        (QUERY.replace("1 AS one", "rank() OVER (ORDER BY id) AS one"), False),
        (QUERY.replace("1 AS one", "amount / 0 AS one"), False),  # fails the run, or is harmless
        (f"{QUERY} UNION ALL {QUERY}", True),
        (QUERY.replace(", 1 AS one", ""), False),
        (QUERY.replace("1 AS one", "1 AS one, 'x' AS more"), False),
        (QUERY.replace("id, customer", "customer, id"), True),
    ],
)
def test_only_projections_may_differ(after: str, expected: bool) -> None:
    assert affected(edited(begun(), after)) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{QUERY} LIMIT 2", True),
        (QUERY.replace("1 AS one", "row_number() OVER (ORDER BY amount) AS one"), True),
        (QUERY.replace("1 AS one", "rank() OVER (ORDER BY amount) AS one"), False),
    ],
)
def test_a_query_that_may_come_out_otherwise_takes_readers_along(
    query: str, expected: bool
) -> None:
    shop = begun(query, reader="SELECT id, one FROM silver.orders")
    assert affected(edited(shop, query.replace("* 2", "* 3"))) is expected


@pytest.mark.parametrize(
    ("column", "expected"), [("amount * 2 AS amount", True), ("amount, 2 AS one", False)]
)
def test_a_quarantine_rule_that_looks_at_the_changed_column_changes_rows(
    column: str, expected: bool
) -> None:
    shop = begun("SELECT id, customer, amount, 1 AS one FROM raw.orders", spec=RULED)
    after = f"SELECT id, customer, {column} FROM raw.orders"
    assert affected(edited(shop, after)) is expected


def test_another_quarantine_rule_changes_rows_and_another_fail_rule_does_not() -> None:
    shop = begun(spec=RULED)
    shop.edit(SPEC, RULED.replace(">= 0", ">= 6"))
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))
    shop.edit(SPEC, RULED + "  - {not_null: [id]}\n")
    assert not affected(edited(shop, QUERY.replace("* 2", "* 4")))


def test_where_of_a_rule_counts_like_the_rule() -> None:
    spec = RULED.replace("on_fail: quarantine", 'on_fail: drop, where: "twice > 3"')
    assert affected(edited(begun(spec=spec), QUERY.replace("* 2", "* 3")))


@pytest.mark.parametrize(
    ("references", "on_fail", "expected"),
    [("twice", "fail", True), ("id", "fail", False), ("twice", "warn", True)],
)
def test_a_foreign_key_reads_the_column_it_refers_to(
    references: str, on_fail: str, expected: bool
) -> None:
    rule = f"{{column: n, references: silver.orders.{references}}}"
    shop = begun(reader="SELECT id AS n FROM silver.orders WHERE id < 0")
    shop.edit(
        "pipelines/gold/reader.yml",
        f"table: gold.reader\nexpect:\n  - {{foreign_key: {rule}, on_fail: {on_fail}}}\n",
    )
    assert shop.apply().ok
    assert affected(edited(shop, QUERY.replace("* 2", "* 3"))) is expected


def test_data_that_moved_too_takes_the_reader_along() -> None:
    shop = begun()
    shop.orders(DAY_TWO)
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))


def test_a_source_that_may_have_other_columns_takes_the_reader_along() -> None:
    shop = begun()
    shop.world.tables.touch(ORDERS, "OPTIMIZE")
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))


def test_a_reader_that_was_behind_already_is_built() -> None:
    shop = begun()
    shop.orders(DAY_TWO)
    assert shop.apply(select={name("silver.orders")}).ok
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))


def test_a_reader_that_is_behind_is_built_though_its_input_is_only_described() -> None:
    shop = begun()
    shop.orders(DAY_TWO)
    assert shop.apply(select={name("silver.orders")}).ok
    shop.edit(SPEC, "table: silver.orders\ndescription: Orders.\n")
    assert affected(shop.plan())


def test_a_reader_whose_own_input_moved_is_built() -> None:
    join = "silver.orders AS o JOIN raw.customers AS c USING (customer)"
    shop = begun(reader=f"SELECT o.id, c.region FROM {join}")
    assert not affected(edited(shop, QUERY.replace("* 2", "* 3")))
    shop.source(CUSTOMERS, (Field("customer", "string"), Field("region", "string")), PEOPLE)
    assert affected(shop.plan())


def test_asked_for_in_full_takes_readers_along() -> None:
    shop = begun()
    assert affected(shop.plan(full=True))
    shop.edit(SILVER, QUERY.replace("* 2", "* 3"))
    assert affected(shop.plan(full=True, select={name("silver.orders"), name("gold.reader")}))


def test_the_day_is_a_change_of_rows() -> None:
    shop = begun(QUERY.replace("1 AS one", ":today AS one"))
    shop.edit(SILVER, QUERY.replace("1 AS one", ":today AS one").replace("* 2", "* 3"))
    assert not affected(shop.plan())
    assert affected(shop.plan(now=NOW + timedelta(days=1)))


def test_a_name_that_may_mean_another_column_takes_the_reader_along() -> None:
    """`region` is the outer one until the inner table has a column of that name."""
    reader = (
        "SELECT customer FROM silver.customers"
        " WHERE EXISTS (SELECT 1 AS x FROM silver.orders AS o WHERE o.id = 1 AND region = 'north')"
    )
    assert not affected(edited(begun(reader=reader), QUERY.replace("* 2", "* 3")))
    with_region = QUERY.replace("1 AS one", "'north' AS region")
    assert affected(edited(begun(reader=reader), with_region))
    assert affected(edited(begun(with_region, reader), QUERY))


def test_changes_spread_from_table_to_table_column_by_column() -> None:
    shop = begun(reader="SELECT id, twice + 1 AS more FROM silver.orders")
    shop.edit("sql/gold/last.sql", "SELECT id FROM gold.reader")
    shop.edit("sql/gold/lost.sql", "SELECT id, more FROM gold.reader")
    assert shop.apply().ok
    plan = edited(shop, QUERY.replace("* 2", "* 3"))
    assert {str(change.table) for change in plan.changes} == {
        "silver.orders",
        "gold.reader",
        "gold.lost",
    }
    assert spared(plan) == ["gold.last"]


def test_what_reads_a_spared_table_is_not_even_looked_at() -> None:
    shop = begun()
    shop.edit("sql/gold/last.sql", "SELECT * FROM gold.reader")
    assert shop.apply().ok
    plan = edited(shop, QUERY.replace("* 2", "* 3"))
    assert {str(change.table) for change in plan.changes} == {"silver.orders"}
    assert spared(plan) == ["gold.reader"]


def test_a_view_that_changes_is_like_a_table_that_does() -> None:
    for reader, expected in ((READER, False), ("SELECT twice FROM silver.orders", True)):
        shop = begun(reader=reader, spec="table: silver.orders\nkind: view\n")
        assert affected(edited(shop, QUERY.replace("* 2", "* 3"))) is expected


def test_a_table_that_becomes_a_view_takes_readers_along() -> None:
    shop = begun()
    shop.edit(SPEC, "table: silver.orders\nkind: view\n")
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))


def test_a_python_reader_reads_every_column() -> None:
    shop = begun()
    shop.edit(
        "pipelines/gold/scored.py", "def build(inputs):\n    return inputs['silver.orders']\n"
    )
    shop.edit(
        "pipelines/gold/reader.yml",
        'table: gold.reader\npython: "scored:build"\nreads: [silver.orders]\n',
    )
    del shop.files["sql/gold/reader.sql"]
    assert shop.apply().ok
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))


def test_a_description_that_changes_along_alters_and_stays_precise() -> None:
    shop = begun()
    shop.edit("pipelines/gold/reader.yml", "table: gold.reader\ndescription: Read.\n")
    plan = edited(shop, QUERY.replace("* 2", "* 3"))
    assert {str(change.table): change.action for change in plan.changes} == {
        "silver.orders": "rebuild",
        "gold.reader": "alter",
    }
    assert spared(plan) == ["gold.reader"]


def test_another_value_of_a_variable_changes_rows() -> None:
    shop = begun()
    settings = FILES["lakewright.yml"]
    shop.edit("lakewright.yml", f"{settings}vars: {{least: 1}}\n")
    shop.edit(SILVER, f"{QUERY} WHERE amount > :vars.least")
    assert shop.apply().ok
    after = f"{QUERY.replace('* 2', '* 3')} WHERE amount > :vars.least"
    assert not affected(edited(shop, after))
    shop.edit("lakewright.yml", f"{settings}vars: {{least: 2}}\n")
    assert affected(shop.plan())


@pytest.mark.parametrize("table", ["silver.orders", "gold.reader"])
def test_rows_that_were_adopted_are_not_known_to_be_those_of_the_query(table: str) -> None:
    shop = begun()
    shop.edit(SILVER, QUERY.replace("* 2", "* 3"))
    graph = shop.graph()
    state = shop.world.lake().state(ENVIRONMENT, graph.inputs)
    assert state.release is not None
    adopted = replace(state.release.tables[name(table)], engine="")
    release = replace(state.release, tables={**state.release.tables, name(table): adopted})
    assert not affected(make_plan(graph, state, NOW))
    assert affected(make_plan(graph, replace(state, release=release), NOW))


def test_released_code_that_is_not_there_makes_nobody_precise() -> None:
    shop = begun()
    for key in [key for key in shop.world.objects if "/code/" in key]:
        del shop.world.objects[key]
    assert affected(edited(shop, QUERY.replace("* 2", "* 3")))
