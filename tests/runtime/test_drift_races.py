"""A crash, or a stranger, at every operation of a run that adopts, discards or loads."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.engine import FakeEngine
from lakewright.engines import FileRows
from lakewright.errors import LakeError
from lakewright.runtime import apply_plan
from runtime.bronze import BRONZE, GOLD, Bronze
from runtime.strangers import (
    crash_at,
    dropped_constraint,
    intrude_at,
)


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze.open(tmp_path)


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
