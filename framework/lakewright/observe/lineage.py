"""Column lineage as a tree for people, as JSON, and as a Mermaid picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from lakewright.graph import ColumnRef, Lineage, LineageEdge
from lakewright.names import TableName
from lakewright.observe.documents import FORMAT_VERSION
from lakewright.observe.paint import Paint

Direction = Literal["up", "down"]


def render_lineage(lineage: Lineage, direction: Direction, *, color: bool = False) -> str:
    """A tree for each starting column; what was shown above is not repeated."""
    tree = _Tree(lineage, direction, Paint(color))
    for ref in lineage.start:
        tree.grow(ref, "", "")
    lines = tree.lines
    for ref, why in lineage.unknown.items():
        if ref.column == "*":
            lines.append(f"unknown: {ref.table} {why}")
    return "".join(f"{line}\n" for line in lines)


def lineage_document(lineage: Lineage, direction: Direction) -> dict[str, Any]:
    """Edges go from the column that is read to the one that is made."""
    return {
        "format_version": FORMAT_VERSION,
        "direction": direction,
        "start": [_ref(ref) for ref in lineage.start],
        "edges": [
            {"from": _ref(edge.origin), "to": _ref(edge.column), "kind": edge.kind}
            for edge in lineage.edges
        ],
        "unknown": [{**_ref(ref), "reason": why} for ref, why in lineage.unknown.items()],
    }


def mermaid_lineage(lineage: Lineage) -> str:
    """A flow chart: tables as boxes with their columns, dotted where only rows are decided."""
    refs = {ref for edge in lineage.edges for ref in (edge.origin, edge.column)}
    refs |= {*lineage.start, *lineage.unknown}
    names = {ref: f"c{at}" for at, ref in enumerate(sorted(refs))}
    lines = ["flowchart LR"]
    for at, (table, columns) in enumerate(_by_table(refs).items()):
        lines.append(f'  subgraph t{at}["{table}"]')
        for ref in columns:
            label = "rows" if ref.column == "*" else ref.column
            doubt = " ?" if ref in lineage.unknown else ""
            lines.append(f'    {names[ref]}["{label}{doubt}"]')
        lines.append("  end")
    for edge in lineage.edges:
        arrow = "-->" if edge.kind == "value" else "-.->"
        lines.append(f"  {names[edge.origin]} {arrow} {names[edge.column]}")
    return "".join(f"{line}\n" for line in lines)


class _Tree:
    """Grows line by line; thrown away when it is printed."""

    def __init__(self, lineage: Lineage, direction: Direction, paint: Paint) -> None:
        self._unknown = lineage.unknown
        self._paint = paint
        self._next = _neighbours(lineage.edges, direction)
        self._shown: set[ColumnRef] = set()
        self.lines: list[str] = []

    def grow(self, ref: ColumnRef, first: str, rest: str) -> None:
        """The column and what is behind it. `first` stands before it, `rest` below."""
        again = ref in self._shown
        self._shown.add(ref)
        behind = [] if again else self._next.get(ref, [])
        note = "  (above)" if again and self._next.get(ref) else self._doubt(ref)
        self.lines.append(f"{first}{self._paint(str(ref), 'name')}{self._paint(note, 'dim')}")
        for at, (far, kind) in enumerate(behind):
            last = at == len(behind) - 1
            begin, go_on = ("└─ ", "   ") if last else ("├─ ", "│  ")
            if kind == "rows":
                self.lines.append(f"{rest}{begin}decides rows of {far.table}")
            else:
                self.grow(far, rest + begin, rest + go_on)

    def _doubt(self, ref: ColumnRef) -> str:
        why = self._unknown.get(ref)
        return f"  unknown: {why}" if why else ""


def _neighbours(
    edges: Iterable[LineageEdge], direction: Direction
) -> Mapping[ColumnRef, list[tuple[ColumnRef, str]]]:
    found: dict[ColumnRef, list[tuple[ColumnRef, str]]] = {}
    for edge in edges:
        near, far = (edge.column, edge.origin) if direction == "up" else (edge.origin, edge.column)
        found.setdefault(near, []).append((far, edge.kind))
    return found


def _by_table(refs: Iterable[ColumnRef]) -> dict[TableName, list[ColumnRef]]:
    found: dict[TableName, list[ColumnRef]] = {}
    for ref in sorted(refs):
        found.setdefault(ref.table, []).append(ref)
    return found


def _ref(ref: ColumnRef) -> dict[str, str]:
    return {"table": str(ref.table), "column": ref.column}
