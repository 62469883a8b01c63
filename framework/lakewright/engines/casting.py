"""Produced columns to a table's columns: by name, cast, and never losing a value silently."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakewright.errors import Place, SpecError
from lakewright.lake import Field
from lakewright.names import TableName, quote

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def cast_columns(
    table: TableName, produced: Sequence[Field], wanted: Sequence[Field], where: Place | None
) -> tuple[str, ...]:
    """One SQL projection for each wanted field, in order.

    Raises SpecError LW611 for a column that is not produced and LW612 for types no cast connects.
    """
    types = {field.name.lower(): field.type for field in produced}
    return tuple(_projection(table, types, field, where) for field in wanted)


def _projection(table: TableName, types: dict[str, str], field: Field, where: Place | None) -> str:
    name = quote(field.name)
    produced = types.get(field.name.lower())
    if produced is None:
        raise SpecError(
            "LW611",
            f"{table} holds a column `{field.name}` that its transform does not produce",
            where,
            hint=f"it produces {', '.join(sorted(types)) or 'no column'}",
        )
    # A decimal is cast even to its own type: Sail's sum beside a count of distinct values is wider
    # than it says, and Delta refuses the column.
    if produced == field.type and not produced.startswith("decimal"):
        return name
    if not _castable(produced, field.type):
        raise SpecError(
            "LW612",
            f"`{field.name}` of {table} is {produced} in the query and {field.type} in the table",
            where,
            hint="cast it in the query, or declare the column's type",
        )
    return f"{_checked_cast(field, produced)} AS {name}"


def _checked_cast(field: Field, produced: str) -> str:
    """A cast; where it could drop part of a value, one that stops the write instead."""
    name = quote(field.name)
    cast = f"cast({name} AS {field.type})"
    if not _may_truncate(produced, field.type):
        return cast
    back = f"cast({cast} AS {produced})"
    lost = f"cast(raise_error('LW402 {field.name} {produced} {field.type}') AS {field.type})"
    return f"CASE WHEN {name} IS NULL OR {back} = {name} THEN {cast} ELSE {lost} END"


def _may_truncate(produced: str, wanted: str) -> bool:
    # Overflow is an error of the ANSI cast itself; what it cuts silently is fractions and times.
    fraction = produced in _FLOATS or _scale(produced) > 0
    to_integer = wanted in _INTEGERS or (_scale(wanted) == 0 and wanted.startswith("decimal"))
    return (fraction and to_integer) or (produced.startswith("timestamp") and wanted == "date")


def _castable(produced: str, wanted: str) -> bool:
    nested = ("array", "map", "struct", "binary", "variant")
    if produced == "void":
        return True
    if produced.startswith(nested) or wanted.startswith(nested):
        return produced.partition("<")[0] == wanted.partition("<")[0] or (
            produced == "string" and wanted == "binary"
        )
    if "boolean" in (produced, wanted):
        return {produced, wanted} <= {"boolean", "string"}
    temporal = ("date", "timestamp", "timestamp_ntz")
    if produced in temporal or wanted in temporal:
        return {produced, wanted} <= {*temporal, "string"}
    return True


def _scale(type_: str) -> int:
    match = _DECIMAL.fullmatch(type_)
    return int(match.group(2)) if match else 0
