"""`rollback`: plan, show, ask, publish, let the heads follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from lakewright.cli.applying import Work, confirm
from lakewright.cli.options import Common
from lakewright.cli.planning import plan_serving
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    existing_lake,
    latest_release,
    locator,
    open_workspace,
    person,
)
from lakewright.errors import RefusedError, UsageError
from lakewright.graph import Graph
from lakewright.graph import select as select_tables
from lakewright.lake import Lake, Release
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.rollbacks import render_rollback, rollback_document
from lakewright.plans import Plan, Return, RollbackMode
from lakewright.runtime import earlier_release, plan_rollback, roll_back


@dataclass(frozen=True, slots=True)
class Back:
    """What a person asked for. `mode` is None when nothing was said."""

    to: int | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    reason: str
    mode: RollbackMode | None

    @classmethod
    def of(
        cls,
        to: int | None,
        select: Sequence[str] | None,
        exclude: Sequence[str] | None,
        reason: str,
        modes: Mapping[str, bool],
    ) -> Back:
        """UsageError LW355 for more than one mode, LW303 for an empty reason."""
        said = [mode for mode, chosen in modes.items() if chosen]
        if len(said) > 1:
            raise UsageError(
                "LW355",
                f"--{' and --'.join(said)} do not go together",
                hint="say one: `lakewright explain LW354` tells what each does",
            )
        if not reason.strip():
            raise UsageError("LW303", "--reason is empty", hint="say why, for those who look later")
        mode = cast("RollbackMode", said[0]) if said else None
        return cls(to, tuple(select or ()), tuple(exclude or ()), reason, mode)


def roll_back_environment(common: Common, back: Back, *, plan_only: bool, yes: bool) -> int:
    """`rollback`: readers go back with one record. Asks on a terminal; off it say `--yes`.

    RefusedError LW391 when the target serves and the engine has no catalog.
    """
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    if space.project is not None:
        lake.check_project(space.project.name)
    plan = _plan(space, lake, back)
    serving = plan_serving(space, lake, plan)
    color = streams.color and not (common.json and not plan_only)
    text = render_rollback(plan, serving, color=color, verbose=common.verbose)
    if plan_only:
        streams.answer(render_json(rollback_document(plan, serving)) if common.json else text)
        return 0
    (streams.tell if common.json else streams.answer)(text)
    if not plan.empty:
        _refuse_unsaid(back, space, plan)
        confirm(streams, plan, yes=yes)
    work = Work(common, space, lake, streams, [plan])
    return work.run(
        lambda engine, _watch: roll_back(plan, lake, engine, reason=back.reason, by=person())
    )


def _plan(space: Workspace, lake: Lake, back: Back) -> Plan:
    latest = latest_release(space, lake)
    target = lake.release(space.environment, _number(lake, latest, back))
    ask = Return(target, back.mode or "hold", reason=back.reason)
    return plan_rollback(
        lake,
        space.environment,
        ask,
        datetime.now(UTC),
        choose=_chooser(back),
        resolve=locator(space),
    )


def _number(lake: Lake, latest: Release, back: Back) -> int:
    number = back.to if back.to is not None else earlier_release(lake, latest)
    if not number:
        raise UsageError(
            "LW351",
            f"{latest.environment} has no release before {latest.release}",
            hint=f"`lakewright releases -e {latest.environment}` lists them",
        )
    return number


def _chooser(back: Back) -> Callable[[Graph, Graph], frozenset[TableName] | None]:
    """The selection in the code of now and in that of then: a table may be in one of them only."""

    def choose(before: Graph, target: Graph) -> frozenset[TableName] | None:
        if not back.select and not back.exclude:
            return None
        differing = _differing(before, target)
        chosen = _found((before, target), back.select, differing)
        if back.exclude:
            chosen -= _found((before, target), back.exclude, differing)
        if not chosen:
            raise UsageError("LW301", "everything is excluded", hint="leave out less")
        return frozenset(chosen)

    return choose


def _differing(before: Graph, target: Graph) -> set[TableName]:
    """`state:modified`: tables whose code or description is another then than it is now."""
    now, then = (
        {name: (step.fingerprint.own, step.metadata) for name, step in graph.steps.items()}
        for graph in (before, target)
    )
    return {name for name in now.keys() | then.keys() if now.get(name) != then.get(name)}


def _found(
    graphs: Sequence[Graph], expressions: Sequence[str], differing: set[TableName]
) -> set[TableName]:
    found: set[TableName] = set()
    errors = []
    for graph in graphs:
        try:
            found.update(select_tables(graph, expressions, (), lambda: differing))
        except UsageError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return found


def _refuse_unsaid(back: Back, space: Workspace, plan: Plan) -> None:
    """RefusedError LW354: on a protected environment somebody must say what happens next."""
    if back.mode is None and (space.protected or plan.state.protected):
        raise RefusedError(
            "LW354",
            f"{space.environment} is protected: say what the next refresh does with what goes back",
            hint="--hold: it stays until `lakewright resume` or `lakewright apply`;"
            " --replay: files and inputs since then are loaded again;"
            " --keep-ingest: loaded files stay, and what reads them is built again",
        )
