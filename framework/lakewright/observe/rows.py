"""Rows of a query as a table, CSV or JSON."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa

from lakewright.observe.documents import render_json
from lakewright.observe.tables import count, render_table

RowFormat = Literal["table", "csv", "json"]

_WIDEST = 60  # characters of a cell in a table


def render_rows(rows: pa.Table, form: RowFormat, *, color: bool = False) -> str:
    """`rows` for people (`table`) or for programs (`csv`, `json`: an array of objects)."""
    return _FORMS[form](rows, color)


def _as_table(rows: pa.Table, color: bool) -> str:
    names = rows.column_names
    cells = [[cell_text(value) for value in row] for row in _rows(rows)]
    numbers = [
        field.name
        for field in rows.schema
        if pa.types.is_integer(field.type)
        or pa.types.is_floating(field.type)
        or pa.types.is_decimal(field.type)
    ]
    text = render_table(names, cells, right=numbers, color=color) if names else ""
    return f"{text}({count(rows.num_rows, 'row')})\n"


def _as_csv(rows: pa.Table, color: bool) -> str:  # noqa: ARG001 -- a file has no colour
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.column_names)
    writer.writerows([_flat(value) for value in row] for row in _rows(rows))
    return out.getvalue()


def _as_json(rows: pa.Table, color: bool) -> str:  # noqa: ARG001 -- a file has no colour
    return render_json([jsonable(row) for row in rows.to_pylist()])


_FORMS: dict[RowFormat, Callable[[pa.Table, bool], str]] = {
    "table": _as_table,
    "csv": _as_csv,
    "json": _as_json,
}


def _rows(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Row by row; columns of the same name stay apart."""
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def cell_text(value: Any) -> str:
    """A value in a table's cell: `NULL`, nested values as JSON, long ones cut."""
    text = "NULL" if value is None else str(_flat(value))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _flat(value: Any) -> Any:
    """A scalar for a cell; nested values as JSON, NULL as nothing."""
    if value is None:
        return ""
    if isinstance(value, dict | list | tuple):
        return json.dumps(jsonable(value), ensure_ascii=False)
    plain = jsonable(value)
    return ("true" if plain else "false") if isinstance(plain, bool) else plain


def jsonable(value: Any) -> Any:
    """What JSON can hold: decimals and times as text, NaN and infinities as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
        case _:
            return str(value)
