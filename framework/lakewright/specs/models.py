"""What may be written in `lakewright.yml`, `_defaults.yml` and the spec of each kind of table.

A key that is not here is refused; descriptions become the documentation.
"""

from __future__ import annotations

import codecs
import math
import re
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from lakewright.names import is_column_name
from lakewright.specs.values import Action, Format, SchemaChange

LAYERS = ("bronze", "silver", "gold")

_DURATION = re.compile(r"([1-9][0-9]{0,5})([mhd])\Z")
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}\Z")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%\Z")


def _refuse(code: str, message: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


def _seconds(value: Any) -> int:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise _refuse("LW127", f"`{value}` is not a duration", "write 30m, 6h or 2d")
    return int(match[1]) * {"m": 60, "h": 3600, "d": 86400}[match[2]]


def _days(value: Any) -> int:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None or match[2] != "d":
        raise _refuse("LW127", f"`{value}` is not a number of days", "write 30d")
    return int(match[1])


def _share(value: Any) -> float:
    match = _PERCENT.match(value) if isinstance(value, str) else None
    number = float(match[1]) / 100 if match else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise _refuse("LW151", f"`{value}` is not a share of rows", "write 0.01 or 1%")
    return float(number)


def _identifier(value: str) -> str:
    if not is_column_name(value):
        hint = "start with a letter, then letters, digits and underscores"
        raise _refuse("LW126", f"`{value}` cannot be used as a name", hint)
    return value


def _project_name(value: str) -> str:
    if not _PROJECT.match(value):
        hint = "start with a letter, then letters, digits, - and _"
        raise _refuse("LW126", f"`{value}` cannot be used as a project's name", hint)
    return value


def _encoding(value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError:
        raise _refuse("LW122", f"`{value}` is not an encoding", "for example utf-8") from None


def _one_character(value: str) -> str:
    if len(value) != 1:
        raise _refuse("LW122", "`delimiter` must be one character", 'for example ";" or "\\t"')
    return value


def _timezone(value: str) -> str:
    if value == "UTC":
        return value
    try:
        return ZoneInfo(value).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise _refuse("LW122", f"`{value}` is not a time zone", "like Europe/Berlin") from None


def _scalar(value: Any) -> Any:
    plain = isinstance(value, str | int | float | date)
    if not plain or (isinstance(value, float) and not math.isfinite(value)):
        raise _refuse("LW122", "a variable is a text, a number, true, false or a date", "")
    return value


def _schema_pattern(value: str) -> str:
    filled = value.replace("{schema}", "s").replace("{environment}", "e")
    if not is_column_name(filled) or filled != filled.lower():
        hint = "like {schema}, {environment}_{schema} or marts; small letters, digits, underscores"
        raise _refuse("LW390", f"`{value}` is not a schema to serve into", hint)
    return value


def _principal(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise _refuse("LW122", "a grant names a user or a group", "for example analysts")
    return value


def _served(value: Any) -> Any:
    return {"as": value} if isinstance(value, str) else value


def _schema(value: Any) -> Any:
    return {"layer": value} if isinstance(value, str) else value


def _order(value: Any) -> str:
    columns = value if isinstance(value, list) else [value]
    if not columns or not all(isinstance(column, str) and column.strip() for column in columns):
        raise _refuse(
            "LW122", "`order_by` names what to sort by", "write order_by: updated_at desc"
        )
    return ", ".join(columns)


# A list becomes a tuple; only that step is lenient, the items are as strict as all else.
Words = Annotated[tuple[str, ...], Field(strict=False)]
Names = Annotated[tuple[Annotated[str, AfterValidator(_identifier)], ...], Field(strict=False)]
Days = Annotated[
    int,
    BeforeValidator(_days),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,5}d$", "examples": ["30d"]}),
]
Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,5}[mhd]$", "examples": ["6h"]}),
]
Rules = Annotated[tuple[dict[str, Any], ...], Field(strict=False)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SchemaModel(Model):
    layer: str = Field(description="The layer that the schema's tables belong to.")
    retention: Days | None = Field(
        default=None, description="How far back its tables stay restorable."
    )


class GrantsModel(Model):
    select: Annotated[
        tuple[Annotated[str, AfterValidator(_principal)], ...], Field(strict=False)
    ] = Field(default=(), description="Users and groups who may read what is served.")


class ServeModel(Model):
    """Each release as objects of a Spark catalog; a word alone is short for `{as: WORD}`."""

    as_: Literal["view", "table"] = Field(
        default="view",
        alias="as",
        description="view: at the released version; table: the head, also during a run.",
    )
    catalog: Annotated[str, AfterValidator(_identifier)] = Field(
        default="spark_catalog", description="The Spark catalog to serve into."
    )
    schema_: Annotated[str, AfterValidator(_schema_pattern)] = Field(
        default="{schema}",
        alias="schema",
        description="May hold {schema}, {environment}; without {schema}: tables are schema_table.",
    )
    layers: Words = Field(default=(), description="Only tables of these layers; else all.")
    grants: GrantsModel = Field(
        default_factory=GrantsModel, description="Who may read, where the catalog knows GRANT."
    )


class TargetBaseModel(Model):
    lake: str = Field(description="The lake that is read, never written.")
    environment: str = Field(description="Its environment whose latest release is the base.")


class TargetModel(Model):
    lake: str = Field(description="A folder, or s3://, abfss://, gs://; relative to the project.")
    engine: Literal["sail", "spark"] = Field(
        default="sail", description="What executes the queries."
    )
    environment: str | None = Field(default=None, description="Without it: dev_<user>.")
    protected: bool = Field(default=False, description="Ask before what cannot be taken back.")
    allow_paths: Words = Field(default=(), description="Prefixes that source and ingest may read.")
    conf: dict[str, str] = Field(default_factory=dict, description="Settings for Spark.")
    remote: str | None = Field(
        default=None,
        pattern=r"^(sc://|\$\{)",
        description="The Spark Connect server to use, `sc://host:port`; without it Spark is started"
        " here.",
    )
    serve: Annotated[ServeModel, BeforeValidator(_served, str | ServeModel)] | None = Field(
        default=None, description="Published views for readers of a Spark catalog."
    )
    base: TargetBaseModel | None = Field(
        default=None,
        description="Where an environment without a release begins: the first apply forks it.",
    )


class SettingsModel(Model):
    """lakewright.yml"""

    name: Annotated[str, AfterValidator(_project_name)] = Field(description="The project's name.")
    schemas: dict[str, Annotated[SchemaModel, BeforeValidator(_schema, str | SchemaModel)]] = Field(
        default_factory=lambda: {name: SchemaModel(layer=name) for name in LAYERS},
        description="Schema to layer.",
    )
    layers: Words = Field(
        default=LAYERS,
        description="In order: a layer reads itself and those before it.",
    )
    vars: dict[str, Annotated[Any, AfterValidator(_scalar)]] = Field(
        default_factory=dict, description="Values for `:vars.name` in queries."
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        default="UTC", description="The zone whose date `:today` is."
    )
    retention: Days = Field(
        default=30,
        description="How long a release stays restorable after the next one; `lakewright gc` acts.",
    )
    keep_releases: int | None = Field(
        default=None, ge=1, description="Keep at least the last so many releases, however old."
    )
    strict: bool = Field(default=False, description="Refuse what an engine is not verified for.")
    targets: dict[str, TargetModel] = Field(
        default_factory=dict, description="Named places to run."
    )
    default_target: str | None = Field(default=None, description="The target when none is named.")


ON_SCHEMA_CHANGE = (
    "Which changes of columns are allowed without another version of the contract:"
    " fail: none; add: more columns; widen: these, and wider types. Left out: all."
)


class ColumnModel(Model):
    type: str | None = Field(
        default=None, description="Spark's name of the type; else found by analysis."
    )
    description: str = ""
    pii: str = Field(
        default="none", description="What it says about a person; none, or a word of yours."
    )


class KeepModel(Model):
    order_by: Annotated[str, BeforeValidator(_order, str | list[str])] = Field(
        description="Of rows with an equal key the first in this order is kept."
    )


class RuleModel(Model):
    """The options beside a rule."""

    on_fail: Action = Field(default="fail", description="fail, quarantine, drop or warn.")
    where: str | None = Field(
        default=None, description="Only rows for which this SQL is true are checked."
    )
    name: Annotated[str, AfterValidator(_identifier)] | None = None
    tolerance: Annotated[float, BeforeValidator(_share, float | str)] | None = Field(
        default=None, description="Share of the rows that may fail: 0.01 or 1%."
    )
    nulls: Literal["pass", "fail"] = "pass"
    keep: KeepModel | None = Field(default=None, description="Which of equal rows is kept.")
    from_release: int | None = Field(
        default=None, ge=1, description="Checked from this release on."
    )


class FreshnessModel(Model):
    column: Annotated[str, AfterValidator(_identifier)]
    warn: Seconds | None = None
    fail: Seconds | None = None


class FromModel(Model):
    files: str = Field(description="A path or pattern of files; may hold ${env:NAME}.")
    format: Format
    header: bool = True
    delimiter: Annotated[str, AfterValidator(_one_character)] = ","
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    null_values: Words = Field(
        default=("",), description="Texts that stand for NULL in a csv file."
    )


class ConsumerModel(Model):
    """Who is told before a contracted table breaks."""

    name: str = Field(description="What reads the table: a report, a service, a team.")
    owner: str = Field(description="Who answers for it.")
    url: str = Field(default="", description="Where it is found.")


class ContractModel(Model):
    """A promise about the columns of a table."""

    version: int = Field(ge=1, description="Raised with every change that breaks readers.")
    consumers: Annotated[tuple[ConsumerModel, ...], Field(strict=False)] = Field(
        default=(), description="Named when a change would break them."
    )


class DefaultsModel(Model):
    """_defaults.yml: lists add to what lies below, all else is overridden by it."""

    owner: str = ""
    tags: Words = ()
    expect: Rules = ()
    cluster_by: Names = ()
    retention: Days | None = None
    refresh: Literal["auto", "full", "incremental"] = "auto"
    publish_with: Words = ()
    on_change: Literal["error", "ignore", "append"] = "error"
    on_new_column: Literal["fail", "add", "ignore"] = "fail"
    on_schema_change: SchemaChange | None = Field(default=None, description=ON_SCHEMA_CHANGE)
    system: str = ""
    freshness: FreshnessModel | None = None


_ROWS = {
    "oneOf": [
        {"type": "array", "minItems": 1, "items": {"type": "object"}},
        {
            "type": "object",
            "properties": {"file": {"type": "string"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}
ForEach = Annotated[Any, WithJsonSchema(_ROWS)]


class AnyTableModel(Model):
    table: str = Field(description="schema.table; may hold ${each.NAME} with for_each.")
    kind: str = Field(default="table", description="source, ingest, seed, table or view.")
    description: str = ""
    owner: str = Field(default="", description="Who answers for it.")
    tags: Words = ()
    columns: dict[str, ColumnModel | None] = Field(default_factory=dict)
    key: Names = Field(default=(), description="Columns that are never NULL and unique together.")
    for_each: ForEach = Field(
        default=None,
        description="Rows that make one table each: a list of mappings, or {file: a .csv or .yml}.",
    )


class SourceModel(AnyTableModel):
    """A Delta table that somebody else writes."""

    location: str = Field(description="Where the Delta table is; may hold ${env:NAME}.")
    system: str = Field("", description="The system it comes from.")
    freshness: FreshnessModel | None = Field(
        default=None, description="How old its newest row may be."
    )
    snapshot: bool = Field(default=False, description="Store what was read.")


class WrittenModel(AnyTableModel):
    expect: Rules = Field(default=(), description="Rules, one an item, with options beside it.")
    publish_with: Words = Field(
        default=(), description="Tables that are published together with it."
    )
    contract: ContractModel | None = Field(
        default=None, description="Changes that break readers are refused without another version."
    )
    on_schema_change: SchemaChange | None = Field(default=None, description=ON_SCHEMA_CHANGE)


class IngestModel(WrittenModel):
    """Files, each loaded exactly once."""

    from_: FromModel = Field(alias="from", description="Which files, and how they are written.")
    on_change: Literal["error", "ignore", "append"] = Field(
        default="error", description="When a loaded path has new content."
    )
    on_new_column: Literal["fail", "add", "ignore"] = "fail"
    cluster_by: Names = ()
    retention: Days | None = None


class ViewModel(WrittenModel):
    """A query that is run when it is read."""

    query: str | None = Field(default=None, description="A path to a .sql file, or the SQL itself.")


class TableModel(ViewModel):
    """Equals its query over its inputs."""

    python: str | None = Field(default=None, description="module:function instead of a query.")
    reads: Words = Field(default=(), description="What a Python transform reads.")
    refresh: Literal["auto", "full", "incremental"] = "auto"
    cluster_by: Names = Field(default=(), description="A hint for the layout of files.")
    retention: Days | None = None


def keys_of(model: type[Model]) -> tuple[str, ...]:
    """The keys that may be written, in their order."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
