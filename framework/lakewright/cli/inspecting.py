"""What can be said from the files alone: `validate`, `ls`, `show`."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches

from lakewright.cli.checkout import compile_checkout, find_spec
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    choose,
    modified_tables,
    open_checkout,
    open_workspace,
    project_lake,
    read_project,
    read_state,
)
from lakewright.errors import UsageError
from lakewright.graph import Graph, Step, compile_project
from lakewright.names import TableName
from lakewright.observe import FORMAT_VERSION, render_json
from lakewright.observe.analyses import analysis_document, render_analysis
from lakewright.observe.steps import list_document, render_list, render_step, step_document


def validate_project(common: Common, *, analyze: bool) -> int:
    """`validate`: every mistake at once; SpecError with all of them."""
    streams = Streams.of(common)
    analysis = None
    if analyze:
        # Brings the engines, which nothing else here needs.
        from lakewright.cli.analysing import analyse_project

        graph = compile_project(read_project(common))
        analysis = analyse_project(common, graph)
    else:
        graph = compile_checkout(open_checkout(common))
    if common.json:
        counted = {"format_version": FORMAT_VERSION, "ok": True, "project": graph.project}
        document = {**counted, "tables": len(graph.steps)}
        streams.answer(render_json({**document, **(analysis_document(analysis))}))
        return 0
    kinds = Counter(step.kind for step in graph.steps.values())
    parts = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    rules = sum(len(step.checks) for step in graph.steps.values())
    streams.answer(f"{graph.project} is valid: {parts or 'no tables'}; {rules} rules.\n")
    streams.answer(render_analysis(analysis, common.engine or "sail"))
    return 0


def list_tables(common: Common, select: list[str], exclude: list[str]) -> int:
    """`ls`: the selected tables in build order. Looks at the lake only for `state:`."""
    streams = Streams.of(common)
    graph = compile_checkout(open_checkout(common))

    def modified() -> set[TableName]:
        space = open_workspace(common)
        return modified_tables(graph, read_state(space, project_lake(space), graph))

    chosen = choose(graph, select, exclude, modified)
    steps = [step for name, step in graph.steps.items() if chosen is None or name in chosen]
    if common.json:
        streams.answer(render_json(list_document(steps)))
    else:
        streams.answer(render_list(steps, color=streams.color))
    return 0


def show_table(common: Common, table: str) -> int:
    """`show`: one table with everything known of it before it is built."""
    streams = Streams.of(common)
    checkout = open_checkout(common)
    graph = compile_checkout(checkout)
    step = find_step(graph, table)
    spec = find_spec(checkout, step)
    if common.json:
        streams.answer(render_json(step_document(step, spec, graph, checkout.project)))
    else:
        streams.answer(render_step(step, spec, graph, checkout.project, color=streams.color))
    return 0


def find_step(graph: Graph, table: str) -> Step:
    """The table of that name, or of that last part where only one has it; UsageError LW304."""
    wanted = table.strip().lower()
    found = [step for name, step in graph.steps.items() if wanted in {str(name), name.table}]
    if len(found) == 1:
        return found[0]
    names = [str(name) for name in graph.steps]
    near = [str(step.name) for step in found] or get_close_matches(wanted, names, n=3)
    raise UsageError(
        "LW304",
        f"there is no table `{table}`" if not found else f"`{table}` is the name of several tables",
        hint=f"did you mean {' or '.join(near)}?" if near else "lakewright ls lists all tables",
    )
