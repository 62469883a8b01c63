"""`make_plan`: walks the graph in build order and asks the detectors why each table changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never
from zoneinfo import ZoneInfo

from lakewright.errors import Problem, RefusedError
from lakewright.graph import (
    FilesTransform,
    Graph,
    NoTransform,
    PythonTransform,
    SeedTransform,
    SqlTransform,
    Step,
)
from lakewright.lake import Entry, FileListing, Held, LakeState
from lakewright.lake.control import is_resumed
from lakewright.names import TableName
from lakewright.plans.contracts import refuse_breaches
from lakewright.plans.detectors import Seen, detect_reasons, spared_by
from lakewright.plans.drift import adopt_head, is_append_like, refuse_adoption
from lakewright.plans.fingerprints import same_algorithm
from lakewright.plans.holding import Made, attempt_of, held_along
from lakewright.plans.impact import action_of, category_of, compare_columns
from lakewright.plans.precision import Precision
from lakewright.plans.values import (
    AlterTable,
    BuildTable,
    Change,
    DriftChoice,
    DropTable,
    Plan,
    PublishView,
    Reason,
    Refresh,
    Spared,
)

_DESCRIBED = {"metadata", "redefined"}  # reasons that leave the rows as they are


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
    moved; `drift` is what a person decided about rows of others. Nothing is read or written.
    RefusedError LW310 while the line is stopped, LW361 when the environment has ended, LW311 for a
    drop that names no released table, LW336 to LW338 for a broken contract or on_schema_change;
    DriftError LW32x for rows of others that cannot be adopted.
    """
    _refuse_stopped(state, now)
    if drift == "adopt":
        refuse_adoption(graph, state, select)
    today = now.astimezone(ZoneInfo(graph.timezone)).date()
    made = Made(state.release.tables if state.release else {}, state.inputs, now, today)
    walk = _Walk(graph, same_algorithm(graph, state), made, kind, drift)
    for step in graph.steps.values():
        if not isinstance(step.transform, NoTransform):
            walk.visit(step, selected=select is None or step.name in select, full=full)
    walk.hold_along()
    allowed, pending = _drops(graph, state, select, frozenset(allow_destructive))
    changes = (*walk.changes.values(), *allowed)
    refuse_breaches(changes)
    return Plan(
        environment=state.environment,
        kind=kind,
        graph=graph,
        state=state,
        changes=changes,
        pending=pending,
        unchanged=tuple(walk.unchanged),
        held=tuple(hold for _, hold in sorted(walk.held.items())),
        freed=tuple(walk.freed),
        now=now,
        today=today,
        reads_bytes=_reads_bytes(changes, state),
        drift=drift,
        spared=walk.spared_by_changes(),
    )


class _Walk:
    """One pass over the graph in build order; thrown away when the plan is made."""

    def __init__(
        self,
        graph: Graph,
        state: LakeState,
        made: Made,
        kind: Literal["apply", "refresh"],
        drift: DriftChoice | None,
    ) -> None:
        self._graph = graph
        self._precision = Precision(graph, state)
        self._state = state
        self._kind = kind
        self._drift = drift
        self._entries = state.release.tables if state.release else {}
        self._before = {hold.table: hold for hold in state.release.held} if state.release else {}
        self._said = {hold.table: hold for hold in state.holds}
        self._resumed = state.resumed
        self._made = replace(made, tables=self._entries)
        self._asked: set[TableName] = set()
        self.changes: dict[TableName, Change] = {}
        self.unchanged: list[TableName] = []
        self.held: dict[TableName, Held] = {}
        self.freed: list[Held] = []
        self.spared: list[Spared] = []

    def visit(self, step: Step, *, selected: bool, full: bool) -> None:
        entry = self._entries.get(step.name)
        if not selected and not self._is_read_through(step):
            self._leave(step.name)
            return
        if selected:
            self._asked.add(step.name)
        seen = Seen(
            step,
            entry,
            self._state,
            self.changes,
            now=self._made.now,
            today=self._made.today,
            precision=self._precision,
            drift=self._drift,
        )
        reasons = detect_reasons(seen)
        if full and selected and entry is not None:
            reasons = (Reason("asked", "asked for in full"), *reasons)
        held = self._hold(step, reasons) if self._kind == "refresh" else None
        if held is not None:
            self.held[step.name] = held
        elif reasons:
            self.changes[step.name] = self._change(step, entry, reasons)
        else:
            self.unchanged.append(step.name)
            freed = self._before.get(step.name) or self._said.get(step.name)
            if freed is not None:
                self.freed.append(freed)
        if entry is not None and held is None and {it.kind for it in reasons} <= _DESCRIBED:
            self._spare(seen)

    def _spare(self, seen: Seen) -> None:
        """Its rows are what its code makes of inputs that change: the next release says so."""
        inputs = spared_by(seen)
        if inputs:
            self.spared.append(Spared(seen.step, inputs))

    def spared_by_changes(self) -> tuple[Spared, ...]:
        """Who is spared by what is not held after all."""
        left = (
            replace(one, inputs=tuple(name for name in one.inputs if name in self.changes))
            for one in self.spared
        )
        return tuple(one for one in left if one.inputs)

    def _change(self, step: Step, entry: Entry | None, reasons: tuple[Reason, ...]) -> Change:
        if self._drift == "adopt" and entry is not None and is_append_like(step):
            drift = next((it for it in self._state.drift if it.table == step.name), None)
            if drift is not None:
                return adopt_head(step, entry, reasons, drift)
        return _change(step, entry, reasons, self._state)

    def hold_along(self) -> None:
        """What must stay with a held table stays, though nothing is wrong with it.

        An apply is a person's word on what it selects: that is built over what is released.
        """
        asked = self._asked if self._kind == "apply" else set()
        for name in (held_along(self._graph, self.held) & self.changes.keys()) - asked:
            since = self._state.release.release if self._state.release else 0
            reason = "an input or a partner is held"
            self.held[name] = Held(name, "upstream", since, reason=reason)
            del self.changes[name]

    def _leave(self, name: TableName) -> None:
        """Not selected: what was released stays, and what was held stays held."""
        if name in self._before:
            self.held[name] = self._before[name]
        elif name in self._entries:
            self.unchanged.append(name)

    def _is_read_through(self, step: Step) -> bool:
        """A view over a view that changes: its readers would see the other one at once."""
        return step.kind == "view" and any(
            name in self.changes and self._graph.steps[name].kind == "view" for name in step.reads
        )

    def _hold(self, step: Step, reasons: tuple[Reason, ...]) -> Held | None:
        """A person's hold, the same failed attempt, or a held upstream while something moved."""
        if step.name in self._said:
            return self._said[step.name]
        hold = self._before.get(step.name)
        if hold is not None and hold.by in {"check", "rollback"} and self._same(step, hold):
            return hold
        above = next((self.held[name] for name in step.upstream if name in self.held), None)
        if above is not None and (reasons or hold is not None):
            since = above.since_release
            return Held(step.name, "upstream", since, reason=f"{above.table} is held")
        return None

    def _same(self, step: Step, hold: Held) -> bool:
        """Whether trying again would try the very same thing."""
        if hold.by == "rollback":
            return not is_resumed(hold, self._resumed)
        if any(name in self.changes for name in step.upstream):
            return False
        return hold.attempt == attempt_of(step, self._made)


def _change(
    step: Step, entry: Entry | None, reasons: tuple[Reason, ...], state: LakeState
) -> Change:
    kinds = {reason.kind for reason in reasons}
    columns = compare_columns(step, entry)
    action = action_of(reasons)
    category = category_of(reasons, columns)
    match step.transform:
        case SqlTransform() if step.kind == "view":
            if kinds <= _DESCRIBED and entry is not None:
                return AlterTable(step, reasons, entry)
            return PublishView(step, action, category, reasons, columns, entry)
        case SqlTransform() | PythonTransform() | SeedTransform():
            if kinds <= _DESCRIBED and entry is not None:
                return AlterTable(step, reasons, entry)
            return BuildTable(step, action, category, "full", reasons, columns, before=entry)
        case FilesTransform():
            if kinds <= _DESCRIBED and entry is not None:
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


def _refuse_stopped(state: LakeState, now: datetime) -> None:
    if state.ends_at is not None and state.ends_at <= now:
        raise RefusedError(
            "LW361",
            f"environment {state.environment} has ended: it was dropped or expired",
            hint="its name is not used again; `lakewright env create` makes one under another name",
        )
    if state.stopped:
        raise RefusedError(
            "LW310", f"{state.environment} is stopped: {state.stopped}", hint="clear the stop first"
        )
