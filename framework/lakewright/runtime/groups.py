"""Steps 1 and 2: claim the groups to be written, and bring each head to its released state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread

from lakewright.errors import DriftError, LakeError, LakewrightError
from lakewright.lake import Commit, Definition, Entry, Release, is_ours, matches
from lakewright.names import TableName
from lakewright.plans import AlterTable, BuildTable, Change, DropTable, PublishView
from lakewright.runtime.borrowing import begin_own
from lakewright.runtime.run import Group, Member, Run, record_commits

RENEWED_EVERY = 60.0  # seconds; a lease lasts five minutes


def claim_groups(run: Run, now: datetime) -> dict[TableName, Group]:
    """Step 1. All or none, in name order so that two runs cannot wait for each other.

    RefusedError when somebody holds one; those already taken are given back.
    """
    changes = {change.table: change for change in run.plan.changes}
    claims = run.lake.claim_all(run.plan.environment, changes, run.run_id, now)
    taken = {claim.group: claim for claim in claims}
    return {table: Group(change, taken[table]) for table, change in changes.items()}


def release_claims(groups: Mapping[TableName, Group]) -> list[str]:
    """Give all claims back; what could not be given back ends with its lease, and is said."""
    notes = []
    for group in groups.values():
        try:
            group.claim.release()
        except LakewrightError as error:
            notes.append(f"the claim on {group.table} was not given back: {error}")
    return notes


@contextmanager
def renewed(groups: Mapping[TableName, Group], clock: Callable[[], datetime]) -> Iterator[None]:
    """Hold on to claims that expire, for as long as the block runs.

    A claim that could not be renewed in time is found lost at step 5, before anything is published.
    """
    ended = Event()

    def renew() -> None:
        while not ended.wait(RENEWED_EVERY):
            for group in groups.values():
                try:
                    group.claim.renew(clock())
                except LakewrightError:
                    continue

    keeper = Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()


def record_jvm(run: Run, group: Group) -> None:
    """Before rows are written: a JVM may go on for a while when this process is killed.

    Until it is gone nobody takes the group, and so nobody commits beside it.
    """
    jvm: int | None = getattr(run.engine, "jvm_pid", None)
    if jvm is not None:
        group.claim.record_jvm(jvm)


def settle_group(run: Run, group: Group, release: Release | None) -> None:
    """Step 2. Undo what is ahead of the release, unless the rows are rewritten in full anyway.

    What the head is afterwards is the group's base. A table of another environment is only read:
    one of our own begins from it here, or in step 3 where no row of it is needed.
    """
    if isinstance(group.change, DropTable | PublishView) or release is None:
        return
    for name in (group.table, group.table.quarantine, group.table.ledger):
        entry = release.tables.get(name)
        if entry is None or not entry.location:
            continue
        if not entry.is_foreign(run.plan.environment):
            group.members[name] = _settle(run, group.change, entry)
        elif isinstance(group.change, BuildTable | AlterTable) and not _is_in_full(group.change):
            group.members[name] = begin_own(run, entry)


def put_back(run: Run, group: Group) -> None:
    """Bring the group's heads back to their base: for a run that publishes nothing of them.

    A head that somebody else wrote to meanwhile is left: their rows are not ours to undo.
    """
    for member in group.members.values():
        if member.base is None:
            continue
        behind = run.lake.tables.commits(member.uri, member.base_version)
        if any(commit.changes_data and not is_ours(commit) for commit in behind):
            continue
        record_commits(run, member)
        if member.commits:
            token = run.token(member.table)
            run.lake.tables.restore(member.uri, member.base.version, token)
            _redefine(run, member, member.base.definition)


def begin_again(run: Run, group: Group) -> None:
    """Undo a try that wrote a part, so that the next one starts from a base of its own.

    Tables that the try created are left behind: the next one gets other locations.
    """
    put_back(run, group)
    for table, member in list(group.members.items()):
        if member.base is None:
            del group.members[table]
            continue
        member.base = run.lake.tables.head(member.uri)
        member.commits.clear()


def _settle(run: Run, change: Change, entry: Entry) -> Member:
    uri = run.lake.location_uri(entry.location)
    head = run.lake.tables.head(uri)
    if head is None or head.table_id != entry.table_id:
        raise LakeError(
            "LW441",
            f"{entry.table} is not at {uri} any more: "
            + ("there is no Delta table" if head is None else "another table stands there"),
            hint="run `lakewright doctor`",
        )
    member = Member(entry.table, entry.location, uri, entry, head, head.table_id)
    ahead = run.lake.tables.commits(uri, entry.version)
    if ahead and not _is_rewritten(change, entry.table):
        _undo(run, member, entry, ahead)
    return member


def _undo(run: Run, member: Member, entry: Entry, ahead: tuple[Commit, ...]) -> None:
    """Nothing to do when the head is made of the released files, as after a RESTORE."""
    definition = run.lake.tables.at(member.uri, entry.version).definition
    if _is_settled(run, member, entry, definition):
        return
    foreign = [c for c in ahead if c.changes_data and not is_ours(c)]
    seen = {
        commit.version
        for drift in run.plan.state.drift
        if drift.table == entry.table
        for commit in drift.commits
    }
    if any(commit.version not in seen for commit in foreign):
        raise DriftError(
            "LW320",
            f"{entry.table} was written by somebody else: version {foreign[-1].version}"
            f" ({foreign[-1].operation})",
            hint="plan again and say --drift discard",
        )
    if not foreign and not any(is_ours(commit) for commit in ahead):
        return
    run.lake.tables.restore(member.uri, entry.version, run.token(entry.table))
    _redefine(run, member, definition)
    member.base = run.lake.tables.head(member.uri)
    if member.base is None or not matches(member.base.definition, definition):
        raise LakeError(
            "LW451",
            f"{entry.table} was brought back, and its columns or constraints are not those of the"
            " release",
            hint="somebody else changes the table; run the same command again",
        )


def _is_settled(run: Run, member: Member, entry: Entry, definition: Definition) -> bool:
    head = member.base
    return (
        head is not None
        and matches(head.definition, definition)
        and run.lake.tables.same_rows(member.uri, entry.version, head.version)
    )


def _redefine(run: Run, member: Member, definition: Definition) -> None:
    """RESTORE brings back old properties: declare again."""
    run.lake.tables.define(
        member.uri,
        definition,
        run.token(member.table),
        table_id=member.table_id,
        now=run.plan.now,
    )


def _is_rewritten(change: Change, table: TableName) -> bool:
    """Whether the rows of this member are replaced as a whole, whatever its head holds."""
    return _is_in_full(change) and table != table.group.ledger


def _is_in_full(change: Change) -> bool:
    return isinstance(change, BuildTable) and change.refresh == "full"
