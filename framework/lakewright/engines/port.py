"""What the runtime asks of an engine: bind pinned tables, build rows, measure, fetch.

An engine never decides what is published and never looks at releases. It gets exact versions to
read and exact places to write, and answers with counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

import pyarrow as pa

from lakewright.engines.catalogs import Catalog
from lakewright.errors import Place
from lakewright.graph import Check, SqlTransform
from lakewright.lake import Field, Pin
from lakewright.names import TableName
from lakewright.specs import FilesInput


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, as data."""

    observe: bool  # counts in the write's own pass
    clustering: bool
    change_feed: bool
    shallow_clone: bool
    restore: bool  # RESTORE in its own SQL
    jvm: bool
    checks_filtered_rows: bool = False  # asks a CHECK of rows that the query filters out, too
    catalog: bool = False  # knows a catalog that outlives its sessions


@dataclass(frozen=True, slots=True)
class SqlRows:
    """Rows of a query. `sql` is spliced; `transform` maps errors back to the user's place."""

    sql: str
    transform: SqlTransform | None = None


@dataclass(frozen=True, slots=True)
class PythonRows:
    """Rows of `function(inputs)`; `reads` are bound tables it may ask for."""

    function: Callable[[Any], Any]
    reads: tuple[TableName, ...]
    vars: Mapping[str, Any]
    now: datetime
    today: date
    place: str = ""  # `path:line` for messages
    each: Mapping[str, Any] = field(default_factory=dict)  # the table's row of `for_each`


@dataclass(frozen=True, slots=True)
class FileToLoad:
    """A file whose content was hashed when the run began; loading checks it again."""

    path: str
    uri: str
    digest: str


@dataclass(frozen=True, slots=True)
class FileRows:
    """Records of files, each with `_ingested_at` and `_source_file`; bad records come apart.

    `fields` are the data columns to produce, without those two. Analysis adds what the headers of
    the files have beyond them: freely, or as `on_new_column` says when the fields are `recorded`.
    """

    input: FilesInput
    files: tuple[FileToLoad, ...]
    fields: tuple[Field, ...]
    recorded: bool = False  # the table holds exactly these fields already


# What each record of a file has beside the fields of its `FileRows`.
INGEST_FIELDS = (Field("_ingested_at", "timestamp"), Field("_source_file", "string"))


@dataclass(frozen=True, slots=True)
class ValueRows:
    """Rows that are known as values of these fields' types: those of a seed."""

    fields: tuple[Field, ...]
    rows: tuple[tuple[Any, ...], ...]
    where: Place  # the file they stand in


Rows = SqlRows | PythonRows | FileRows | ValueRows


@dataclass(frozen=True, slots=True)
class Sink:
    """Where rows go. Every commit carries `token` as its userMetadata."""

    location: str
    mode: Literal["overwrite", "append"]
    token: str


@dataclass(frozen=True, slots=True)
class BuildJob:
    """One table's rows, cast to `fields`, split by rules that act before the commit, and written.

    With a `quarantine` sink of mode `overwrite` the sink is rewritten also by nothing; with
    `append` a run without bad rows leaves it alone. `staging` is a folder this job may write below.
    """

    table: TableName
    rows: Rows
    fields: tuple[Field, ...]  # what the main table holds, in order
    checks: tuple[Check, ...]  # row, reference and keep tests with `before`, and row warnings
    target: Sink
    quarantine: Sink | None
    deterministic: bool
    staging: str
    run_id: str
    now: datetime
    cluster_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildResult:
    """Counts of a build: produced = kept + quarantined + dropped. `failed`: check -> rows."""

    produced: int
    kept: int
    quarantined: int
    dropped: int
    failed: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriedRows:
    """What a build would do with each row. `quarantined` rows carry `_failed_rules`."""

    kept: pa.Table
    quarantined: pa.Table
    dropped: pa.Table
    failed: Mapping[str, int] = field(default_factory=dict)  # check -> rows that break it


class Session(Protocol):
    """A private space of one running table: its bound views live and die here."""

    def bind(self, table: TableName, pin: Pin) -> None:
        """Make `table` readable at exactly that version."""

    def bind_view(self, table: TableName, rows: SqlRows) -> None:
        """Make a view readable; what its text names is bound already."""

    def relation(self, table: TableName) -> str:
        """The quoted relation to splice for a bound table."""

    def analyse(self, rows: Rows) -> tuple[Field, ...]:
        """The columns the rows would have; nothing is executed. SpecError LW6xx at their place."""

    def build(self, job: BuildJob) -> BuildResult:
        """Run the job. QualityError when a `fail` rule breaks: then nothing was committed.

        Any other exception after the write began means *unknown*: look for the token.
        """

    def try_rows(
        self, rows: Rows, fields: Sequence[Field], checks: Sequence[Check], now: datetime
    ) -> TriedRows:
        """Cast, flag and split rows as `build` does, and fetch them instead of writing.

        For few rows: all of them come to the driver. A `fail` rule stops nothing.
        """

    def measure(self, expressions: Mapping[str, str]) -> Mapping[str, int]:
        """Evaluate scalar SQL expressions over bound tables, all in one query; NULL counts as 0."""

    def count_rows(self, table: TableName, conditions: Mapping[str, str]) -> Mapping[str, int]:
        """Count, in one scan of a bound table, the rows for which each SQL condition is true."""

    def fetch(self, sql: str, limit: int | None = None) -> pa.Table:
        """The rows of a query over bound tables."""

    def close(self) -> None:
        """Forget the bound views."""


class Engine(Protocol):
    """What executes DataFrames.

    One whose JVM may outlive this process says its number in an attribute `jvm_pid`, and in
    `jvm_work` what its part is in a JVM that serves other processes as well.
    """

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def packages(self) -> Mapping[str, str]:
        """Versions for the release record: engine, pyspark, delta."""

    def session(self) -> Session: ...

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        """RefusedError when a table has writer features this engine cannot write."""

    def catalog(self, name: str) -> Catalog:
        """The catalog called `name`; RefusedError LW633 where `capabilities.catalog` is false."""

    def close(self) -> None: ...
