"""Small builders of specs and projects, so that a test states only what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.names import TableName
from lakewright.specs import (
    ColumnSpec,
    DeltaInput,
    ExpectSpec,
    FilesInput,
    Project,
    PythonRef,
    Segment,
    SourceFile,
    SqlText,
    TableSpec,
)

SCHEMAS = {"bronze": "bronze", "silver": "silver", "gold": "gold"}


def name(text: str) -> TableName:
    return TableName.of(text)


def sql_text(text: str, path: str = "q.sql") -> SqlText:
    return SqlText(path, text, text, (Segment(0, 0, copied=True),))


def column(text: str, **options: Any) -> ColumnSpec:
    """`name` or `name type`."""
    word, _, kind = text.partition(" ")
    return ColumnSpec(word, Place("columns.yml", 1), type=kind or None, **options)


def expect(rule: str, argument: Any, **options: Any) -> ExpectSpec:
    return ExpectSpec(rule, argument, Place("rules.yml", 3, 5), **options)


def table(full: str, query: str | SqlText | None = None, **options: Any) -> TableSpec:
    """A table of SQL; `columns` may be texts like `id bigint`."""
    named = TableName.of(full)
    options["columns"] = tuple(
        column(item) if isinstance(item, str) else item for item in options.get("columns", ())
    )
    options.setdefault("kind", "table")
    path = f"pipelines/{named.schema}/{named.table}.yml"
    if isinstance(query, SqlText):
        options["query"] = query
    elif query is not None:
        options["query"] = sql_text(query, f"sql/{named.schema}/{named.table}.sql")
    options.setdefault("files", (SourceFile(path, f"{full}\n{query}"),))
    options.setdefault("layer", SCHEMAS.get(named.schema, named.schema))
    return TableSpec(name=named, where=Place(path, 1), **options)


def view(full: str, query: str, **options: Any) -> TableSpec:
    return table(full, query, kind="view", **options)


def source(full: str, columns: Sequence[str] = (), **options: Any) -> TableSpec:
    where = Place("source.yml", 1)
    location = DeltaInput(TableName.of(full), "/somewhere", where)
    return table(full, kind="source", input=location, columns=tuple(columns), **options)


def ingest(full: str, columns: Sequence[str] = (), **options: Any) -> TableSpec:
    where = Place("ingest.yml", 1)
    files = FilesInput(TableName.of(full), "landing/*.csv", "csv", where)
    return table(full, kind="ingest", input=files, columns=tuple(columns), **options)


def python(full: str, text: str, reads: Sequence[str], **options: Any) -> TableSpec:
    closure = (SourceFile("pipelines/t.py", text),)
    ref = PythonRef("t", "build", Place("pipelines/t.yml", 2), closure)
    names = tuple(TableName.of(read) for read in reads)
    return table(full, python=ref, reads=names, **options)


def project(
    *tables: TableSpec,
    variables: Mapping[str, Any] | None = None,
    problems: tuple[Problem, ...] = (),
) -> Project:
    return Project(
        name="p",
        root="/p",
        schemas=SCHEMAS,
        layers=("bronze", "silver", "gold"),
        vars=variables or {},
        timezone="UTC",
        retention_days=30,
        keep_releases=None,
        strict=False,
        targets={},
        default_target=None,
        tables=tables,
        problems=problems,
    )
