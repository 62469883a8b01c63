"""Rows by release: `sql` and `preview`. Nothing is written, and every query is guarded."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa

from lakewright.cli.choosing import choose_release, refuse_collected, released_graph
from lakewright.cli.engine import OnDemand
from lakewright.cli.inspecting import find_step
from lakewright.cli.options import Common
from lakewright.cli.querying import compile_query
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    compile_workspace,
    existing_lake,
    latest_release,
    locator,
    open_workspace,
)
from lakewright.engines import engine_capabilities, find_engine
from lakewright.errors import Place, RefusedError, UsageError
from lakewright.graph import Graph, SqlTransform, Step
from lakewright.lake import FileListing, Lake, Release, SourceHead
from lakewright.lake.control import read_through
from lakewright.names import TableName
from lakewright.observe.rows import RowFormat, render_rows
from lakewright.plans import clone_problem, is_clone
from lakewright.runtime import clock_parameters, read_query
from lakewright.runtime.parameters import render_parameters


@dataclass(frozen=True, slots=True)
class Question:
    """A guarded query, what it reads, and the values of its parameters."""

    transform: SqlTransform
    reads: tuple[TableName, ...]
    parameters: Mapping[str, str]
    where: Place | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which release: by number, by time, or the latest."""

    number: int | None = None
    as_of: str | None = None


def query_release(
    common: Common, query: str, wanted: Wanted, *, form: str, limit: int | None
) -> int:
    """`sql`: the rows of one SELECT over all tables of a release, at exactly its versions."""
    streams = Streams.of(common)
    shape = _row_format("json" if common.json else form)
    space = open_workspace(common)
    lake = existing_lake(space)
    # The latest record may be unreadable; a release asked for by its number is read all the same.
    found = choose_release(space, lake, wanted.number, wanted.as_of)
    rows = read_rows(space, lake, found, query, limit=limit)
    streams.answer(render_rows(rows, shape, color=streams.color))
    return 0


def read_rows(
    space: Workspace, lake: Lake, release: Release, query: str, *, limit: int | None = None
) -> pa.Table:
    """The rows of `query` over `release`, by the workspace's engine.

    RefusedError LW373 when rows of it were collected.
    """
    return _ask(space, lake, release, _question(query, release, space), limit)


def preview_rows(
    common: Common, table: str | None, query: str | None, *, limit: int, form: str
) -> int:
    """`preview`: what an edited query gives over the released inputs."""
    streams = Streams.of(common)
    shape = _row_format("json" if common.json else form)
    if (table is None) == (query is None):
        raise UsageError("LW303", "preview takes a table or --sql, one of them")
    space = open_workspace(common)
    lake = existing_lake(space)
    release = latest_release(space, lake)
    if query is not None:
        question = _question(query, release, space)
    else:
        graph = compile_workspace(space)
        question = _question_of(find_step(graph, str(table)), graph)
    rows = _ask(space, lake, release, question, limit)
    streams.answer(render_rows(rows, shape, color=streams.color))
    return 0


def _question(query: str, release: Release, space: Workspace) -> Question:
    transform, reads = compile_query(query, release)
    zone = space.project.timezone if space.project else "UTC"
    now = datetime.now(UTC)
    parameters = clock_parameters(now, now.astimezone(ZoneInfo(zone)).date())
    return Question(transform, reads, parameters)


def _question_of(step: Step, graph: Graph) -> Question:
    """The query of a table; UsageError LW305 when something else makes its rows."""
    if not isinstance(step.transform, SqlTransform):
        raise UsageError(
            "LW305",
            f"{step.name} is not made by a query, so there is none to preview",
            hint=f'lakewright sql "SELECT * FROM {step.name}" shows its released rows',
        )
    now = datetime.now(UTC)
    parameters = render_parameters(step, now, now.astimezone(ZoneInfo(graph.timezone)).date())
    return Question(step.transform, step.reads, parameters, step.where)


def _ask(
    space: Workspace, lake: Lake, release: Release, question: Question, limit: int | None
) -> pa.Table:
    missing = [str(name) for name in question.reads if name not in release.tables]
    if missing:
        raise RefusedError(
            "LW342",
            f"release {release.release} of {release.environment} has no {', '.join(missing)}",
            question.where,
            hint="apply that first: a preview reads released tables only",
        )
    refuse_clones(space, release, question.reads)
    now = datetime.now(UTC)
    refuse_collected(lake, release, question.reads, now)
    graph, inputs = behind_release(space, lake, release, question.reads)
    opened = OnDemand(
        space.engine,
        lambda: find_engine(space.engine, conf=space.conf, tell=sys.stderr.write),
    )
    with closing(opened) as engine:
        return read_query(
            engine,
            lake,
            graph,
            release,
            question.transform,
            inputs=inputs,
            parameters=question.parameters,
            limit=limit,
        )


def refuse_clones(space: Workspace, release: Release, reads: tuple[TableName, ...]) -> None:
    """RefusedError LW366 for a shallow clone, read itself or through views, that cannot be."""
    if engine_capabilities(space.engine).shallow_clone:
        return
    cloned = [name for name in read_through(release, reads) if is_clone(release.tables[name])]
    if cloned:
        environment = release.environment
        raise RefusedError.of(clone_problem(str(name), environment) for name in cloned)


# A released graph and its inputs as they are now.
Behind = tuple[Graph, Mapping[TableName, SourceHead | FileListing]]


def behind_release(
    space: Workspace, lake: Lake, release: Release, reads: tuple[TableName, ...]
) -> Behind:
    """The released graph and its inputs, where views or sources are read; else none is needed."""
    if all(release.tables[name].location for name in reads):
        return Graph("", {}, (), {}, "UTC", 0), {}
    graph = released_graph(lake, release)
    return graph, lake.state(space.environment, graph.inputs, resolve=locator(space)).inputs


def _row_format(text: str) -> RowFormat:
    if text not in get_args(RowFormat):
        raise UsageError("LW303", f"--format {text} is not a format", hint="table, csv or json")
    return cast("RowFormat", text)
