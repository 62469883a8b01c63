"""Where a node of the tree stands in the text: start and length in characters."""

from __future__ import annotations

from sqlglot import exp


def node_span(node: exp.Expr) -> tuple[int, int]:
    """Start and length of a node: of its whole dotted name for a column."""
    starts = [part.meta for part in node.walk() if "start" in part.meta]
    if not starts:
        return 0, 1
    if not isinstance(node, exp.Identifier | exp.Alias | exp.Func | exp.Query):
        start = min(meta["start"] for meta in starts)
        return start, max(meta["end"] for meta in starts) - start + 1
    return starts[0]["start"], starts[0]["end"] - starts[0]["start"] + 1


def name_span(node: exp.Expr, name: str) -> tuple[int, int]:
    """The span of the one part of a dotted name that is `name`."""
    for part in node.find_all(exp.Identifier):
        if part.name.lower() == name and "start" in part.meta:
            return part.meta["start"], part.meta["end"] - part.meta["start"] + 1
    return node_span(node)
