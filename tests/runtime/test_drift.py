"""Rows of others at our heads: shown, put back, overwritten, left; and equal versions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakewright.lake import ControlRecord
from runtime.bronze import BRONZE, GOLD, SPEC, Bronze
from runtime.shop import ENVIRONMENT, NOW, Shop, name
from runtime.strangers import (
    strangers,
)


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze.open(tmp_path)


@strangers
def test_a_plan_that_writes_the_table_waits_for_a_decision(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    stranger(bronze)
    bronze.land("two.csv", 3)
    plan = bronze.plan()
    assert bronze.fates(plan) == {"raw.w": "decide"}
    report = bronze.shop.run(plan)
    assert (report.exit_code, report.problems[0].code, report.release) == (4, "LW320", None)
    assert bronze.shop.latest().release == 1


def test_drift_on_a_table_that_the_run_does_not_write_blocks_nothing(bronze: Bronze) -> None:
    bronze.write(7)
    assert bronze.plan().empty
    bronze.shop.edit("sql/gold/sums.sql", "SELECT CAST(max(a) AS BIGINT) AS total FROM raw.w\n")
    plan = bronze.plan()
    assert bronze.fates(plan) == {"raw.w": "wait"}
    assert bronze.shop.run(plan).ok
    assert (bronze.released(GOLD), bronze.head()) == ([2], [1, 2, 7])


def test_drift_on_a_table_that_equals_its_query_is_overwritten(bronze: Bronze) -> None:
    bronze.write(7, table=GOLD)
    plan = bronze.plan()
    assert bronze.fates(plan) == {"gold.sums": "overwrite"}
    report = bronze.shop.run(plan)
    assert report.ok
    assert "gold.sums version 2 (WRITE)" in report.tables[0].note
    assert bronze.head(GOLD) == [3]
    assert bronze.plan().empty


def test_drift_on_a_companion_counts_for_its_table(bronze: Bronze) -> None:
    bronze.land("two.csv", 13, 4)
    assert bronze.apply().ok
    bronze.write(6, table=BRONZE.quarantine)
    bronze.land("three.csv", 5)
    plan = bronze.plan()
    assert bronze.fates(plan) == {"raw.w__quarantine": "decide"}
    assert bronze.shop.run(plan).exit_code == 4
    assert bronze.apply(drift="discard").ok
    assert bronze.head(BRONZE.quarantine) == [13]
    assert bronze.released() == [1, 2, 4, 5]


@pytest.mark.parametrize("kind", ["OPTIMIZE", "VACUUM END", "REORG"])
def test_commits_that_change_no_data_are_no_drift(bronze: Bronze, kind: str) -> None:
    bronze.shop.world.tables.touch(bronze.uri(), kind)
    plan = bronze.plan()
    assert (plan.empty, plan.state.drift) == (True, ())


@strangers
def test_discard_brings_the_released_rows_back(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    stranger(bronze)
    plan = bronze.plan(drift="discard")
    assert bronze.fates(plan) == {"raw.w": "discard"}
    assert bronze.shop.run(plan).ok
    assert (bronze.head(), bronze.released()) == ([1, 2], [1, 2])
    after = bronze.plan()
    assert (after.empty, after.state.drift) == (True, ())


def test_discard_and_new_files_in_one_run(bronze: Bronze) -> None:
    bronze.write(7)
    bronze.land("two.csv", 3)
    assert bronze.apply(drift="discard").ok
    assert bronze.released() == [1, 2, 3]
    assert bronze.released(GOLD) == [6]


def test_discard_touches_only_what_the_plan_showed(bronze: Bronze) -> None:
    bronze.write(7)
    plan = bronze.plan(drift="discard")
    bronze.write(8)
    report = bronze.shop.run(plan)
    assert (report.exit_code, report.problems[0].code) == (4, "LW320")
    assert bronze.head() == [1, 2, 7, 8]


def test_a_refresh_discards_as_well(bronze: Bronze) -> None:
    bronze.write(7)
    assert bronze.shop.run(bronze.plan_refresh(drift="discard")).ok
    assert bronze.head() == [1, 2]


def test_a_head_that_was_put_back_is_not_restored_again(bronze: Bronze) -> None:
    bronze.write(7)
    assert bronze.apply(drift="discard").ok
    assert bronze.operations().count("RESTORE") == 1
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    bronze.land("three.csv", 4)
    assert bronze.apply().ok
    assert bronze.operations().count("RESTORE") == 1
    assert bronze.released() == [1, 2, 3, 4]


def test_runs_that_fail_again_and_again_restore_once_each(bronze: Bronze) -> None:
    bronze.land("bad.csv", 1000)
    bronze.shop.edit(
        "pipelines/raw/w.yml", SPEC.replace("lucky}", "lucky}\n  - {row_count: {max: 2}}")
    )
    bronze.land("two.csv", 3)
    for tries in (1, 2, 3):
        assert not bronze.apply().ok
        assert bronze.operations().count("RESTORE") <= tries
        assert bronze.head() == [1, 2]


@pytest.mark.parametrize("table", [BRONZE, GOLD])
def test_maintenance_and_put_backs_make_no_reader_stale(bronze: Bronze, table: Any) -> None:
    tables, uri = bronze.shop.world.tables, bronze.uri(table)
    for _ in range(3):
        tables.touch(uri)
        tables.restore(uri, bronze.entry(table).version, "lw:dead:raw.w")
    commits = len(bronze.operations(table))
    plan = bronze.plan()
    assert (plan.empty, plan.state.drift) == (True, ())
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert bronze.operations(table)[commits:].count("RESTORE") == 0


def test_rows_in_the_quarantine_of_a_query_are_overwritten_with_it() -> None:
    shop = Shop.open()
    assert shop.apply().ok
    entry = shop.latest().tables[name("silver.orders").quarantine]
    tables, uri = shop.world.tables, shop.world.lake().entry_uri(entry)
    rows = tables.rows(uri, entry.version)
    tables.write(uri, rows, "append", None)
    plan = shop.plan()
    assert str(plan.changes[0].table) == "silver.orders"
    assert shop.run(plan).ok
    assert len(shop.contents(shop.latest())["silver.orders__quarantine"]) == rows.num_rows
    assert tables.rows(uri, len(tables.commits(uri, -1)) - 1).num_rows == rows.num_rows
    assert shop.plan().empty


def test_a_table_that_a_person_holds_keeps_its_drift_and_blocks_nothing(bronze: Bronze) -> None:
    bronze.write(7)
    bronze.land("two.csv", 3)
    record = ControlRecord("hold", "wait", "ana", NOW, tables=(BRONZE,))
    bronze.shop.world.lake().put_control(ENVIRONMENT, record)
    plan = bronze.plan_refresh()
    assert bronze.fates(plan) == {"raw.w": "wait"}
    assert (bronze.shop.run(plan).problems, bronze.head()) == ((), [1, 2, 7])
