"""A few rows of each input that give rows of a table together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakewright.graph.joins import Joins
from lakewright.names import TableName

WIDE = 200  # rows of the input that a search begins with
POOL = 1_000  # rows of every other input that may go with them

Row = Mapping[str, Any]
Rows = Mapping[TableName, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Wish:
    """Rows at most `limit`; with `matching`, those whose columns hold one of the values."""

    table: TableName
    limit: int
    matching: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Search:
    """What a search for rows asks: rows of an input, and how many rows they give together."""

    inputs: Sequence[TableName]
    joins: Joins
    fetch: Callable[[Wish], Sequence[Row]]
    count: Callable[[Rows], int]


def find_rows(search: Search, limit: int) -> Rows | None:
    """At most `limit` rows of each input that give at least one row; None when none were found.

    Each input in turn is where the search begins: its first rows, then rows of the others that
    equal them where the query joins. Then the first are halved as long as rows still come. More
    than `limit` rows stay where fewer give nothing.
    """
    for start in search.inputs:
        pool = _pool(search, start)
        if search.count(pool):
            return _narrowed(search, start, pool, limit)
    return None


def pick_rows(first: tuple[TableName, Sequence[Row]], pool: Rows, joins: Joins, limit: int) -> Rows:
    """Of each other input the rows that go with the first ones: one of each key, then seconds."""
    start, rows = first
    chosen: dict[TableName, Sequence[Row]] = {start: rows}
    while fresh := [name for name in pool if name not in chosen and _reached(name, chosen, joins)]:
        name = fresh[0]
        wanted = _wanted(name, chosen, joins)
        chosen[name] = _spread(_fitting(pool[name], wanted), sorted(wanted), limit)
    return {name: chosen.get(name, pool[name][:limit]) for name in pool}


def _pool(search: Search, start: TableName) -> Rows:
    """Rows to choose from: of the start its first, of the others what equals those."""
    pool: dict[TableName, Sequence[Row]] = {start: search.fetch(Wish(start, WIDE, {}))}
    left = [name for name in search.inputs if name != start]
    while left:
        reached = [name for name in left if _reached(name, pool, search.joins)]
        name = (reached or left)[0]
        matching = {
            column: sorted(values, key=repr)
            for column, values in _wanted(name, pool, search.joins).items()
        }
        pool[name] = search.fetch(Wish(name, POOL, matching))
        left.remove(name)
    return {name: pool[name] for name in search.inputs}


def _narrowed(search: Search, start: TableName, pool: Rows, limit: int) -> Rows:
    """Fewer and fewer of the first rows, as long as some come out."""
    best, rows = pool, list(pool[start])
    while True:
        half = len(rows) // 2
        parts = (rows[:limit], rows[:half], rows[half:])
        tried = (
            pick_rows((start, part), pool, search.joins, max(limit, len(part)))
            for part in parts
            if part and (len(part) <= limit or len(part) < len(rows))
        )
        found = next((each for each in tried if search.count(each)), None)
        if found is None:
            return best
        best, rows = found, list(found[start])
        if len(rows) <= limit:
            return best


def _reached(name: TableName, chosen: Mapping[TableName, Any], joins: Joins) -> bool:
    return any(mine.table == name and other.table in chosen for mine, other in joins)


def _wanted(name: TableName, chosen: Rows, joins: Joins) -> dict[str, set[Any]]:
    """Per column of `name` the values that rows chosen before have where the query joins."""
    wanted: dict[str, set[Any]] = {}
    for mine, other in sorted(joins):
        if mine.table == name and other.table in chosen:
            values = {row[other.column] for row in chosen[other.table]} - {None}
            known = wanted.get(mine.column)
            wanted[mine.column] = values if known is None else known | values
    return wanted


def _fitting(rows: Sequence[Row], wanted: Mapping[str, set[Any]]) -> list[Row]:
    """The rows that fit in every column; where none does, in any of them."""
    every = [row for row in rows if all(row[name] in values for name, values in wanted.items())]
    return every or [
        row for row in rows if any(row[name] in values for name, values in wanted.items())
    ]


def _spread(rows: Sequence[Row], columns: Sequence[str], limit: int) -> list[Row]:
    """At most `limit` rows, the first of each key before the second of any."""
    places: dict[tuple[Any, ...], int] = {}
    ranked = []
    for at, row in enumerate(rows):
        key = tuple(row[column] for column in columns)
        places[key] = places.get(key, 0) + 1
        ranked.append((places[key], at))
    return [rows[at] for _, at in sorted(ranked)[:limit]]
