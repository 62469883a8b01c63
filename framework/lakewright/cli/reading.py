"""Rows by release: `sql` and `preview`. Nothing is written, and every query is guarded."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast, get_args
from zoneinfo import ZoneInfo

import pyarrow as pa

from lakewright.cli.inspecting import find_step
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    compile_workspace,
    existing_lake,
    latest_release,
    locator,
    open_workspace,
    with_code,
)
from lakewright.engines import open_engine
from lakewright.errors import Place, RefusedError, UsageError
from lakewright.graph import Graph, SqlTransform, Step, compile_project
from lakewright.lake import Lake, LakeState, Release
from lakewright.names import TableName
from lakewright.observe.rows import RowFormat, render_rows
from lakewright.plans import compile_released
from lakewright.runtime import read_query
from lakewright.runtime.parameters import render_parameters
from lakewright.specs import (
    ColumnSpec,
    DeltaInput,
    Project,
    Segment,
    SqlText,
    TableSpec,
)

_QUERY = TableName("_query", "rows")
_NOWHERE = Place("<query>", 1)


def query_release(
    common: Common, query: str, *, release: int | None, form: str, limit: int | None
) -> int:
    """`sql`: the rows of one SELECT over all tables of a release, at exactly its versions."""
    streams = Streams.of(common)
    shape = _row_format("json" if common.json else form)
    space = open_workspace(common)
    lake = existing_lake(space)
    found = latest_release(space, lake)
    if release is not None:
        found = lake.release(space.environment, release)
    rows = read_rows(space, lake, found, query, limit=limit)
    streams.answer(render_rows(rows, shape, color=streams.color))
    return 0


def read_rows(
    space: Workspace, lake: Lake, release: Release, query: str, *, limit: int | None = None
) -> pa.Table:
    """The rows of `query` over `release`, by the workspace's engine."""
    step = compile_query(query, release)
    return _run(space, lake, release, step, limit)


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
        step = compile_query(query, release)
    else:
        step = find_step(compile_workspace(space), str(table))
    rows = _run(space, lake, release, step, limit)
    streams.answer(render_rows(rows, shape, color=streams.color))
    return 0


def compile_query(query: str, release: Release) -> Step:
    """A query that no table owns, compiled and guarded like a transform over released tables."""
    text = SqlText("<query>", query, query, (Segment(0, 0, copied=True),))
    asked = TableSpec(_QUERY, "view", "query", _NOWHERE, query=text)
    stored = (_as_source(release, name) for name in sorted(release.tables))
    return compile_project(_project((*stored, asked))).steps[_QUERY]


def _as_source(release: Release, name: TableName) -> TableSpec:
    """A released table as something to read from, with the columns it was released with."""
    entry = release.tables[name]
    columns = tuple(ColumnSpec(field.name, _NOWHERE, field.type) for field in entry.schema)
    place = DeltaInput(name, entry.location, _NOWHERE)
    return TableSpec(name, "source", "released", _NOWHERE, columns=columns, input=place)


def _project(tables: Iterable[TableSpec]) -> Project:
    listed = tuple(tables)
    schemas = {spec.name.schema: spec.layer for spec in listed}
    return Project(
        name="query",
        root="",
        schemas=schemas,
        layers=("released", "query"),
        vars={},
        timezone="UTC",
        retention_days=30,
        keep_releases=None,
        strict=False,
        targets={},
        default_target=None,
        tables=listed,
    )


def _run(space: Workspace, lake: Lake, release: Release, step: Step, limit: int | None) -> pa.Table:
    if not isinstance(step.transform, SqlTransform):
        raise UsageError(
            "LW305",
            f"{step.name} is not made by a query, so there is none to preview",
            hint=f'lakewright sql "SELECT * FROM {step.name}" shows its released rows',
        )
    _refuse_unreleased(step, release)
    graph, state = _behind(space, lake, release, step)
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(graph.timezone)).date()
    with closing(open_engine(space.engine, conf=space.conf)) as engine:
        return read_query(
            engine,
            lake,
            graph,
            release,
            step.transform,
            inputs=state.inputs,
            parameters=render_parameters(step, now, today),
            limit=limit,
        )


def _refuse_unreleased(step: Step, release: Release) -> None:
    missing = [str(name) for name in step.reads if name not in release.tables]
    if missing:
        raise RefusedError(
            "LW342",
            f"release {release.release} of {release.environment} has no {', '.join(missing)}",
            step.where if step.name != _QUERY else None,
            hint="apply that first: a preview reads released tables only",
        )


def _behind(space: Workspace, lake: Lake, release: Release, step: Step) -> tuple[Graph, LakeState]:
    """The released graph, where views or sources are read; stored tables need none."""
    state = replace(lake.state(space.environment, ()), release=release)
    if all(release.tables[name].kind not in {"view", "source"} for name in step.reads):
        return compile_project(_project(())), state
    graph = compile_released(with_code(state, lake))
    inputs = lake.state(space.environment, graph.inputs, resolve=locator(space)).inputs
    return graph, replace(state, inputs=inputs)


def _row_format(text: str) -> RowFormat:
    if text not in get_args(RowFormat):
        raise UsageError("LW303", f"--format {text} is not a format", hint="table, csv or json")
    return cast("RowFormat", text)
