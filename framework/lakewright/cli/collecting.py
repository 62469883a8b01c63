"""`gc`: plan, show, ask, collect. The only command that deletes files."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime

from lakewright.cli.durations import parse_duration
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace, existing_lake, open_workspace, user_name
from lakewright.errors import RefusedError
from lakewright.lake import Lake
from lakewright.observe import render_json
from lakewright.observe.collecting import (
    collect_document,
    collect_report_document,
    render_collect_plan,
    render_collect_report,
)
from lakewright.plans.collecting import CollectPlan
from lakewright.runtime.collecting import Collecting, collect
from lakewright.runtime.surveying import Order, plan_collection


def collect_garbage(common: Common, *, dry_run: bool, yes: bool, grace: str, reason: str) -> int:
    """`gc`: deletes what nothing living needs. Asks on a terminal; off it `--yes` must be said.

    RefusedError LW512 inside a project that the lake does not belong to.
    """
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = _lake(space)
    order = Order(
        space.environment, datetime.now(UTC), parse_duration(grace, "--grace"), space.project
    )
    plan = plan_collection(lake, order)
    quiet = dry_run or plan.empty
    if common.json and quiet:
        streams.answer(render_json(collect_document(plan, dry_run=dry_run)))
    else:
        text = render_collect_plan(
            plan, color=streams.color and not common.json, verbose=common.verbose
        )
        (streams.tell if common.json else streams.answer)(text)
    if quiet:
        return 0
    _confirm(streams, plan, yes=yes)
    work = Collecting(str(uuid.uuid4()), lake, order, by=user_name(os.environ), reason=reason)
    report = collect(plan, work)
    if common.json:
        streams.answer(render_json(collect_report_document(report)))
    else:
        streams.answer(f"\n{render_collect_report(report)}")
    return 0


def _lake(space: Workspace) -> Lake:
    lake = existing_lake(space, even_ended=True)
    if space.project is not None:
        lake.check_project(space.project.name)
    return lake


def _confirm(streams: Streams, plan: CollectPlan, *, yes: bool) -> None:
    if yes:
        return
    if not streams.asks:
        raise RefusedError(
            "LW302",
            f"nobody can be asked whether to collect {plan.environment}: this is not a terminal",
            hint="look at `lakewright gc --dry-run`, then say --yes",
        )
    streams.tell(f"Delete this from {plan.environment}? It cannot be taken back. [y/N] ")
    if input().strip().lower() not in {"y", "yes"}:
        raise RefusedError(
            "LW302", "not confirmed: nothing was deleted", hint="answer y, or say --yes"
        )
