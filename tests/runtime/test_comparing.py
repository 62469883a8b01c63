"""Comparing two releases of the shop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from fakes.engine import FakeEngine
from lakewright.lake import Entry, LakeState, Pin, Release
from lakewright.names import TableName
from lakewright.plans import compile_released
from lakewright.runtime.comparing import Scope, Side, compare_sides, is_same
from lakewright.runtime.differences import TableDiff
from runtime.shop import DAY_ONE, ENVIRONMENT, Shop, name

ORDERS, TOTALS, LARGE = name("silver.orders"), name("gold.totals"), name("gold.large")
PLAIN = Scope()
ALL = (LARGE, TOTALS, name("silver.customers"), ORDERS)
DAY_THREE = [{**DAY_ONE[0], "amount": 6}, *DAY_ONE[2:], {"id": 5, "customer": "ann", "amount": 70}]


class NoEngine:
    """Fails the test that starts it."""

    def __getattr__(self, attribute: str) -> Any:
        raise AssertionError(f"the engine was asked for its {attribute}")


def side(shop: Shop, release: Release) -> Side:
    lake = shop.world.lake("reader")
    code = {e.code: lake.code(ENVIRONMENT, e.code) for e in release.tables.values() if e.code}
    state = LakeState(lake.uri, "id", ENVIRONMENT, False, release, {}, code=code)
    graph = compile_released(state)
    inputs = lake.state(ENVIRONMENT, graph.inputs).inputs
    return Side(f"prod@{release.release}", release, graph, inputs)


def compare(
    shop: Shop, left: Release, right: Release, *tables: TableName, scope: Scope = PLAIN
) -> dict[str, TableDiff]:
    engine = FakeEngine(shop.world.tables)
    sides = (side(shop, left), side(shop, right))
    found = compare_sides(
        engine, shop.world.lake("reader"), *sides, tables=tables or ALL, scope=scope
    )
    return {str(table.table): table for table in found.tables}


def releases(shop: Shop) -> tuple[Release, ...]:
    return shop.world.lake("reader").releases(ENVIRONMENT)


@pytest.fixture
def shop() -> Shop:
    """Release 1 of day one; in release 2 order 1 has another amount, 2 is gone, 5 is there."""
    shop = Shop.open()
    shop.apply()
    shop.orders(DAY_THREE)
    shop.apply()
    return shop


def test_rows_are_counted_by_the_released_key(shop: Shop) -> None:
    rows = compare(shop, *releases(shop))["silver.orders"].rows
    assert rows is not None
    assert rows.key == ("id",)
    assert (rows.left_rows, rows.right_rows) == (2, 2)
    assert (rows.left_only, rows.right_only, rows.changed, rows.same) == (1, 1, 1, 0)


def test_each_column_says_in_how_many_rows_it_is_equal(shop: Shop) -> None:
    rows = compare(shop, *releases(shop))["silver.orders"].rows
    assert rows is not None
    assert {match.column: match.rate for match in rows.columns} == {"customer": 1.0, "amount": 0.0}


def test_samples_show_rows_and_what_changed(shop: Shop) -> None:
    rows = compare(shop, *releases(shop))["silver.orders"].rows
    assert rows is not None
    (gone,), (come,), (changed,) = (
        rows.samples.left_only,
        rows.samples.right_only,
        rows.samples.changed,
    )
    assert gone.values == {"id": 2, "customer": "bob", "amount": 20}
    assert come.values == {"id": 5, "customer": "ann", "amount": 70}
    assert (changed.key, changed.changes) == ({"id": 1}, {"amount": (5, 6)})


def test_no_sample_is_fetched_when_none_is_wanted(shop: Shop) -> None:
    rows = compare(shop, *releases(shop), scope=Scope(limit=0))["silver.orders"].rows
    assert rows is not None
    assert not rows.samples.left_only
    assert rows.left_only == 1


def test_equal_versions_are_told_without_an_engine(shop: Shop) -> None:
    latest = releases(shop)[-1]
    one = side(shop, latest)
    engine: Any = NoEngine()
    found = compare_sides(engine, shop.world.lake("reader"), one, one, tables=ALL)
    assert {table.status for table in found.tables} == {"same"}
    assert not found.differs


def test_a_version_that_changed_no_rows_is_the_same(shop: Shop) -> None:
    spec = shop.files["pipelines/silver/orders.yml"]
    shop.edit("pipelines/silver/orders.yml", spec.replace("One row per order", "All orders"))
    shop.apply()
    _, before, after = releases(shop)
    assert before.tables[ORDERS].version < after.tables[ORDERS].version
    assert is_same(before, after, ORDERS)


def test_rows_written_again_as_they_were_are_unchanged(shop: Shop) -> None:
    shop.apply(full=True)
    _, before, after = releases(shop)
    assert compare(shop, before, after)["silver.orders"].status == "unchanged"


def test_a_table_on_one_side_is_added_or_removed(shop: Shop) -> None:
    latest = releases(shop)[-1]
    less = replace(latest, tables={n: e for n, e in latest.tables.items() if n != TOTALS})
    assert compare(shop, less, latest)["gold.totals"].status == "added"
    assert compare(shop, latest, less)["gold.totals"].status == "removed"


def test_without_a_key_whole_rows_are_compared(shop: Shop) -> None:
    rows = compare(shop, *releases(shop))["gold.totals"].rows
    assert rows is not None
    assert (rows.key, rows.columns) == ((), ())
    assert (rows.left_only, rows.right_only, rows.same) == (2, 1, 0)


def test_a_key_may_be_said(shop: Shop) -> None:
    found = compare(shop, *releases(shop), TOTALS, scope=Scope(key=("region",)))
    rows = found["gold.totals"].rows
    assert rows is not None
    assert (rows.key, rows.left_only, rows.changed) == (("region",), 1, 1)


def test_a_key_that_tells_no_rows_apart_falls_back_to_whole_rows(shop: Shop) -> None:
    shop.orders([*DAY_THREE, {"id": 6, "customer": "ann", "amount": 1}])
    shop.apply()
    _, before, after = releases(shop)
    found = compare(shop, before, after, ORDERS, scope=Scope(key=("customer",)))["silver.orders"]
    assert found.rows is not None
    assert found.rows.key == ()
    assert (found.rows.left_only, found.rows.right_only, found.rows.same) == (0, 1, 2)
    assert len(found.notes) == 1


def test_a_view_is_compared_over_the_inputs_each_side_pinned(shop: Shop) -> None:
    found = compare(shop, *releases(shop), LARGE)["gold.large"]
    assert found.rows is not None
    assert (found.rows.left_rows, found.rows.right_rows) == (1, 1)
    assert (found.rows.left_only, found.rows.right_only) == (1, 1)


def test_a_view_has_the_query_of_each_side(shop: Shop) -> None:
    shop.edit("sql/gold/large.sql", "SELECT id, amount FROM silver.orders WHERE amount >= 1\n")
    shop.apply()
    _, before, after = releases(shop)
    found = compare(shop, before, after, LARGE)["gold.large"]
    assert found.rows is not None
    assert (found.rows.left_rows, found.rows.right_rows, found.rows.same) == (1, 2, 1)


def test_columns_that_came_went_or_changed_type_are_told(shop: Shop) -> None:
    _, before = releases(shop)
    rows = pa.table({"id": [1, 5], "amount": [6.0, 70.0], "currency": ["eur", "eur"]})
    found = compare(shop, before, put(shop, before, rows), ORDERS)["silver.orders"]
    assert [field.name for field in found.schema.added] == ["currency"]
    assert [field.name for field in found.schema.removed] == ["customer"]
    assert [(it.name, it.before, it.after) for it in found.schema.retyped] == [
        ("amount", "bigint", "double")
    ]
    assert found.rows is not None
    assert (found.rows.same, found.status) == (2, "changed")


def test_values_of_pii_columns_never_come_back(shop: Shop) -> None:
    pii = "columns:\n  customer: {pii: direct}\n  id: {pii: indirect}\n"
    spec = shop.files["pipelines/silver/orders.yml"]
    shop.edit("pipelines/silver/orders.yml", spec + pii)
    shop.apply()
    more = {"id": 77, "customer": "ann", "amount": 7}
    shop.orders([{"id": 1, "customer": "bob", "amount": 6}, more])
    shop.apply()
    before, after = releases(shop)[-2:]
    rows = compare(shop, before, after, ORDERS)["silver.orders"].rows
    assert rows is not None
    (changed,), (come,) = rows.samples.changed, rows.samples.right_only
    assert changed.key == {"id": "***"}
    assert changed.changes == {"customer": ("***", "***")}
    assert come.values == {"id": "***", "customer": "***", "amount": 7}


def test_larger_tables_are_compared_by_a_sample_that_is_told(shop: Shop) -> None:
    many = [{"id": n, "customer": "ann", "amount": n} for n in range(1, 400) if n != 999]
    shop.orders(many)
    shop.apply()
    shop.orders([{**row, "amount": 5} for row in many])
    shop.apply()
    before, after = releases(shop)[-2:]
    found = compare(shop, before, after, ORDERS, scope=Scope(most_rows=100))["silver.orders"]
    rows = found.rows
    assert rows is not None
    assert (rows.left_rows, rows.right_rows) == (399, 399)
    assert rows.share == pytest.approx(100 / 399, abs=0.001)
    assert (rows.left_only, rows.right_only) == (0, 0)
    assert 50 < rows.changed + rows.same < 150


def test_columns_of_types_that_cannot_be_compared_are_said_to_be_left_out(shop: Shop) -> None:
    _, latest = releases(shop)
    types = pa.map_(pa.string(), pa.int64())
    left = put(shop, latest, pa.table({"id": [1], "m": pa.array([[("a", 1)]], types)}))
    right = put(shop, latest, pa.table({"id": [1], "m": pa.array([[("a", 2)]], types)}))
    found = compare(shop, left, right, ORDERS)["silver.orders"]
    assert found.status == "unchanged"
    assert found.notes == ("m is not compared: map<string,bigint>",)


def test_tables_that_share_no_column_are_only_counted(shop: Shop) -> None:
    _, latest = releases(shop)
    left = put(shop, latest, pa.table({"a": [1]}))
    right = put(shop, latest, pa.table({"b": [1]}))
    found = compare(shop, left, right, ORDERS)["silver.orders"]
    assert found.status == "changed"
    assert found.rows is not None
    assert (found.rows.left_rows, found.rows.same) == (1, 0)


def put(shop: Shop, release: Release, rows: pa.Table) -> Release:
    """The release with other rows as its silver.orders."""
    entry: Entry = release.tables[ORDERS]
    location = f"prod/silver/{len(shop.world.versions)}"
    uri = shop.world.lake().location_uri(location)
    version = shop.world.tables.write(uri, rows, "overwrite", entry.token)
    head = shop.world.tables.head(uri)
    assert head is not None
    assert Pin(uri, head.table_id, version).version == 0
    made = replace(
        entry,
        location=location,
        table_id=head.table_id,
        version=version,
        data_version=version,
        schema=head.definition.fields,
    )
    return replace(release, tables={**release.tables, ORDERS: made})
