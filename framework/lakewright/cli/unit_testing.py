"""`test`: the project's unit tests, all on one engine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

from lakewright.cli.analysing import known_columns
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    choose,
    modified_tables,
    need_project,
    open_workspace,
    project_lake,
    read_state,
)
from lakewright.engines import Engine, find_engine
from lakewright.errors import LakewrightError, UsageError
from lakewright.graph import Graph, compile_project
from lakewright.names import TableName
from lakewright.observe import FORMAT_VERSION, render_json
from lakewright.observe.unit_tests import (
    Outcome,
    outcomes_document,
    render_outcome,
    render_summary,
)
from lakewright.runtime import UnitTestFailure, run_unit_test
from lakewright.runtime.analysing import columns_of
from lakewright.runtime.unit_tests import DEFAULT_NOW, Columns
from lakewright.specs import UnitTest, read_unit_tests

ENGINES = ("sail", "spark")


def run_tests(common: Common, select: list[str], exclude: list[str]) -> int:
    """Run the tests of the selected tables; exit 1 when one fails.

    `--engine both` runs them on each engine, every engine in a process of its own.
    """
    if common.engine == "both":
        return _run_on_both(common, select, exclude)
    streams, space = Streams.of(common), open_workspace(common)
    project = need_project(space)
    graph = compile_project(project)
    tests = _chosen(space, read_unit_tests(project.root), graph, select, exclude)
    engine_name, began = common.engine or "sail", time.monotonic()
    outcomes = []
    conf = space.conf if common.engine else {}
    with closing(find_engine(engine_name, conf=conf, tell=streams.tell)) as engine:
        tested = {test.table for test in tests}
        columns = test_columns(graph, tested, engine, known_columns(space, graph))
        for outcome in outcomes_of(tests, graph, columns, engine):
            outcomes.append(outcome)
            if not common.json:
                streams.answer(render_outcome(outcome, color=streams.color))
        seconds = time.monotonic() - began
    if common.json:
        streams.answer(render_json(outcomes_document(outcomes, seconds, engine_name)))
    else:
        streams.answer(render_summary(outcomes, seconds, engine_name))
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def test_columns(
    graph: Graph, tables: Iterable[TableName], engine: Engine, known: Columns
) -> Columns:
    """The columns of everything that `tables` read, as declared or analysed."""
    read = {
        name for table in tables if table in graph.steps for name in graph.steps[table].upstream
    }
    moment = DEFAULT_NOW
    return columns_of(graph, read, engine, known, now=moment, today=moment.date())


def outcomes_of(
    tests: Sequence[UnitTest], graph: Graph, columns: Columns, engine: Engine
) -> Iterator[Outcome]:
    """Each test in a session of its own; one that does not fit fails alone."""
    for test in tests:
        session = engine.session()
        try:
            yield run_unit_test(test, graph, columns, session)
        except LakewrightError as error:
            yield UnitTestFailure(test, error.problems)
        finally:
            session.close()


def _chosen(
    space: Workspace,
    tests: Sequence[UnitTest],
    graph: Graph,
    select: list[str],
    exclude: list[str],
) -> list[UnitTest]:
    def modified() -> set[TableName]:
        return modified_tables(graph, read_state(space, project_lake(space), graph))

    tables = choose(graph, select, exclude, modified)
    found = [test for test in tests if tables is None or test.table in tables]
    if not found:
        what = "the selected tables have no tests" if tests else "there are no tests"
        raise UsageError("LW301", what, hint="tests are files tests/**/*.yml; see docs/project.md")
    return found


def _run_on_both(common: Common, select: list[str], exclude: list[str]) -> int:
    streams = Streams.of(common)
    documents, codes = [], []
    for engine in ENGINES:
        program = [sys.executable, "-m", "lakewright.cli", "test", "--engine", engine]
        done = subprocess.run(  # noqa: S603 - this program again, with its own arguments
            [*program, *_arguments(common, select, exclude)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        codes.append(done.returncode)
        if common.json and done.stdout:
            documents.append(json.loads(done.stdout))
        else:
            streams.answer(done.stdout)
    if common.json:
        ok = all(document["ok"] for document in documents)
        whole = {"format_version": FORMAT_VERSION, "ok": ok, "engines": documents}
        streams.answer(render_json(whole))
    return max(codes)


def _arguments(common: Common, select: list[str], exclude: list[str]) -> Iterator[str]:
    """The command line that was given, without the engine."""
    for name in ("target", "environment", "lake", "project", "color"):
        if (value := getattr(common, name)) is not None:
            yield from (f"--{name}", value)
    for flag in ("json", "verbose", "debug"):
        if getattr(common, flag):
            yield f"--{flag}"
    for selected in select:
        yield from ("--select", selected)
    for excluded in exclude:
        yield from ("--exclude", excluded)
