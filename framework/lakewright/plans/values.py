"""What would change, as frozen values: a plan is data that is shown, saved and applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from lakewright.graph import Graph, Step
from lakewright.lake import (
    Drift,
    Entry,
    Head,
    Held,
    LakeState,
    ListedFile,
    Release,
    RewoundFile,
)
from lakewright.names import TableName

Category = Literal["new", "breaking", "additive", "metadata", "data", "clock"]
Refresh = Literal["none", "incremental", "full"]
ReasonKind = Literal[
    "new",
    "code",
    "seed",
    "asked",
    "upstream",
    "input",
    "files",
    "clock",
    "metadata",
    "held",
    "drift",
    "redefined",
    "removed",
    "fork",
    "adopted",
    "rollback",
]
DriftChoice = Literal["adopt", "discard"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a table changes. `about` names the table or file that moved, `detail` is for people."""

    kind: ReasonKind
    detail: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # name -> (before, after)


@dataclass(frozen=True, slots=True)
class BuildTable:
    """Write rows: the first (create), after a code change (rebuild), after new data (refresh)."""

    step: Step
    action: Literal["create", "rebuild", "refresh"]
    category: Category
    refresh: Refresh
    reasons: tuple[Reason, ...]
    columns: ColumnChanges = ColumnChanges()
    files: tuple[ListedFile, ...] = ()  # an ingest's new files
    before: Entry | None = None

    @property
    def table(self) -> TableName:
        return self.step.name


@dataclass(frozen=True, slots=True)
class PublishView:
    """Record a view's query and the versions it reads; no rows are written."""

    step: Step
    action: Literal["create", "rebuild", "refresh"]
    category: Category
    reasons: tuple[Reason, ...]
    columns: ColumnChanges = ColumnChanges()
    before: Entry | None = None
    refresh: Refresh = "none"

    @property
    def table(self) -> TableName:
        return self.step.name


@dataclass(frozen=True, slots=True)
class AlterTable:
    """Change descriptions, properties, constraints or fail and warn rules; the rows stay."""

    step: Step
    reasons: tuple[Reason, ...]
    before: Entry
    action: Literal["alter"] = "alter"
    category: Category = "metadata"
    refresh: Refresh = "none"
    columns: ColumnChanges = ColumnChanges()

    @property
    def table(self) -> TableName:
        return self.step.name


@dataclass(frozen=True, slots=True)
class DropTable:
    """Leave a table out of the next release; its files stay until gc."""

    table: TableName
    reasons: tuple[Reason, ...]
    before: Entry
    action: Literal["drop"] = "drop"
    category: Category = "breaking"
    refresh: Refresh = "none"
    columns: ColumnChanges = ColumnChanges()


@dataclass(frozen=True, slots=True)
class AdoptHead:
    """Publish what others wrote to a head that grows, as it is, once every rule holds on it.

    The commits behind the released version must be those of `drift` and no others.
    """

    step: Step
    reasons: tuple[Reason, ...]
    before: Entry
    drift: Drift
    columns: ColumnChanges = ColumnChanges()
    action: Literal["refresh"] = "refresh"
    category: Category = "data"
    refresh: Refresh = "none"

    @property
    def table(self) -> TableName:
        return self.step.name

    @property
    def version(self) -> int:
        """The head that the plan saw adopted."""
        return self.drift.commits[-1].version


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A Delta table that exists, at the version that is adopted.

    `location` lies below the lake's root, or below `base` as a person wrote it.
    """

    head: Head
    location: str
    base: str = ""
    data_version: int = -1  # the version whose commit last changed rows

    @property
    def told(self) -> str:
        """Where it lies, as a person wrote it: secrets unresolved."""
        return f"{self.base}/{self.location}" if self.base else self.location


@dataclass(frozen=True, slots=True)
class AdoptTable:
    """Take a table that exists under management; nothing is written to it.

    `files` are noted as loaded by an ingest; None: those that match now are to be loaded.
    """

    step: Step
    found: FoundTable
    reasons: tuple[Reason, ...]
    files: tuple[ListedFile, ...] | None = None
    before: None = None
    columns: ColumnChanges = ColumnChanges()
    action: Literal["create"] = "create"
    category: Category = "new"
    refresh: Refresh = "none"

    @property
    def table(self) -> TableName:
        return self.step.name


@dataclass(frozen=True, slots=True)
class RestoreTable:
    """Bring a group, a view or a source back to what an earlier release says of it.

    `before` is None where it is not released now, `after` where it was not released then.
    """

    table: TableName
    kind: str
    before: Entry | None
    after: Entry | None
    reasons: tuple[Reason, ...]
    files: tuple[RewoundFile, ...] = ()  # of an ingest: loaded now, and not then
    action: Literal["restore"] = "restore"
    category: Category = "data"
    refresh: Refresh = "none"
    columns: ColumnChanges = ColumnChanges()


@dataclass(frozen=True, slots=True)
class Spared:
    """A table whose rows stay though `inputs` are rebuilt: it reads no column that changes there.

    The next release notes that it was made from the new versions.
    """

    step: Step
    inputs: tuple[TableName, ...]

    @property
    def table(self) -> TableName:
        return self.step.name


Change = BuildTable | PublishView | AlterTable | DropTable | AdoptHead | AdoptTable | RestoreTable

RollbackMode = Literal["hold", "replay", "keep-ingest"]


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback goes back to. `tables` are all entries of the record that it would put.

    hold         what goes back is held until an `apply` or a `resume`
    replay       nothing is held: the next refresh loads again what was rewound
    keep-ingest  as replay, but ingests keep what they loaded
    """

    to: Release
    mode: RollbackMode
    tables: Mapping[TableName, Entry]
    along: tuple[TableName, ...] = ()  # not selected; they go back with what they read
    kept: tuple[TableName, ...] = ()  # ingests that keep what they loaded since


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes that take an environment from its last release to what graph and inputs say."""

    environment: str
    kind: Literal["apply", "refresh", "rollback"]
    graph: Graph
    state: LakeState
    changes: tuple[Change, ...]  # in build order, drops last
    pending: tuple[DropTable, ...]  # drops nobody allowed
    unchanged: tuple[TableName, ...]
    held: tuple[Held, ...]  # left as they are by this plan, and why
    now: datetime
    today: date
    reads_bytes: int | None = None  # None: cannot be known without a scan
    notes: tuple[str, ...] = ()
    freed: tuple[Held, ...] = ()  # were held, and need nothing any more
    drift: DriftChoice | None = None  # what a person decided about rows of others
    rollback: Rollback | None = None  # of a plan of that kind
    spared: tuple[Spared, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing to build and nobody to free: applying it would make no release."""
        return not self.changes and not self.freed

    @property
    def base_release(self) -> int | None:
        return self.state.release.release if self.state.release else None
