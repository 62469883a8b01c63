"""Step 4: judge what was written, by time travel, before anyone can read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from lakewright.engines.port import BuildResult, Session
from lakewright.errors import Problem, QualityError
from lakewright.graph import Check, KeepTest, ReferenceTest, RowTest, Step, TableTest
from lakewright.lake import CheckResult
from lakewright.lake.values import Verdict
from lakewright.names import quote

COUNT = TableTest("0").rows  # all rows of the table


def counted_results(step: Step, result: BuildResult) -> tuple[CheckResult, ...]:
    """Verdicts of the checks that acted before the commit: the write has counted them."""
    return tuple(
        _judge(check, result.failed.get(check.name, 0), result.produced)
        for check in step.checks
        if check.before
    )


def measured_results(
    step: Step, session: Session, checks: Iterable[Check], rows: int | None
) -> tuple[CheckResult, ...]:
    """Verdicts of `checks`, measured on the table as it is bound in the session.

    All rules about rows take one scan, all others one query. `rows` is the table's count where it
    is known; it is not counted again.
    """
    measured = {check: measurement_of(check, session) for check in checks}
    counts = {COUNT: rows} if rows is not None else {}
    counts |= _scan_rows(step, session, measured)
    wanted = {text for pair in measured.values() for text in pair} - counts.keys()
    if wanted:
        relation = session.relation(step.name)
        texts = {text: text.replace("{table}", relation) for text in sorted(wanted)}
        counts |= session.measure(texts)
    return tuple(
        _judge(check, counts[failed], counts[looked_at])
        for check, (failed, looked_at) in measured.items()
    )


def _scan_rows(
    step: Step, session: Session, measured: Mapping[Check, tuple[str, str]]
) -> dict[str, int]:
    """What the rules about rows measure, and the count of all rows; nothing without such rules."""
    failing = {
        failed: f"NOT ({check.test.ok})"
        for check, (failed, _) in measured.items()
        if isinstance(check.test, RowTest)
    }
    if not failing:
        return {}
    return dict(session.count_rows(step.name, {**failing, COUNT: "true"}))


def refuse_failed(step: Step, results: Iterable[CheckResult]) -> None:
    """QualityError LW431 that names every check that failed, with its counts and no row."""
    problems = failed_problems(step, results)
    if problems:
        raise QualityError.of(problems)


def failed_problems(step: Step, results: Iterable[CheckResult]) -> list[Problem]:
    """A problem LW431 for each check that failed."""
    by_name = {check.name: check for check in step.checks}
    return [
        Problem(
            "LW431",
            f"{step.name}: {_finding(result)}",
            by_name[result.name].where,
            hint=by_name[result.name].description,
        )
        for result in results
        if result.verdict == "fail"
    ]


def _finding(result: CheckResult) -> str:
    if result.failed_rows > result.rows:  # a rule about the table, not about one of its rows
        return f"{result.name} does not hold for its {result.rows} rows"
    return f"{result.name} failed for {result.failed_rows} of {result.rows} rows"


def measured_later(step: Step) -> tuple[Check, ...]:
    """The checks that are measured on the written version."""
    return tuple(check for check in step.checks if not check.before)


def _judge(check: Check, failed: int, rows: int) -> CheckResult:
    allowed = (check.tolerance or 0.0) * rows
    verdict: Verdict = "pass" if failed == 0 else "warn"
    if check.on_fail == "fail" and failed > allowed:
        verdict = "fail"
    return CheckResult(check.name, check.rule, check.on_fail, verdict, failed, rows)


def measurement_of(check: Check, session: Session) -> tuple[str, str]:
    """The check as two scalar expressions over `{table}`: rows that fail, rows looked at."""
    match check.test:
        case TableTest(failed, rows):
            return failed, rows
        case RowTest(ok):
            return f"(SELECT count(*) FROM {{table}} WHERE NOT ({ok}))", COUNT
        case ReferenceTest() as test:
            return _reference_measurement(test, session), COUNT
        case KeepTest() as test:
            return _doubled(test), COUNT
        case _:
            assert_never(check.test)


def _doubled(test: KeepTest) -> str:
    """Rows beyond the first of each key: what would have been set apart or left out."""
    keys = ", ".join(quote(column) for column in test.columns)
    conditions = [f"{quote(column)} IS NOT NULL" for column in test.columns]
    conditions += [f"({test.only_where})"] if test.only_where else []
    return (
        f"(SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {{table}}"
        f" WHERE {' AND '.join(conditions)} GROUP BY {keys}) AS doubled)"
    )


def _reference_measurement(test: ReferenceTest, session: Session) -> str:
    known = " AND ".join(f"t.{quote(column)} IS NOT NULL" for column in test.columns)
    keys = ", ".join(quote(column) for column in test.to_columns)
    pairs = zip(test.columns, test.to_columns, strict=True)
    match_on = " AND ".join(f"t.{quote(mine)} = r.{quote(theirs)}" for mine, theirs in pairs)
    scope = f" AND ({test.only_where})" if test.only_where else ""
    relation = session.relation(test.to)
    return (
        f"(SELECT count(*) FROM {{table}} AS t LEFT ANTI JOIN"
        f" (SELECT DISTINCT {keys} FROM {relation}) AS r ON {match_on} WHERE {known}{scope})"
    )
