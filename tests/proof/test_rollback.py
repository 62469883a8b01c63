"""Rollbacks on a real lake: rows, heads, constraints, refreshes, and how soon readers flip."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from fakes.engine import FakeEngine
from lakewright.engines import Engine
from lakewright.graph import compile_project
from lakewright.lake import ControlRecord, DeltaLakeTables, Lake, matches, open_lake
from lakewright.plans import Return, RollbackMode, make_plan
from lakewright.runtime import Report, apply_plan, plan_rollback, roll_back
from lakewright.specs import SourceFile, load_files
from proof.shops import ENVIRONMENT, HEADER, Shop, read_by_engine

BAD = HEADER + "6,ann,7000.25,2024-02-01 10:00:00\n7,cai,-11.00,2024-02-02 11:00:00\n9,short\n"
FLIP = 0.2  # seconds, for twenty tables


def back(shop: Shop, engine: Engine, to: int, mode: RollbackMode = "hold") -> Report:
    lake = shop.lake
    ask = Return(lake.release(ENVIRONMENT, to), mode, reason="bad file")
    plan = plan_rollback(lake, ENVIRONMENT, ask, datetime.now(UTC), resolve=shop.locate)
    return roll_back(plan, lake, engine, reason="bad file")


def resume(shop: Shop) -> None:
    now, number = datetime.now(UTC), shop.number
    record = ControlRecord("resume", "file is right", "ana", now, release=number)
    shop.lake.put_control(ENVIRONMENT, record)


def heads(shop: Shop) -> dict[str, int]:
    """Rows at the head of every released table."""
    lake, found = shop.lake, {}
    for name, entry in shop.latest.tables.items():
        if entry.location:
            uri = lake.location_uri(entry.location)
            head = lake.tables.head(uri)
            assert head is not None
            found[str(name)] = lake.tables.rows(uri, head.version).num_rows
    return found


def counts(rows: dict[str, Any]) -> dict[str, int]:
    return {name: len(found) for name, found in rows.items()}


def operations(shop: Shop, table: str) -> list[str]:
    lake = shop.lake
    entry = next(it for name, it in shop.latest.tables.items() if str(name) == table)
    return [it.operation for it in lake.tables.commits(lake.location_uri(entry.location), -1)]


def test_a_bad_file_goes_and_comes_again_only_when_it_is_resumed(
    built: Shop, engine: Engine
) -> None:
    first = built.rows()
    built.land("2024_02", BAD)
    assert built.refresh(engine).release == 2
    second = built.rows()
    assert counts(second)["bronze.orders"] == 6

    assert back(built, engine, 1).ok
    assert built.rows() == first
    assert heads(built) == counts(first)
    for table in ("bronze.orders", "silver.orders", "gold.totals"):
        seen = read_by_engine(engine, built.lake, built.latest, table)
        assert seen == first[table], table

    assert built.refresh(engine).release is None
    assert built.rows() == first

    resume(built)
    assert built.refresh(engine).ok
    assert built.rows() == second
    assert operations(built, "bronze.orders").count("RESTORE") == 1
    assert built.latest.held == ()


def test_columns_and_constraints_go_back_and_hold_again(built: Shop, engine: Engine) -> None:
    first, lake = built.latest, built.lake
    declared = {
        str(name): lake.tables.at(lake.location_uri(entry.location), entry.version).definition
        for name, entry in first.tables.items()
        if entry.location
    }
    rows = built.rows()
    built.edit("sql/silver/orders.sql", "amount * 2 AS twice", "amount * 3 AS thrice")
    built.edit("pipelines/silver/orders.yml", "[customer]", "[customer, amount]")
    assert built.apply(engine).ok
    assert back(built, engine, 1, "replay").ok
    assert built.rows() == rows
    for name, entry in first.tables.items():
        if entry.location:
            head = lake.tables.head(lake.location_uri(entry.location))
            assert head is not None
            assert matches(head.definition, declared[str(name)]), name
    built.land("2024_02", BAD)
    assert built.refresh(engine).ok
    assert built.apply(engine).ok  # what was rolled back is deployed again


class Written:
    """Tables of a real lake as the engine of the fakes writes them."""

    def rows(self, location: str, version: int) -> pa.Table:
        return DeltaLakeTables().rows(location, version)

    def write(self, location: str, rows: pa.Table, mode: Any, token: str) -> int:
        properties = CommitProperties(custom_metadata={"userMetadata": token})
        write_deltalake(location, rows, mode=mode, commit_properties=properties)
        return int(DeltaTable(location).version())


def apply_twenty(lake: Lake, number: int) -> None:
    texts = {"lakewright.yml": "name: twenty\nschemas: {silver: silver}\n"}
    for at in range(20):
        texts[f"sql/silver/t{at}.sql"] = f"SELECT {at} AS id, {number} AS amount\n"
    graph = compile_project(load_files(SourceFile(*pair) for pair in texts.items()))
    plan = make_plan(graph, lake.state(ENVIRONMENT, graph.inputs), datetime.now(UTC))
    assert apply_plan(plan, lake, FakeEngine(Written())).ok


def test_readers_of_twenty_tables_flip_within_a_fifth_of_a_second(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    lake.create("twenty", "0" * 32, datetime.now(UTC))
    for number in (1, 2):
        apply_twenty(lake, number)
    took = []
    for to in (1, 2, 1):
        ask = Return(lake.release(ENVIRONMENT, to), reason="measured")
        plan = plan_rollback(lake, ENVIRONMENT, ask, datetime.now(UTC))
        assert len(plan.changes) == 20
        reached: dict[str, float] = {}

        def note(step: str, reached: dict[str, float] = reached) -> None:
            reached[step] = time.perf_counter()

        began = time.perf_counter()
        assert roll_back(plan, lake, FakeEngine(Written()), stop_at=note).ok
        took.append(reached["2 put"] - began)
    assert min(took) <= FLIP, took
    release = lake.latest(ENVIRONMENT)
    assert release is not None
    seen = [lake.read_table(lake.verify_pin(entry)) for entry in release.tables.values()]
    assert {row["amount"] for table in seen for row in table.to_pylist()} == {1}
