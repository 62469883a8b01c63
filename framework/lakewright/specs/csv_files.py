"""Small CSV files of a project: shape, places, and one rule for the types of their values.

A file is UTF-8 with commas, a header and RFC 4180 quotes. A field that is empty and not quoted is
NULL. No engine reads it, so every engine gets the same values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.names import is_column_name
from lakewright.specs.csv_values import infer_type, read_value
from lakewright.specs.texts import Text, index_text
from lakewright.specs.values import SourceFile

MAX_BYTES = 1_000_000
MAX_ROWS = 10_000
MAX_PROBLEMS = 10  # of one kind, in one file: a file that is wrong is wrong on every line

_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^,"\n]*)')


@dataclass(frozen=True, slots=True)
class Field:
    """One field as written; `text` is None for NULL."""

    text: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that is sound: every row has a field for every column."""

    source: Text
    names: tuple[str, ...]  # lower case
    header: tuple[Field, ...]
    rows: tuple[tuple[Field, ...], ...]

    @property
    def path(self) -> str:
        return self.source.path

    def place(self, name: str) -> Place:
        """Where the column is named in the header."""
        field = self.header[self.names.index(name)]
        return self.source.place(field.start, field.end)

    def types(self) -> dict[str, str]:
        """Column to the type that its values have in common, as Spark spells it."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.names)
        texts = ([field.text for field in column] for column in columns)
        return {name: infer_type(column) for name, column in zip(self.names, texts, strict=True)}

    def values(self, types: Sequence[str], problems: list[Problem]) -> tuple[tuple[Any, ...], ...]:
        """The rows as values of these types, in the file's order; LW137 for what is none."""
        found = []
        for row in self.rows:
            pairs = zip(row, types, strict=True)
            found.append(tuple(self._value(field, kind, problems) for field, kind in pairs))
            if len(problems) >= MAX_PROBLEMS:
                break
        return tuple(found)

    def _value(self, field: Field, kind: str, problems: list[Problem]) -> Any:
        if field.text is None:
            return None
        try:
            return read_value(field.text, kind)
        except ValueError:
            where = self.source.place(field.start, field.end)
            message = f"`{field.text[:80]}` is no value of type {kind}"
            problems.append(Problem("LW137", message, where))
            return None


def read_csv(file: SourceFile, problems: list[Problem]) -> CsvFile | None:
    """The file; None with LW133, LW135 or LW136 when it cannot be used."""
    found, reasons = _read(file)
    problems.extend(reasons)
    return found


# Pure in the file; the rows of one list are asked for by every table they make.
@lru_cache(maxsize=64)
def _read(file: SourceFile) -> tuple[CsvFile | None, tuple[Problem, ...]]:
    size = len(file.text.encode())
    if size > MAX_BYTES:
        return None, (too_large(file.path, size, MAX_BYTES, "bytes"),)
    source, problems = index_text(file.path, file.text), list[Problem]()
    try:
        records = list(_records(source))
    except _ShapeError as error:
        return None, (error.problem,)
    if not records:
        message = f"{file.path} has no header"
        return None, (Problem("LW136", message, Place(file.path, 1), hint="name the columns"),)
    header, rows = records[0], records[1:]
    if len(rows) > MAX_ROWS:
        return None, (too_large(file.path, len(rows), MAX_ROWS, "rows"),)
    problems.extend(_header_problems(source, header))
    problems.extend(_ragged(source, header, rows))
    if problems:
        return None, tuple(problems)
    names = tuple((field.text or "").lower() for field in header)
    return CsvFile(source, names, header, tuple(rows)), ()


class _ShapeError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _records(source: Text) -> Iterator[tuple[Field, ...]]:
    text, at = source.text, 0
    while at < len(text):
        if text[at] == "\n":  # an empty line is no row
            at += 1
            continue
        record = []
        while True:
            field = _field(source, at)
            record.append(field)
            at = field.end + 1
            if text[field.end : at] != ",":
                break
        yield tuple(record)


def _field(source: Text, at: int) -> Field:
    text = source.text
    match = _FIELD.match(text, at)
    if match is None or (match[1] is None and text[match.end() : match.end() + 1] == '"'):
        whole = match is None or match.end() == at
        message = "this quote is never closed" if whole else "a quote stands inside a field"
        hint = 'quote the whole field and double its quotes: "say ""so"""'
        where = source.place(at if match is None else match.end())
        raise _ShapeError(Problem("LW135", message, where, hint=hint))
    end = match.end()
    if text[end : end + 1] not in ("", ",", "\n"):
        hint = 'double a quote that belongs to the field: "say ""so"""'
        problem = Problem("LW135", "a field goes on behind its quotes", source.place(end), hint)
        raise _ShapeError(problem)
    value = match[1].replace('""', '"') if match[1] is not None else match[2] or None
    return Field(value, at, end)


def _header_problems(source: Text, header: Sequence[Field]) -> Iterator[Problem]:
    first: dict[str, Field] = {}
    for field in header:
        where, name = source.place(field.start, field.end), field.text or ""
        if not is_column_name(name):
            hint = "start with a letter, then letters, digits and underscores"
            yield Problem("LW136", f"`{name[:80]}` cannot name a column", where, hint=hint)
        elif name.lower() in first:
            message = f"the column `{name}` is named twice"
            yield Problem("LW136", message, where, hint="case does not tell names apart")
        first.setdefault(name.lower(), field)


def _ragged(
    source: Text, header: Sequence[Field], rows: Sequence[tuple[Field, ...]]
) -> list[Problem]:
    wrong = [row for row in rows if len(row) != len(header)]
    return [
        Problem(
            "LW135",
            f"this row has {len(row)} fields, the header {len(header)}",
            source.place(row[0].start, row[-1].end),
            hint="quote a field that holds a comma",
        )
        for row in wrong[:MAX_PROBLEMS]
    ]


def too_large(path: str, count: int, limit: int, what: str) -> Problem:
    """LW133: a data file of more bytes or rows than code may hold."""
    message = f"{path} has {count:,} {what}; at most {limit:,} are part of the code"
    hint = "load it with kind: ingest, which is made for data"
    return Problem("LW133", message, Place(path, 1), hint=hint)
