"""The columns of a table: what its query produces, joined with what its spec declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakewright.errors import Problem
from lakewright.graph.near import listed, near_hint
from lakewright.graph.scopes import Output, Outputs
from lakewright.graph.types import TYPE_NAMES, parse_type
from lakewright.graph.values import Column
from lakewright.names import is_column_name
from lakewright.specs import ColumnSpec, SqlText, TableSpec, writes

QUARANTINE_COLUMNS = ("_failed_rules", "_quarantined_at", "_run_id", "_source_line", "_raw")
INGEST_COLUMNS = (Column("_ingested_at", "timestamp"), Column("_source_file", "string"))


@dataclass(frozen=True, slots=True)
class TableColumns:
    """`columns` is None while unknown; `declared` are the written ones, types in one spelling."""

    columns: tuple[Column, ...] | None
    declared: tuple[Column, ...]
    problems: tuple[Problem, ...]


def query_columns(spec: TableSpec, source: SqlText, outputs: Outputs) -> TableColumns:
    """Columns in the query's order, with declared types where there are any."""
    declared, problems = declared_columns(spec)
    if outputs is None:
        return TableColumns(None, declared, problems)
    problems += tuple(_output_problems(spec, source, outputs))
    problems += tuple(_missing(spec, outputs))
    by_name = {column.name: column for column in declared}
    names = dict.fromkeys(output.name for output in outputs if output.name is not None)
    types = {output.name: output.type for output in outputs}
    columns = tuple(by_name.get(name) or Column(name, types[name]) for name in names)
    columns = tuple(
        column if column.type else _typed(column, types[column.name]) for column in columns
    )
    return TableColumns(columns, declared, problems)


def seed_columns(spec: TableSpec, columns: tuple[Column, ...]) -> TableColumns:
    """The columns of a seed's file, which declares them all."""
    _, problems = declared_columns(spec)
    return TableColumns(columns, columns, problems)


def written_columns(spec: TableSpec) -> TableColumns:
    """Columns of a source, an ingest or a Python transform: the declared ones, or unknown."""
    declared, problems = declared_columns(spec)
    if not declared:
        return TableColumns(None, (), problems)
    added = INGEST_COLUMNS if spec.kind == "ingest" else ()
    return TableColumns((*declared, *added), declared, problems)


def declared_columns(spec: TableSpec) -> tuple[tuple[Column, ...], tuple[Problem, ...]]:
    """The columns of the spec with their types parsed; unknown types and names are problems."""
    columns: list[Column] = []
    problems: list[Problem] = []
    reserved = _reserved(spec)
    for written in spec.columns:
        name = written.name.lower()
        problems.extend(_name_problems(written, reserved))
        kind = parse_type(written.type) if written.type is not None else None
        if written.type is not None and kind is None:
            problems.append(_type_problem(spec, written))
        columns.append(
            Column(name, kind, declared=True, description=written.description, pii=written.pii)
        )
    return tuple(columns), tuple(problems)


def _typed(column: Column, kind: str | None) -> Column:
    return Column(column.name, kind, column.declared, column.description, column.pii)


def _type_problem(spec: TableSpec, written: ColumnSpec) -> Problem:
    assert written.type is not None, "only a written type can be wrong"
    where = spec.places.get(f"columns.{written.name}.type", written.where)
    hint = near_hint(
        written.type.split("(")[0], TYPE_NAMES, "write it as Spark does: decimal(10,2)"
    )
    return Problem("LW219", f"`{written.type}` is not a type", where, hint)


def _name_problems(written: ColumnSpec, reserved: Sequence[str]) -> Iterable[Problem]:
    if not is_column_name(written.name):
        hint = "letters, digits and underscores"
        yield Problem("LW225", f"`{written.name}` cannot name a column", written.where, hint)
    elif written.name.lower() in reserved:
        message = f"Lakewright adds the column `{written.name}` itself"
        yield Problem("LW226", message, written.where, "remove it, or choose another name")


def _output_problems(
    spec: TableSpec, source: SqlText, outputs: Sequence[Output]
) -> Iterable[Problem]:
    seen: set[str] = set()
    reserved = _reserved(spec)
    for at, output in enumerate(outputs, start=1):
        where = source.place(output.start, output.length)
        if output.name is None:
            yield Problem("LW216", f"column {at} has no name", where, "add AS <name>")
        elif output.name in seen:
            hint = "rename one with AS, or leave it out with EXCEPT"
            yield Problem("LW215", f"two columns are called `{output.name}`", where, hint)
        elif not is_column_name(output.name):
            hint = "add AS <name> with letters, digits and underscores"
            yield Problem("LW225", f"`{output.name}` cannot name a column", where, hint)
        elif output.name in reserved:
            message = f"Lakewright adds the column `{output.name}` itself"
            yield Problem("LW226", message, where, "choose another name")
        if output.name is not None:
            seen.add(output.name)


def _missing(spec: TableSpec, outputs: Sequence[Output]) -> Iterable[Problem]:
    produced = [output.name for output in outputs if output.name is not None]
    for written in spec.columns:
        if written.name.lower() not in produced:
            yield Problem(
                "LW217",
                f"the query of {spec.name} does not produce `{written.name}`",
                written.where,
                hint=near_hint(written.name, produced),
                label=f"it produces: {listed(produced)}",
            )


def _reserved(spec: TableSpec) -> tuple[str, ...]:
    if spec.kind == "ingest":
        return (*QUARANTINE_COLUMNS, *(column.name for column in INGEST_COLUMNS))
    return QUARANTINE_COLUMNS if writes(spec.kind) else ()
