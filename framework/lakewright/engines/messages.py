"""What an engine throws, as errors of ours at the user's own place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from lakewright.engines.port import PythonRows, Rows, SqlRows
from lakewright.errors import LakeError, LakewrightError, Place, Problem, QualityError, SpecError
from lakewright.graph import Check
from lakewright.names import TableName


@contextmanager
def explaining(rows: Rows | None = None) -> Iterator[None]:
    """Turn what an engine throws inside the block into an error of our tree."""
    try:
        yield
    except LakewrightError:
        raise
    except Exception as error:  # an engine throws many unrelated kinds
        raise explain(error, rows) from error


def explain(error: Exception, rows: Rows | None = None) -> LakewrightError:
    message = str(error).split("JVM stacktrace")[0].strip()
    guard = re.search(r"LW401 (\w+)", message)
    if guard:
        return QualityError("LW401", f"rows break `{guard.group(1)}`", at_place_of(rows))
    if "AnalysisException" in type(error).__name__ or "ParseException" in type(error).__name__:
        return SpecError("LW610", message.splitlines()[0], at_place_of(rows))
    return LakeError("LW620", message.splitlines()[0] if message else type(error).__name__)


def at_place_of(rows: Rows | None) -> Place | None:
    """The start of what the user wrote for these rows."""
    match rows:
        case SqlRows(transform=transform) if transform is not None:
            return transform.source.place(0)
        case PythonRows(place=place) if place:
            path, _, line = place.rpartition(":")
            return Place(path, int(line)) if line.isdigit() else Place(place, 1)
        case _:
            return None


def broken_rule(table: TableName, check: Check, failed: int, produced: int) -> Problem:
    """A `fail` rule with its numbers; never with a value of a row."""
    return Problem(
        "LW401",
        f"{failed} of {produced} rows of {table} break `{check.name}`",
        check.where,
        hint="nothing was written; correct the rows or the rule, or quarantine what breaks it",
    )
