"""`row_count: {min: 1, max: 1000}`: how many rows the table has; one bound may be left out."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.graph.rules.rule import Draft, Rule, TestDraft, WrittenRule, read_mapping
from lakewright.graph.values import TableTest


def _draft(written: WrittenRule) -> Sequence[Draft]:
    given = read_mapping(written, (), ("min", "max"))
    low, high = _bound(written, "min", given.get("min")), _bound(written, "max", given.get("max"))
    if low is None and high is None:
        raise written.fail("needs `min`, `max` or both")
    if low is not None and high is not None and low > high:
        raise written.fail(f"`min` {low} is above `max` {high}", at="min")
    missing = [] if low is None else [f"{low} - count(*)"]
    surplus = [] if high is None else [f"count(*) - {high}"]
    where = f" WHERE {written.only_where}" if written.only_where else ""
    failed = f"(SELECT greatest(0, {', '.join([*missing, *surplus])}) FROM {{table}}{where})"
    rows = f"(SELECT count(*) FROM {{table}}{where})"
    return [TestDraft((), TableTest(failed, rows), _sentence(low, high))]


def _bound(written: WrittenRule, key: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise written.fail(f"`{key}` needs a number of rows", at=key)
    return value


def _sentence(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"has between {low} and {high} rows"
    return f"has at least {low} rows" if high is None else f"has at most {high} rows"


ROW_COUNT = Rule("row_count", "table", _draft)
