"""A seed's columns and rows: from its file, typed as the spec declares or as the values are."""

from __future__ import annotations

from lakewright.errors import Problem
from lakewright.graph.near import listed, near_hint
from lakewright.graph.outputs import QUARANTINE_COLUMNS
from lakewright.graph.types import parse_type
from lakewright.graph.values import Column, SeedTransform
from lakewright.specs import ColumnSpec, CsvFile, TableSpec, can_hold, read_csv


def read_seed(spec: TableSpec) -> tuple[SeedTransform, tuple[Problem, ...]]:
    """The rows as values of their columns' types; no rows where there are problems."""
    assert spec.seed is not None, "only a seed has a file"
    csv = read_csv(spec.seed.file, [])
    assert csv is not None, "a file that is not sound was refused with its spec"
    declared = {column.name.lower(): column for column in spec.columns}
    problems = [*_missing(csv, declared), *_reserved(csv)]
    types = csv.types()
    for name in csv.names:
        written = declared[name].type if name in declared else None
        kind = parse_type(written) if written is not None else None
        if kind is not None and not can_hold(kind):
            problems.append(_unfit(spec, declared[name], kind))
        elif kind is not None:
            types[name] = kind
    wrong: list[Problem] = []
    rows = csv.values(list(types.values()), wrong)
    columns = tuple(_column(name, kind, declared.get(name)) for name, kind in types.items())
    sound = not problems and not wrong
    transform = SeedTransform(csv.path, columns, rows if sound else ())
    return transform, (*problems, *wrong)


def _column(name: str, kind: str, written: ColumnSpec | None) -> Column:
    """The file decides which columns there are, and of which types: it declares them."""
    if written is None:
        return Column(name, kind, declared=True)
    return Column(name, kind, True, written.description, written.pii)


def _missing(csv: CsvFile, declared: dict[str, ColumnSpec]) -> list[Problem]:
    return [
        Problem(
            "LW261",
            f"{csv.path} has no column `{column.name}`",
            column.where,
            hint=near_hint(name, csv.names),
            label=f"it has: {listed(csv.names)}",
        )
        for name, column in declared.items()
        if name not in csv.names
    ]


def _reserved(csv: CsvFile) -> list[Problem]:
    return [
        Problem(
            "LW226",
            f"Lakewright adds the column `{name}` itself",
            csv.place(name),
            hint="choose another name",
        )
        for name in csv.names
        if name in QUARANTINE_COLUMNS
    ]


def _unfit(spec: TableSpec, column: ColumnSpec, kind: str) -> Problem:
    where = spec.places.get(f"columns.{column.name}.type", column.where)
    return Problem(
        "LW260",
        f"a CSV file cannot hold values of type {kind}",
        where,
        hint="declare a plain type, and make others of it in a query",
    )
