"""One run: what it was given, and what it has done so far to each table it claimed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from lakewright.engines.port import Engine
from lakewright.lake import Claim, Commit, Definition, Entry, Head, Lake, token_of
from lakewright.names import TableName
from lakewright.plans import Change, Plan
from lakewright.runtime.values import Watch

StopAt = Callable[[str], None]


def go_on(step: str) -> None:
    """Stops nowhere."""
    del step


@dataclass(frozen=True, slots=True)
class Run:
    """The fixed facts of one execution of a plan.

    `stop_at` is called with the name of every numbered step as it is reached: tests stop there.
    """

    run_id: str
    plan: Plan
    lake: Lake
    engine: Engine
    watch: Watch
    stop_at: StopAt
    reason: str = ""
    by: str = ""  # user@host, for the record

    def token(self, table: TableName) -> str:
        """What every commit of this run to `table` carries."""
        return token_of(self.run_id, table)

    def new_table_id(self, table: TableName) -> str:
        """The Delta id of a table that this run creates: the same run gives the same id."""
        return str(uuid5(UUID(self.run_id), str(table)))


@dataclass(slots=True)
class Member:
    """One Delta table of a claimed group. `base` is its head after step 2, None before its first.

    `commits` are those this run made, in order, as the log shows them. `came_from`: the entry of
    another environment whose rows the table began with; `released` is then that beginning.
    """

    table: TableName
    location: str
    uri: str
    released: Entry | None
    base: Head | None
    table_id: str
    commits: list[Commit] = field(default_factory=list)
    came_from: Entry | None = None
    overwritten: tuple[Commit, ...] = ()  # of others, below rows that are replaced as a whole

    @property
    def base_version(self) -> int:
        return self.base.version if self.base else -1

    @property
    def version(self) -> int:
        """The version to publish: this run's last commit, else the one that is released.

        A head may be ahead of its release with equal rows; the release still names its own commit.
        """
        if self.commits:
            return self.commits[-1].version
        return self.released.version if self.released else self.base_version

    @property
    def borrows(self) -> Mapping[str, Any]:
        """What else must stay for the table to be read; as long as its location is in use."""
        return self.released.borrows if self.released else {}

    @property
    def written(self) -> tuple[Commit, ...]:
        """This run's commits that changed rows."""
        return tuple(commit for commit in self.commits if commit.changes_data)


@dataclass(slots=True)
class Group:
    """A claimed table with its companions; one thread at a time works on it."""

    change: Change
    claim: Claim
    members: dict[TableName, Member] = field(default_factory=dict)

    @property
    def table(self) -> TableName:
        return self.change.table


Vector = Mapping[TableName, Entry]


def record_commits(run: Run, member: Member) -> None:
    """Remember this run's commits behind the base, as the log shows them."""
    member.commits[:] = [
        commit
        for commit in run.lake.tables.commits(member.uri, member.base_version)
        if commit.token == run.token(member.table)
    ]


def define_member(run: Run, group: Group, table: TableName, definition: Definition) -> Member:
    """Create the Delta table or bring its definition up to date, by a commit that is on record.

    RefusedError LW521, and no commit, when the claim was lost meanwhile.
    """
    group.claim.verify()
    member = group.members.get(table)
    if member is None:
        location = run.lake.new_location(run.plan.environment, table, run.run_id)
        uri = run.lake.location_uri(location)
        member = Member(table, location, uri, None, None, run.new_table_id(table))
        group.members[table] = member
    token = run.token(table)
    tables = run.lake.tables
    tables.define(member.uri, definition, token, table_id=member.table_id, now=run.plan.now)
    record_commits(run, member)
    return member


def store_code(run: Run, entries: Mapping[TableName, Entry]) -> None:
    """What a refresh will compile: stored before the record that names it.

    A refresh has read it from there, and verified it.
    """
    if run.plan.kind == "refresh":
        return
    for name, entry in entries.items():
        if entry.code:
            run.lake.put_code(run.plan.environment, run.plan.graph.steps[name].files)
