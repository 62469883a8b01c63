"""`roll_back`: one record with the entries of an earlier release, then the heads follow.

1. See that the plan still holds: no other release came, nothing was collected meanwhile.
2. Put the record, without claims: from here on readers see the earlier rows and code.
3. Under each group's claim, bring its head to what the newest release says of it.
7. Report.

A process that dies before 2 has done nothing; after 2 it owes nothing: whoever writes a group next
settles its head first.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from lakewright.engines.port import Engine
from lakewright.errors import InternalError, LakewrightError, StalePlanError
from lakewright.lake import Entry, Lake, Release
from lakewright.lake.control import collected
from lakewright.names import TableName
from lakewright.plans import Plan, RestoreTable
from lakewright.runtime.groups import renewed, settle_group
from lakewright.runtime.publishing import winners_since
from lakewright.runtime.redacting import redact_held, redact_report, secrets_of
from lakewright.runtime.reporting import store_report
from lakewright.runtime.run import Group, Run, StopAt, go_on
from lakewright.runtime.values import Report, TableReport, watch_nothing

Left = dict[TableName, str]  # groups whose heads did not follow, and why


def roll_back(
    plan: Plan,
    lake: Lake,
    engine: Engine,
    *,
    run_id: str | None = None,
    reason: str = "",
    by: str = "",
    stop_at: StopAt = go_on,
    workers: int = 4,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Publish what a rollback plan says, and let the heads follow; `engine` starts for nothing.

    Failures before the record are in the report, as with `apply_plan`. A head that cannot follow
    is no failure: it is noted, and the next run settles it. With an empty plan only heads that an
    earlier rollback left behind follow.
    """
    lake = lake.confined(plan.environment)
    settled = replace(plan, state=replace(plan.state, drift=()))  # nobody chose to discard rows
    run = Run(
        run_id or str(uuid.uuid4()), settled, lake, engine, watch_nothing, stop_at, reason, by
    )
    began = time.monotonic()
    if plan.empty:
        left = _follow(run, _behind(run), workers, clock)
        return _report(run, None, left, seconds=time.monotonic() - began)
    lake.put_run(run.run_id, "plan.json", _plan_document(plan))
    release: Release | None = None
    try:
        release = _flip(run, clock())
        left = _follow(run, _restored(run), workers, clock)
    except LakewrightError as error:
        seconds = time.monotonic() - began
        return store_report(run, _failed(run, error, workers, clock, seconds=seconds))
    except KeyboardInterrupt:
        if release is not None:
            store_report(run, _report(run, release, {}, seconds=time.monotonic() - began))
        raise
    except Exception as error:
        wrapped = InternalError("LW901", f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - began
        store_report(run, _report(run, release, {}, seconds=seconds, error=wrapped))
        raise wrapped from error
    return store_report(run, _report(run, release, left, seconds=time.monotonic() - began))


def compose_rollback(run: Run, now: datetime) -> Release:
    """The record: the entries of then where they go back, those of now for all others."""
    parent, rollback = run.plan.state.release, run.plan.rollback
    assert parent is not None
    assert rollback is not None, "a rollback plan says what it goes back to"
    secrets = secrets_of(run.plan)
    return Release(
        environment=run.plan.environment,
        release=parent.release + 1,
        parent=parent.release,
        created_at=now,
        run_id=run.run_id,
        kind="rollback",
        reason=run.reason,
        by=run.by,
        engine=rollback.to.engine,  # who wrote the rows that are published again
        packages=rollback.to.packages,
        tables=rollback.tables,
        held=tuple(redact_held(held, secrets) for held in run.plan.held),
    )


def _flip(run: Run, now: datetime) -> Release:
    """Steps 1 and 2. StalePlanError LW450 when anything was published or collected meanwhile."""
    _refuse_overtaken(run)
    _refuse_collected(run, now)
    run.stop_at("1 verified")
    release = compose_rollback(run, now)
    if run.lake.put_release(release) == "taken":
        _refuse_overtaken(run)
        raise AssertionError("a number that is taken has a release")
    run.stop_at("2 put")
    return release


def _refuse_overtaken(run: Run) -> None:
    """A rollback is a word on what was seen: it is never put on top of something else."""
    winners = winners_since(run, run.plan.state.release)
    if winners:
        first = winners[0]
        raise StalePlanError(
            "LW450",
            f"release {first.release} ({first.kind}) came first",
            hint="look at it, then plan the rollback again",
        )


def _refuse_collected(run: Run, now: datetime) -> None:
    rollback = run.plan.rollback
    assert rollback is not None
    gone = collected(run.lake.control(run.plan.environment), now)
    for change in _stored(run):
        if gone.has(rollback.to.release, change.table):
            raise StalePlanError(
                "LW450",
                f"the rows of {change.table} in release {rollback.to.release} were collected"
                " meanwhile",
                hint="plan the rollback again: it says what is possible",
            )


def _failed(
    run: Run,
    error: LakewrightError,
    workers: int,
    clock: Callable[[], datetime],
    *,
    seconds: float,
) -> Report:
    """Storage may have kept the record though it said otherwise: look before telling."""
    try:
        winners = winners_since(run, run.plan.state.release)
    except LakewrightError:
        failed = _report(run, None, {}, seconds=seconds, error=error)
        return replace(failed, release="unknown")
    ours = next((release for release in winners if release.run_id == run.run_id), None)
    if ours is None:
        return _report(run, None, {}, seconds=seconds, error=error)
    left = _follow(run, _restored(run), workers, clock)
    return _report(run, ours, left, seconds=seconds)


def _follow(
    run: Run,
    changes: Iterable[RestoreTable],
    workers: int,
    clock: Callable[[], datetime],
) -> Left:
    """Step 3, group by group; nothing that fails here undoes what is published."""
    wanted = sorted(changes, key=lambda change: change.table)
    with ThreadPoolExecutor(max_workers=workers) as pool:
        told = pool.map(lambda change: _settle(run, change, clock), wanted)
        return {change.table: why for change, why in zip(wanted, told, strict=True) if why}


def _settle(run: Run, change: RestoreTable, clock: Callable[[], datetime]) -> str:
    """Why the group's head did not follow; "" when it did.

    Under the claim nobody else publishes the group, so that the newest release is the one to
    follow, also when others came behind the rollback.
    """
    try:
        claim = run.lake.claim(run.plan.environment, change.table, run.run_id, clock())
        try:
            group = Group(change, claim)
            with renewed({change.table: group}, clock):
                settle_group(run, group, run.lake.latest(run.plan.environment))
            run.stop_at(f"3 settled {change.table}")
        finally:
            claim.release()
    except LakewrightError as error:
        return f"readers have it; its head follows with the next run: {error.problems[0].message}"
    return ""


def _restored(run: Run) -> list[RestoreTable]:
    """The groups whose heads must follow; a table of another environment is never written."""
    own = f"{run.plan.environment}/"
    return [
        change for change in _stored(run) if change.after is not None and _is_own(change.after, own)
    ]


def _stored(run: Run) -> list[RestoreTable]:
    return [
        change
        for change in run.plan.changes
        if isinstance(change, RestoreTable) and change.after is not None and change.after.location
    ]


def _behind(run: Run) -> list[RestoreTable]:
    """Groups whose heads are not at the newest release: a killed rollback left them so."""
    release = run.plan.state.release
    if release is None:
        return []
    own = f"{run.plan.environment}/"
    groups = {
        name.group: release.tables[name.group]
        for name, entry in release.tables.items()
        if entry.location and _is_own(entry, own) and _is_ahead(run, entry)
    }
    return [RestoreTable(name, entry.kind, entry, entry, ()) for name, entry in groups.items()]


def _is_own(entry: Entry, prefix: str) -> bool:
    return not entry.base and entry.location.startswith(prefix)


def _is_ahead(run: Run, entry: Entry) -> bool:
    tables, uri = run.lake.tables, run.lake.entry_uri(entry)
    ahead = tables.commits(uri, entry.version)
    changed = any(commit.changes_data for commit in ahead)
    return changed and not tables.same_rows(uri, entry.version, ahead[-1].version)


def _report(
    run: Run,
    release: Release | None,
    left: Left,
    *,
    seconds: float,
    error: LakewrightError | None = None,
) -> Report:
    report = Report(
        run_id=run.run_id,
        environment=run.plan.environment,
        release=release.release if release else None,
        ok=error is None,
        tables=tuple(
            TableReport(
                table=change.table,
                action=change.action,
                refresh=change.refresh,
                outcome="discarded" if error else "published",
                version=change.after.version if change.after else None,
                note=left.get(change.table, ""),
            )
            for change in sorted(run.plan.changes, key=lambda change: change.table)
            if isinstance(change, RestoreTable)
        ),
        held=release.held if release else (),
        problems=error.problems if error else (),
        exit_code=error.exit_code if error else 0,
        seconds=seconds,
    )
    return redact_report(report, secrets_of(run.plan))


def _plan_document(plan: Plan) -> bytes:
    """The plan as the run's folder keeps it, for people who look later."""
    assert plan.rollback is not None
    document = {
        "environment": plan.environment,
        "base_release": plan.base_release,
        "to": plan.rollback.to.release,
        "mode": plan.rollback.mode,
        "changes": [
            {"table": str(change.table), "action": change.action, "refresh": change.refresh}
            for change in plan.changes
        ],
    }
    return json.dumps(document, sort_keys=True).encode()
