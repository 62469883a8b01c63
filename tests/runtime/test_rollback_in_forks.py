"""A rollback in a fork: back to the parent's tables, which stay as they are."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from fakes.engine import FakeEngine
from lakewright.plans import Return
from lakewright.runtime import Report, plan_rollback, roll_back
from runtime.estate import Estate
from runtime.shop import DAY_TWO, NOW, name
from runtime.test_forks import view_rows

CLICKS = name("raw.clicks")


@pytest.fixture
def written(tmp_path: Path) -> Estate:
    """dev, forked from prod, with a release of its own over new orders and a new file."""
    estate = Estate.build(tmp_path)
    estate.fork("dev")
    estate.orders(DAY_TWO)
    estate.land("two", 3)
    assert estate.apply("dev").ok
    return estate


def go_back(estate: Estate, to: int, *select: str) -> Report:
    chosen = frozenset(map(name, select)) or None
    estate.runs += 1
    lake = estate.lake("b")
    with estate.watched("dev"):
        plan = plan_rollback(
            lake,
            "dev",
            Return(lake.release("dev", to), "hold", reason="bad"),
            NOW,
            choose=lambda *_: chosen,
            resolve=estate.resolve,
        )
        return roll_back(
            plan,
            lake,
            FakeEngine(estate.world.tables),
            run_id=str(UUID(int=estate.runs)),
            reason="bad",
            workers=1,
            clock=lambda: NOW,
        )


def test_rollback_to_the_fork_reads_the_parents_tables_and_writes_none(written: Estate) -> None:
    theirs, locations = written.elsewhere("dev"), set(written.world.versions)
    report = go_back(written, 1)
    assert report.ok, report.problems
    assert written.seen("dev") == written.seen("dev", written.lake().release("dev", 1))
    assert written.last("dev").tables[CLICKS].location == "prod/raw/clicks"
    assert written.elsewhere("dev") == theirs
    assert set(written.world.versions) - locations <= {
        f"memory://lake/_lakewright/history/{kind}" for kind in ("runs", "steps", "checks")
    }


def test_apply_after_that_begins_again_elsewhere(written: Estate) -> None:
    theirs, rows = written.elsewhere("dev"), written.seen("dev")
    go_back(written, 1)
    assert written.apply("dev").ok
    assert written.seen("dev") == rows
    assert written.last("dev").tables[CLICKS].location.startswith("dev/raw/clicks-")
    assert written.elsewhere("dev") == theirs


def test_rollback_of_that_rollback(written: Estate) -> None:
    theirs, rows = written.elsewhere("dev"), written.seen("dev")
    go_back(written, 1)
    report = go_back(written, 2)
    assert report.ok, report.problems
    assert written.seen("dev") == rows
    assert written.elsewhere("dev") == theirs


def test_a_view_that_goes_back_alone_reads_the_parents_table_of_then(written: Estate) -> None:
    """Its table has a place of its own by now, with other rows under the same version numbers."""
    then = view_rows(written, "prod", "gold.large")
    written.orders([*DAY_TWO, {"id": 9, "customer": "ann", "amount": 50}])
    assert written.apply("dev").ok
    assert view_rows(written, "dev", "gold.large") != then
    report = go_back(written, 1, "gold.large")
    assert report.ok, report.problems
    assert written.last("dev").tables[name("silver.orders")].location.startswith("dev/")
    assert view_rows(written, "dev", "gold.large") == then
    assert go_back(written, 1, "gold.large").release is None
