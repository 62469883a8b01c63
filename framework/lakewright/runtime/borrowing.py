"""Tables of another environment: never written, and what a run does instead.

A fork's release names tables where they are, in the environment it was forked from. A run that
writes such a table whole begins one of its own; a run that builds on the rows begins it from them:
as a clone that borrows the files, or as a copy where the engine cannot read a clone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lakewright.errors import LakeError
from lakewright.lake import Entry, InputVersion, Release
from lakewright.lake.borrowing import borrowed_from, leave_behind
from lakewright.lake.cloning import clone_mode
from lakewright.names import TableName
from lakewright.plans import AlterTable, BuildTable, Change, Spared
from lakewright.runtime.definitions import redefines
from lakewright.runtime.run import Group, Member, Run


def begin_own(run: Run, entry: Entry) -> Member:
    """A table of this environment that holds what the foreign `entry` names.

    `released` of the member is the entry as it would be with that table: equal rows at version 0.
    LakeError LW455 when the other table is not there any more.
    """
    table, tables = entry.table, run.lake.tables
    source = run.lake.pin(entry)
    _refuse_gone(run, entry)
    location = run.lake.new_location(run.plan.environment, table, run.run_id)
    uri, table_id = run.lake.location_uri(location), run.new_table_id(table)
    mode = clone_mode(source.location, uri, shallow=run.engine.capabilities.shallow_clone)
    token = run.token(table)
    tables.clone(source, uri, token, table_id=table_id, now=run.plan.now, mode=mode)
    own = replace(
        entry,
        location=location,
        base="",
        table_id=table_id,
        version=0,
        data_version=0,
        token=token,
        borrows=borrowed_from(entry) if mode == "shallow" else {},
    )
    return Member(table, location, uri, own, tables.head(uri), table_id, came_from=entry)


def needs_own(run: Run, change: Change, released: Mapping[TableName, Entry]) -> bool:
    """Whether a change begins tables of this environment from the rows of another one's.

    An alteration that no Delta log holds leaves them where they are.
    """
    match change:
        case BuildTable():
            return change.refresh != "full"
        case AlterTable():
            return redefines(run.lake, change.step, released[change.table])
        case _:
            return False


def follow_moves(
    release: Release,
    parent: Release | None,
    groups: Iterable[Group],
    spared: Iterable[Spared] = (),
) -> Release:
    """Entries that this run leaves as they are, and that read a table which moved, find it.

    What is `spared` was made from the new version of its inputs as well as from the old one.

    Where the new table began with the rows of the old one, they read the first version of the new
    one: nothing is stale by the move. A view that stays at rows of the old table remembers where
    that is, in `borrows` under the table's name.
    """
    before = parent.tables if parent else {}
    begun = {
        member.table: (member.came_from, member.released)
        for group in groups
        for member in group.members.values()
        if member.came_from is not None and member.released is not None
    }
    advancing = {one.table: one for one in spared}
    tables = dict(release.tables)
    for name, entry in release.tables.items():
        one = advancing.get(name)
        found = entry if one is None else _advanced(entry, one, before, release.tables)
        if entry == before.get(name):
            found = leave_behind(_repointed(found, begun), before, release.tables)
        tables[name] = found
    return replace(release, tables=tables)


def _advanced(
    entry: Entry, spared: Spared, before: Mapping[TableName, Entry], now: Mapping[TableName, Entry]
) -> Entry:
    """The entry as if it had been made from what this release says of the inputs.

    Only for the code that was planned, and an input at the version that the plan compared: another
    run may have made the table again meanwhile.
    """
    inputs = dict(entry.inputs)
    for name in spared.inputs:
        old, new = before.get(name), now.get(name)
        if old is None or new is None or entry.own != spared.step.fingerprint.own:
            continue
        if inputs.get(name) == InputVersion(old.table_id, old.data_version):
            inputs[name] = InputVersion(new.table_id, new.data_version)
    if inputs == entry.inputs:
        return entry
    return replace(entry, inputs=inputs, fingerprint=spared.step.fingerprint.full)


def _repointed(entry: Entry, begun: Mapping[TableName, tuple[Entry, Entry]]) -> Entry:
    inputs = dict(entry.inputs)
    for name, used in entry.inputs.items():
        old, own = begun.get(name, (None, None))
        if old is None or own is None:
            continue
        if used == InputVersion(old.table_id, old.data_version):
            inputs[name] = InputVersion(own.table_id, own.data_version)
    return entry if inputs == entry.inputs else replace(entry, inputs=inputs)


def _refuse_gone(run: Run, entry: Entry) -> None:
    try:
        run.lake.verify_pin(entry)
    except LakeError as error:
        raise LakeError(
            "LW455",
            f"{entry.table} cannot be begun from {run.lake.pin(entry).location}: {error}",
            hint="the other environment's table is gone; rebuild it here with --full",
        ) from error
