"""Results of unit tests as text and as JSON: what was expected, what came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lakewright.observe.documents import FORMAT_VERSION, problem_document
from lakewright.observe.paint import Paint
from lakewright.observe.rows import cell_text
from lakewright.observe.tables import count, duration, render_table
from lakewright.runtime import RowDiff, UnitTestFailure, UnitTestResult

SHOWN = 20  # rows of a difference that are printed

Outcome = UnitTestResult | UnitTestFailure


def render_outcome(outcome: Outcome, *, color: bool = False) -> str:
    """One test: a line, and what differs where it failed."""
    paint = Paint(color)
    test = outcome.test
    title = f"{test.table}: {test.name}"
    if outcome.passed:
        return f"{paint('pass', 'good')}  {title}\n"
    lines = [f"{paint('FAIL', 'bad')}  {title}   {paint(str(test.where), 'dim')}\n"]
    match outcome:
        case UnitTestFailure(problems=problems):
            lines += [f"      {problem}\n" for problem in problems]
        case UnitTestResult():
            for rule, rows in outcome.broken.items():
                lines.append(
                    f"      {count(rows, 'row')} break the rule `{rule}` (on_fail: fail)\n"
                )
            lines.append(_difference("rows", outcome.rows, paint))
            lines.append(_difference("quarantined rows", outcome.quarantined, paint))
    return "".join(lines)


def render_summary(outcomes: Sequence[Outcome], seconds: float, engine: str) -> str:
    failed = sum(not outcome.passed for outcome in outcomes)
    passed = len(outcomes) - failed
    told = f"{passed} passed" + (f", {failed} failed" if failed else "")
    return f"{told} on {engine} in {duration(seconds)}\n"


def outcomes_document(outcomes: Iterable[Outcome], seconds: float, engine: str) -> dict[str, Any]:
    found = [_outcome(outcome) for outcome in outcomes]
    return {
        "format_version": FORMAT_VERSION,
        "ok": all(one["passed"] for one in found),
        "engine": engine,
        "seconds": round(seconds, 3),
        "tests": found,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    test = outcome.test
    found: dict[str, Any] = {
        "table": str(test.table),
        "name": test.name,
        "where": str(test.where),
        "passed": outcome.passed,
    }
    match outcome:
        case UnitTestFailure(problems=problems):
            found["error"] = [problem_document(problem) for problem in problems]
        case UnitTestResult():
            found["rows"] = _diff(outcome.rows)
            found["quarantined"] = _diff(outcome.quarantined)
            found["broken_rules"] = dict(outcome.broken)
    return found


def _diff(diff: RowDiff | None) -> dict[str, Any] | None:
    if diff is None:
        return None
    return {
        "expected": diff.expected,
        "found": diff.found,
        "columns": list(diff.columns),
        "missing": [[cell_text(value) for value in row] for row in diff.missing],
        "surplus": [[cell_text(value) for value in row] for row in diff.surplus],
    }


def _difference(what: str, diff: RowDiff | None, paint: Paint) -> str:
    """Rows that are missing (-) and rows that nobody expected (+), under their columns."""
    if diff is None or diff.same:
        return ""
    signed = [("-", row) for row in diff.missing] + [("+", row) for row in diff.surplus]
    cells = [(sign, *(cell_text(value) for value in row)) for sign, row in signed[:SHOWN]]
    table = render_table(("", *diff.columns), cells, indent="      ")
    lines = [f"      {what}: {diff.expected} expected, {diff.found} came\n"]
    for line in table.splitlines(keepends=True):
        style = {"-": "bad", "+": "good"}.get(line.strip()[:1])
        lines.append(paint(line.rstrip("\n"), style) + "\n" if style else line)  # type: ignore[arg-type]
    if len(signed) > SHOWN:
        lines.append(f"      … and {len(signed) - SHOWN} more\n")
    return "".join(lines)
