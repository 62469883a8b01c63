"""The build order: inputs first, ties by name; cycles and layers that look forward are problems."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakewright.errors import Place, Problem
from lakewright.names import TableName

Edges = Mapping[TableName, Mapping[TableName, Place]]  # reader -> what it reads -> where


@dataclass(frozen=True, slots=True)
class BuildOrder:
    """`tables` in build order; those on a cycle, or behind one, come last by name."""

    tables: tuple[TableName, ...]
    problems: tuple[Problem, ...]


def order_tables(edges: Edges) -> BuildOrder:
    """Sort so that every table comes behind all it reads."""
    waiting = {name: sum(read in edges for read in reads) for name, reads in edges.items()}
    readers: dict[TableName, list[TableName]] = {name: [] for name in edges}
    for name, reads in edges.items():
        for read in reads:
            if read in readers:
                readers[read].append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    ordered: list[TableName] = []
    while ready:
        name = heapq.heappop(ready)
        ordered.append(name)
        for reader in readers[name]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, reader)
    rest = sorted(set(edges) - set(ordered))
    return BuildOrder((*ordered, *rest), tuple(_cycles(edges, rest)))


def check_layers(
    edges: Edges, layers: Mapping[TableName, str], order: Sequence[str]
) -> tuple[Problem, ...]:
    """A table reads its own layer and those before it; anything else is LW220."""
    rank = {layer: at for at, layer in enumerate(order)}
    problems = []
    for name, reads in edges.items():
        for read, where in reads.items():
            mine, theirs = layers.get(name, ""), layers.get(read, "")
            if mine in rank and theirs in rank and rank[theirs] > rank[mine]:
                message = f"{name} is {mine} and reads {read}, which is {theirs}"
                hint = f"layers in order are {', '.join(order)}; move one of the two tables"
                problems.append(Problem("LW220", message, where, hint))
    return tuple(problems)


def _cycles(edges: Edges, rest: Sequence[TableName]) -> list[Problem]:
    """One problem for each separate cycle, beginning with its first table by name."""
    problems, done = [], set[TableName]()
    for start in rest:
        if start in done:
            continue
        path = _shortest_cycle(edges, start, set(rest))
        if path is None or done.intersection(path):
            continue
        done.update(path)
        steps = list(zip(path, [*path[1:], path[0]], strict=True))
        notes = tuple(f"{name} reads {read} at {edges[name][read]}" for name, read in steps)
        problems.append(
            Problem(
                "LW221",
                "tables read each other in a cycle: " + " -> ".join(map(str, [*path, path[0]])),
                edges[steps[0][0]][steps[0][1]],
                hint="a table cannot be built from itself; cut one of these",
                notes=notes,
            )
        )
    return problems


def _shortest_cycle(
    edges: Edges, start: TableName, inside: set[TableName]
) -> list[TableName] | None:
    came_from: dict[TableName, TableName] = {}
    level = [start]
    while level:
        following: list[TableName] = []
        for name in level:
            for read in sorted(edges[name]):
                if read == start:
                    return _path(came_from, start, name)
                if read in inside and read not in came_from:
                    came_from[read] = name
                    following.append(read)
        level = following
    return None


def _path(
    came_from: Mapping[TableName, TableName], start: TableName, last: TableName
) -> list[TableName]:
    path = [last]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
