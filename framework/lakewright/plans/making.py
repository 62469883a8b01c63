"""`make_plan`: walks the graph in build order and asks the detectors why each table changes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

from lakewright.errors import DriftError, Problem, RefusedError
from lakewright.graph import (
    FilesTransform,
    Graph,
    NoTransform,
    PythonTransform,
    SqlTransform,
    Step,
)
from lakewright.lake import Entry, FileListing, Held, LakeState, SourceHead
from lakewright.names import TableName
from lakewright.plans.detectors import Seen, detect_reasons
from lakewright.plans.fingerprints import same_algorithm
from lakewright.plans.impact import action_of, category_of, compare_columns
from lakewright.plans.values import (
    AlterTable,
    BuildTable,
    Change,
    DropTable,
    Plan,
    PublishView,
    Reason,
    Refresh,
)

DriftChoice = Literal["discard"]


def make_plan(
    graph: Graph,
    state: LakeState,
    now: datetime,
    *,
    kind: Literal["apply", "refresh"] = "apply",
    select: Collection[TableName] | None = None,
    allow_destructive: Collection[TableName] = (),
    full: bool = False,
    drift: DriftChoice | None = None,
) -> Plan:
    """The changes that take `state` to what `graph` and the inputs say at `now` (aware, UTC).

    `select` limits the changes to these tables; `full` rebuilds what is selected though nothing
    moved. Nothing is read or written. RefusedError LW310 while the line is stopped, LW311 for a
    drop that names no released table; DriftError LW320 for foreign rows only a person can judge.
    """
    _refuse_stopped(state)
    _refuse_drift(graph, state, select, drift)
    today = now.astimezone(ZoneInfo(graph.timezone)).date()
    walk = _Walk(graph, same_algorithm(graph, state), now, today, kind)
    for step in graph.steps.values():
        if not isinstance(step.transform, NoTransform):
            walk.visit(step, selected=select is None or step.name in select, full=full)
    allowed, pending = _drops(graph, state, select, frozenset(allow_destructive))
    changes = (*walk.changes.values(), *allowed)
    return Plan(
        environment=state.environment,
        kind=kind,
        graph=graph,
        state=state,
        changes=changes,
        pending=pending,
        unchanged=tuple(walk.unchanged),
        held=tuple(walk.held),
        freed=_freed(state, walk, kind),
        now=now,
        today=today,
        reads_bytes=_reads_bytes(changes, state),
        notes=tuple(walk.notes),
    )


@dataclass
class _Walk:
    """The state of one pass over the graph; thrown away when the plan is made."""

    graph: Graph
    state: LakeState
    now: datetime
    today: date
    kind: Literal["apply", "refresh"]
    changes: dict[TableName, Change] = field(default_factory=dict)
    unchanged: list[TableName] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def visit(self, step: Step, *, selected: bool, full: bool) -> None:
        entry = self.entries.get(step.name)
        if not selected:
            if entry is not None:
                self.unchanged.append(step.name)
            return
        seen = Seen(step, entry, self.state, self.changes, self.now, self.today)
        reasons = detect_reasons(seen)
        if full and entry is not None and not reasons:
            reasons = (Reason("code", "asked for in full"),)
        held = self._hold(step, reasons)
        if held is not None:
            self.held.append(held)
        elif reasons:
            self.changes[step.name] = _change(step, entry, reasons, self.state)
        else:
            self.unchanged.append(step.name)

    @property
    def entries(self) -> dict[TableName, Entry]:
        return dict(self.state.release.tables) if self.state.release else {}

    def _hold(self, step: Step, reasons: tuple[Reason, ...]) -> Held | None:
        """Whether a refresh must leave the table: a person's hold, the same failed attempt, or
        an upstream that is held while something else moved."""
        if self.kind != "refresh":
            return None
        for said in self.state.holds:
            if said.table == step.name:
                return said
        before = {hold.table: hold for hold in self._released_holds}
        hold = before.get(step.name)
        if hold is not None and hold.by in {"check", "rollback"} and self._same(hold):
            return hold
        above = next((held for held in self.held if held.table in step.upstream), None)
        if above is not None and (reasons or hold is not None):
            since = above.since_release
            return Held(step.name, "upstream", since, reason=f"{above.table} is held")
        return None

    @property
    def _released_holds(self) -> tuple[Held, ...]:
        return self.state.release.held if self.state.release else ()

    def _same(self, hold: Held) -> bool:
        """Whether trying again would try the very same thing."""
        if hold.by == "rollback":
            return True
        step = self.graph.steps[hold.table]
        if any(name in self.changes for name in step.upstream):
            return False
        return hold.attempt == attempt_of(step, self.entries, self.state.inputs)


def attempt_of(
    step: Step,
    tables: Mapping[TableName, Entry],
    inputs: Mapping[TableName, SourceHead | FileListing],
) -> str:
    """Digest of what building `step` now would be made of: its code, rules, inputs and files.

    A failed check holds a table until this changes.
    """
    parts = [step.fingerprint.own, step.metadata]
    for name in step.upstream:
        head = inputs.get(name)
        if isinstance(head, SourceHead):
            parts.append(f"{name}@{head.table_id}/{head.data_version}")
        elif name in tables:
            parts.append(f"{name}@{tables[name].table_id}/{tables[name].data_version}")
    listing = inputs.get(step.name)
    if isinstance(listing, FileListing):
        waiting = [file for file in listing.files if file.path not in listing.loaded]
        parts += [f"{file.path}:{file.size}:{file.modified.isoformat()}" for file in waiting]
        parts += [f"altered:{path}" for path in listing.altered]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _change(
    step: Step, entry: Entry | None, reasons: tuple[Reason, ...], state: LakeState
) -> Change:
    kinds = {reason.kind for reason in reasons}
    columns = compare_columns(step, entry)
    action = action_of(reasons)
    category = category_of(reasons, columns)
    match step.transform:
        case SqlTransform() if step.kind == "view":
            if kinds == {"metadata"} and entry is not None:
                return AlterTable(step, reasons, entry)
            return PublishView(step, action, category, reasons, columns, entry)
        case SqlTransform() | PythonTransform():
            if kinds == {"metadata"} and entry is not None:
                return AlterTable(step, reasons, entry)
            return BuildTable(step, action, category, "full", reasons, columns, before=entry)
        case FilesTransform():
            if kinds == {"metadata"} and entry is not None:
                return AlterTable(step, reasons, entry)
            listing = state.inputs[step.name]
            assert isinstance(listing, FileListing)
            files = listing.files
            if action == "refresh":
                altered = set(listing.altered) if step.transform.input.on_change == "append" else ()
                files = tuple(f for f in files if f.path not in listing.loaded or f.path in altered)
            refresh: Refresh = "incremental" if action == "refresh" else "full"
            return BuildTable(
                step, action, category, refresh, reasons, columns, files=files, before=entry
            )
        case NoTransform():
            raise AssertionError(f"{step.name}: a source never changes")
        case _:
            assert_never(step.transform)


def _freed(state: LakeState, walk: _Walk, kind: str) -> tuple[Held, ...]:
    """Held tables of the release for which the reason is gone and nothing is left to build.

    What a person or a rollback holds is freed by an apply only.
    """
    before = state.release.held if state.release else ()
    still = {hold.table for hold in walk.held} | walk.changes.keys()
    sticky = {"person", "rollback"} if kind == "refresh" else set()
    return tuple(
        hold
        for hold in before
        if hold.table not in still and hold.by not in sticky and hold.table in walk.unchanged
    )


def _drops(
    graph: Graph,
    state: LakeState,
    select: Collection[TableName] | None,
    allowed: frozenset[TableName],
) -> tuple[tuple[DropTable, ...], tuple[DropTable, ...]]:
    released = state.release.tables if state.release else {}
    gone = {
        name: entry
        for name, entry in sorted(released.items())
        if name == name.group and name not in graph.steps
    }
    unknown = sorted(allowed - gone.keys())
    if unknown:
        raise RefusedError.of(
            Problem(
                "LW311",
                f"{name} is not a table that this plan would drop",
                hint="only a released table whose spec was removed can be dropped",
            )
            for name in unknown
        )
    made = {
        name: DropTable(name, (Reason("removed", "spec removed"),), entry)
        for name, entry in gone.items()
        if select is None or name in select or name in allowed
    }
    return (
        tuple(drop for name, drop in made.items() if name in allowed),
        tuple(drop for name, drop in made.items() if name not in allowed),
    )


def _reads_bytes(changes: tuple[Change, ...], state: LakeState) -> int | None:
    """Bytes of all released inputs that the changes read; None when one of them is not known."""
    released = state.release.tables if state.release else {}
    moving = {change.table for change in changes}
    total = 0
    for change in changes:
        if not isinstance(change, BuildTable):
            continue
        total += sum(file.size for file in change.files)
        for name in change.step.upstream:
            entry = released.get(name)
            if name in moving or entry is None or entry.bytes is None:
                return None
            total += entry.bytes
    return total


def _refuse_stopped(state: LakeState) -> None:
    if state.stopped:
        raise RefusedError(
            "LW310", f"{state.environment} is stopped: {state.stopped}", hint="clear the stop first"
        )


def _refuse_drift(
    graph: Graph,
    state: LakeState,
    select: Collection[TableName] | None,
    drift: DriftChoice | None,
) -> None:
    """Foreign rows in a table that is written in full are overwritten; else a person decides."""
    if drift is not None:
        return
    problems = []
    for item in state.drift:
        step = graph.steps.get(item.table.group)
        chosen = select is None or item.table.group in select
        if step is not None and chosen and isinstance(step.transform, FilesTransform):
            last = item.commits[-1]
            problems.append(
                Problem(
                    "LW320",
                    f"{item.table} has {len(item.commits)} commits that Lakewright did not make,"
                    f" the last is version {last.version} ({last.operation})",
                    hint="--drift discard puts the table back; --exclude leaves it out",
                )
            )
    if problems:
        raise DriftError.of(problems)
