"""`make_rollback`: the changes that take an environment back to what an earlier release says.

Two steps, because looking whether rows are still there needs a lake: `choose_return` decides which
tables go back and that their code fits, `make_rollback` turns that and what was found into a plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from lakewright.errors import Problem, RefusedError, SpecError
from lakewright.graph import Graph
from lakewright.lake import Collected, Entry, Held, LakeState, Release, RewoundFile, carry_published
from lakewright.lake.borrowing import leave_behind
from lakewright.lake.control import read_through
from lakewright.names import TableName
from lakewright.plans.holding import held_along
from lakewright.plans.released import compile_released
from lakewright.plans.values import Plan, Reason, RestoreTable, Rollback, RollbackMode

RETAINED = "retained_bytes"  # of `Entry.costs`: in storage beyond the released version


@dataclass(frozen=True, slots=True)
class Return:
    """What is asked for. Without `select` everything goes back."""

    to: Release
    mode: RollbackMode = "hold"
    select: frozenset[TableName] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """What would move, decided from records and code alone. `tables` is the record's content."""

    before: Graph
    graph: Graph
    tables: Mapping[TableName, Entry]
    moving: frozenset[TableName]
    along: tuple[TableName, ...] = ()
    kept: tuple[TableName, ...] = ()

    @property
    def restored(self) -> tuple[Entry, ...]:
        """Entries whose rows are needed again, companions included."""
        return tuple(entry for name, entry in self.tables.items() if name.group in self.moving)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the lake told of a way."""

    lost: Mapping[TableName, str] = field(default_factory=dict)  # table -> why
    files: Mapping[TableName, tuple[RewoundFile, ...]] = field(default_factory=dict)
    collected: Collected = field(default_factory=Collected)
    numbers: Sequence[int] = ()  # of all releases, rising
    intact: tuple[int, ...] = ()  # releases that have the rows which are lost in this one


def compile_target(state: LakeState, to: Release) -> Graph:
    """The graph of the release to go back to; RefusedError LW350 when it does not compile."""
    try:
        return compile_released(replace(state, release=to))
    except SpecError as error:
        raise RefusedError.of(
            replace(
                problem,
                code="LW350",
                message=f"the code of release {to.release} does not compile any more: "
                + problem.message,
                hint="choose another release",
            )
            for problem in error.problems
        ) from error


def choose_return(state: LakeState, ask: Return, before: Graph, target: Graph) -> Way:
    """Which tables go back, with all that reads them in the code of now or of then.

    `state.code` has the code of both releases. RefusedError LW350 when the code of what goes back
    does not fit that of what stays.
    """
    release = state.release
    assert release is not None, "only an environment with a release can go back"
    names = {name.group for name in (*release.tables, *ask.to.tables)}
    going, along = names, set[TableName]()
    if ask.select is not None:
        closed = _closed(set(ask.select), (before, target))
        along = closed - ask.select
        going = closed | _sources_along(closed, before, target)
    differing = {name for name in going if _differs(name, release, ask.to)}
    kept = {
        name
        for name in differing
        if ask.mode == "keep-ingest" and _kind(release.tables, name) == "ingest"
    }
    moving = frozenset(differing - kept)
    tables = _merge(release, ask.to, moving)
    graph = target
    if _codes(tables) != _codes(ask.to.tables):
        graph = _compile_mixed(state, ask, tables, target)
    return Way(before, graph, tables, moving, tuple(sorted(along & moving)), tuple(sorted(kept)))


def make_rollback(state: LakeState, ask: Return, way: Way, found: Found, now: datetime) -> Plan:
    """The plan of a rollback at `now` (aware, UTC); empty when everything is there already.

    RefusedError LW352 for rows that were collected, LW353 for rows that are gone, with what is
    possible instead. A stopped line may go back.
    """
    assert state.release is not None
    refuse_collected(ask, way, found)
    _refuse_lost(ask, found)
    changes = tuple(_changes(state.release, ask, way, found))
    unchanged = [name for name in way.tables if name == name.group and name not in way.moving]
    return Plan(
        environment=state.environment,
        kind="rollback",
        graph=way.graph,
        state=replace(state, restorable_from=_restorable_from(state, found)),
        changes=changes,
        pending=(),
        unchanged=tuple(sorted(unchanged)),
        held=_held(state.release, ask, way),
        now=now,
        today=now.astimezone(ZoneInfo(way.graph.timezone)).date(),
        reads_bytes=0,
        notes=tuple(_notes(state, ask, way)) if changes else (),
        rollback=Rollback(ask.to, ask.mode, way.tables, way.along, way.kept),
    )


def refuse_collected(ask: Return, way: Way, found: Found) -> None:
    """RefusedError LW352 when rows that must come back may have been collected.

    Those that a view reads as well.
    """
    number = ask.to.release
    restored = {
        name.group for name in read_through(ask.to, [entry.table for entry in way.restored])
    }
    gone = sorted(name for name in restored if found.collected.has(number, name))
    if gone:
        possible = [
            other
            for other in found.numbers
            if not any(found.collected.has(other, name) for name in restored)
        ]
        raise RefusedError.of(
            Problem(
                "LW352",
                f"the rows of {name} in release {number} were collected:"
                f" what only releases up to {found.collected.upto(name)} need is gone",
                hint=_possible(possible, ask, gone),
            )
            for name in gone
        )


def _refuse_lost(ask: Return, found: Found) -> None:
    if found.lost:
        lost = sorted({name.group for name in found.lost})
        raise RefusedError.of(
            Problem(
                "LW353",
                f"{name} cannot go back to release {ask.to.release}: {why}",
                hint=_possible(found.intact, ask, lost),
            )
            for name, why in sorted(found.lost.items())
        )


def _possible(numbers: Collection[int], ask: Return, lost: Collection[TableName]) -> str:
    """What can be done instead, as commands."""
    without = " ".join(f"{name}+" for name in sorted(lost))
    ways = []
    if numbers:
        nearest = min(numbers, key=lambda number: abs(number - ask.to.release))
        ways.append(f"--to {nearest} is possible")
    ways.append(f"--exclude '{without}' leaves these tables, and what reads them, as they are")
    return "; ".join(ways)


def _closed(chosen: set[TableName], graphs: Iterable[Graph]) -> set[TableName]:
    """What must go back with `chosen`: what reads it, in the code of now or in that of then."""
    found = set(chosen)
    while True:
        more = {name for graph in graphs for name in held_along(graph, found)}
        if more <= found:
            return found
        found |= more


def _sources_along(going: set[TableName], before: Graph, target: Graph) -> set[TableName]:
    """Sources that nobody who stays reads, and those that only the code of then knows."""
    sources = {
        step.name
        for graph in (before, target)
        for step in graph.steps.values()
        if step.kind == "source"
    }
    readers = {name: _readers(before, name) | _readers(target, name) for name in sources}
    return {
        name
        for name in sources
        if readers[name] and (readers[name] <= going or name not in before.steps)
    }


def _readers(graph: Graph, table: TableName) -> set[TableName]:
    return {step.name for step in graph.steps.values() if table in step.upstream}


def _merge(
    release: Release, target: Release, moving: Collection[TableName]
) -> dict[TableName, Entry]:
    stay = {name: it for name, it in release.tables.items() if name.group not in moving}
    back = {
        name: _carried(entry, release.tables.get(name))
        for name, entry in target.tables.items()
        if name.group in moving
    }
    both = {**stay, **back}
    # A view that goes back alone reads its tables where they were then.
    back = {name: leave_behind(entry, target.tables, both) for name, entry in back.items()}
    return dict(sorted({**both, **back}.items()))


def _carried(entry: Entry, before: Entry | None) -> Entry:
    """The entry of then. What its table has in storage is as much as before."""
    entry = carry_published(entry, before)
    if before is None or before.bytes is None or entry.bytes is None:
        return entry
    total = before.bytes + before.costs.get(RETAINED, 0)
    return replace(entry, costs={**entry.costs, RETAINED: max(0, total - entry.bytes)})


def _compile_mixed(
    state: LakeState, ask: Return, tables: Mapping[TableName, Entry], target: Graph
) -> Graph:
    """The code of what goes back beside that of what stays; a release must compile."""
    try:
        return compile_released(replace(state, release=replace(ask.to, tables=tables)))
    except SpecError as error:
        hint = "say --hold or --replay: then ingests go back as well"
        if ask.mode != "keep-ingest":
            names = sorted(_closing(ask, tables, target))
            hint = f"select -s '{' '.join(str(name) for name in names)}', or all without -s"
        raise RefusedError.of(
            Problem(
                "LW350",
                "what goes back does not fit the code of what stays: " + problem.message,
                problem.where,
                hint=hint,
            )
            for problem in error.problems
        ) from error


def _closing(ask: Return, tables: Mapping[TableName, Entry], target: Graph) -> set[TableName]:
    """The selection and all that it read then whose code is another now."""
    found = set(ask.select or ())
    todo = [name for name in found if name in target.steps]
    while todo:
        for name in target.steps[todo.pop()].upstream:
            if name not in found and not _same_code(tables, ask.to, name):
                found.add(name)
                todo.append(name)
    return found


def _changes(release: Release, ask: Return, way: Way, found: Found) -> Iterator[RestoreTable]:
    """In build order; what leaves the release comes last."""
    order = {name: at for at, name in enumerate(way.graph.steps)}
    for name in sorted(way.moving, key=lambda it: (order.get(it, len(order)), it)):
        before, after = release.tables.get(name), way.tables.get(name)
        kind = _kind(way.tables, name) or _kind(release.tables, name)
        reasons = tuple(Reason("rollback", text) for text in _why(before, after, ask, way))
        yield RestoreTable(name, kind, before, after, reasons, found.files.get(name, ()))


def _why(before: Entry | None, after: Entry | None, ask: Return, way: Way) -> Iterator[str]:
    number = ask.to.release
    if after is None:
        yield f"is not in release {number} and leaves"
    elif before is None:
        yield "comes back"
    else:
        if (before.location, before.table_id) != (after.location, after.table_id):
            yield "its earlier table"
        if before.own != after.own:
            yield f"code of release {after.introduced or number}"
        elif before.code != after.code:
            yield "description or checks"
        for name, used in sorted(after.inputs.items()):
            now = before.inputs.get(name)
            if _kind(way.tables, name) == "source" and now is not None and now != used:
                yield f"consumed {name} {now.version} -> {used.version}"


def _held(release: Release, ask: Return, way: Way) -> tuple[Held, ...]:
    """Who is held after it: those that stay and were held, and with `hold` all that go back."""
    held = {
        hold.table: hold
        for hold in release.held
        if hold.table in way.tables and hold.table not in way.moving
    }
    if ask.mode == "hold":
        for name in way.moving & way.tables.keys():
            if way.tables[name].kind != "source":
                since = release.release + 1
                held[name] = Held(name, "rollback", since, reason=ask.reason)
    return tuple(hold for _, hold in sorted(held.items()))


def _notes(state: LakeState, ask: Return, way: Way) -> Iterator[str]:
    number = ask.to.release
    if way.along:
        names = ", ".join(map(str, way.along))
        yield f"not selected, and goes back because it reads what was: {names}"
    match ask.mode:
        case "hold":
            yield "what goes back is held until `lakewright resume` or `lakewright apply`"
        case "replay":
            yield "nothing is held: the next refresh loads and builds again what is rewound"
        case "keep-ingest":
            names = ", ".join(map(str, way.kept)) or "no ingest"
            yield (
                f"keeps what it loaded since release {number}: {names}; the next refresh builds"
                f" what reads it again, with the code of release {number}"
            )
    for hold in state.holds:
        if hold.table in way.moving:
            yield f"{hold.table} is held by a person and goes back all the same: {hold.reason}"
    for drift in state.drift:
        if drift.table.group in way.moving:
            yield (
                f"{drift.table} was written by somebody else: readers go back, its head is left"
                " for the next run"
            )


def _restorable_from(state: LakeState, found: Found) -> int | None:
    """The oldest release that all tables of now can go back to, as far as gc has told."""
    assert state.release is not None
    stored = {name.group for name, entry in state.release.tables.items() if entry.location}
    possible = (
        number
        for number in found.numbers
        if not any(found.collected.has(number, name) for name in stored)
    )
    return next(possible, None)


def _differs(name: TableName, one: Release, other: Release) -> bool:
    """Whether two releases say other things of a group.

    What it costs is no difference, nor where a view finds the versions that it reads.
    """
    return _bare(_group(one.tables, name)) != _bare(_group(other.tables, name))


def _bare(entries: Iterable[Entry]) -> list[Entry]:
    return [
        replace(
            entry, costs={}, introduced=0, borrows={} if entry.kind == "view" else entry.borrows
        )
        for entry in entries
    ]


def _group(tables: Mapping[TableName, Entry], name: TableName) -> tuple[Entry, ...]:
    members = (name, name.quarantine, name.ledger)
    return tuple(tables[member] for member in members if member in tables)


def _same_code(tables: Mapping[TableName, Entry], target: Release, name: TableName) -> bool:
    one, other = tables.get(name), target.tables.get(name)
    return (one.code if one else "") == (other.code if other else "")


def _codes(tables: Mapping[TableName, Entry]) -> dict[TableName, str]:
    return {name: entry.code for name, entry in tables.items() if entry.code}


def _kind(tables: Mapping[TableName, Entry], name: TableName) -> str:
    return tables[name].kind if name in tables else ""
