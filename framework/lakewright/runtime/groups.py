"""Steps 1 and 2: claim the groups to be written, and bring each head to its released state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread

from lakewright.engines import Engine
from lakewright.errors import DriftError, LakeError, LakewrightError
from lakewright.lake import (
    Ahead,
    Claim,
    Commit,
    Definition,
    Entry,
    Head,
    Release,
    ahead_of,
    is_ours,
    look_ahead,
    matches,
    read_redefined,
)
from lakewright.names import TableName
from lakewright.plans import (
    AdoptHead,
    AdoptTable,
    BuildTable,
    Change,
    DropTable,
    PublishView,
)
from lakewright.runtime.adopting import expect_shown, take_found
from lakewright.runtime.borrowing import begin_own, needs_own
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
    """Hold on to the groups' claims for as long as the block runs, also those taken meanwhile."""
    with kept_alive(lambda: [group.claim for group in groups.values()], clock):
        yield


@contextmanager
def kept_alive(
    claims: Callable[[], Iterable[Claim]], clock: Callable[[], datetime]
) -> Iterator[None]:
    """Hold on to claims that expire, for as long as the block runs.

    A claim that could not be renewed in time is found lost before anything depends on it.
    """
    ended = Event()

    def renew() -> None:
        while not ended.wait(RENEWED_EVERY):
            for claim in claims():
                try:
                    claim.renew(clock())
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

    Until it is gone, or has ended what this process began in it, nobody takes the group, and so
    nobody commits beside it. RefusedError LW521 when the claim was lost: a process that slept past
    its lease writes nothing more.
    """
    group.claim.verify()
    note_jvm(group.claim, run.engine)


def note_jvm(claim: Claim, engine: Engine) -> None:
    """Let the claim know the JVM that may end a statement when this process is gone."""
    jvm: int | None = getattr(engine, "jvm_pid", None)
    if jvm is not None:
        claim.record_jvm(jvm, getattr(engine, "jvm_work", None))


def settle_group(run: Run, group: Group, release: Release | None) -> None:
    """Step 2. Undo what is ahead of the release, unless the rows are rewritten in full anyway.

    What the head is afterwards is the group's base. A table that lies elsewhere is only read: one
    of our own begins from it here, or in step 3 where no row of it is needed.
    """
    if isinstance(group.change, AdoptTable):
        take_found(run, group, group.change)
    if isinstance(group.change, DropTable | PublishView) or release is None:
        return
    for name in (group.table, group.table.quarantine, group.table.ledger):
        entry = release.tables.get(name)
        if entry is None or not entry.location:
            continue
        if not entry.is_foreign(run.plan.environment):
            group.members[name] = _settle(run, group.change, entry)
        elif needs_own(run, group.change, release.tables):
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
            token, last = run.token(member.table), behind[-1].version
            run.lake.tables.restore(member.uri, member.base.version, token, over=last)
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
        member.base = _undone(run, member, member.base_version)
        member.commits.clear()


def _settle(run: Run, change: Change, entry: Entry) -> Member:
    uri = run.lake.entry_uri(entry)
    head = run.lake.tables.head(uri)
    if head is None or head.table_id != entry.table_id:
        raise LakeError(
            "LW441",
            f"{entry.table} is not at {uri} any more: "
            + ("there is no Delta table" if head is None else "another table stands there"),
            hint="run `lakewright doctor`",
        )
    member = Member(entry.table, entry.location, uri, entry, head, head.table_id)
    ahead = ahead_of(entry, run.lake.tables.commits(uri, entry.version))
    if isinstance(change, AdoptHead) and entry.table == change.table:
        expect_shown(run, change, member, ahead)
    elif _is_rewritten(change, entry.table):
        member.overwritten = ahead.strange
    else:
        _verify_rows(run, entry)
        _undo(run, member, entry, ahead)
    return member


def _verify_rows(run: Run, entry: Entry) -> None:
    """What is built upon holds what was released: a harmed log can lose rows without an error."""
    pin = run.lake.verify_pin(entry)
    rows, _ = run.lake.tables.size(pin.location, pin.version)
    if rows is not None and entry.rows is not None and rows != entry.rows:
        raise LakeError(
            "LW469",
            f"{entry.table} version {entry.version} holds {rows} rows, {entry.rows} were released",
            hint="bring the files of its `_delta_log` back from a backup, then run it again",
        )


def _undo(run: Run, member: Member, entry: Entry, ahead: Ahead) -> None:
    """Bring rows and definition back, where they are not those of the release already."""
    _refuse_unseen(run, entry, ahead)
    tables, last = run.lake.tables, ahead.last
    redefined = ahead.touched and read_redefined(tables, member.uri, entry.version)
    if ahead.equal and not redefined:
        return
    definition = tables.at(member.uri, entry.version).definition
    tables.restore(member.uri, entry.version, run.token(entry.table), over=last)
    _redefine(run, member, definition)
    member.base = _undone(run, member, entry.version)
    if member.base is None or not matches(member.base.definition, definition):
        raise LakeError(
            "LW451",
            f"{entry.table} was brought back, and its columns or constraints are not those of the"
            " release",
            hint="somebody else changes the table; run the same command again",
        )


def _undone(run: Run, member: Member, version: int) -> Head | None:
    """The head, which holds the rows of `version` again; DriftError LW320 when others wrote."""
    head = run.lake.tables.head(member.uri)
    ahead = look_ahead(version, run.lake.tables.commits(member.uri, version))
    if ahead.strange:
        raise _drifted(member.table, ahead.strange[-1])
    return head


def _refuse_unseen(run: Run, entry: Entry, ahead: Ahead) -> None:
    """DriftError LW320 unless a person saw these commits and said to discard them."""
    seen = {
        commit.version
        for drift in run.plan.state.drift
        if drift.table == entry.table and run.plan.drift == "discard"
        for commit in drift.commits
    }
    if any(commit.version not in seen for commit in ahead.strange):
        raise _drifted(entry.table, ahead.strange[-1])


def _drifted(table: TableName, commit: Commit) -> DriftError:
    return DriftError(
        "LW320",
        f"{table} was written by somebody else: version {commit.version} ({commit.operation})",
        hint="plan again, look, and say --drift adopt or --drift discard",
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
