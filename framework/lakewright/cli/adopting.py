"""`adopt`: an existing Delta table becomes the first version of a table of the project."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import cast

from lakewright.cli.applying import apply_planned
from lakewright.cli.inspecting import find_step
from lakewright.cli.options import Common
from lakewright.cli.planning import Planned, narrow
from lakewright.cli.workspace import (
    Workspace,
    compile_workspace,
    locator,
    open_workspace,
    project_lake,
    read_state,
)
from lakewright.errors import LakeError, RefusedError, UsageError
from lakewright.graph import Graph, Step
from lakewright.lake import Lake, LakeState, read_source
from lakewright.plans import FilesChoice, FoundTable, plan_adoption

_HOME = "_lakewright/"


def adopt_table(
    common: Common, table: str, location: str, *, files: str | None, yes: bool, reason: str
) -> int:
    """Look at what is there, show the plan, ask, measure every rule, publish one release.

    LakeError LW395 where no Delta table is; RefusedError LW396 for a place that cannot be taken;
    UsageError LW397 when nothing says what becomes of an ingest's files.
    """
    space = open_workspace(common)
    graph = compile_workspace(space)
    lake = project_lake(space)
    state = read_state(space, lake, graph)
    step = find_step(graph, table)
    choice = _files_choice(step, files)
    graph, state = _released_others(space, lake, graph, state, step)
    found = _find_table(space, lake, state, location)
    now = datetime.now(UTC)
    plan = plan_adoption(graph, state, graph.steps[step.name], found, now=now, files=choice)
    return apply_planned(common, Planned(space, lake, plan), yes=yes, reason=reason)


def _files_choice(step: Step, files: str | None) -> FilesChoice | None:
    if files is not None and (files not in {"loaded", "pending"} or step.kind != "ingest"):
        raise UsageError(
            "LW303",
            f"--files {files} says nothing of {step.name}",
            hint="--files loaded, or --files pending, for a table that is loaded from files",
        )
    if files is None and step.kind == "ingest":
        raise UsageError(
            "LW397",
            f"{step.name} is loaded from files: are those that match now in the table already?",
            hint="--files loaded notes them as loaded; --files pending loads them by the next run",
        )
    return cast("FilesChoice | None", files)


def _released_others(
    space: Workspace, lake: Lake, graph: Graph, state: LakeState, step: Step
) -> tuple[Graph, LakeState]:
    """All other tables as they are released, where all that the table reads is."""
    released = state.release.tables if state.release else {}
    sources = {name for name, other in graph.steps.items() if other.kind == "source"}
    if all(name in released or name in sources for name in step.upstream):
        return narrow(
            space, lambda other: read_state(space, lake, other), graph, state, (step.name,)
        )
    return graph, state


def _find_table(space: Workspace, lake: Lake, state: LakeState, written: str) -> FoundTable:
    """The newest version of the table there."""
    text = written.removeprefix("file://").rstrip("/")
    place = _real(locator(space)(text))
    base, location = _split(lake, text, place)
    if not base:
        _refuse_taken(state, location)
    source = read_source(lake.tables, place)
    if source.missing:
        raise LakeError(
            "LW395", f"there is no Delta table at {written}", hint="look at the path once more"
        )
    head = lake.tables.at(place, source.version)
    return FoundTable(head, location, base, source.data_version)


def _split(lake: Lake, written: str, place: str) -> tuple[str, str]:
    """The base ("" for this lake) and the location below it."""
    inside = f"{_real(lake.uri)}/"
    if place.startswith(inside):
        return "", place.removeprefix(inside)
    told = written if "${" in written or "://" in written else place
    base, _, location = told.rpartition("/")
    if not base or not location or "${" in location or base.endswith("/"):
        raise RefusedError(
            "LW396",
            f"`{written}` names no folder below a root",
            hint="write the root and the folder, as in ${env:LAKE}/orders",
        )
    return base, location


def _refuse_taken(state: LakeState, location: str) -> None:
    tables = state.release.tables.values() if state.release else ()
    taken = [entry.table for entry in tables if not entry.base and entry.location == location]
    if taken or location.startswith(_HOME):
        whose = f"belongs to {taken[0]}" if taken else "is where Lakewright keeps its records"
        raise RefusedError("LW396", f"{location} {whose}", hint="adopt a table that nobody manages")


def _real(place: str) -> str:
    """A local folder without links, so that the lake is known by whatever way one came."""
    return place if "://" in place else os.path.realpath(place)
