"""Rows and definitions of others at our heads: shown, adopted, put back, overwritten, left."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fakes.engine import FakeEngine
from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from lakewright.engines import FileRows
from lakewright.errors import DriftError, LakeError
from lakewright.lake import Field, carry_published
from lakewright.plans import AdoptHead, Plan
from lakewright.runtime import apply_plan
from runtime.bronze import BRONZE, GOLD, SPEC, Bronze


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze.open(tmp_path)


@dataclass
class LosesAFile(FakeEngine):
    """After the first commit one file has another content than was hashed."""

    folder: Path = Path()
    met: bool = False

    def session(self) -> Any:
        session = super().session()
        build = session.build

        def once(job: Any) -> Any:
            result = build(job)
            if not self.met and isinstance(job.rows, FileRows):
                self.met = True
                raise LakeError("LW701", "{two.csv}", notes=("landing/two.csv",))
            return result

        session.build = once  # type: ignore[method-assign]
        return session


def append(bronze: Bronze) -> None:
    bronze.write(7)


def delete(bronze: Bronze) -> None:
    bronze.write(mode="overwrite")


def overwrite(bronze: Bronze) -> None:
    bronze.write(8, 9, mode="overwrite")


def several(bronze: Bronze) -> None:
    bronze.write(7)
    bronze.write(8)
    bronze.write(9, mode="overwrite")


def between_optimizes(bronze: Bronze) -> None:
    bronze.shop.world.tables.touch(bronze.uri())
    bronze.write(7)
    bronze.shop.world.tables.touch(bronze.uri())
    bronze.write(8)
    bronze.shop.world.tables.touch(bronze.uri(), "VACUUM END")


STRANGERS = (append, delete, overwrite, several, between_optimizes)
strangers = pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: one.__name__)


def redefine(bronze: Bronze, **changes: Any) -> None:
    head = bronze.shop.world.tables.head(bronze.uri())
    assert head is not None
    bronze.shop.world.tables.redefine(bronze.uri(), replace(head.definition, **changes))


def change_of(plan: Plan, table: Any = BRONZE) -> Any:
    return next(change for change in plan.changes if change.table == table)


# What is shown


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


# Discard


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


# Equal versions


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


# Adopt


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


# Definitions


def dropped_constraint(bronze: Bronze) -> None:
    redefine(bronze, constraints={})


def added_column(bronze: Bronze) -> None:
    head = bronze.shop.world.tables.head(bronze.uri())
    assert head is not None
    redefine(bronze, fields=(*head.definition.fields, Field("note", "string")))


def other_retention(bronze: Bronze) -> None:
    redefine(bronze, properties={"delta.logRetentionDuration": "interval 1 days"})


REDEFINED = (dropped_constraint, added_column, other_retention)
redefiners = pytest.mark.parametrize("stranger", REDEFINED, ids=lambda one: one.__name__)


@redefiners
def test_another_definition_is_shown_and_blocks_nothing(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    stranger(bronze)
    plan = bronze.plan()
    assert plan.empty
    assert bronze.fates(plan) == {"raw.w": "leave"}
    assert bool(plan.state.drift[0].redefined)


@redefiners
def test_the_next_run_that_touches_the_table_puts_its_definition_right(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    declared = bronze.shop.world.tables.head(bronze.uri())
    stranger(bronze)
    bronze.land("two.csv", 3)
    plan = bronze.plan()
    assert bronze.fates(plan) == {"raw.w": "repair"}
    assert bronze.shop.run(plan).ok
    head = bronze.shop.world.tables.head(bronze.uri())
    assert declared is not None
    assert head is not None
    assert (head.definition, bronze.released()) == (declared.definition, [1, 2, 3])
    assert bronze.plan().state.drift == ()


@redefiners
@pytest.mark.parametrize("table", [BRONZE, GOLD])
def test_discard_puts_a_definition_right_at_once(
    bronze: Bronze, stranger: Callable[[Bronze], None], table: Any
) -> None:
    if table == GOLD and stranger is dropped_constraint:
        table = BRONZE  # the gold table has none
    before = bronze.shop.world.tables.head(bronze.uri(table))
    rows = bronze.head(table)
    stranger(bronze)
    plan = bronze.plan(drift="discard")
    assert change_of(plan).action == "alter"
    assert bronze.shop.run(plan).ok
    head = bronze.shop.world.tables.head(bronze.uri(table))
    assert before is not None
    assert head is not None
    assert (head.definition, bronze.head(table)) == (before.definition, rows)
    after = bronze.plan()
    assert (after.empty, after.state.drift) == (True, ())


def test_a_property_of_a_newer_client_is_no_drift(bronze: Bronze) -> None:
    redefine(bronze, properties={"delta.enableDeletionVectors": "true"})
    plan = bronze.plan()
    assert (plan.empty, plan.state.drift) == (True, ())


def test_an_added_column_is_refused_where_the_spec_lets_none_in(bronze: Bronze) -> None:
    added_column(bronze)
    bronze.write(7)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt")
    assert caught.value.code == "LW323"


def test_an_added_column_is_adopted_with_on_new_column_add(tmp_path: Path) -> None:
    bronze = Bronze(tmp_path)
    spec = SPEC.replace("expect:", "on_new_column: add\nexpect:")
    bronze.shop.files = {"lakewright.yml": bronze.shop.files["lakewright.yml"]}
    bronze.shop.edit("pipelines/raw/w.yml", spec)
    bronze.land("one.csv", 1, 2)
    assert bronze.apply().ok
    added_column(bronze)
    bronze.write(7)
    assert bronze.apply(drift="adopt").ok
    assert [field.name for field in bronze.entry().schema][-1] == "note"
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert bronze.released() == [1, 2, 3, 7]


# Crashes and races


@pytest.mark.parametrize("choice", ["adopt", "discard"])
@pytest.mark.parametrize("tear", [False, True], ids=["whole", "torn"])
def test_a_crash_at_any_operation_leaves_one_release_and_a_rerun_converges(
    bronze: Bronze, choice: Any, tear: bool
) -> None:
    bronze.write(7)
    bronze.write(8)
    expected = copy.deepcopy(bronze)
    assert expected.apply(drift=choice).ok
    old = bronze.shop.contents(bronze.shop.latest())
    point, crashed = 0, True
    while crashed:
        point += 1
        tried = copy.deepcopy(bronze)
        crashed = crash_at(tried, tried.plan(drift=choice), point, tear=tear)
        seen = tried.shop.latest()
        assert seen.release in {1, 2}, f"point {point}"
        done = expected.shop.contents(expected.shop.latest())
        assert tried.shop.contents(seen) == (done if seen.release == 2 else old), f"point {point}"
        again = tried.apply(drift=choice)
        assert again.ok, f"point {point}: {again.problems}"
        assert tried.shop.contents(tried.shop.latest()) == done, f"point {point}"
        after = tried.plan()
        assert (after.empty, after.state.drift) == (True, ()), f"point {point}"
    assert point > 20


@pytest.mark.parametrize("choice", [None, "adopt", "discard"])
@pytest.mark.parametrize("table", [BRONZE, GOLD, BRONZE.ledger], ids=str)
def test_a_foreign_write_at_any_operation_is_never_published(
    bronze: Bronze, choice: Any, table: Any
) -> None:
    if choice is None:
        bronze.land("two.csv", 3)
    else:
        bronze.write(7)
    expected = copy.deepcopy(bronze)
    assert expected.apply(drift=choice).ok
    done = expected.shop.contents(expected.shop.latest())
    old = bronze.shop.contents(bronze.shop.latest())
    point, refused, intruding = 0, 0, True
    while intruding:
        point += 1
        tried = copy.deepcopy(bronze)
        plan = tried.plan(drift=choice)
        intruding, report = intrude_at(tried, plan, point, act=lambda it: it.write(42, table=table))
        seen = tried.shop.latest()
        assert report.ok == (seen.release == 2), f"point {point}: {report.problems}"
        assert tried.shop.contents(seen) == (done if report.ok else old), f"point {point}"
        if not report.ok:
            refused += 1
            codes = {problem.code for problem in report.problems}
            assert codes <= {"LW320", "LW330", "LW467", "LW535"}, f"point {point}"
            kept = table == GOLD or "42" in map(str, tried.head(table))
            assert kept, f"point {point}: rows of others that no query brings back are gone"
    assert point > 20
    assert refused > 5


def crash_at(bronze: Bronze, plan: Plan, point: int, *, tear: bool) -> bool:
    world = bronze.shop.world
    world.hook = CrashAt(point, tear=tear)
    try:
        bronze.shop.run(plan, "dying")
    except Crash:
        return True
    finally:
        world.hook = None
        world.kill("dying")
    return False


def intrude_at(
    bronze: Bronze, plan: Plan, point: int, *, act: Callable[[Bronze], object]
) -> tuple[bool, Any]:
    """Run the plan while a stranger acts at that operation; whether there was one."""
    world, passed = bronze.shop.world, [0]

    def hook(operation: str, path: str, moment: str) -> None:
        del operation, path, moment
        passed[0] += 1
        if passed[0] == point:
            world.hook = None
            act(bronze)

    world.hook = hook
    try:
        report = bronze.shop.run(plan)
    finally:
        world.hook = None
    return passed[0] >= point, report


def _dies_after_write(uri: str) -> Callable[[str, str, str], None]:
    def hook(operation: str, path: str, moment: str) -> None:
        if (operation, path, moment) == ("write", uri, "after"):
            raise Crash(path)

    return hook


def test_a_second_try_of_a_load_never_begins_over_rows_of_others(bronze: Bronze) -> None:
    """A file that changes while it loads is left out by a second try, from the same base."""
    bronze.land("two.csv", 3)
    bronze.land("three.csv", 4)
    plan = bronze.plan()
    world, uri = bronze.shop.world, bronze.uri()

    def hook(operation: str, path: str, moment: str) -> None:
        if (operation, path, moment) == ("restore", uri, "after"):
            world.hook = None
            bronze.write(42)

    engine = LosesAFile(world.tables, folder=bronze.folder)
    world.hook = hook
    run_id = "00000000-0000-0000-0000-0000000000ff"
    report = apply_plan(plan, world.lake(), engine, run_id=run_id, workers=1)
    world.hook = None
    assert (report.exit_code, report.problems[0].code) == (4, "LW320")
    assert (bronze.released(), bronze.head()) == ([1, 2], [1, 2, 42])


def test_a_foreign_definition_at_any_operation_is_never_published(bronze: Bronze) -> None:
    declared = bronze.shop.world.tables.head(bronze.uri())
    assert declared is not None
    bronze.land("two.csv", 3)
    point, refused, intruding = 0, 0, True
    while intruding:
        point += 1
        tried = copy.deepcopy(bronze)
        plan = tried.plan()
        intruding, report = intrude_at(tried, plan, point, act=dropped_constraint)
        entry = tried.entry()
        found = tried.shop.world.tables.at(tried.uri(), entry.version).definition
        assert found == declared.definition, f"point {point}"
        assert report.ok == (tried.shop.latest().release == 2)
        refused += not report.ok
        tried.land("three.csv", 4)
        assert tried.apply().ok, f"point {point}"
        head = tried.shop.world.tables.head(tried.uri())
        assert head is not None
        assert head.definition == declared.definition, f"point {point}"
        assert tried.released() == [1, 2, 3, 4], f"point {point}"
        (tried.folder / "landing" / "three.csv").unlink()
    assert point > 20
    assert refused >= 1
