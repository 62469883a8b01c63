"""Seeds: the columns of a csv file with the types that its values have."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

_PATTERNS = (
    ("bigint", re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")),
    ("double", re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")),
    ("boolean", re.compile(r"(true|false)\Z", re.IGNORECASE)),
    ("date", re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")),
    (
        "timestamp",
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?Z?\Z"),
    ),
)
_LEADING_ZERO = re.compile(r"-?0[0-9]")
_WRITTEN = {
    "text": "string",
    "varchar": "string",
    "character varying": "string",
    "numeric": "decimal(38,9)",
    "number": "decimal(38,9)",
    "int64": "bigint",
    "integer": "int",
    "float": "double",
    "float64": "double",
    "bool": "boolean",
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "timestamp_ntz": "timestamp",
}
_KNOWN = frozenset(
    ["string", "bigint", "int", "smallint", "double", "float", "boolean", "date", "timestamp"]
)


def seed_columns(text: str, delimiter: str = ",") -> dict[str, str]:
    """Column to type: the narrowest that all its values have; texts where there are none."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(rows, [])
    values: list[set[str]] = [set() for _ in header]
    open_for = [True] * len(header)
    for row in rows:
        for at, value in enumerate(row[: len(header)]):
            if open_for[at] and value != "":
                values[at].add(_type_of(value))
                open_for[at] = "string" not in values[at]
    return {name.strip(): _common(found) for name, found in zip(header, values, strict=True)}


def written_type(text: str) -> str | None:
    """A type of the warehouse as one of ours, None where it is not known."""
    plain = " ".join(str(text).lower().split())
    if re.match(r"(numeric|decimal|number)\(\d+ ?(, ?\d+)?\)\Z", plain):
        return "decimal" + plain[plain.index("(") :].replace(" ", "")
    plain = re.sub(r"\(.*\)\Z", "", plain).strip()
    found = _WRITTEN.get(plain, plain)
    return found if found in _KNOWN or found.startswith("decimal") else None


def with_written(found: Mapping[str, str], written: Mapping[str, object]) -> dict[str, str]:
    """The types found, with those that the project says in place of them."""
    said = {str(name).lower(): written_type(str(type_)) for name, type_ in written.items()}
    return {name: said.get(name.lower()) or type_ for name, type_ in found.items()}


def _type_of(value: str) -> str:
    if _LEADING_ZERO.match(value) and ":" not in value and "-" not in value[1:]:
        number = value.lstrip("-")
        return "double" if number.startswith("0.") else "string"
    return next((name for name, pattern in _PATTERNS if pattern.match(value)), "string")


def _common(found: Iterable[str]) -> str:
    types = set(found)
    if types == {"bigint", "double"}:
        return "double"
    if types == {"date", "timestamp"}:
        return "timestamp"
    return types.pop() if len(types) == 1 else "string"
