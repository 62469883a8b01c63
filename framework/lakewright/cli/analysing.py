"""`validate --analyze`: what an engine finds in the queries, over empty inputs."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lakewright.cli.options import Common
from lakewright.cli.workspace import Workspace, locator, open_workspace
from lakewright.engines import find_engine
from lakewright.errors import LakeError, SpecError
from lakewright.graph import Graph
from lakewright.lake import Field, Lake, Release, open_lake, read_source
from lakewright.names import TableName
from lakewright.runtime import Analysis, analyse_graph
from lakewright.specs import DeltaInput


def analyse_project(common: Common, graph: Graph) -> Analysis:
    """The analysis of a compiled project, by `--engine` or the embedded one.

    SpecError with every problem the engine finds. Released columns stand in for inputs that
    declare none; without a lake such inputs stay unknown.
    """
    space = open_workspace(common)
    name = common.engine or "sail"
    now = datetime.now(UTC)
    conf = space.conf if common.engine else {}
    with closing(find_engine(name, conf=conf, tell=sys.stderr.write)) as engine:
        found = analyse_graph(
            graph,
            engine,
            known_columns(space, graph),
            now=now,
            today=now.astimezone(ZoneInfo(graph.timezone)).date(),
        )
    if found.problems:
        raise SpecError.of(found.problems)
    return found


def known_columns(space: Workspace, graph: Graph) -> dict[TableName, tuple[Field, ...]]:
    """Columns of inputs that declare none: sources as they are, ingests as released."""
    lake = open_lake(space.lake_uri)
    release = _latest(lake, space.environment)
    known = {name: entry.schema for name, entry in release.tables.items()} if release else {}
    locate = locator(space)
    for one in graph.inputs:
        if isinstance(one, DeltaInput) and not graph.steps[one.table].declared:
            head = read_source(lake.tables, locate(one.location))
            if not head.missing:
                known[one.table] = head.fields
    return known


def _latest(lake: Lake, environment: str) -> Release | None:
    try:
        return lake.latest(environment)
    except LakeError:  # what is in the lake is not what is validated here
        return None
