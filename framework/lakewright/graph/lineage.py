"""Column lineage: what a column is made of, and what is made of it, across all tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from lakewright.graph.columns import QueryColumns
from lakewright.graph.scopes import Origins
from lakewright.graph.values import (
    ColumnRef,
    FilesTransform,
    Graph,
    NoTransform,
    PythonTransform,
    QueryLineage,
    ReferenceTest,
    SeedTransform,
    SqlTransform,
    Step,
)
from lakewright.names import TableName

EdgeKind = Literal["value", "rows"]


@dataclass(frozen=True, slots=True, order=True)
class LineageEdge:
    """`column` holds values of `origin`; or, for `rows`, `origin` decides which rows it has."""

    origin: ColumnRef
    column: ColumnRef
    kind: EdgeKind = "value"


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was found from `start` on. `unknown`: columns where the trace ends, and why."""

    start: tuple[ColumnRef, ...]
    edges: tuple[LineageEdge, ...]
    unknown: Mapping[ColumnRef, str]


def query_lineage(resolved: QueryColumns | None) -> QueryLineage | None:
    """The lineage of one query, as a step holds it."""
    if resolved is None:
        return None
    columns = None
    if resolved.outputs is not None:
        columns = {
            output.name: _refs(output.origins)
            for output in resolved.outputs
            if output.name is not None
        }
    return QueryLineage(columns, _refs(resolved.deciding))


def trace_up(graph: Graph, start: Iterable[ColumnRef]) -> Lineage:
    """Where the values of `start` come from, back to files and sources."""

    def above(ref: ColumnRef) -> list[LineageEdge]:
        return [LineageEdge(origin, ref) for origin in _origins(graph, ref) or ()]

    return _trace(graph, start, above, lambda edge: edge.origin)


def trace_down(graph: Graph, start: Iterable[ColumnRef]) -> Lineage:
    """What holds values of `start`, and whose rows it decides (which is not followed further)."""
    below = _edges_by_origin(graph)
    found = _trace(graph, start, lambda ref: below.get(ref, []), lambda edge: edge.column)
    passed = {edge.column for edge in found.edges if edge.kind == "value"} | set(found.start)
    return Lineage(found.start, found.edges, _blind_readers(graph, passed))


def step_columns(step: Step) -> tuple[str, ...]:
    """The columns of a table by what is written and compiled; empty while they are unknown."""
    return tuple(column.name for column in step.columns or step.declared)


def _trace(
    graph: Graph,
    start: Iterable[ColumnRef],
    edges_at: Callable[[ColumnRef], list[LineageEdge]],
    far_end: Callable[[LineageEdge], ColumnRef],
) -> Lineage:
    first = tuple(start)
    seen, todo, edges = set(first), list(first), set[LineageEdge]()
    while todo:
        for edge in edges_at(todo.pop()):
            edges.add(edge)
            reached = far_end(edge)
            if edge.kind == "value" and reached not in seen:
                seen.add(reached)
                todo.append(reached)
    unknown = {ref: why for ref in sorted(seen) if (why := _why_unknown(graph, ref))}
    return Lineage(first, tuple(sorted(edges)), unknown)


def _origins(graph: Graph, ref: ColumnRef) -> tuple[ColumnRef, ...] | None:
    """The columns `ref` is made of directly; None when that is not known."""
    step = graph.steps[ref.table]
    if step.lineage is None or step.lineage.columns is None:
        return None
    return step.lineage.columns.get(ref.column)


def _why_unknown(graph: Graph, ref: ColumnRef) -> str:
    """Why the trace ends at `ref` though it may go on; "" when it is a true end, or goes on."""
    step = graph.steps[ref.table]
    match step.transform:
        case FilesTransform() | SeedTransform() | NoTransform():
            return ""
        case PythonTransform(function):
            names = ", ".join(str(name) for name in step.reads)
            return f"made by a Python function ({function.module}:{function.function}) of {names}"
        case SqlTransform():
            return "" if _origins(graph, ref) is not None else "its query hides what it is made of"
        case _:
            assert_never(step.transform)


def _edges_by_origin(graph: Graph) -> dict[ColumnRef, list[LineageEdge]]:
    found: dict[ColumnRef, list[LineageEdge]] = {}
    for step in graph.steps.values():
        if step.lineage is None:
            continue
        for column, origins in (step.lineage.columns or {}).items():
            for origin in origins or ():
                edge = LineageEdge(origin, ColumnRef(step.name, column))
                found.setdefault(origin, []).append(edge)
        for origin in _deciding(step):
            edge = LineageEdge(origin, ColumnRef(step.name, "*"), "rows")
            found.setdefault(origin, []).append(edge)
    return found


def _deciding(step: Step) -> tuple[ColumnRef, ...]:
    """What decides which rows the table keeps: its query, and the rules that take rows away."""
    lineage = step.lineage
    assert lineage is not None, "only asked of steps with a query"
    found = set(lineage.deciding or ())
    for check in step.checks:
        if check.on_fail not in {"drop", "quarantine"}:
            continue
        for column in check.columns:
            found.update((lineage.columns or {}).get(column) or ())
        if isinstance(check.test, ReferenceTest):
            found.update(ColumnRef(check.test.to, column) for column in check.test.to_columns)
    return tuple(sorted(found))


def _blind_readers(graph: Graph, passed: Iterable[ColumnRef]) -> dict[ColumnRef, str]:
    """Readers of the tables passed that may use any column of them, and nobody knows which."""
    tables = {ref.table for ref in passed}
    found = {}
    for step in graph.steps.values():
        read = sorted(tables.intersection(step.reads))
        if read and _is_blind(step):
            names = ", ".join(str(name) for name in read)
            found[ColumnRef(step.name, "*")] = f"reads {names}, which columns is not known"
    return dict(sorted(found.items()))


def _is_blind(step: Step) -> bool:
    lineage = step.lineage
    if lineage is None or lineage.columns is None or lineage.deciding is None:
        return True
    return any(origins is None for origins in lineage.columns.values())


def _refs(origins: Origins) -> tuple[ColumnRef, ...] | None:
    if origins is None:
        return None
    return tuple(sorted(ColumnRef(table, column) for table, column in origins))


def refs_of(table: TableName, columns: Iterable[str]) -> tuple[ColumnRef, ...]:
    """References to columns of one table, in their order."""
    return tuple(ColumnRef(table, column) for column in columns)
