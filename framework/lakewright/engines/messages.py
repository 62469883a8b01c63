"""What an engine throws, as errors of ours at the user's own place; never with a row's values.

The engine's own exception, with whatever trace it carries, stays behind as the cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakewright.engines.places import place_in, place_of_name
from lakewright.engines.port import PythonRows, Rows, SqlRows, ValueRows
from lakewright.engines.sail_messages import plain_message
from lakewright.errors import LakeError, LakewrightError, Place, Problem, QualityError, SpecError
from lakewright.graph import Check
from lakewright.lake import storage_error_told
from lakewright.names import TableName

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# A raised message stands first, or behind Spark's name for it. Elsewhere it is only quoted SQL.
_RAISED = r"(?:\A|USER_RAISED_EXCEPTION\] )"
_GUARD = re.compile(_RAISED + r"LW401 ([^\n]+?)\.?(?: SQLSTATE|\n|\Z)")
_LOST = re.compile(_RAISED + r"LW402 (\S+) (\S+) ([^\s.]+)")
_FILE = re.compile(r"(LW7\d\d) \{(.*?)\} ([^\n]*)")
_CONSTRAINT = re.compile(r"CHECK constraint (\S+) ")
_DAMAGED = re.compile(
    r"Parquet error|is not a Parquet file|CANNOT_READ_FILE_FOOTER"
    r"|FAILED_READ_FILE\.(?!FILE_NOT_EXIST)\w+"
)
_GONE = re.compile(
    r"FILE_NOT_EXIST|DELTA_FILE_NOT_FOUND|Object at location \S+ not found"
    r"|Missing commit file|DELTA_VERSION_NOT_FOUND|DELTA_TABLE_NOT_FOUND|DELTA_PATH_DOES_NOT_EXIST"
    r"|_delta_log does not exist|DELTA_MISSING_DELTA_TABLE"
)
_PATH = re.compile(r"(?<![\w/.])/[^\s:#,'\"]+")
_VALUE = re.compile(
    r"\[(CAST_\w+|DIVIDE_BY_ZERO|ARITHMETIC_OVERFLOW|NUMERIC_\w+|INVALID_ARRAY_INDEX\w*"
    r"|INVALID_FRACTION\w*|REMAINDER_BY_ZERO|CANNOT_PARSE_\w+|MAP_KEY_DOES_NOT_EXIST"
    r"|DATETIME_OVERFLOW|USER_RAISED_EXCEPTION)\]"
)
_SAIL_VALUE = re.compile(r"(?i)divi(?:de|sion) by zero|can(?:not|'t) cast|cast error|overflow")
_ANALYSIS = re.compile(r"Analysis|Parse|UnsupportedOperation|IllegalArgument")
_CLASS = re.compile(r"\[([A-Z][A-Z_.]+)\]")
_PYTHON_LINE = re.compile(r'File "([^"]+)", line (\d+)')


@contextmanager
def explaining(rows: Rows | None = None, running: DataFrame | None = None) -> Iterator[None]:
    """Turn what an engine throws inside the block into an error of our tree.

    `running` is the frame that is executed there. Sail names an error of a row like one of the
    query, with the value in its text: if the frame can be analysed, it was a row.
    """
    try:
        yield
    except LakewrightError:
        raise
    except Exception as error:
        told = explain(error, rows)
        if told.code == "LW610" and running is not None and _is_analysed(running):
            text = str(error).strip()
            named = _CLASS.search(text[:200])
            told = _bad_value(named[1] if named else "it refuses a value", text, rows)
        raise told from error


def _is_analysed(frame: DataFrame) -> bool:
    try:
        return frame.schema is not None
    except Exception:  # noqa: BLE001 - engines throw several unrelated kinds; which one is no matter
        return False


def explain(error: Exception, rows: Rows | None = None) -> LakewrightError:
    """The error to show instead of `error`."""
    text = str(error).strip()
    return _of_rows(text, rows) or _of_surroundings(text) or _of_query(error, text, rows)


def at_place_of(rows: Rows | None) -> Place | None:
    """The start of what the user wrote for these rows."""
    match rows:
        case SqlRows(transform=transform) if transform is not None:
            return transform.source.place(0)
        case ValueRows(where=where):
            return where
        case PythonRows(place=place) if place:
            path, _, line = place.rpartition(":")
            return Place(path, int(line)) if path and line.isdigit() else Place(place, 1)
        case _:
            return None


def broken_rule(table: TableName, check: Check, failed: int, produced: int) -> Problem:
    """A `fail` rule with its numbers."""
    return Problem(
        "LW401",
        f"{failed} of {produced} rows of {table} break `{check.name}`",
        check.where,
        hint="nothing was written; correct the rows or the rule, or quarantine what breaks it",
    )


def _of_rows(text: str, rows: Rows | None) -> LakewrightError | None:
    """Rules, constraints and values: what only the rows can tell."""
    if match := _GUARD.search(text) or _CONSTRAINT.search(text):
        return QualityError("LW401", f"rows break `{match.group(1)}`", at_place_of(rows))
    if match := _LOST.search(text):
        column, produced, wanted = match.groups()
        return QualityError(
            "LW402",
            f"`{column}` holds {produced} values that {wanted} cannot hold whole",
            at_place_of(rows),
            hint=f"round or cast `{column}` in the query, or declare its type as {produced}",
        )
    if match := _FILE.search(text):
        return _unreadable(*match.groups())
    if match := _VALUE.search(text):
        return _bad_value(match.group(1), text, rows)
    if _SAIL_VALUE.search(text.splitlines()[0] if text else ""):
        return _bad_value(_without_values(text), text, rows)
    return None


def _unreadable(code: str, path: str, message: str) -> LakewrightError:
    kind = LakeError if code in ("LW701", "LW702") else QualityError
    hints = {
        "LW701": "the next run loads it as it is then",
        "LW707": "set on_new_column to add or ignore, or declare the column",
    }
    return kind(code, f"{path}: {message}", hint=hints.get(code, ""), notes=(path,))


def _bad_value(what: str, text: str, rows: Rows | None) -> LakewrightError:
    place = place_in(rows, text) or at_place_of(rows)
    hint = "try_cast and try_divide give NULL instead; filter such rows, or read them as strings"
    return QualityError("LW403", f"the query fails on a row: {what}", place, hint=hint)


def _of_surroundings(text: str) -> LakewrightError | None:
    if _GONE.search(text):
        first = _without_values(text)
        hint = "was it deleted outside of Lakewright? `lakewright doctor` looks"
        return LakeError("LW621", f"a pinned version cannot be read: {first}", hint=hint)
    if _is_of_python(text):
        return None
    if _DAMAGED.search(text):
        first = _first_line(_cause(text))
        hint = "bring that file back from a backup, or rebuild the table with `apply --full`"
        return LakeError("LW621", f"a data file is damaged: {first}", hint=hint)
    path = _PATH.search(text)
    return storage_error_told(text, path.group() if path else "the lake")


def _is_of_python(text: str) -> bool:
    return "PYTHON_EXCEPTION" in text[:200]


def _of_query(error: Exception, text: str, rows: Rows | None) -> LakewrightError:
    name = type(error).__name__
    if name == "PythonException" or _is_of_python(text):
        return _python_failure(text, rows)
    if _ANALYSIS.search(name):
        place = place_in(rows, text, error) or place_of_name(rows, text) or at_place_of(rows)
        return SpecError("LW610", _with_tables(plain_message(_first_line(text))), place)
    told = f"the engine failed: {_without_values(text) or name}"
    return LakeError("LW620", told, hint="run it again; `--debug` shows the engine's own trace")


def _python_failure(text: str, rows: Rows | None) -> LakewrightError:
    """A function of the user's that failed on a worker. Its message may hold values: not shown."""
    raised = next((line for line in reversed(text.splitlines()) if re.match(r"\w", line)), "")
    lines = [pair for pair in _PYTHON_LINE.findall(text) if "pyspark" not in pair[0]]
    place = Place(lines[-1][0], int(lines[-1][1])) if lines else at_place_of(rows)
    return QualityError("LW404", f"a function failed on a row: {raised.partition(':')[0]}", place)


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return re.split(r"\.? SQLSTATE: ", line)[0].removeprefix("invalid argument: ")


def _cause(text: str) -> str:
    """The innermost cause that a JVM trace names."""
    causes = re.findall(r"^(?:Caused by|): ([^\n]+)", text, re.MULTILINE)
    return causes[-1] if causes else text


def _without_values(text: str) -> str:
    return re.sub(r"'[^']*'|value (?!of\b)\S+", "a value", _first_line(_cause(text)))


def _with_tables(text: str) -> str:
    """Names of our views as the tables they stand for."""
    return re.sub(r"\blw__(\w+?)__(\w+)", r"\1.\2", text)
