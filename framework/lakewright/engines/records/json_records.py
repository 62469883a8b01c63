"""JSON lines: one object a line. Numbers keep the text they were written with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from lakewright.engines.records.lines import Lines, line_encoding, read_lines
from lakewright.engines.records.names import column_names
from lakewright.engines.records.rows import LONGEST_RAW, Rows
from lakewright.engines.records.types import arrow_type
from lakewright.engines.records.values import Reading, RecordFileError


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


_load = partial(json.loads, parse_int=_Number, parse_float=_Number, parse_constant=str)


def json_records(reading: Reading) -> Iterator[Rows]:
    """The objects of the file; anything else on a line is a bad record."""
    lines = read_lines(reading)
    if not lines.rest():
        raise RecordFileError("LW703", reading.path, "it is empty")
    known = {name.lower() for name, _ in reading.fields}
    while lines.rest():
        yield _read_block(reading, lines, known)


def json_columns(reading: Reading) -> tuple[str, ...]:
    """All keys of all objects, in the order they are first seen."""
    lines = read_lines(reading)
    names: dict[str, None] = {}
    while line := lines.line():
        record, _ = _parse(line, line_encoding(reading))
        names.update(dict.fromkeys(record or ()))
    if not names:
        raise RecordFileError("LW703", reading.path, "it holds no JSON object")
    return column_names(reading.path, tuple(names))


def _read_block(reading: Reading, lines: Lines, known: set[str]) -> Rows:
    encoding = line_encoding(reading)
    records, bad, numbers, raws = [], [], [], []
    while True:
        number = lines.number
        line = lines.line()
        if line.strip():
            record, raw = _parse(line, encoding)
            _refuse_new(reading, record, known)
            row = None if record is None else _row(reading, record)
            records.append(row or {})
            bad.append(row is None)
            numbers.append(number)
            raws.append(raw)
        if lines.at_block_end:
            break
    columns = [
        pa.array(
            [record.get(name.lower()) for record in records],
            arrow_type(kind) if _nested(kind) else pa.string(),
        )
        for name, kind in reading.fields
    ]
    return Rows(
        columns,
        pa.array(bad, pa.bool_()),
        pa.array(numbers, pa.int64()),
        pa.array(raws, pa.string()),
    )


def _parse(line: bytes, encoding: str) -> tuple[dict[str, Any] | None, str]:
    raw = line.decode(encoding, errors="backslashreplace").rstrip("\r\n")
    try:
        record = _load(line.decode(encoding)) if raw.strip() else {}
    except (ValueError, RecursionError):
        record = None
    return (record if isinstance(record, dict) else None), raw[:LONGEST_RAW]


def _row(reading: Reading, record: dict[str, Any]) -> dict[str, Any] | None:
    """Lower-case name -> text, or value of a nested type; None when a nested value does not fit."""
    given = {
        name.lower(): value
        for name, value in zip(
            column_names(reading.path, tuple(record)), record.values(), strict=True
        )
    }
    row: dict[str, Any] = {}
    for name, kind in reading.fields:
        value = given.get(name.lower())
        if not _nested(kind):
            row[name.lower()] = _text(value)
            continue
        try:
            array = pa.array([None if value is None else _plain(value)])
            row[name.lower()] = array.cast(arrow_type(kind)).to_pylist()[0]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
            return None
    return row


def _refuse_new(reading: Reading, record: dict[str, Any] | None, known: set[str]) -> None:
    if record is None or reading.ignores_new_columns:
        return
    for name in column_names(reading.path, tuple(record)):
        if name.lower() not in known:
            raise RecordFileError("LW707", reading.path, f"it has a column `{name}` that is new")


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A nested value with its numbers as numbers."""
    match value:
        case _Number():
            return json.loads(value)
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value


def _nested(kind: str) -> bool:
    return kind.startswith(("array<", "struct<", "map<"))
