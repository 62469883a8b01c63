"""`apply` and `refresh`: plan, show, ask, run, report."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from lakewright.cli.bases import tell_costs
from lakewright.cli.engine import OnDemand
from lakewright.cli.environments import begin_environment, finish_fork
from lakewright.cli.options import Common
from lakewright.cli.planning import (
    Planned,
    Wish,
    check_engine,
    folds,
    plan_project,
    plan_serving,
    plan_text,
    read_saved,
    refuse_stale,
    wish_of,
)
from lakewright.cli.progress import watched
from lakewright.cli.serving import serve_after
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    choose,
    existing_lake,
    latest_release,
    locator,
    modified_tables,
    open_workspace,
    person,
)
from lakewright.engines import Engine, find_engine
from lakewright.errors import RefusedError, UsageError
from lakewright.graph import Graph
from lakewright.lake import Lake, Release
from lakewright.names import TableName
from lakewright.observe import render_json, render_problems
from lakewright.observe.reports import render_report
from lakewright.plans import AdoptHead, AdoptTable, BuildTable, Plan, refuse_undecided
from lakewright.runtime import Report, Watch, apply_plan, plan_refresh, put_report, report_document
from lakewright.runtime import refresh as run_refresh


def apply_project(
    common: Common,
    wish: Wish,
    *,
    plan_file: str | None,
    exact: bool,
    yes: bool,
    reason: str,
    run_id: str | None = None,
) -> int:
    """`apply`: all or nothing. Asks on a terminal; off it `--yes` must be said."""
    finish_fork(common)
    planned = _planned(common, wish, plan_file, exact=exact)
    return apply_planned(common, planned, yes=yes, reason=reason, wish=wish, run_id=run_id)


def apply_planned(
    common: Common,
    planned: Planned,
    *,
    yes: bool,
    reason: str,
    wish: Wish | None = None,
    run_id: str | None = None,
) -> int:
    """Show a plan, ask, run it and tell how it ended.

    A plan over a base begins the environment first, and plans what `wish` says again there.
    """
    streams = Streams.of(common)
    plan = check_engine(planned.plan, planned.space.engine, fold=folds(common))
    color = streams.color and not common.json
    text = plan_text(planned.space, plan, common, planned.serving, color=color)
    (streams.tell if common.json else streams.answer)(text)
    refuse_engine(planned.space, protected=plan.state.protected)
    refuse_undecided(plan)
    if not plan.empty or planned.over is not None:
        confirm(streams, plan, yes=yes)
        _make_lake(planned)
    if planned.over is not None:
        base = plan.base_release
        assert base is not None, "a plan over a base has its release"
        streams.tell(begin_environment(planned.space, planned.lake, planned.over, base, reason))
        planned = plan_project(common, wish or Wish())
        plan = check_engine(planned.plan, planned.space.engine, fold=folds(common))
    work = Work(common, planned.space, planned.lake, streams, [plan], run_id)
    return work.run(
        lambda engine, watch: apply_plan(
            _ready(plan, engine),
            planned.lake,
            engine,
            run_id=run_id,
            reason=reason,
            by=person(),
            watch=watch,
        )
    )


def refresh_release(common: Common, wish: Wish, *, reason: str, run_id: str | None = None) -> int:
    """`refresh`: the released code over what is there now. Never asks; holds what fails.

    RefusedError LW512 inside a project that the lake does not belong to.
    """
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    if space.project is not None:  # its folder is where inputs are looked for
        lake.check_project(space.project.name)
    latest_release(space, lake)

    def select(graph: Graph) -> Collection[TableName] | None:
        state = lake.state(space.environment, ())
        return choose(graph, wish.select, wish.exclude, lambda: modified_tables(graph, state))

    plans: list[Plan] = []

    def replan() -> Plan:
        plan = plan_refresh(
            lake,
            space.environment,
            datetime.now(UTC),
            resolve=locator(space),
            select=select,
            full=wish.full,
            drift=wish.drift_choice,
        )
        plan = tell_costs(plan, space, lake)
        plan = check_engine(plan, space.engine, fold=folds(common))
        serving = plan_serving(space, lake, plan)
        text = plan_text(space, plan, common, serving, color=streams.color and not common.json)
        (streams.tell if common.json else streams.answer)(text)
        refuse_engine(space, protected=plan.state.protected)
        refuse_undecided(plan)
        plans.append(plan)
        return plan

    work = Work(common, space, lake, streams, plans, run_id)
    return work.run(
        lambda engine, watch: run_refresh(
            lambda: _ready(replan(), engine),
            lake,
            engine,
            watch=watch,
            reason=reason,
            by=person(),
            run_id=run_id,
        )
    )


def refuse_engine(space: Workspace, *, protected: bool) -> None:
    """RefusedError LW340: Sail writes no protected environment unless somebody said so."""
    if (space.protected or protected) and space.engine == "sail" and not space.explicit_engine:
        raise RefusedError(
            "LW340",
            f"{space.environment} is protected, and nothing says that Sail may write it",
            hint="say `engine: sail` in the target, or --engine spark",
        )


@dataclass(frozen=True, slots=True)
class Work:
    """One run and what it tells. Of `plans` the last one ran.

    Its report is stored under `run_id`, when there is one, whatever the run itself stored.
    """

    common: Common
    space: Workspace
    lake: Lake
    streams: Streams
    plans: list[Plan]
    run_id: str | None = None

    def run(self, start: Callable[[OnDemand, Watch], Report]) -> int:
        """Start the run with an engine that opens when needed; print its report.

        That is told before the engine is closed: whatever its libraries do when they end, a person
        knows how the run did.
        """
        before = self.lake.latest(self.space.environment)
        engine = OnDemand(self.space.engine, self._open)
        try:
            with closing(engine):
                with watched(self.streams) as watch:
                    report = start(engine, watch)
                report = serve_after(self.space, self.lake, engine, self.streams, report)
                if self.run_id is not None:
                    report = put_report(self.lake, self.run_id, report)
                self._tell(report)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._published_since(before)) from None
        return report.exit_code

    def _open(self) -> Engine:
        name, tell = self.space.engine, self.streams.tell
        return find_engine(name, conf=self.space.conf, tell=tell, announce=True)

    def _published_since(self, before: Release | None) -> str:
        after = self.lake.latest(self.space.environment)
        if after is None or (before is not None and before.release == after.release):
            return "nothing was published"
        return f"release {after.release} was published before"

    def _tell(self, report: Report) -> None:
        """Problems first, so that the last lines say what readers have now."""
        streams, verbose = self.streams, self.common.verbose
        if report.problems:
            streams.tell(f"\n{render_problems(report.problems, streams.err_color)}")
        if self.common.json:
            streams.answer(render_json(report_document(report)))
        elif report.tables or report.release is not None or report.served or not report.ok:
            plan = self.plans[-1]
            text = render_report(report, plan=plan, color=streams.color, verbose=verbose)
            streams.answer(f"\n{text}")


def _ready(plan: Plan, engine: OnDemand) -> Plan:
    """The plan, with the engine started when it writes rows.

    An engine that cannot start is then one error, before anything is claimed.
    """
    if any(isinstance(it, BuildTable | AdoptHead | AdoptTable) for it in plan.changes):
        engine.start()
    return plan


def _planned(common: Common, wish: Wish, plan_file: str | None, *, exact: bool) -> Planned:
    if plan_file is None:
        if exact:
            raise UsageError(
                "LW303", "--exact needs a saved plan", hint="lakewright apply plan.json"
            )
        return plan_project(common, wish)
    if wish != Wish():
        raise UsageError(
            "LW303",
            "a saved plan already says what to select and allow",
            hint="plan again with these options and save that",
        )
    saved = read_saved(plan_file)
    wish = wish_of(saved)
    planned = plan_project(common, wish)
    refuse_stale(saved, planned.plan, wish, exact=exact)
    return planned


def confirm(streams: Streams, plan: Plan, *, yes: bool) -> None:
    if yes:
        return
    if not streams.asks:
        raise RefusedError(
            "LW302",
            f"nobody can be asked whether to change {plan.environment}: this is not a terminal",
            hint="look at the plan, then say --yes",
        )
    streams.tell(f"Apply these changes to {plan.environment}? [y/N] ")
    if input().strip().lower() not in {"y", "yes"}:
        raise RefusedError(
            "LW302", "not confirmed: nothing was applied", hint="answer y, or say --yes"
        )


def _make_lake(planned: Planned) -> None:
    """The lake of a first apply, and the mark of a protected target."""
    lake, space = planned.lake, planned.space
    if not lake.exists():
        lake.create(planned.plan.graph.project, uuid.uuid4().hex, planned.plan.now)
    if space.protected:
        lake.protect(space.environment)
