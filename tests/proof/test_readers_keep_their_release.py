"""Who resolved release N reads exactly its rows, whatever happens to the tables meanwhile."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from lakewright.engines import Engine
from proof.shops import FEBRUARY, Rows, Shop, read_by_engine

DAY = 86_400


class Reader:
    """Resolved a release once; reads it without an engine and with one, as often as it is asked."""

    def __init__(self, shop: Shop, engine: Engine) -> None:
        self.shop = shop
        self.engine = engine
        self.release = shop.latest
        self.first = self.read()
        assert self.first["silver.orders"]
        assert self.by_engine() == {table: self.first[table] for table in self.by_engine()}

    def read(self) -> dict[str, Rows]:
        return self.shop.rows(self.release)

    def by_engine(self) -> dict[str, Rows]:
        return {
            table: read_by_engine(self.engine, self.shop.lake, self.release, table)
            for table in ("bronze.orders", "silver.orders__quarantine", "gold.totals")
        }

    def sees_the_same(self) -> bool:
        now = self.by_engine()
        return self.read() == self.first and now == {table: self.first[table] for table in now}


@pytest.fixture
def reader(built: Shop, engine: Engine) -> Reader:
    return Reader(built, engine)


@pytest.fixture
def old_reader(built: Shop, engine: Engine) -> Reader:
    """The reader of a release whose tables were last changed 40 days ago."""
    for location in tables_of(built):
        age(location, days=40)
    return Reader(built, engine)


def tables_of(shop: Shop) -> list[Path]:
    return sorted(path.parent for path in (shop.home / ".lake/prod").rglob("_delta_log"))


def age(table: Path, days: int) -> None:
    """Move the clock in a table's log, and its files, into the past."""
    for path in (table / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] -= days * DAY * 1000
            if "add" in action:
                action["add"]["modificationTime"] -= days * DAY * 1000
        path.write_text("".join(json.dumps(action) + "\n" for action in actions))
        path.with_name(f".{path.name}.crc").unlink(missing_ok=True)  # of the text as it was
    for path in sorted(table.rglob("*")):
        then = path.stat().st_mtime - days * DAY
        os.utime(path, (then, then))


def bring_changes(shop: Shop) -> None:
    shop.land("2024_02", FEBRUARY)
    shop.edit("sql/silver/orders.sql", "amount * 2", "amount * 3")


def break_a_rule(shop: Shop) -> None:
    """What fails only at the very end, when all tables before it are written."""
    shop.edit("pipelines/gold/totals.yml", "min: 1", "min: 1000")


def maintain(shop: Shop, engine: Engine) -> None:
    """OPTIMIZE and VACUUM by somebody who knows of Delta and not of releases."""
    for table in tables_of(shop):
        if engine.name == "spark":
            session: Any = engine.session()
            session.spark.sql(f"OPTIMIZE delta.`{table}`").collect()
            session.spark.sql(f"VACUUM delta.`{table}`").collect()
        else:
            DeltaTable(str(table)).optimize.compact()
            DeltaTable(str(table)).vacuum(dry_run=False)


def test_a_release_is_read_the_same_at_every_step_of_the_next(reader: Reader) -> None:
    bring_changes(reader.shop)
    seen = {}

    def look(step: str) -> None:
        # Spark takes seconds to read three tables, so it looks at the decisive steps only.
        if reader.engine.name == "sail" or step[0] in "256" or step == "3 written silver.orders":
            seen[step] = reader.sees_the_same()

    report = reader.shop.apply(reader.engine, look)
    assert report.release == 2
    assert {step[0] for step in seen} >= set("2356")
    assert all(seen.values()), seen
    assert reader.sees_the_same()
    assert reader.shop.rows() != reader.first


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_a_release_is_read_the_same_after_a_run_that_failed(reader: Reader) -> None:
    bring_changes(reader.shop)
    break_a_rule(reader.shop)
    report = reader.shop.apply(reader.engine)
    assert (report.ok, report.exit_code, reader.shop.number) == (False, 1, 1)
    assert reader.sees_the_same()


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_heads_hold_the_released_rows_after_a_run_that_failed(reader: Reader) -> None:
    bring_changes(reader.shop)
    break_a_rule(reader.shop)
    reader.shop.apply(reader.engine)
    entry = next(e for e in reader.release.tables.values() if str(e.table) == "bronze.orders")
    head = DeltaTable(reader.shop.lake.location_uri(entry.location))
    assert head.to_pyarrow_table().num_rows == len(reader.first["bronze.orders"])


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_a_release_is_read_the_same_after_strangers_maintained_its_tables(reader: Reader) -> None:
    bring_changes(reader.shop)
    assert reader.shop.apply(reader.engine).ok
    maintain(reader.shop, reader.engine)
    assert reader.sees_the_same()


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_maintenance_by_strangers_is_no_change_and_no_drift(reader: Reader) -> None:
    bring_changes(reader.shop)
    assert reader.shop.apply(reader.engine).ok
    maintain(reader.shop, reader.engine)
    plan = reader.shop.plan()
    assert (plan.empty, plan.state.drift) == (True, ())
    reader.shop.land("2024_03", FEBRUARY.replace("6,ann", "60,ann").replace("7,cai", "70,cai"))
    report = reader.shop.apply(reader.engine)
    assert report.ok, report.problems


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_tables_of_40_days_ago_are_read_during_and_after_the_next_run(old_reader: Reader) -> None:
    bring_changes(old_reader.shop)
    seen = {}

    def look(step: str) -> None:
        if step[0] in "25":
            seen[step] = old_reader.sees_the_same()

    assert old_reader.shop.apply(old_reader.engine, look).ok
    assert seen == {"2 settled": True, "5 verified": True}
    maintain(old_reader.shop, old_reader.engine)
    assert old_reader.sees_the_same()


def test_tables_of_40_days_ago_are_read_after_a_run_that_failed(old_reader: Reader) -> None:
    bring_changes(old_reader.shop)
    break_a_rule(old_reader.shop)
    assert not old_reader.shop.apply(old_reader.engine).ok
    assert old_reader.sees_the_same()
    maintain(old_reader.shop, old_reader.engine)
    assert old_reader.sees_the_same()
