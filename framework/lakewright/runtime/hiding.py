"""Which columns hold values that are never shown."""

from __future__ import annotations

from collections.abc import Mapping

from lakewright.graph import ColumnRef, Graph, trace_down
from lakewright.names import QUARANTINE, TableName

EVERY = "*"  # stands for all columns of a table

Hidden = Mapping[TableName, frozenset[str]]


def hidden_columns(graph: Graph) -> Hidden:
    """Per table, in lower case: columns marked `pii`, and all that is made of them anywhere below.

    Where a reader of such a column does not tell what it makes of it (a Python function), all its
    columns are hidden, and all below it.
    """
    marked = [
        ColumnRef(step.name, column.name)
        for step in graph.steps.values()
        for column in {it.name: it for it in (*step.declared, *(step.columns or ()))}.values()
        if column.pii != "none"
    ]
    found: dict[TableName, set[str]] = {}
    down = trace_down(graph, marked)
    for ref in (*marked, *(edge.column for edge in down.edges if edge.kind == "value")):
        found.setdefault(ref.table, set()).add(ref.column.lower())
    for table in _below(graph, {ref.table for ref in down.unknown}):
        found.setdefault(table, set()).add(EVERY)
    return {table: frozenset(columns) for table, columns in found.items()}


def is_hidden(hidden: Hidden, table: TableName, column: str) -> bool:
    """Whether values of a column are hidden; a companion's as those of its table.

    The raw text of a record that was set apart may hold any of its columns.
    """
    columns = hidden.get(table.group, frozenset())
    raw = bool(columns) and table.table.endswith(QUARANTINE) and column.lower() == "_raw"
    return raw or EVERY in columns or column.lower() in columns


def _below(graph: Graph, tables: set[TableName]) -> set[TableName]:
    """The tables, and all that read them, directly or not."""
    found = set(tables)
    for name in graph.steps:  # in build order: what is read comes first
        if found.intersection(graph.steps[name].reads):
            found.add(name)
    return found
