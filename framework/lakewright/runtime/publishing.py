"""Steps 5 and 6: see that nothing came between, and put the one record that publishes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from lakewright.errors import Problem, StalePlanError
from lakewright.lake import Commit, Entry, Held, Release, compare_definitions, is_ours
from lakewright.lake.control import active_holds, active_stop, collected, ended_since
from lakewright.names import TableName
from lakewright.plans import DropTable, RestoreTable
from lakewright.runtime.borrowing import follow_moves
from lakewright.runtime.run import Group, Member, Run


def verify_groups(run: Run, groups: Iterable[Group]) -> None:
    """Step 5. The commits behind each base are exactly those on record, and the claims are ours.

    Commits of others that change no data (OPTIMIZE, VACUUM, a protocol of a newer client) are no
    reason to stop, unless they leave another definition than we declared.
    StalePlanError LW330 for anything else, LW332 for a stop or hold; RefusedError LW521 for a
    claim that was lost.
    """
    _refuse_control(run)
    for group in groups:
        group.claim.verify()
        for member in group.members.values():
            expected = {(c.version, c.token, c.operation, c.rows) for c in member.commits}
            for commit in run.lake.tables.commits(member.uri, member.base_version):
                known = (commit.version, commit.token, commit.operation, commit.rows) in expected
                if known:
                    continue
                if commit.changes_data or is_ours(commit) or _redefines(run, member, commit):
                    raise StalePlanError(
                        "LW330",
                        f"{member.table} got version {commit.version} ({commit.operation})"
                        " from somebody else during this run",
                        hint="plan again",
                    )


def _redefines(run: Run, member: Member, commit: Commit) -> bool:
    """Whether the commit left other columns, constraints or properties than were there before."""
    if not commit.changes_definition:
        return False
    tables, version = run.lake.tables, commit.version
    before, after = tables.at(member.uri, version - 1), tables.at(member.uri, version)
    return bool(compare_definitions(before.definition, after.definition))


def compose_release(
    run: Run,
    parent: Release | None,
    entries: Mapping[TableName, Entry],
    held: Collection[Held],
    now: datetime,
) -> Release:
    """The record this run would publish on top of `parent`."""
    tables = dict(parent.tables) if parent else {}
    written = {name.group for name, entry in entries.items() if entry.kind != "source"}
    dropped = {change.table for change in run.plan.changes if isinstance(change, DropTable)}
    for name in [name for name in tables if name.group in written | dropped]:
        del tables[name]
    number = parent.release if parent else 0
    before = parent.tables if parent else {}
    for name, entry in entries.items():
        if _is_overtaken_source(run, entry, before):
            continue
        tables[name] = replace(entry, introduced=_introduced(entry, before.get(name), number + 1))
    return Release(
        environment=run.plan.environment,
        release=number + 1,
        parent=number,
        created_at=now,
        run_id=run.run_id,
        kind=run.plan.kind,
        reason=run.reason,
        engine=run.engine.name,
        packages=run.engine.packages,
        tables=dict(sorted(tables.items())),
        held=_held_now(run, parent, held, written | dropped),
        by=run.by,
    )


def put_release(
    run: Run,
    groups: Collection[Group],
    parent: Release | None,
    release: Release,
) -> Release:
    """Step 6. Put the record; when another took its number, rebase on it or refuse.

    LakeError LW5xx `release: unknown` when storage does not say whether the record is there.
    """
    while run.lake.put_release(release) == "taken":
        winners = winners_since(run, parent)
        refuse_overtaken(run, parent, winners, [group.table for group in groups])
        parent = winners[-1]
        verify_groups(run, groups)
        release = _rebase(run, release, parent, groups)
        release = follow_moves(release, parent, groups, run.plan.spared)
    return release


def winners_since(run: Run, parent: Release | None) -> tuple[Release, ...]:
    """All releases after `parent`, oldest first."""
    latest = run.lake.latest(run.plan.environment)
    first = (parent.release if parent else 0) + 1
    if latest is None:
        return ()
    environment = run.plan.environment
    older = (run.lake.release(environment, n) for n in range(first, latest.release))
    return (*older, latest) if latest.release >= first else ()


def refuse_overtaken(
    run: Run,
    parent: Release | None,
    winners: Iterable[Release],
    ours: Collection[TableName],
) -> None:
    """StalePlanError when a release since `parent` touched what this run writes or read as code.

    LW333: it wrote, held or dropped one of our groups, or rolled back. LW334: it brought new code
    for a table that we read, or for a reader of one whose code we change. LW380: it collected rows
    that this run was planned on.
    """
    before = parent.tables if parent else {}
    held = {hold.table for hold in parent.held} if parent else set()
    upstream = {
        name
        for change in run.plan.changes
        if not isinstance(change, DropTable | RestoreTable)
        for name in change.step.upstream
    }
    recoded = {change.table for change in run.plan.changes if change.action in {"rebuild", "drop"}}
    for winner in winners:
        if winner.kind == "maintenance" and parent is not None:
            _refuse_collected(run, parent, winner, {*ours, *upstream})
        newly_held = {hold.table for hold in winner.held} - held
        touched = [
            name
            for name in ours
            if name in newly_held or _group(winner.tables, name) != _group(before, name)
        ]
        if winner.kind == "rollback" or touched:
            what = str(touched[0]) if touched else "the environment back"
            raise StalePlanError.of(
                [
                    Problem(
                        "LW333",
                        f"release {winner.release} ({winner.kind}) came first and moved {what}",
                        hint="plan again",
                    )
                ]
            )
        readers = {
            name for name, entry in winner.tables.items() if recoded.intersection(entry.inputs)
        }
        for name in sorted(upstream | readers):
            if _code(winner.tables, name) != _code(before, name):
                raise StalePlanError(
                    "LW334",
                    f"release {winner.release} came first with new code for {name}",
                    hint="plan again",
                )


def _refuse_collected(
    run: Run, parent: Release, winner: Release, used: Collection[TableName]
) -> None:
    gone = collected(run.lake.control(run.plan.environment), run.plan.now)
    for name in sorted(used):
        if name in parent.tables and gone.has(parent.release, name):
            raise StalePlanError(
                "LW380",
                f"release {winner.release} ({winner.kind}) came first and collected what release"
                f" {parent.release} needs of {name}",
                hint="plan again",
            )


def _is_overtaken_source(run: Run, entry: Entry, tables: Mapping[TableName, Entry]) -> bool:
    """Whether a winner pinned a source since this run was planned: its pin is the later one."""
    planned = run.plan.state.release.tables if run.plan.state.release else {}
    return entry.kind == "source" and tables.get(entry.table) != planned.get(entry.table)


def _introduced(entry: Entry, before: Entry | None, number: int) -> int:
    """The release that brought the entry's code: `number`, unless the code was there before."""
    if not entry.code:
        return 0
    return before.introduced if before is not None and before.code == entry.code else number


def _group(tables: Mapping[TableName, Entry], table: TableName) -> tuple[Entry | None, ...]:
    """What a release says of a group, without what it measured: that moves nothing."""
    found = (tables.get(name) for name in (table, table.quarantine, table.ledger))
    return tuple(entry and replace(entry, costs={}) for entry in found)


def _code(tables: Mapping[TableName, Entry], table: TableName) -> str:
    return tables[table].own if table in tables else ""


def _rebase(run: Run, release: Release, parent: Release, groups: Iterable[Group]) -> Release:
    """The same changes on top of a winner that touched none of them."""
    ours = {group.table for group in groups}
    tables = {name: entry for name, entry in parent.tables.items() if name.group not in ours}
    theirs = parent.tables
    for name, entry in release.tables.items():
        moved = entry.kind == "source" and not _is_overtaken_source(run, entry, theirs)
        if name.group in ours or moved:
            number = _introduced(entry, theirs.get(name), parent.release + 1)
            tables[name] = replace(entry, introduced=number)
    held = {hold.table: hold for hold in parent.held if hold.table not in ours}
    held |= {hold.table: hold for hold in release.held if hold.table in ours}
    return replace(
        release,
        release=parent.release + 1,
        parent=parent.release,
        tables=dict(sorted(tables.items())),
        held=tuple(held[name] for name in sorted(held)),
    )


def _held_now(
    run: Run, parent: Release | None, held: Collection[Held], moved: set[TableName]
) -> tuple[Held, ...]:
    """Who is held after this run: those it names, and those that a winner held meanwhile."""
    planned = run.plan.state.release
    known = {hold.table for hold in planned.held} if planned else set()
    others = parent.held if parent else ()
    now = {hold.table: hold for hold in others if hold.table not in known | moved}
    now |= {hold.table: hold for hold in held}
    return tuple(hold for _, hold in sorted(now.items()))


def _refuse_control(run: Run) -> None:
    """A stop, a hold or an end that somebody said while this run worked."""
    records = run.lake.control(run.plan.environment)
    if ended_since(records, run.plan.now):
        raise StalePlanError("LW332", f"{run.plan.environment} was dropped meanwhile")
    stopped = active_stop(records)
    if stopped and not run.plan.state.stopped:
        raise StalePlanError("LW332", f"the line was stopped meanwhile: {stopped}")
    before = {hold.table for hold in run.plan.state.holds}
    ours = {change.table for change in run.plan.changes}
    for hold in active_holds(records):
        if hold.table in ours and hold.table not in before:
            raise StalePlanError("LW332", f"{hold.table} was held meanwhile: {hold.reason}")
