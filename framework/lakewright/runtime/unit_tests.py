"""One unit test: given rows in, the table's transform and rules, the rows that come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lakewright.engines import load_function
from lakewright.engines.port import PythonRows, Rows, Session, SqlRows, TriedRows
from lakewright.errors import Place, Problem, SpecError, UsageError
from lakewright.graph import Check, Graph, PythonTransform, ReferenceTest, SqlTransform, Step
from lakewright.lake import Field
from lakewright.names import TableName
from lakewright.runtime.definitions import decide_fields
from lakewright.runtime.given import Expected, fit_expected, given_sql
from lakewright.runtime.parameters import render_parameters
from lakewright.runtime.rowdiff import RowDiff, compare_rows
from lakewright.specs import UnitTest, suggest

DEFAULT_NOW = datetime(2000, 1, 1, tzinfo=UTC)

Columns = Mapping[TableName, tuple[Field, ...]]


@dataclass(frozen=True, slots=True)
class UnitTestResult:
    """What a test found. `broken`: `fail` rules that kept rows break, with how many do."""

    test: UnitTest
    rows: RowDiff | None
    quarantined: RowDiff | None
    broken: Mapping[str, int]

    @property
    def passed(self) -> bool:
        diffs = (self.rows, self.quarantined)
        return not self.broken and all(diff is None or diff.same for diff in diffs)


@dataclass(frozen=True, slots=True)
class UnitTestFailure:
    """A test that could not be run, and why."""

    test: UnitTest
    problems: tuple[Problem, ...]

    @property
    def passed(self) -> bool:
        return False


def run_unit_test(
    test: UnitTest, graph: Graph, columns: Columns, session: Session
) -> UnitTestResult:
    """Run one test in a session of its own. SpecError LW490 to LW492 where it does not fit.

    `columns` are those of every input that is known without rows, as `analyse_graph` finds them.
    """
    tried, fields = try_table(test, graph, columns, session)
    step = graph.steps[test.table]
    wanted = None if test.expect is None else Expected(test.expect, fields, test.where)
    apart = None
    if test.expect_quarantine is not None:
        failed = Field("_failed_rules", "array<string>")
        apart = Expected(test.expect_quarantine, (*fields, failed), test.where)
    broken = {
        check.name: tried.failed[check.name]
        for check in step.checks
        if check.on_fail == "fail" and tried.failed.get(check.name)
    }
    return UnitTestResult(
        test,
        None if wanted is None else compare_rows(fit_expected(wanted), tried.kept),
        None if apart is None else compare_rows(fit_expected(apart), tried.quarantined),
        broken,
    )


def try_table(
    test: UnitTest, graph: Graph, columns: Columns, session: Session
) -> tuple[TriedRows, tuple[Field, ...]]:
    """The rows the table would hold over the given ones, split by its rules; nothing is written."""
    step = _step(test, graph)
    _refuse_unread(test, step)
    now = test.now or DEFAULT_NOW
    for name in step.upstream:
        sql = given_sql(name, test.given.get(name), columns.get(name), test.where)
        session.bind_view(name, SqlRows(sql))
    rows = _rows(step, test, session, now, graph.timezone)
    fields = decide_fields(step, session.analyse(rows), None, "")
    return session.try_rows(rows, fields, _checks(step, test), now), fields


def _step(test: UnitTest, graph: Graph) -> Step:
    step = graph.steps.get(test.table)
    if step is None:
        hint = suggest(str(test.table), [str(name) for name in graph.steps])
        raise SpecError("LW490", f"no spec defines {test.table}", test.where, hint=hint)
    refuse_without_rows(step, test.where)
    return step


def refuse_without_rows(step: Step, where: Place) -> None:
    """UsageError LW491 for a table that no query and no function makes."""
    if not isinstance(step.transform, SqlTransform | PythonTransform):
        raise UsageError(
            "LW491",
            f"{step.name} is of kind {step.kind}: no query or function makes its rows",
            where,
            hint="test a table that reads it",
        )


def _refuse_unread(test: UnitTest, step: Step) -> None:
    read = [str(name) for name in step.upstream]
    problems = [
        Problem(
            "LW492",
            f"{step.name} does not read {name}",
            given.where,
            hint=suggest(str(name), read) or f"it reads {', '.join(read) or 'nothing'}",
        )
        for name, given in test.given.items()
        if name not in step.upstream
    ]
    if problems:
        raise SpecError.of(problems)


def _rows(step: Step, test: UnitTest, session: Session, now: datetime, timezone: str) -> Rows:
    today = now.astimezone(ZoneInfo(timezone)).date()
    variables = _variables(step, test)
    match step.transform:
        case SqlTransform():
            parameters = render_parameters(step, now, today, variables)
            text = step.transform.render(session.relation, parameters)
            return SqlRows(text, step.transform)
        case PythonTransform(ref):
            place = f"{ref.where.path}:{ref.where.line}"
            function = load_function(ref)
            return PythonRows(
                function, step.reads, variables, now, today, place=place, each=step.each
            )
        case _:
            raise AssertionError(f"{step.name} was refused before")


def _variables(step: Step, test: UnitTest) -> dict[str, Any]:
    unknown = [name for name in test.vars if name not in step.vars]
    if unknown:
        raise SpecError(
            "LW492",
            f"{step.name} uses no variable `{unknown[0]}`",
            test.where,
            hint=suggest(unknown[0], list(step.vars)),
        )
    return {**step.vars, **test.vars}


def _checks(step: Step, test: UnitTest) -> tuple[Check, ...]:
    """The rules about rows; one that looks into a table nobody gave is left out."""
    if not test.rules:
        return ()
    return tuple(check for check in step.checks if check.before and not _looks_away(check, test))


def _looks_away(check: Check, test: UnitTest) -> bool:
    to = check.test.to if isinstance(check.test, ReferenceTest) else None
    return to is not None and to != test.table and to not in test.given
