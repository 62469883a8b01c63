"""The compiled project as frozen values: what the tables mean, in build order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakewright.errors import Place
from lakewright.names import TableName
from lakewright.specs import (
    Action,
    Contract,
    FilesInput,
    Input,
    Kind,
    PythonRef,
    SchemaChange,
    SourceFile,
    SqlText,
)


@dataclass(frozen=True, slots=True)
class Column:
    """An output column. `type` is Spark's simple string (`decimal(10,2)`), None while unknown."""

    name: str
    type: str | None = None
    declared: bool = False
    description: str = ""
    pii: str = "none"


@dataclass(frozen=True, slots=True)
class Splice:
    """A span of the rendered query that is replaced when the query runs.

    `table`: a table's name; `alias` is its last part where the user gave no alias, else None.
    `parameter`: `:now`, `:today`, `:vars.x` or `:each.x`; `name` is the text after the colon.
    """

    start: int
    end: int
    kind: Literal["table", "parameter"]
    name: str
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class SqlTransform:
    """A query as written and the spans to splice; the rest of the text is never touched."""

    source: SqlText
    splices: tuple[Splice, ...]

    def render(self, bind: Callable[[TableName], str], parameters: Mapping[str, str]) -> str:
        """The text to execute. `bind`: a table's quoted relation; `parameters`: SQL literals."""
        parts, at = [], 0
        for splice in self.splices:
            parts.append(self.source.text[at : splice.start])
            parts.append(_replacement(splice, bind, parameters))
            at = splice.end
        parts.append(self.source.text[at:])
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class PythonTransform:
    """A function over declared inputs."""

    ref: PythonRef


@dataclass(frozen=True, slots=True)
class FilesTransform:
    """Rows of files: an ingest."""

    input: FilesInput


@dataclass(frozen=True, slots=True)
class SeedTransform:
    """Rows of a file of the project, as values of the columns' types, in the file's order."""

    path: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class NoTransform:
    """A source: somebody else writes it."""


Transform = SqlTransform | PythonTransform | FilesTransform | SeedTransform | NoTransform


@dataclass(frozen=True, slots=True)
class RowTest:
    """A row passes when `ok` is true. `ok` is SQL over the table's columns and never NULL."""

    ok: str


@dataclass(frozen=True, slots=True)
class ReferenceTest:
    """A row passes when `columns` are found together in `to_columns` of `to`, or one is NULL.

    Rows outside `only_where` (SQL, already never NULL) pass.
    """

    columns: tuple[str, ...]
    to: TableName
    to_columns: tuple[str, ...]
    only_where: str | None = None


@dataclass(frozen=True, slots=True)
class KeepTest:
    """Of rows with equal `columns` only the first by `order_by` passes: a window in the query."""

    columns: tuple[str, ...]
    order_by: str
    only_where: str | None = None


@dataclass(frozen=True, slots=True)
class TableTest:
    """A measurement over the whole written table.

    `failed` is a scalar SQL expression that counts what breaks the rule (0 passes); `{table}`
    stands for the relation. `rows` counts what was looked at, by default all rows.
    """

    failed: str
    rows: str = "(SELECT count(*) FROM {table})"


Test = RowTest | ReferenceTest | KeepTest | TableTest


@dataclass(frozen=True, slots=True)
class Check:
    """A compiled expectation.

    `before`: acts in the written query, before the commit; otherwise it is measured on the written
    version before publish. `constraint` is the SQL of a Delta CHECK where Delta can hold the rule.
    """

    name: str
    rule: str
    on_fail: Action
    test: Test
    where: Place
    columns: tuple[str, ...]
    before: bool
    tolerance: float | None = None
    constraint: str | None = None
    description: str = ""  # the rule as a sentence


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`own`: this table's code. `full`: own and the full prints of all it reads. Hex SHA-256."""

    algorithm: int
    own: str
    full: str


@dataclass(frozen=True, slots=True, order=True)
class ColumnRef:
    """A column of a table, by name."""

    table: TableName
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class QueryLineage:
    """What a query's columns are made of: per column the input columns its values come from.

    `deciding` are those that decide which rows there are (conditions, keys of joins and groups,
    orders). None: not known, which is never guessed.
    """

    columns: Mapping[str, tuple[ColumnRef, ...] | None] | None
    deciding: tuple[ColumnRef, ...] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One table, compiled."""

    name: TableName
    kind: Kind
    layer: str
    where: Place
    transform: Transform
    reads: tuple[TableName, ...]  # by the transform, sorted
    references: tuple[TableName, ...]  # by foreign keys, sorted; edges of the build order too
    columns: tuple[Column, ...] | None  # None: known only after analysis by an engine
    key: tuple[str, ...]
    checks: tuple[Check, ...]
    fingerprint: Fingerprint
    metadata: str  # digest of descriptions, owner, tags, fail and warn rules, constraints
    deterministic: bool  # two executions over pinned inputs give the same rows
    clock: tuple[str, ...]  # of "now", "today": what it reads of the run's clock
    vars: Mapping[str, Any]
    code: str  # digest of `files`
    files: tuple[SourceFile, ...]
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()
    refresh: Literal["auto", "full", "incremental"] = "auto"
    publish_with: tuple[TableName, ...] = ()
    contract: Contract | None = None
    on_schema_change: SchemaChange | None = None
    system: str = ""
    snapshot: bool = False
    read_columns: Mapping[TableName, tuple[str, ...] | None] | None = None  # None: not known
    lineage: QueryLineage | None = None  # None: no query makes it
    declared: tuple[Column, ...] = ()  # as the spec writes them, also while `columns` is unknown
    each: Mapping[str, Any] = field(default_factory=dict)  # its row of `for_each`

    @property
    def upstream(self) -> tuple[TableName, ...]:
        """All tables that must be built before this one."""
        return tuple(sorted({*self.reads, *self.references}))

    @property
    def quarantines(self) -> bool:
        """Whether the group has a quarantine table."""
        return self.kind == "ingest" or any(check.on_fail == "quarantine" for check in self.checks)


@dataclass(frozen=True, slots=True)
class Graph:
    """The compiled project. `steps` is in build order; equal projects give equal graphs."""

    project: str
    steps: Mapping[TableName, Step]
    inputs: tuple[Input, ...]
    schemas: Mapping[str, str]
    timezone: str
    algorithm: int
    strict: bool = False

    def descendants(self, names: set[TableName]) -> set[TableName]:
        """All tables that read one of `names`, directly or not; without `names` themselves."""
        found = set(names)
        for step in self.steps.values():
            if found.intersection(step.upstream):
                found.add(step.name)
        return found - names


def _replacement(
    splice: Splice, bind: Callable[[TableName], str], parameters: Mapping[str, str]
) -> str:
    if splice.kind == "parameter":
        return parameters[splice.name]
    relation = bind(TableName.of(splice.name))
    return relation if splice.alias is None else f"{relation} AS `{splice.alias}`"
