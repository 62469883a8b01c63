"""`collect`: the numbered steps from claims to deleted files.

Whoever reads a living release never notices. Killed at any step, the same command goes on from what
is there: what was put on record stays decided, and what was deleted is found deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lakewright.errors import RefusedError
from lakewright.lake import Claim, ControlRecord, Entry, Lake, Release, paths
from lakewright.lake.control import active_stop, ends_at
from lakewright.lake.storage import delete_files, give_up
from lakewright.names import TableName
from lakewright.plans.collecting import CollectFolder, CollectLocation, CollectPlan
from lakewright.runtime.groups import kept_alive
from lakewright.runtime.run import StopAt, go_on
from lakewright.runtime.surveying import Order, plan_collection, untracked_hours

TAKEN = "LW520"


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What a collection did. `release` is its maintenance record, None where none was needed.

    `locations` and `folders` are those that lost files; `skipped` groups were being written.
    """

    run_id: str
    environment: str
    release: int | None
    expired: tuple[int, ...]
    locations: tuple[CollectLocation, ...] = ()
    folders: tuple[CollectFolder, ...] = ()
    skipped: tuple[TableName, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def freed(self) -> int:
        return sum(it.freed for it in self.locations) + sum(it.freed for it in self.folders)


@dataclass(frozen=True, slots=True)
class Collecting:
    """The fixed facts of one collection. `stop_at` is called at every numbered step."""

    run_id: str
    lake: Lake
    order: Order
    by: str
    reason: str = ""
    stop_at: StopAt = go_on
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def collect(plan: CollectPlan, work: Collecting) -> CollectReport:
    """Delete what the plan says and nothing that somebody needs by now.

    RefusedError LW310 while the line is stopped, LW460 when an ended environment was taken up
    again, LW521 when a claim was lost.
    """
    if plan.empty:
        return CollectReport(work.run_id, plan.environment, None, ())
    _refuse_stopped(plan, work)
    work.lake.put_run(work.run_id, "plan.json", _plan_document(plan))
    claims, skipped = _claim(plan, work)
    try:
        with kept_alive(lambda: list(claims.values()), work.clock):
            report = _collect(plan, work, claims)
    finally:
        for claim in claims.values():
            claim.release()
    report = replace(report, skipped=tuple(skipped), notes=plan.notes)
    work.lake.put_run(work.run_id, paths.REPORT, _report_document(report))
    work.stop_at("6 reported")
    return report


def _claim(plan: CollectPlan, work: Collecting) -> tuple[dict[TableName, Claim], list[TableName]]:
    """Step 1. Every group that loses files; one that a run holds is left for another time."""
    claims: dict[TableName, Claim] = {}
    skipped = []
    try:
        for group in plan.groups:
            try:
                claims[group] = work.lake.claim(plan.environment, group, work.run_id, work.clock())
            except RefusedError as error:
                if error.code != TAKEN:
                    raise
                skipped.append(group)
    except BaseException:
        for claim in claims.values():
            claim.release()
        raise
    work.stop_at("1 claimed")
    return claims, skipped


def _collect(
    plan: CollectPlan, work: Collecting, claims: Mapping[TableName, Claim]
) -> CollectReport:
    number = None
    _refuse_revived(plan, work)
    if claims or plan.ended:
        _expire(plan, work)
        work.stop_at("2 expired")
        number = _put_maintenance(plan, work).release
        work.stop_at("3 put")
    _refuse_revived(plan, work)
    again = plan_collection(work.lake, work.order, plan)
    work.stop_at("4 looked again")
    chosen = {one.location for one in plan.dropping}
    done = [one for one in again.dropping if one.location in chosen and one.table.group in claims]
    for one in done:
        claims[one.table.group].verify()
        _delete(work, one)
        work.stop_at(f"5 deleted {one.location}")
    folders = _clear(plan, again, work, whole=len(done) == len(plan.dropping))
    return CollectReport(
        work.run_id, plan.environment, number, plan.unrestorable, tuple(done), folders
    )


def _refuse_stopped(plan: CollectPlan, work: Collecting) -> None:
    """Who stopped the line looks for something, and may need it; an ended one waits for nobody."""
    stopped = active_stop(work.lake.control(plan.environment))
    if stopped and not plan.ended:
        raise RefusedError(
            "LW310", f"{plan.environment} is stopped: {stopped}", hint="clear the stop first"
        )


def _refuse_revived(plan: CollectPlan, work: Collecting) -> None:
    if plan.ended:
        end = ends_at(work.lake.control(plan.environment))
        if end is None or end > work.order.now:
            raise RefusedError(
                "LW460",
                f"{plan.environment} was taken up again while it was collected",
                hint="nothing was deleted",
            )


def _expire(plan: CollectPlan, work: Collecting) -> None:
    """Step 2. Say what is collected before anything is: whoever comes now is refused."""
    for tables, release in plan.expires:
        record = ControlRecord(
            kind="expire",
            reason=work.reason or "collected: nothing promised it any more",
            by=work.by,
            at=work.clock(),
            tables=tables,
            release=release,
        )
        work.lake.put_control(plan.environment, record)


def _put_maintenance(plan: CollectPlan, work: Collecting) -> Release:
    """Step 3. Take the next number, so that a run which slept through this cannot publish.

    The record says of every table what the latest one said, and what keeping its past costs. That
    of an ended environment has no tables.
    """
    while True:
        latest = work.lake.latest(plan.environment)
        assert latest is not None, "what is collected was released"
        if plan.ended and not latest.tables:
            return latest  # an earlier collection put it
        tables = {} if plan.ended else _measured(plan, latest)
        release = replace(
            latest,
            release=latest.release + 1,
            parent=latest.release,
            created_at=work.clock(),
            run_id=work.run_id,
            kind="maintenance",
            reason=work.reason,
            tables=tables,
            held=() if plan.ended else latest.held,
        )
        if work.lake.put_release(release) == "stored":
            return release


def _measured(plan: CollectPlan, latest: Release) -> dict[TableName, Entry]:
    known = {one.location: one for one in plan.locations}
    return {
        name: _with_cost(entry, known.get(entry.location)) for name, entry in latest.tables.items()
    }


def _with_cost(entry: Entry, one: CollectLocation | None) -> Entry:
    """The entry with what was measured, unless a run published another version since."""
    latest = [need.version for need in one.needs if need.by == "latest"] if one else []
    if one is None or entry.version not in latest:
        return entry
    return replace(entry, costs={**entry.costs, "retained_bytes": float(one.retained)})


def _delete(work: Collecting, one: CollectLocation) -> None:
    """Step 5, one location: versions nobody needs, or all of it, its log last."""
    lake, environment = work.lake, work.order.environment
    if one.action == "trim":
        hours = untracked_hours(work.order.grace)
        uri = lake.location_uri(one.location)
        lake.tables.vacuum(uri, one.keep, untracked_hours=hours, dry_run=False)
        return
    give_up(lake.store, environment, one.location)
    delete_files(lake.store, one.location, one.files)


def _clear(
    plan: CollectPlan, again: CollectPlan, work: Collecting, *, whole: bool
) -> tuple[CollectFolder, ...]:
    """What ended runs left; of an ended environment its records, once all its tables are done."""
    chosen = {one.folder for one in plan.folders}
    done = []
    for one in again.folders:
        is_records = one.folder == paths.environment(plan.environment)
        if one.folder not in chosen or (is_records and not whole):
            continue
        delete_files(work.lake.store, one.folder, one.files)
        done.append(one)
    return tuple(done)


def _plan_document(plan: CollectPlan) -> bytes:
    """The plan as its folder keeps it, for people who look later."""
    rows = [
        {"location": one.location, "action": one.action, "keep": list(one.keep),
         "freed_bytes": one.freed}
        for one in plan.dropping
    ]  # fmt: skip
    document = {"environment": plan.environment, "kind": "gc", "locations": rows}
    return json.dumps(document, sort_keys=True).encode()


def _report_document(report: CollectReport) -> bytes:
    document = {
        "run_id": report.run_id,
        "environment": report.environment,
        "kind": "gc",
        "release": report.release,
        "ok": True,
        "freed_bytes": report.freed,
        "skipped": [str(group) for group in report.skipped],
    }
    return json.dumps(document, sort_keys=True).encode()
