"""What values are, and whose: nothing here loads a model or a template."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.names import is_column_name


def is_plain_word(value: object) -> bool:
    """Whether a value is a name or a number without a sign, which SQL reads as no more."""
    match value:
        case bool():
            return False
        case int():
            return value >= 0
        case str():
            return is_column_name(value)
        case _:
            return False


def fits_parameter(value: Any, kind: str) -> bool:
    """Whether a written value is one of that type of parameter."""
    match kind:
        case "column":
            return isinstance(value, str) and is_column_name(value)
        case "text":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, date)
        case _:
            listed = isinstance(value, list) and bool(value)
            return listed and all(isinstance(item, str | int | float | date) for item in value)


def told_of_row(problem: Problem, row: Place | None) -> Problem:
    """The problem with a note that names the row of `for_each`, where one makes the table."""
    if row is None:
        return problem
    return replace(problem, notes=(*problem.notes, f"for the row at {row}"))
