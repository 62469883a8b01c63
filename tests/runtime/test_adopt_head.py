"""Rows of others at a head that grows, published as they are once every rule holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.lake import Crash
from lakewright.errors import DriftError
from lakewright.lake import carry_published
from lakewright.plans import AdoptHead
from runtime.bronze import BRONZE, GOLD, Bronze
from runtime.strangers import (
    append,
    between_optimizes,
    change_of,
    delete,
    overwrite,
    several,
)


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze.open(tmp_path)


def test_adopt_publishes_the_head_as_it_is_and_its_readers_follow(bronze: Bronze) -> None:
    version = bronze.write(7)
    plan = bronze.plan(drift="adopt")
    assert isinstance(change_of(plan), AdoptHead)
    assert bronze.fates(plan) == {"raw.w": "adopt"}
    assert bronze.shop.run(plan).ok
    entry = bronze.entry()
    assert (entry.version, entry.data_version, entry.token) == (version, version, "")
    assert (entry.rows, bronze.released(), bronze.released(GOLD)) == (3, [1, 2, 7], [10])
    after = bronze.plan()
    assert (after.empty, after.state.drift) == (True, ())
    bronze.shop.world.lake().verify_pin(entry)


@pytest.mark.parametrize("stranger", [append, delete, overwrite, several, between_optimizes])
def test_adopt_takes_any_commits_that_keep_the_rules(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    stranger(bronze)
    found = bronze.head()
    assert bronze.apply(drift="adopt").ok
    assert bronze.released() == found
    assert bronze.plan().empty


@pytest.mark.parametrize(("value", "code"), [(100, "LW431"), (13, "LW466"), (99, "LW466")], ids=str)
def test_adopt_refuses_rows_that_break_a_rule(bronze: Bronze, value: int, code: str) -> None:
    version = bronze.write(7, value)
    report = bronze.apply(drift="adopt")
    assert (report.exit_code, report.problems[0].code, report.release) == (1, code, None)
    assert len(bronze.operations()) == version + 1
    assert bronze.shop.latest().release == 1


def test_adopt_counts_what_a_rule_only_warns_of(bronze: Bronze) -> None:
    bronze.write(50)
    assert bronze.apply(drift="adopt").ok
    found = {check.name: (check.verdict, check.failed_rows) for check in bronze.entry().checks}
    assert found == {
        "small": ("pass", 0),
        "lucky": ("pass", 0),
        "real": ("pass", 0),
        "odd": ("warn", 1),
    }


def test_adopt_takes_exactly_the_commits_that_the_plan_showed(bronze: Bronze) -> None:
    bronze.write(7)
    plan = bronze.plan(drift="adopt")
    bronze.write(8)
    report = bronze.shop.run(plan)
    assert (report.exit_code, report.problems[0].code) == (4, "LW467")
    assert (bronze.shop.latest().release, bronze.head()) == (1, [1, 2, 7, 8])


def test_adopt_after_an_optimize_since_the_plan(bronze: Bronze) -> None:
    bronze.write(7)
    plan = bronze.plan(drift="adopt")
    bronze.shop.world.tables.touch(bronze.uri())
    assert bronze.shop.run(plan).ok
    assert bronze.plan().empty


def test_files_that_landed_wait_for_the_run_after_an_adoption(bronze: Bronze) -> None:
    bronze.write(7)
    bronze.land("two.csv", 3)
    assert bronze.apply(drift="adopt").ok
    assert bronze.released() == [1, 2, 7]
    assert bronze.apply().ok
    assert bronze.released() == [1, 2, 3, 7]


def test_a_refresh_adopts_as_well(bronze: Bronze) -> None:
    bronze.write(7)
    assert bronze.shop.run(bronze.plan_refresh(drift="adopt")).ok
    assert bronze.released() == [1, 2, 7]
    assert bronze.plan_refresh().empty


def test_a_table_that_equals_its_query_adopts_nothing(bronze: Bronze) -> None:
    bronze.write(7, table=GOLD)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt")
    assert caught.value.code == "LW321"
    assert bronze.plan(drift="adopt", select={BRONZE}).empty


def test_rows_in_a_companion_cannot_be_adopted(bronze: Bronze) -> None:
    bronze.write(1, table=BRONZE.quarantine)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt")
    assert caught.value.code == "LW322"


def test_rows_over_those_of_a_dead_run_cannot_be_adopted(bronze: Bronze) -> None:
    bronze.land("two.csv", 3)
    bronze.shop.world.hook = _dies_after_write(bronze.uri())
    with pytest.raises(Crash):
        bronze.shop.run(bronze.plan(), "dying")
    bronze.shop.world.hook = None
    bronze.shop.world.kill("dying")
    bronze.write(7)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt")
    assert caught.value.code == "LW322"
    assert bronze.apply(drift="discard").ok
    assert bronze.released() == [1, 2, 3]


def test_a_table_that_is_loaded_anew_adopts_nothing(bronze: Bronze) -> None:
    bronze.write(7)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt", full=True)
    assert caught.value.code == "LW324"


def test_a_rollback_over_an_adoption_leaves_no_drift_and_heads_follow(bronze: Bronze) -> None:
    bronze.write(7)
    first = bronze.shop.latest()
    assert bronze.apply(drift="adopt").ok
    second = bronze.shop.latest()
    old = {table: carry_published(it, second.tables[table]) for table, it in first.tables.items()}
    third = replace(second, release=3, parent=2, kind="rollback", run_id="back", tables=old)
    assert bronze.shop.world.lake().put_release(third) == "stored"
    after = bronze.plan()
    assert (after.empty, after.state.drift) == (True, ())
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert (bronze.released(), bronze.released(GOLD)) == ([1, 2, 3], [6])
    bronze.write(8)
    assert bronze.fates(bronze.plan()) == {"raw.w": "wait"}


def _dies_after_write(uri: str) -> Callable[[str, str, str], None]:
    def hook(operation: str, path: str, moment: str) -> None:
        if (operation, path, moment) == ("write", uri, "after"):
            raise Crash(path)

    return hook
