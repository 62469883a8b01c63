"""Continuous production: the released code over whatever is there now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from lakewright.engines.port import Engine
from lakewright.errors import RefusedError
from lakewright.graph import Graph
from lakewright.lake import Lake, LakeState, Release
from lakewright.names import TableName
from lakewright.plans import DriftChoice, Plan, compile_released, make_plan
from lakewright.runtime.applying import apply_plan
from lakewright.runtime.values import Event, Report

OVERTAKEN_BY_CODE = "LW334"
_DEPLOYING = {"apply", "fork"}  # a fork brings the code of what it was forked from


def released_graph(lake: Lake, environment: str) -> Graph:
    """The graph of the latest release's own code; LakeError LW5xx when there is no release."""
    return compile_released(lake.state(environment, ()))


def plan_refresh(
    lake: Lake,
    environment: str,
    now: datetime,
    *,
    resolve: Callable[[str], str] = str,
    select: Callable[[Graph], Collection[TableName] | None] = lambda _: None,
    full: bool = False,
    drift: DriftChoice | None = None,
) -> Plan:
    """What a refresh would do at `now`. `select` picks the tables once the graph is known."""
    graph, state = _released(lake, environment, resolve)
    _refuse_undeployed(lake, state)
    return make_plan(
        graph, state, now, kind="refresh", select=select(graph), full=full, drift=drift
    )


def _released(
    lake: Lake, environment: str, resolve: Callable[[str], str]
) -> tuple[Graph, LakeState]:
    """The released graph and the state of that very release: a deploy may come in between."""
    while True:
        before = lake.state(environment, ())
        graph = compile_released(before)
        state = lake.state(environment, graph.inputs, resolve=resolve)
        if state.release == before.release:
            return graph, state


def _refuse_undeployed(lake: Lake, state: LakeState) -> None:
    """RefusedError LW335 for code that no `apply` brought: a refresh runs only what was deployed.

    A fork brings the code of its parent, which an `apply` brought there.

    Reads one record per release that brought code which is still in use.
    """
    entries = state.release.tables.values() if state.release else ()
    origins: dict[int, Release] = {}
    for entry in entries:
        if not entry.code:
            continue
        number = entry.introduced
        if number not in origins:
            origins[number] = lake.release(state.environment, number)
        origin = origins[number]
        deployed = origin.tables.get(entry.table)
        if origin.kind not in _DEPLOYING or deployed is None or deployed.code != entry.code:
            raise RefusedError(
                "LW335",
                f"the code of {entry.table} was brought by no apply",
                hint="deploy it with `lakewright apply`",
            )


def refresh(
    replan: Callable[[], Plan],
    lake: Lake,
    engine: Engine,
    *,
    watch: Callable[[Event], None],
    workers: int = 4,
    reason: str = "",
    by: str = "",
    run_id: str | None = None,
) -> Report:
    """Apply what `replan` says; a run that lost to newly deployed code plans once more.

    `run_id` is the name of the first of the two; no two runs share one.
    """

    def once(run_id: str | None = None) -> Report:
        return apply_plan(
            replan(),
            lake,
            engine,
            run_id=run_id,
            watch=watch,
            workers=workers,
            reason=reason,
            by=by,
        )

    report = once(run_id)
    if any(problem.code == OVERTAKEN_BY_CODE for problem in report.problems):
        report = once()
    return report
