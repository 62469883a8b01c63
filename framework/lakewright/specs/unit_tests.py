"""Unit tests as written: `tests/**/*.yml`, given rows and expected rows of one table.

A file is one test, or has a list `tests:` whose entries share what stands beside it.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import Field

from lakewright.errors import Place, Problem, SpecError
from lakewright.names import TableName
from lakewright.specs.documents import Document, parse_document
from lakewright.specs.layout import SETTINGS
from lakewright.specs.models import Model
from lakewright.specs.validation import validate_model

FOLDER = "tests"

Row = Mapping[str, Any]
Rows = tuple[Row, ...]


class UnitTestModel(Model):
    """The keys of a test, all optional here: a file may share them among its tests."""

    name: str = Field(default="", description="What the test shows, as a sentence.")
    table: str = Field(default="", description="The table under test.")
    given: dict[str, Any] = Field(
        default_factory=dict,
        description="Input table to its rows: a list of rows, `{csv: text or file}` or"
        " `{sql: query}`. Columns left out are NULL; inputs left out are empty.",
    )
    vars: dict[str, Any] = Field(default_factory=dict, description="Variables, for this test.")
    now: str | date | None = Field(default=None, description="The time of the run, ISO 8601.")
    expect: tuple[dict[str, Any], ...] | None = Field(
        default=None,
        strict=False,
        description="The rows the table holds then, in any order; columns not named are ignored.",
    )
    expect_quarantine: tuple[dict[str, Any], ...] | None = Field(
        default=None,
        strict=False,
        description="The rows set apart; `_failed_rules` names the rules.",
    )
    rules: bool = Field(
        default=True, description="false: only the query is tested, none of the table's rules."
    )


class UnitTestFileModel(UnitTestModel):
    tests: tuple[dict[str, Any], ...] = Field(
        default=(), strict=False, description="Several tests; the other keys are shared by all."
    )


@dataclass(frozen=True, slots=True)
class GivenQuery:
    """Rows that a query without tables gives."""

    query: str
    where: Place


@dataclass(frozen=True, slots=True)
class GivenRows:
    """Rows as written; `texts` when all values are texts still, from CSV."""

    rows: Rows
    where: Place
    texts: bool = False


Given = GivenRows | GivenQuery


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One test. None for `expect` or `expect_quarantine`: not looked at."""

    name: str
    table: TableName
    where: Place
    given: Mapping[TableName, Given] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    now: datetime | None = None
    expect: Rows | None = None
    expect_quarantine: Rows | None = None
    rules: bool = True


def read_unit_tests(root: str) -> tuple[UnitTest, ...]:
    """All tests of the project at `root`, in file order; SpecError with every problem in them.

    Hidden folders are left out, and so are projects of their own: folders with a lakewright.yml.
    """
    problems: list[Problem] = []
    tests: list[UnitTest] = []
    for path in sorted(_walk(Path(root, FOLDER))):
        name = path.relative_to(root).as_posix()
        text = _read_text(path, name, problems)
        document = parse_document(name, text, problems) if text is not None else None
        if document is not None:
            tests.extend(_file_tests(document, path.parent, problems))
    if problems:
        raise SpecError.of(problems)
    return tuple(tests)


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        if SETTINGS in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.endswith(".yml") and not name.startswith("."):
                yield Path(at, name)


def _read_text(path: Path, name: str, problems: list[Problem]) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem("LW111", f"{name} cannot be read: {error}", Place(name, 1)))
        return None


def _file_tests(document: Document, folder: Path, problems: list[Problem]) -> Iterator[UnitTest]:
    whole = validate_model(UnitTestFileModel, document, problems)
    if whole is None:
        return
    shared = dict(_givens(whole.given, document, ("given",), folder, problems))
    if not whole.tests:
        yield from _one_test(whole, shared, document, (), problems)
    for at, written in enumerate(whole.tests):
        loc = ("tests", at)
        model = validate_model(UnitTestModel, document, problems, at=loc, value=written)
        if model is not None:
            own = dict(_givens(model.given, document, (*loc, "given"), folder, problems))
            whole_test = _laid_over(whole, model)
            yield from _one_test(whole_test, {**shared, **own}, document, loc, problems)


def _laid_over(shared: UnitTestModel, own: UnitTestModel) -> UnitTestModel:
    """A test with what its file shares: its own keys win, variables add up."""
    written = {name: getattr(own, name) for name in own.model_fields_set}
    return shared.model_copy(update={**written, "vars": {**shared.vars, **own.vars}})


def _one_test(
    model: UnitTestModel,
    given: Mapping[TableName, Given],
    document: Document,
    loc: tuple[str | int, ...],
    problems: list[Problem],
) -> Iterator[UnitTest]:
    where = document.place(*loc)
    found: list[Problem] = []
    table = _table(model.table, document.place(*loc, "table"), found)
    now = _moment(model.now, document.place(*loc, "now"), found)
    if model.expect is None and model.expect_quarantine is None:
        hint = "write expect: with the rows the table holds then"
        found.append(Problem("LW191", "the test expects nothing", where, hint=hint))
    problems.extend(found)
    if not found and table is not None:
        yield UnitTest(
            name=model.name or f"{PurePosixPath(document.path).stem} {where.line}",
            table=table,
            where=where,
            given=given,
            vars=model.vars,
            now=now,
            expect=model.expect,
            expect_quarantine=model.expect_quarantine,
            rules=model.rules,
        )


def _table(written: str, where: Place, problems: list[Problem]) -> TableName | None:
    if not written:
        problems.append(Problem("LW121", "the key `table` of a test is missing", where))
        return None
    try:
        return TableName.parse(written, where)
    except SpecError as error:
        problems.extend(error.problems)
        return None


def _givens(
    written: Mapping[str, Any],
    document: Document,
    loc: tuple[str | int, ...],
    folder: Path,
    problems: list[Problem],
) -> Iterator[tuple[TableName, Given]]:
    for key, value in written.items():
        name = _table(key, document.key_place(*loc, key), problems)
        where = document.place(*loc, key)
        given = _given(value, where, folder, problems)
        if name is not None and given is not None:
            yield name, given


def _given(value: Any, where: Place, folder: Path, problems: list[Problem]) -> Given | None:
    match value:
        case list() if all(isinstance(row, dict) for row in value):
            return GivenRows(tuple(value), where)
        case {"csv": str(text)} if len(value) == 1:
            return _csv(text, where, folder, problems)
        case {"sql": str(query)} if len(value) == 1:
            return GivenQuery(query, where)
    hint = "write a list of rows, {csv: ...} or {sql: ...}"
    problems.append(Problem("LW192", "this gives no rows", where, hint=hint))
    return None


def _csv(text: str, where: Place, folder: Path, problems: list[Problem]) -> GivenRows | None:
    """Inline where it has lines, else a file beside the test. An empty field is NULL."""
    if "\n" not in text:
        path = (folder / text).resolve()
        if not path.is_relative_to(_tests_folder(folder)):
            hint = "copy the file beside the test"
            problems.append(Problem("LW190", f"`{text}` leaves the project's tests", where, hint))
            return None
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
            message = f"the file `{text}` of given rows cannot be read: {reason}"
            hint = "a file lies beside the test; rows may stand in the test as well"
            problems.append(Problem("LW193", message, where, hint=hint))
            return None
    reader = csv.DictReader(io.StringIO(text))
    rows = tuple(_csv_row(row) for row in reader)
    return GivenRows(rows, where, texts=True)


def _tests_folder(folder: Path) -> Path:
    """The project's folder `tests`: the outermost one above a test that is called so."""
    above = [path for path in (folder, *folder.parents) if (path.parent / SETTINGS).is_file()]
    return (above[0] if above else folder).resolve()


def _csv_row(row: Mapping[str | None, Any]) -> dict[str, Any]:
    return {key.strip(): value or None for key, value in row.items() if key is not None}


def _moment(value: str | date | None, where: Place, problems: list[Problem]) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        problems.append(
            Problem("LW122", f"`{value}` is not a time", where, hint="like 2013-02-01T06:00:00Z")
        )
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def names_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """The columns that the rows name, in the order in which they are first named."""
    return tuple(dict.fromkeys(key for row in rows for key in row))
