"""Real tables, a real stranger: heads that others wrote to are adopted, put back or left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, TableFeatures, write_deltalake

from lakewright.engines import Engine
from lakewright.names import TableName
from proof.shops import FEBRUARY, HEADER, Shop

BRONZE = TableName("bronze", "orders")
SILVER = TableName("silver", "orders")
on_sail = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def uri(shop: Shop, table: TableName = BRONZE) -> str:
    return shop.lake.entry_uri(shop.latest.tables[table])


def ids(shop: Shop) -> list[int]:
    return sorted(row["id"] for row in shop.rows()["bronze.orders"])


def head_ids(shop: Shop) -> list[int]:
    head = shop.lake.tables.head(uri(shop))
    assert head is not None
    return sorted(shop.lake.tables.rows(head.location, head.version)["id"].to_pylist())


def row_like(shop: Shop, number: int) -> pa.Table:
    """A row as the stranger would write it: that of order 1 with another number."""
    rows = shop.lake.tables.rows(uri(shop), shop.latest.tables[BRONZE].version)
    one = rows.filter(pa.compute.equal(rows["id"], 1))
    return one.set_column(0, rows.schema.field(0), pa.array([number], pa.int64()))


def append(shop: Shop) -> None:
    write_deltalake(uri(shop), row_like(shop, 70), mode="append")


def delete(shop: Shop) -> None:
    DeltaTable(uri(shop)).delete("id = 2")


def overwrite(shop: Shop) -> None:
    write_deltalake(uri(shop), row_like(shop, 71), mode="overwrite")


def after_maintenance(shop: Shop) -> None:
    append(shop)
    DeltaTable(uri(shop)).optimize.compact()
    DeltaTable(uri(shop)).vacuum(dry_run=False)
    write_deltalake(uri(shop), row_like(shop, 72), mode="append")
    DeltaTable(uri(shop)).optimize.compact()


STRANGERS = (append, delete, overwrite, after_maintenance)


def expect_settled(shop: Shop) -> None:
    plan = shop.plan()
    assert (plan.empty, plan.state.drift) == (True, ())


@on_sail
@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: one.__name__)
def test_discard_brings_the_released_rows_back(
    built: Shop, engine: Engine, stranger: Callable[[Shop], None]
) -> None:
    before = ids(built)
    stranger(built)
    assert built.apply(engine, drift="discard").ok
    assert (head_ids(built), ids(built)) == (before, before)
    expect_settled(built)


def test_adopt_publishes_what_a_stranger_appended(built: Shop, engine: Engine) -> None:
    append(built)
    found = head_ids(built)
    report = built.apply(engine, drift="adopt")
    assert report.ok, report.problems
    assert (ids(built), head_ids(built)) == (found, found)
    assert 70 in {row["id"] for row in built.rows()["silver.orders"]}
    expect_settled(built)
    maintain(built, engine)
    expect_settled(built)
    restores = count_restores(built)
    built.land("2024_02", FEBRUARY)
    assert built.apply(engine).ok
    assert count_restores(built) == restores
    assert set(ids(built)) > set(found)


@on_sail
@pytest.mark.parametrize("stranger", [delete, overwrite, after_maintenance])
def test_adopt_publishes_any_head_that_keeps_the_rules(
    built: Shop, engine: Engine, stranger: Callable[[Shop], None]
) -> None:
    stranger(built)
    found = head_ids(built)
    assert built.apply(engine, drift="adopt").ok
    assert ids(built) == found
    expect_settled(built)


@on_sail
def test_adopt_of_rows_that_break_a_rule_leaves_the_head(built: Shop, engine: Engine) -> None:
    spec = "  at: {type: timestamp}\nexpect: [{expression: 'id < 50', name: few}]\n"
    built.edit("pipelines/bronze/orders.yml", "  at: {type: timestamp}\n", spec)
    assert built.apply(engine).ok
    DeltaTable(uri(built)).alter.drop_constraint("few")
    append(built)
    version = DeltaTable(uri(built)).version()
    report = built.apply(engine, drift="adopt")
    assert (report.exit_code, report.problems[0].code) == (1, "LW431")
    assert DeltaTable(uri(built)).version() == version


@on_sail
def test_a_dropped_constraint_is_shown_and_put_right(built: Shop, engine: Engine) -> None:
    silver = uri(built, SILVER)
    declared = built.lake.tables.head(silver)
    assert declared is not None
    name = next(iter(declared.definition.constraints))
    DeltaTable(silver).alter.drop_constraint(name)
    plan = built.plan()
    (drift,) = plan.state.drift
    assert (plan.empty, drift.redefined.others) == (True, (f"constraint {name} dropped",))
    assert built.apply(engine, drift="discard").ok
    head = built.lake.tables.head(silver)
    assert head is not None
    assert head.definition.constraints == declared.definition.constraints
    expect_settled(built)


@on_sail
def test_a_shorter_retention_is_shown_and_put_right(built: Shop, engine: Engine) -> None:
    table = DeltaTable(uri(built))
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 1 day"})
    (drift,) = built.plan().state.drift
    assert drift.redefined.others == ("property delta.logRetentionDuration added",)
    built.land("2024_02", FEBRUARY)
    assert built.apply(engine).ok
    live = DeltaTable(uri(built)).metadata().configuration
    assert live["delta.logRetentionDuration"] == "interval 3650 days"
    expect_settled(built)


@on_sail
def test_an_added_column_is_put_back_and_empties_nothing(built: Shop, engine: Engine) -> None:
    wide = row_like(built, 70).append_column("note", pa.array(["x"]))
    write_deltalake(uri(built), wide, mode="append", schema_mode="merge")
    built.land("2024_02", FEBRUARY)
    before = ids(built)
    assert built.apply(engine, drift="discard").ok
    head = built.lake.tables.head(uri(built))
    assert head is not None
    assert "note" not in {field.name for field in head.definition.fields}
    assert set(ids(built)) > set(before)
    assert 70 not in ids(built)


@on_sail
@pytest.mark.parametrize(
    ("feature", "code"),
    [(TableFeatures.TimestampWithoutTimezone, ""), (TableFeatures.RowTracking, "LW605")],
    ids=["known", "unknown"],
)
def test_a_protocol_of_a_newer_client_stops_only_who_cannot_write_it(
    built: Shop, engine: Engine, feature: Any, code: str
) -> None:
    DeltaTable(uri(built)).alter.add_feature(feature, allow_protocol_versions_increase=True)
    expect_settled(built)
    built.land("2024_02", FEBRUARY)
    report = built.apply(engine)
    assert [problem.code for problem in report.problems] == ([code] if code else [])


@on_sail
def test_runs_that_fail_make_one_restore_each(built: Shop, engine: Engine) -> None:
    built.edit("pipelines/gold/totals.yml", "min: 1", "min: 1000")
    for tries in (1, 2, 3):
        built.land("2024_02", HEADER + f"{tries}0,dan,1.00,2024-02-01 10:00:00\n")
        assert not built.apply(engine).ok
        assert count_restores(built) == tries
        assert built.plan().state.drift == ()


def count_restores(shop: Shop) -> int:
    return sum(commit.operation == "RESTORE" for commit in shop.lake.tables.commits(uri(shop), -1))


def maintain(shop: Shop, engine: Engine) -> None:
    """OPTIMIZE by the engine where it can, else by deltalake; VACUUM by deltalake."""
    for table in (uri(shop), uri(shop, SILVER)):
        if engine.name == "spark":
            session: Any = engine.session()
            session.spark.sql(f"OPTIMIZE delta.`{table}`").collect()
            session.close()
        else:
            DeltaTable(table).optimize.compact()
        DeltaTable(table).vacuum(dry_run=False)
