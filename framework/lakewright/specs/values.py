"""What the user wrote, as frozen values: the result of reading a project."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakewright.errors import Place, Problem
from lakewright.names import TableName

Kind = str  # one of `lakewright.specs.kinds`
Action = Literal["fail", "quarantine", "drop", "warn"]
Format = Literal["csv", "json", "parquet"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the project, as it was read. `path` is relative to the root, with `/`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of rendered text and where it came from; `copied` text maps character by character."""

    start: int
    origin: int
    copied: bool


@dataclass(frozen=True, slots=True)
class SqlText:
    """A query after Jinja, which still knows the user's line and column of each of its characters.

    `raw` is the file's text. Without a template in it, `text == raw` and there is one segment.
    """

    path: str
    raw: str
    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def plain(cls, path: str, text: str) -> SqlText:
        """A text that was not made of another one."""
        return cls(path, text, text, (Segment(0, 0, copied=True),))

    def place(self, offset: int, length: int = 1) -> Place:
        """The user's place of the character at `offset` of the rendered text."""
        inside = [segment for segment in self.segments if segment.start <= offset]
        at = inside[-1] if inside else Segment(0, 0, copied=True)
        origin = min(at.origin + (offset - at.start if at.copied else 0), len(self.raw))
        before = self.raw[:origin]
        start = before.rfind("\n") + 1
        end = self.raw.find("\n", origin)
        line = self.raw[start : end if end >= 0 else len(self.raw)]
        made = ""
        if not at.copied:
            following = self.segments[len(inside) : len(inside) + 1]
            made = self.text[at.start : following[0].start if following else len(self.text)]
            closed = line.find("}}", origin - start)
            length = closed + 2 - (origin - start) if closed >= 0 else length
        return Place(self.path, before.count("\n") + 1, origin - start + 1, length, line, made)


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    name: str
    where: Place
    type: str | None = None  # as written; the graph parses it
    description: str = ""
    pii: str = "none"


@dataclass(frozen=True, slots=True)
class ExpectSpec:
    """One rule as written: the rule's name, its argument, and the options beside it."""

    rule: str
    argument: Any
    where: Place
    on_fail: Action = "fail"
    only_where: str | None = None
    name: str | None = None
    tolerance: float | None = None  # share of the produced rows that may fail, 0 to 1
    nulls: Literal["pass", "fail"] = "pass"
    keep: str | None = None  # ORDER BY text that picks the row to keep of equal keys
    from_release: int | None = None
    places: Mapping[str, Place] = field(default_factory=dict)  # of what is inside, by dotted key
    texts: Mapping[str, SqlText] = field(default_factory=dict)  # its SQL, by dotted key


ParameterType = Literal["column", "text", "number", "boolean", "date", "list"]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What a rule of the project takes. `required` ones have no default."""

    type: ParameterType
    default: Any = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A row rule of the project: an SQL condition with `:parameters` in it."""

    name: str
    expression: str
    where: Place  # of the expression
    named: Place  # of the name
    file: SourceFile
    parameters: Mapping[str, ParameterSpec] = field(default_factory=dict)
    description: str = ""  # a sentence with {parameters} in it


@dataclass(frozen=True, slots=True)
class PythonRef:
    """A transform in Python: `module:function`, its file and the project modules it imports.

    `closure` holds the module's own file first; other files in path order.
    """

    module: str
    function: str
    where: Place
    closure: tuple[SourceFile, ...]


@dataclass(frozen=True, slots=True)
class SeedFile:
    """The CSV file of a seed. It was read once and is sound: `read_csv` gives its rows."""

    file: SourceFile


@dataclass(frozen=True, slots=True)
class DeltaInput:
    """Where a `source` is: a Delta table of somebody else. `location` may hold `${env:NAME}`."""

    table: TableName
    location: str
    where: Place


@dataclass(frozen=True, slots=True)
class FilesInput:
    """Which files an `ingest` loads. `pattern` may hold `*`, `?`, `**` and `${env:NAME}`."""

    table: TableName
    pattern: str
    format: Format
    where: Place
    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ("",)
    on_change: Literal["error", "ignore", "append"] = "error"
    on_new_column: Literal["fail", "add", "ignore"] = "fail"


Input = DeltaInput | FilesInput


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest value of a source's column may be, in seconds."""

    column: str
    where: Place
    warn_seconds: int | None = None
    fail_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who reads a contracted table, and who answers for that."""

    name: str
    owner: str
    url: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(filter(None, (self.owner, self.url)))})"


@dataclass(frozen=True, slots=True)
class Contract:
    """A promise to readers about a table's columns; a higher `version` is another promise."""

    version: int
    consumers: tuple[Consumer, ...] = ()


SchemaChange = Literal["fail", "add", "widen"]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table as written, defaults applied."""

    name: TableName
    kind: Kind
    layer: str
    where: Place
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    expect: tuple[ExpectSpec, ...] = ()
    cluster_by: tuple[str, ...] = ()
    refresh: Literal["auto", "full", "incremental"] = "auto"
    query: SqlText | None = None
    python: PythonRef | None = None
    seed: SeedFile | None = None
    reads: tuple[TableName, ...] = ()  # declared, for Python
    input: Input | None = None
    system: str = ""  # of a source: the system it comes from
    publish_with: tuple[TableName, ...] = ()
    snapshot: bool = False
    retention_days: int | None = None
    freshness: Freshness | None = None
    contract: Contract | None = None
    on_schema_change: SchemaChange | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)  # those it uses, with their values
    rules: tuple[RuleSpec, ...] = ()  # the project's own that it uses
    each: Mapping[str, Any] = field(default_factory=dict)  # its row of `for_each`
    row: Place | None = None  # where that row stands
    files: tuple[SourceFile, ...] = ()  # all that made this spec, enough to read it again alone
    places: Mapping[str, Place] = field(
        default_factory=dict
    )  # "key", "columns.tailnum.type", "expect.2"
    provenance: Mapping[str, str] = field(
        default_factory=dict
    )  # "owner" -> "pipelines/_defaults.yml:3"

    def place(self, *keys: str) -> Place:
        """The place of the first of the dotted keys that was written, else of the table itself."""
        return next((self.places[key] for key in keys if key in self.places), self.where)

    @property
    def code(self) -> str:
        """Digest of the files that made this spec: the code store's key."""
        return digest_files(self.files)


# Reads the tables written at these paths again; None when something is wrong with them.
Reread = Callable[[Collection[str]], Mapping[TableName, TableSpec] | None]


@dataclass(frozen=True, slots=True)
class ServeSpec:
    """How a target serves its releases in a Spark catalog."""

    catalog: str
    pattern: str  # the schema, with `{schema}` and `{environment}`
    where: Place
    mode: Literal["view", "table"] = "view"
    schemas: tuple[str, ...] | None = None  # of the project; None: all
    readers: tuple[str, ...] = ()  # who is granted SELECT

    def name_of(self, table: TableName, environment: str) -> tuple[str, str]:
        """Schema and name of the object that serves `table`."""
        schema = self.pattern.replace("{schema}", table.schema).replace(
            "{environment}", environment
        )
        own = "{schema}" in self.pattern
        return schema, table.table if own else f"{table.schema}_{table.table}"

    def serves(self, table: TableName, kind: str) -> bool:
        """Whether a table of that kind is served: no source, no companion, of a chosen schema."""
        chosen = self.schemas is None or table.schema in self.schemas
        return chosen and kind != "source" and table == table.group


@dataclass(frozen=True, slots=True)
class BaseSpec:
    """A lake that is only read, and the environment there, as written."""

    lake: str
    environment: str


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target as written; `${env:NAME}` is not yet resolved."""

    name: str
    lake: str
    where: Place
    engine: str = "sail"
    environment: str | None = None  # None: dev_<user>
    protected: bool = False
    explicit_engine: bool = False  # a protected target runs on Sail only when it says so
    allow_paths: tuple[str, ...] = ()  # prefixes that ingest and source may read; empty: any
    conf: Mapping[str, str] = field(default_factory=dict)  # Spark settings
    serve: ServeSpec | None = None
    base: BaseSpec | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """All that is written. `problems` holds what could not be read; compiling reports it too."""

    name: str
    root: str  # absolute folder of lakewright.yml; "" for released code
    schemas: Mapping[str, str]  # schema -> layer
    layers: tuple[str, ...]  # in order: a layer may read itself and those before it
    vars: Mapping[str, Any]
    timezone: str
    retention_days: int
    keep_releases: int | None
    strict: bool
    targets: Mapping[str, TargetSpec]
    default_target: str | None
    tables: tuple[TableSpec, ...]
    problems: tuple[Problem, ...] = ()
    broken: tuple[TableName, ...] = ()  # written, but left out of `tables` because of a problem
    rules: tuple[RuleSpec, ...] = ()  # the project's own
    broken_rules: tuple[str, ...] = ()  # written, and left out because of a problem
    places: Mapping[str, Place] = field(default_factory=dict)  # of keys in lakewright.yml


def digest_files(files: tuple[SourceFile, ...]) -> str:
    """SHA-256, hex, of paths and texts in path order."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda file: file.path):
        for part in (file.path, file.text):
            data = part.encode()
            total.update(len(data).to_bytes(8, "big"))
            total.update(data)
    return total.hexdigest()
