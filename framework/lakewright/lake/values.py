"""What exists, as frozen values: releases, heads, commits and listings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lakewright.names import TableName
from lakewright.specs import Contract, SourceFile

Verdict = Literal["pass", "warn", "fail"]
ReleaseKind = Literal["apply", "refresh", "rollback", "maintenance", "fork"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a stored table. `type` is Spark's simple string."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a Delta table is declared to be. Constraints: name -> SQL, as Delta stores them."""

    fields: tuple[Field, ...]
    constraints: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)  # beyond the ones every table has


@dataclass(frozen=True, slots=True)
class Head:
    """The newest version of a Delta table, with the definition found there."""

    location: str  # absolute URI or path
    table_id: str
    version: int
    definition: Definition
    reader_features: tuple[str, ...] = ()
    writer_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a Delta log. `rows` counts those in the files it added; None: not known."""

    version: int
    operation: str
    token: str | None  # userMetadata
    changes_data: bool
    rows: int | None
    bytes: int
    timestamp: datetime
    changes_definition: bool = False  # it names columns, properties or constraints anew
    restores: int | None = None  # the version that a RESTORE brought back


@dataclass(frozen=True, slots=True)
class Pin:
    """One table at one version: all a reader needs."""

    location: str  # absolute
    table_id: str
    version: int


@dataclass(frozen=True, slots=True)
class InputVersion:
    """What an entry consumed of one table."""

    table_id: str
    version: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict with its numbers, as records and reports hold it."""

    name: str
    rule: str
    on_fail: str
    verdict: Verdict
    failed_rows: int
    rows: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What a release says of one table. Location is relative to the lake root.

    A view has no location, version or token; it is its code, read over its pinned inputs.
    Companions (`x__quarantine`, `x__ledger`) have entries of their own, with no code.
    """

    table: TableName
    kind: str
    location: str
    table_id: str
    version: int
    token: str
    code: str
    fingerprint: str
    own: str
    algorithm: int
    metadata: str
    schema: tuple[Field, ...]
    inputs: Mapping[TableName, InputVersion] = field(default_factory=dict)
    rows: int | None = None
    bytes: int | None = None
    checks: tuple[CheckResult, ...] = ()
    costs: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, Any] = field(default_factory=dict)
    borrows: Mapping[str, Any] = field(default_factory=dict)
    clock: Mapping[str, str] = field(default_factory=dict)  # "today" -> the value it was built with
    sql: str = ""  # of a view: its rendered query with names as written
    data_version: int = -1  # the version whose commit last changed rows; `version` may be later
    introduced: int = 0  # the release whose `apply` brought this code
    engine: str = ""  # the one that wrote the rows
    base: str = ""  # the lake `location` lies in, as written in the project; "": this one
    contract: Contract | None = None  # what its readers were promised

    def is_foreign(self, environment: str) -> bool:
        """Whether its rows lie outside the environment: read there, and never written."""
        own = not self.base and self.location.startswith(f"{environment}/")
        return bool(self.location) and not own


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A version of another table whose files an entry is read from. `base` as in `Entry`."""

    base: str
    location: str
    version: int


def borrowed_by(borrows: Mapping[str, Any]) -> Iterator[Borrowed]:
    """All that an entry's `borrows` names: a clone's origin, with the origin's own under
    `further`; of a view, under the names of its inputs, the tables it stayed behind at.
    """
    if "location" in borrows:
        place = str(borrows.get("base", ""))
        yield Borrowed(place, str(borrows["location"]), int(borrows["version"]))
    for value in borrows.values():
        if isinstance(value, Mapping):
            yield from borrowed_by(value)


@dataclass(frozen=True, slots=True)
class Held:
    """A table left at its released version, and why. `by`: check, upstream, person, rollback."""

    table: TableName
    by: str
    since_release: int
    check: str = ""
    reason: str = ""
    attempt: str = ""  # digest of the code and inputs that failed; tried again when it changes


@dataclass(frozen=True, slots=True)
class ReleasePin:
    """A release that a person keeps from being collected, under a name."""

    name: str
    release: int
    reason: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """Releases whose rows may be gone: those up to a number, for all tables or for one.

    `kept` are pinned releases, which no collection touches.
    """

    everything: int = 0
    tables: Mapping[TableName, int] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()

    def upto(self, table: TableName) -> int:
        """The newest release whose rows of `table` may be gone; 0 when none are."""
        return max(self.everything, self.tables.get(table.group, 0))

    def has(self, release: int, table: TableName) -> bool:
        """Whether the rows that `release` names for `table` may be gone."""
        return release <= self.upto(table) and release not in self.kept

    @property
    def newest(self) -> int:
        """The newest release of which something may be gone; 0 when nothing is."""
        return max(self.everything, *self.tables.values(), 0)

    def has_any(self, release: int) -> bool:
        """Whether anything that `release` names may be gone."""
        return release <= self.newest and release not in self.kept


@dataclass(frozen=True, slots=True)
class Release:
    """An immutable, numbered record. `parent` is 0 for the first."""

    environment: str
    release: int
    parent: int
    created_at: datetime
    run_id: str
    kind: ReleaseKind
    reason: str
    engine: str
    packages: Mapping[str, str]
    tables: Mapping[TableName, Entry]
    held: tuple[Held, ...] = ()
    format_version: int = 1
    by: str = ""  # user@host of the process that put it; "" where nobody said


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as listed. `path` is what the ledger calls it; `uri` is where it is read."""

    path: str
    uri: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file in an ingest's ledger. `digest` is the SHA-256 of its content."""

    path: str
    size: int
    modified: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class RewoundFile:
    """A file that a later release had loaded and an earlier one had not.

    `now` is what is at its path: the same content, another one, or nothing.
    """

    path: str
    size: int
    now: Literal["there", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class FileListing:
    """What an ingest's pattern matches now, in path order, and what its released ledger holds."""

    files: tuple[ListedFile, ...]
    loaded: Mapping[str, LoadedFile] = field(default_factory=dict)
    altered: tuple[str, ...] = ()  # loaded paths whose content is another now


@dataclass(frozen=True, slots=True)
class SourceHead:
    """A source's newest version; `missing` when there is no Delta table."""

    location: str  # absolute
    table_id: str = ""
    version: int = -1
    fields: tuple[Field, ...] = ()
    missing: bool = False
    data_version: int = -1  # the newest version that changed rows


@dataclass(frozen=True, slots=True)
class Redefined:
    """How one definition differs from another. `others` tells what is no column, in words."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def only_adds(self) -> bool:
        """Whether every column that was there is there still, as it was."""
        return not self.removed and not self.retyped

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped or self.others)


@dataclass(frozen=True, slots=True)
class Drift:
    """What others did at a head behind its released version, and nobody has put back since.

    `commits` changed rows or the definition, in order. `mixed`: among them are rows of a run of
    ours that was never published.
    """

    table: TableName
    commits: tuple[Commit, ...]
    redefined: Redefined = Redefined()
    mixed: bool = False

    @property
    def changes_data(self) -> bool:
        return any(commit.changes_data for commit in self.commits)


@dataclass(frozen=True, slots=True)
class LakeState:
    """All that planning needs to know, read once. `release` is None for an empty environment."""

    lake: str
    lake_id: str  # "" when the lake does not exist yet
    environment: str
    protected: bool
    release: Release | None
    inputs: Mapping[TableName, SourceHead | FileListing]
    drift: tuple[Drift, ...] = ()
    holds: tuple[Held, ...] = ()  # by persons, from the control records
    stopped: str = ""  # the reason of a stop that was not cleared
    ends_at: datetime | None = None  # when the environment ends, or ended
    base: str = ""  # what `release` is taken from where the environment has none: "prod@41"
    restorable_from: int | None = None
    resumed: Mapping[TableName | None, int] = field(
        default_factory=dict
    )  # table (None: all) -> the newest release after which it was resumed
    code: Mapping[str, tuple[SourceFile, ...]] = field(
        default_factory=dict
    )  # digest -> sources, read when asked
