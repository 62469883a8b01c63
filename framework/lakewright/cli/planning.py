"""`plan`: what would change. Also what `apply` needs to make, save and compare plans."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from lakewright.cli.bases import Over, find_base, tell_costs
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    choose,
    compile_workspace,
    modified_tables,
    need_project,
    open_workspace,
    project_lake,
    read_state,
)
from lakewright.errors import LakeError, RefusedError, StalePlanError, UsageError
from lakewright.graph import Graph
from lakewright.lake import Lake, LakeState, read_served
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.plans import code_of, plan_document, render_plan
from lakewright.plans import (
    DriftChoice,
    DropTable,
    Plan,
    RestoreTable,
    Serving,
    make_plan,
    make_serving,
    merge_selected,
    refuse_clones,
    refuse_unfit_pending,
)

PENDING = 3  # the exit code of `plan --detailed-exitcode`

_FUNCTION = re.compile(r"`(\w+)`")
_DECIDED = {"create", "rebuild", "alter", "drop"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked of a plan beyond the project itself; a saved plan holds it."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow_destructive: tuple[str, ...] = ()
    drift: str | None = None
    full: bool = False

    @classmethod
    def of(
        cls,
        select: Sequence[str] | None,
        exclude: Sequence[str] | None,
        allow_destructive: Sequence[str] | None,
        drift: str | None,
        *,
        full: bool,
    ) -> Wish:
        if drift not in {None, "adopt", "discard"}:
            raise UsageError(
                "LW303",
                f"--drift {drift} is not a choice",
                hint="--drift adopt publishes what others wrote, --drift discard puts tables back",
            )
        return cls(
            tuple(select or ()), tuple(exclude or ()), tuple(allow_destructive or ()), drift, full
        )

    @property
    def drift_choice(self) -> DriftChoice | None:
        return cast("DriftChoice | None", self.drift)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with where it was made, and what its target would serve of it."""

    space: Workspace
    lake: Lake
    plan: Plan
    serving: Serving | None = None
    over: Over | None = None  # what the environment is forked from before the plan is applied


def plan_project(
    common: Common, wish: Wish, base: str | None = None, *, cached: bool = False
) -> Planned:
    """Compile, read the lake, compare. Writes nothing to it and starts no engine.

    `base`: compare with the latest release of that environment instead. `cached`: only to look at.
    """
    space = open_workspace(common, cached=cached)
    graph = compile_workspace(space)
    lake = project_lake(space)
    over = find_base(space, lake, base)

    def read(graph: Graph) -> LakeState:
        own = read_state(space, lake, graph)
        return own if over is None else over.read(space, own, graph)

    state = read(graph)
    select = choose(graph, wish.select, wish.exclude, lambda: modified_tables(graph, state))
    if select is not None:
        graph, state = narrow(space, read, graph, state, select)
    plan = make_plan(
        graph,
        state,
        datetime.now(UTC),
        select=select,
        allow_destructive=frozenset(TableName.parse(name) for name in wish.allow_destructive),
        full=wish.full,
        drift=wish.drift_choice,
    )
    if select is None and plan.pending:
        refuse_unfit_pending(need_project(space), plan)
    plan = tell_costs(plan, space, lake)
    return Planned(space, lake, plan, plan_serving(space, lake, plan), over)


def show_plan(
    common: Common, wish: Wish, *, out: str | None, detailed: bool, base: str | None = None
) -> int:
    """`plan`: print it, save it when asked; exit 3 with `--detailed-exitcode` and changes."""
    streams = Streams.of(common)
    planned = plan_project(common, wish, base, cached=True)
    plan = check_engine(planned.plan, planned.space.engine, fold=folds(common))
    if out is not None:
        saved = {**plan_document(plan, planned.serving), "decision": decision_of(plan, wish)}
        _save(out, render_json(saved))
        streams.tell(f"Saved; `lakewright apply {out}` applies it.\n")
    if common.json:
        streams.answer(render_json(plan_document(plan, planned.serving)))
    else:
        text = plan_text(planned.space, plan, common, planned.serving, color=streams.color)
        streams.answer(text)
    return PENDING if detailed and not plan.empty else 0


def check_engine(plan: Plan, engine: str, *, fold: bool) -> Plan:
    """The plan with notes on what `engine` may do otherwise; RefusedError LW366, LW606, LW607.

    `fold`: one line that names the functions, instead of one for each.
    """
    running = {
        change.table: change.step
        for change in plan.changes
        if not isinstance(change, DropTable | RestoreTable)
    }
    if not running:
        return plan
    # The package of engines brings readers of files, which a plan without changes never needs.
    from lakewright.engines import engine_capabilities
    from lakewright.engines.support import check_support

    if not engine_capabilities(engine).shallow_clone:
        refuse_clones(plan)
    graph = replace(plan.graph, steps=running)
    notes = check_support(graph, engine, graph.strict)
    told = fold_notes(notes, engine) if fold else notes
    return replace(plan, notes=(*plan.notes, *told))


def plan_serving(space: Workspace, lake: Lake, plan: Plan) -> Serving | None:
    """What the plan's target would serve; None when it serves nothing. Starts no engine.

    RefusedError LW391 when the engine has no catalog, LW392 when two tables would have one name.
    """
    if space.serve is None:
        return None
    # The package of engines brings readers of files, which most plans never need.
    from lakewright.engines import engine_capabilities

    if not engine_capabilities(space.engine).catalog:
        raise RefusedError(
            "LW391",
            f"target {space.target} serves into {space.serve.catalog}, and {space.engine} has no"
            " catalog",
            space.serve.where,
            hint="--engine spark",
        )
    note = read_served(lake.store, space.environment, space.serve.catalog)
    return make_serving(space.serve, plan, note)


def folds(common: Common) -> bool:
    """Whether long lists are folded: not for programs, nor for who asked for everything."""
    return not (common.json or common.verbose)


def fold_notes(notes: Sequence[str], engine: str) -> tuple[str, ...]:
    """Notes that begin with a quoted function as one line that names them."""
    named = [(_FUNCTION.match(note), note) for note in notes]
    functions = [found.group(1) for found, _ in named if found]
    others = [note for found, note in named if not found]
    if functions:
        said = ", ".join(functions)
        others.append(f"{engine} can differ from spark in edge cases of {said} (-v says which)")
    return tuple(others)


def plan_text(
    space: Workspace, plan: Plan, common: Common, serving: Serving | None = None, *, color: bool
) -> str:
    """The plan for people, with the retention that the project promises."""
    days = space.project.retention_days if space.project else None
    return render_plan(
        plan, color=color, verbose=common.verbose, retention_days=days, serving=serving
    )


def decision_of(plan: Plan, wish: Wish) -> dict[str, Any]:
    """What a person agreed to by looking at a plan.

    Released code, code changes, drops, and which commits of others are adopted or discarded.
    """
    release = plan.state.release
    changes = {}
    for change in plan.changes:
        if change.action in _DECIDED:
            code = (
                "" if isinstance(change, DropTable | RestoreTable) else change.step.fingerprint.full
            )
            changes[str(change.table)] = [change.action, code]
    return {
        "wish": {key: _listed(value) for key, value in asdict(wish).items()},
        "lake": plan.state.lake_id,
        "released_code": code_of(release) if release else "",
        "changes": changes,
        "drift": _judged(plan) if wish.drift else {},
    }


def _judged(plan: Plan) -> dict[str, list[int]]:
    return {str(it.table): [one.version for one in it.commits] for it in plan.state.drift}


def read_saved(path: str) -> dict[str, Any]:
    """A saved plan; UsageError LW309 when the file is not one."""
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        wish = saved["decision"]["wish"]
        if set(wish) != {field.name for field in fields(Wish)}:
            raise ValueError("it was made by another version")  # noqa: TRY301 - told like the rest
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            "LW309",
            f"`{path}` is not a saved plan: {_why_not(error)}",
            hint="lakewright plan --out plan.json writes one",
        ) from error
    return cast("dict[str, Any]", saved)


def _why_not(error: Exception) -> str:
    match error:
        case OSError():
            return error.strerror or type(error).__name__
        case KeyError():
            return f"it has no {error}"
        case _:
            return str(error)


def wish_of(saved: dict[str, Any]) -> Wish:
    """What the saved plan was asked for."""
    wish = saved["decision"]["wish"]
    return Wish(
        tuple(wish["select"]),
        tuple(wish["exclude"]),
        tuple(wish["allow_destructive"]),
        wish["drift"],
        bool(wish["full"]),
    )


def refuse_stale(saved: dict[str, Any], plan: Plan, wish: Wish, *, exact: bool) -> None:
    """StalePlanError LW343 when the saved decision is about something else than `plan` does.

    New data is folded in unless `exact`.
    """
    now = decision_of(plan, wish)
    differs = [
        said
        for key, said in (
            ("lake", "the lake is another one"),
            ("released_code", "other code was released since"),
            ("changes", "the changes of code, or the drops, are others now"),
            ("drift", "what others wrote to the heads is more, or less, now"),
        )
        if saved["decision"].get(key) != now[key]
    ]
    if saved.get("environment") != plan.environment:
        differs.append(f"it was made for {saved.get('environment')}, this is {plan.environment}")
    if exact and not differs and saved.get("changes") != plan_document(plan)["changes"]:
        differs.append("the inputs moved, and --exact was said")
    if differs:
        raise StalePlanError(
            "LW343",
            f"the saved plan does not hold any more: {'; '.join(differs)}",
            hint="plan again, look, and apply that",
        )


def _save(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise LakeError(
            "LW346",
            f"cannot write the plan to {path}: {error.strerror}",
            hint="choose another file",
        ) from error


def narrow(
    space: Workspace,
    read: Callable[[Graph], LakeState],
    graph: Graph,
    state: LakeState,
    select: tuple[TableName, ...],
) -> tuple[Graph, LakeState]:
    """The selected tables' code with the released code of all others, and the state for both."""
    merged = merge_selected(need_project(space), state, graph, select)
    if merged.inputs != graph.inputs:
        state = read(merged)
    return merged, state


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
