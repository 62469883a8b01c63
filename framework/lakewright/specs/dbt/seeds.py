"""Seeds: the columns of a csv file with the types that its values have."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from lakewright.specs.csv_values import infer_type

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
    """Column to type: that which a seed of ours has; texts where there are no values."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(rows, [])
    values: list[set[str]] = [set() for _ in header]
    for row in rows:
        for found, value in zip(values, row, strict=False):
            if value != "":
                found.add(value)
    return {name.strip(): infer_type([*it]) for name, it in zip(header, values, strict=True)}


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
