"""`between: {column: c, min: a, max: b}`: bounds included; one of them may be left out."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.graph.rules.operands import is_plain, operand
from lakewright.graph.rules.rule import (
    Draft,
    RowDraft,
    Rule,
    WrittenRule,
    read_column,
    read_mapping,
)
from lakewright.names import quote


def _draft(written: WrittenRule) -> Sequence[Draft]:
    given = read_mapping(written, ("column",), ("min", "max"))
    column = read_column(written, given["column"])
    low, high = given.get("min"), given.get("max")
    if low is None and high is None:
        raise written.fail("needs `min`, `max` or both")
    name = quote(column)
    if high is None:
        return [_row(column, f"{name} >= {operand(written, column, low)}", f"at least {low}")]
    if low is None:
        return [_row(column, f"{name} <= {operand(written, column, high)}", f"at most {high}")]
    if _is_above(written, low, high):
        raise written.fail(f"`min` {low} is above `max` {high}", at="min")
    bounds = f"{operand(written, column, low)} AND {operand(written, column, high)}"
    return [_row(column, f"{name} BETWEEN {bounds}", f"between {low} and {high}")]


def _row(column: str, passes: str, range_: str) -> RowDraft:
    return RowDraft((column,), passes, f"{column} is {range_}", constrains=is_plain(passes))


def _is_above(written: WrittenRule, low: object, high: object) -> bool:
    try:
        return bool(low > high)  # type: ignore[operator]  # comparing is the test of comparability
    except TypeError:
        raise written.fail("`min` and `max` are of different types", at="min") from None


BETWEEN = Rule("between", "row", _draft, nulls=True)
