"""Step 7 of an apply: what a person held and then deployed is held no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lakewright.errors import LakewrightError
from lakewright.lake import ControlRecord, Release
from lakewright.runtime.run import Run


def end_holds(run: Run, release: Release | None, now: datetime) -> Iterator[str]:
    """Say that the tables of this apply are resumed; yields a note when it could not be said.

    A process that dies before it leaves them held: the next apply says it.
    """
    if release is None or run.plan.kind != "apply":
        return
    moved = {change.table for change in run.plan.changes}
    moved |= {held.table for held in run.plan.freed}
    tables = tuple(sorted(hold.table for hold in run.plan.state.holds if hold.table in moved))
    if not tables:
        return
    reason = f"applied in release {release.release}"
    by = f"run {run.run_id}"
    record = ControlRecord("resume", reason, by, now, tables, release.release)
    try:
        run.lake.put_control(run.plan.environment, record)
    except LakewrightError as error:
        names = ", ".join(map(str, tables))
        yield f"still held, because that could not be written: {names}: {error}"
