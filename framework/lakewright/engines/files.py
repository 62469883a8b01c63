"""The columns an ingest has: declared, recorded, and what the headers of its files say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakewright.engines.messages import explaining
from lakewright.engines.port import FileRows, FileToLoad
from lakewright.engines.reading import reading_of
from lakewright.errors import QualityError
from lakewright.lake import Field
from lakewright.specs import FilesInput


@dataclass(frozen=True, slots=True)
class Header:
    """The data columns of an ingest, and what a person should know about them."""

    fields: tuple[Field, ...]
    notes: tuple[str, ...] = ()


def header_fields(
    given: FilesInput,
    files: Sequence[FileToLoad],
    *,
    declared: Sequence[Field] = (),
    recorded: Sequence[Field] = (),
) -> tuple[Field, ...]:
    """The fields of `compare_headers`."""
    return compare_headers(given, files, declared=declared, recorded=recorded).fields


def analyse_files(rows: FileRows) -> Header:
    """The data columns that loading these files gives."""
    known, given = (rows.fields, ()) if rows.recorded else ((), rows.fields)
    return compare_headers(rows.input, rows.files, declared=given, recorded=known)


def compare_headers(
    given: FilesInput,
    files: Sequence[FileToLoad],
    *,
    declared: Sequence[Field] = (),
    recorded: Sequence[Field] = (),
) -> Header:
    """The data columns to load, in order: those recorded, else the first file's, then new ones.

    A column is a string unless it is declared; Parquet keeps its types. A column that a file lacks
    is NULL for it and noted. One that is neither recorded nor declared follows the input's
    `on_new_column`: QualityError LW707 with the file's path in the notes, added, or left out with a
    note.
    """
    # The readers load Arrow's, which few commands need.
    from lakewright.engines.records import read_header

    types = {field.name.lower(): field for field in declared}
    columns = {field.name.lower(): field for field in recorded}
    notes: list[str] = []
    for file in files:
        with explaining():
            header = read_header(reading_of(given, file, tuple(declared or recorded)))
        found = {name.lower(): Field(name, kind) for name, kind in header}
        fresh = {key: field for key, field in found.items() if key not in columns}
        strange = [field for key, field in fresh.items() if key not in types]
        if columns and strange and given.on_new_column != "add":
            notes.append(_refuse_or_note(given, file, strange))
            fresh = {key: field for key, field in fresh.items() if key in types}
        columns.update(fresh)
        lacking = [field.name for key, field in columns.items() if key not in found]
        if lacking:
            notes.append(f"{file.path} has no {', '.join(lacking)}: NULL")
    for key, field in types.items():
        known = columns.get(key)
        columns[key] = Field(known.name if known else field.name, field.type, field.comment)
    return Header(tuple(columns.values()), tuple(notes))


def _refuse_or_note(given: FilesInput, file: FileToLoad, new: Sequence[Field]) -> str:
    names = ", ".join(f"`{field.name}`" for field in new)
    if given.on_new_column == "ignore":
        return f"{file.path} has new columns that are not loaded: {names}"
    raise QualityError(
        "LW707",
        f"{file.path} has a column that {given.table} does not hold: {names}",
        given.where,
        hint="set on_new_column to add or ignore, or declare the column",
        notes=(file.path,),
    )
