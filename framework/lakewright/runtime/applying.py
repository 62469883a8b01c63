"""`apply_plan`: the numbered steps from claims to the record."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from lakewright.engines.port import Engine
from lakewright.errors import InternalError, Interrupted, LakewrightError
from lakewright.lake import Entry, Held, Lake, Release, SourceHead
from lakewright.names import TableName
from lakewright.plans import DropTable, Plan, RestoreTable, refuse_undecided
from lakewright.runtime.borrowing import follow_moves
from lakewright.runtime.candidate import Candidate
from lakewright.runtime.ending_holds import end_holds
from lakewright.runtime.entries import entry_of
from lakewright.runtime.groups import (
    claim_groups,
    put_back,
    release_claims,
    renewed,
    settle_group,
)
from lakewright.runtime.publishing import (
    compose_release,
    put_release,
    refuse_overtaken,
    verify_groups,
    winners_since,
)
from lakewright.runtime.redacting import redact_held, secrets_of
from lakewright.runtime.reporting import empty_report, make_report, store_report
from lakewright.runtime.run import Group, Run, StopAt, go_on, store_code
from lakewright.runtime.schedule import run_in_order
from lakewright.runtime.values import Report, Watch, watch_nothing


def apply_plan(
    plan: Plan,
    lake: Lake,
    engine: Engine,
    *,
    run_id: str | None = None,
    reason: str = "",
    by: str = "",
    watch: Watch = watch_nothing,
    stop_at: StopAt = go_on,
    workers: int = 4,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Build, check and publish what the plan says, as one release or not at all.

    An `apply` publishes everything or nothing; a `refresh` holds what failed with its descendants
    and publishes the rest. Failures are in the report, which is stored under the run's id as well;
    KeyboardInterrupt leaves nothing published and is raised again. After a crash no clean-up is
    owed: the next run finds heads that are ahead and brings them back.
    """
    lake = lake.confined(plan.environment)
    run = Run(run_id or str(uuid.uuid4()), plan, lake, engine, watch, stop_at, reason, by)
    if plan.empty:
        return empty_report(run)
    began = time.monotonic()
    lake.put_run(run.run_id, "plan.json", _plan_document(plan))
    candidate = Candidate(run)
    groups: dict[TableName, Group] = {}
    try:
        refuse_undecided(plan)
        groups = claim_groups(run, clock())
        with renewed(groups, clock):
            release = _publish(run, candidate, groups, workers, clock)
    except LakewrightError as error:
        return _fail(run, candidate, groups, error, began=began)
    except KeyboardInterrupt:
        _fail(run, candidate, groups, _interrupted(), began=began)
        raise
    except Exception as error:
        wrapped = InternalError("LW901", f"{type(error).__name__}: {error}")
        _fail(run, candidate, groups, wrapped, began=began)
        raise wrapped from error
    report = make_report(run, candidate, release, seconds=time.monotonic() - began)
    notes = (*end_holds(run, release, clock()), *release_claims(groups))
    return store_report(run, replace(report, notes=notes))


def _publish(
    run: Run,
    candidate: Candidate,
    groups: dict[TableName, Group],
    workers: int,
    clock: Callable[[], datetime],
) -> Release | None:
    """Steps 1 to 6; None when there is nothing to publish."""
    run.stop_at("1 claimed")
    parent = _parent(run, groups)
    for group in groups.values():
        settle_group(run, group, parent)
    _refuse_features(run, groups)
    run.stop_at("2 settled")
    candidate.open(groups, parent)
    run_in_order(candidate.needs, candidate.make, workers=workers)
    candidate.close()
    for table in candidate.taken_back:
        put_back(run, groups[table])
    publishing = [groups[table] for table in groups if table not in candidate.taken_back]
    secrets = secrets_of(run.plan)
    held = tuple(redact_held(held, secrets) for held in (*run.plan.held, *candidate.held))
    if not publishing and not run.plan.freed and not _held_changed(parent, held):
        return None
    sources = _source_entries(run)
    store_code(run, sources)
    verify_groups(run, publishing)
    run.stop_at("5 verified")
    entries = {**candidate.entries, **sources}
    release = compose_release(run, parent, entries, held, clock())
    release = follow_moves(release, parent, publishing, run.plan.spared)
    candidate.putting = True
    release = put_release(run, publishing, parent, release)
    run.stop_at("6 put")
    return release


def _refuse_features(run: Run, groups: dict[TableName, Group]) -> None:
    """A table that this engine cannot write stops the run before anything is written."""
    features = {
        member.table: member.base.writer_features
        for group in groups.values()
        for member in group.members.values()
        if member.base is not None and member.base.writer_features
    }
    if features:
        run.engine.check_tables(features)


def _parent(run: Run, groups: dict[TableName, Group]) -> Release | None:
    """The latest release under the claims; the plan must still hold on top of it."""
    planned = run.plan.state.release
    winners = winners_since(run, planned)
    refuse_overtaken(run, planned, winners, list(groups))
    return winners[-1] if winners else planned


def _held_changed(parent: Release | None, held: tuple[Held, ...]) -> bool:
    before = parent.held if parent else ()
    return {hold.table: hold for hold in before} != {hold.table: hold for hold in held}


def _source_entries(run: Run) -> dict[TableName, Entry]:
    """The sources that this run read, as it pinned them: readers by release find the same rows."""
    read = {
        name
        for change in run.plan.changes
        if not isinstance(change, DropTable | RestoreTable)
        for name in change.step.upstream
    }
    entries = {}
    for step in run.plan.graph.steps.values():
        head = run.plan.state.inputs.get(step.name)
        if step.name in read and isinstance(head, SourceHead) and not head.missing:
            entries[step.name] = entry_of(
                step,
                head.fields,
                head.version,
                table_id=head.table_id,
                data_version=head.data_version,
            )
    return entries


def _fail(
    run: Run,
    candidate: Candidate,
    groups: dict[TableName, Group],
    error: LakewrightError,
    *,
    began: float,
) -> Report:
    """Put back what this run wrote, while its claims hold; unless its record is there after all.

    When storage does not say whether the record is there, nothing is undone: the next run knows.
    """
    notes: list[str] = []
    release, unknown = None, False
    if candidate.putting:
        try:
            release = _published(run)
        except LakewrightError:
            unknown = True
    if release is None and not unknown:
        notes = _put_all_back(run, groups)
    notes += release_claims(groups)
    seconds = time.monotonic() - began
    if release is not None:
        report = make_report(run, candidate, release, seconds=seconds)
    else:
        report = make_report(run, candidate, None, seconds=seconds, error=error)
        report = replace(report, release="unknown") if unknown else report
    return store_report(run, replace(report, notes=tuple(notes)))


def _put_all_back(run: Run, groups: dict[TableName, Group]) -> list[str]:
    notes = []
    for group in groups.values():
        try:
            group.claim.verify()
            put_back(run, group)
        except LakewrightError as again:
            notes.append(f"{group.table} is put back by the next run: {again}")
    return notes


def _published(run: Run) -> Release | None:
    """This run's own record: an interrupt or a lost answer may have come when it was stored."""
    winners = winners_since(run, run.plan.state.release)
    return next((release for release in winners if release.run_id == run.run_id), None)


def _interrupted() -> Interrupted:
    return Interrupted("LW432", "interrupted: nothing was published", hint="run it again")


def _plan_document(plan: Plan) -> bytes:
    """The plan as the run's folder keeps it: names and actions, for people who look later."""
    rows = [
        {"table": str(change.table), "action": change.action, "refresh": change.refresh}
        for change in plan.changes
    ]
    document = {"environment": plan.environment, "base_release": plan.base_release, "changes": rows}
    return json.dumps(document, sort_keys=True).encode()
