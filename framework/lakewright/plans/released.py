"""The released code: compiled again, through the same guards, from what the release stores."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from lakewright.errors import Problem, RefusedError, SpecError
from lakewright.graph import Graph, compile_project
from lakewright.lake import LakeState
from lakewright.names import TableName
from lakewright.plans.values import Plan
from lakewright.specs import Project, TableSpec, load_released


def compile_released(state: LakeState, *, algorithm: int | None = None) -> Graph:
    """The graph of the release's own sources. Needs no checkout and can deploy nothing."""
    project = released_project(state)
    return (
        compile_project(project)
        if algorithm is None
        else compile_project(project, algorithm=algorithm)
    )


def released_project(state: LakeState, loaded: Collection[TableSpec] = ()) -> Project:
    """What was written when each table of the release was deployed.

    Specs in `loaded` with an equal digest need not be read again.
    """
    release = state.release
    assert release is not None, "only an environment with a release has released code"
    digests = sorted({entry.code for entry in release.tables.values() if entry.code})
    return load_released([state.code[digest] for digest in digests], loaded)


def compile_closure(state: LakeState, names: Collection[TableName]) -> Graph:
    """The released code of `names` and of all they are made of, and of nothing else."""
    assert state.release is not None, "only an environment with a release has released code"
    tables, found, todo = state.release.tables, set[TableName](), list(names)
    while todo:
        name = todo.pop()
        if name not in found and name in tables:
            found.add(name)
            todo += tables[name].inputs
    digests = sorted({tables[name].code for name in found if tables[name].code})
    return compile_project(load_released([state.code[digest] for digest in digests]))


def merge_selected(
    project: Project, state: LakeState, graph: Graph, select: Collection[TableName]
) -> Graph:
    """The project's code for the selected tables, the released code for all others.

    RefusedError LW312 with the smallest selection that closes over what is missing, when the two
    do not fit together.
    """
    released = (
        released_project(state, project.tables) if state.release else replace(project, tables=())
    )
    chosen = set(select)
    theirs = [spec for spec in released.tables if spec.name not in chosen]
    taken = chosen | _sources_of(graph, chosen) | _unreleased_sources(project, released)
    ours = [spec for spec in project.tables if spec.name in taken]
    merged = replace(project, tables=(*ours, *(spec for spec in theirs if spec.name not in taken)))
    try:
        return compile_project(merged)
    except SpecError as error:
        closing = sorted(chosen | _changed_upstreams(graph, released, chosen))
        names = " ".join(str(name) for name in closing)
        raise RefusedError.of(
            Problem(
                "LW312",
                "the selected tables do not fit the released code of the others: "
                + problem.message,
                problem.where,
                hint=f"select -s '{names}'",
            )
            for problem in error.problems
        ) from error


def refuse_unfit_pending(project: Project, plan: Plan) -> None:
    """RefusedError LW313 when a table whose spec was removed no longer fits what it reads.

    Until its drop is allowed it stays in the release with its own code, and a release must compile.
    """
    pending = {drop.table for drop in plan.pending}
    if not pending:
        return
    released = released_project(plan.state, project.tables)
    left = [spec for spec in released.tables if spec.name in pending]
    try:
        compile_project(replace(project, tables=(*project.tables, *left)))
    except SpecError as error:
        names = " ".join(f"--allow-destructive {name}" for name in sorted(pending))
        raise RefusedError.of(
            replace(
                problem,
                code="LW313",
                message=f"a table that would stay does not fit any more: {problem.message}",
                hint=f"drop it: {names}",
            )
            for problem in error.problems
        ) from error


def _sources_of(graph: Graph, chosen: Collection[TableName]) -> set[TableName]:
    """The sources that the chosen tables read: their specs are chosen with them."""
    read = {name for table in chosen for name in graph.steps[table].upstream}
    return {name for name in read if graph.steps[name].kind == "source"}


def _unreleased_sources(project: Project, released: Project) -> set[TableName]:
    known = {spec.name for spec in released.tables}
    return {s.name for s in project.tables if s.kind == "source" and s.name not in known}


def _changed_upstreams(
    graph: Graph, released: Project, chosen: Collection[TableName]
) -> set[TableName]:
    before = {spec.name: spec.code for spec in released.tables}
    found, todo = set(), list(chosen)
    while todo:
        for name in graph.steps[todo.pop()].upstream:
            if name not in found and before.get(name) != graph.steps[name].code:
                found.add(name)
                todo.append(name)
    return found
