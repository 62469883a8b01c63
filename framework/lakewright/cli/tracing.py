"""`lineage`: what columns are made of, from the files alone."""

from __future__ import annotations

from difflib import get_close_matches

from lakewright.cli.checkout import compile_checkout
from lakewright.cli.inspecting import find_step
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import open_checkout
from lakewright.errors import UsageError
from lakewright.graph import (
    ColumnRef,
    Graph,
    Step,
    refs_of,
    step_columns,
    trace_down,
    trace_up,
)
from lakewright.observe import render_json
from lakewright.observe.lineage import (
    Direction,
    lineage_document,
    mermaid_lineage,
    render_lineage,
)


def show_lineage(common: Common, traced: str, *, down: bool, form: str) -> int:
    """`lineage`: of one column, or of all columns of a table; up to files and sources, or down."""
    streams = Streams.of(common)
    shape = "json" if common.json else form
    if shape not in {"text", "json", "mermaid"}:
        raise UsageError("LW303", f"--format {form} is not a format", hint="text, json or mermaid")
    graph = compile_checkout(open_checkout(common))
    start = _start(graph, traced)
    lineage = trace_down(graph, start) if down else trace_up(graph, start)
    direction: Direction = "down" if down else "up"
    if shape == "json":
        streams.answer(render_json(lineage_document(lineage, direction)))
    elif shape == "mermaid":
        streams.answer(mermaid_lineage(lineage))
    else:
        streams.answer(render_lineage(lineage, direction, color=streams.color))
    return 0


def _start(graph: Graph, target: str) -> tuple[ColumnRef, ...]:
    """`schema.table.column`, `table.column` or a table; UsageError LW304 for a column it lacks."""
    wanted = target.strip().lower()
    tables = {str(name) for name in graph.steps} | {name.table for name in graph.steps}
    if wanted in tables or "." not in wanted:
        step = find_step(graph, wanted)
        return refs_of(step.name, step_columns(step))
    table, _, column = wanted.rpartition(".")
    if table not in tables:
        return refs_of(find_step(graph, wanted).name, ())
    step = find_step(graph, table)
    _check_column(step, column)
    return refs_of(step.name, (column,))


def _check_column(step: Step, column: str) -> None:
    known = step_columns(step)
    if known and column not in known:
        near = get_close_matches(column, known, n=3)
        raise UsageError(
            "LW304",
            f"{step.name} has no column `{column}`",
            hint=f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(known)}",
        )
