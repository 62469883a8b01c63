"""Rows that meet: few of each input, and something comes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakewright.graph import ColumnRef
from lakewright.names import TableName
from lakewright.runtime.sampling import Rows, Search, Wish, find_rows, pick_rows

A, B, C = (TableName("s", name) for name in "abc")
JOINS = frozenset(
    pair
    for one, other in [((A, "b"), (B, "id")), ((B, "c"), (C, "id"))]
    for pair in [
        (ColumnRef(*one), ColumnRef(*other)),
        (ColumnRef(*other), ColumnRef(*one)),
    ]
)
TABLES: Mapping[TableName, Sequence[Mapping[str, Any]]] = {
    A: [{"b": n} for n in range(500)],
    B: [{"id": n, "c": n % 7} for n in range(450, 500)],
    C: [{"id": n} for n in range(7)],
}


def fetch(wish: Wish) -> Sequence[Mapping[str, Any]]:
    rows = [
        row
        for row in TABLES[wish.table]
        if all(row[column] in values for column, values in wish.matching.items())
    ]
    return rows[: wish.limit]


def joined(rows: Rows) -> int:
    return sum(
        a["b"] == b["id"] and b["c"] == c["id"]
        for a in rows[A]
        for b in rows[B]
        for c in rows[C]
    )  # fmt: skip


def test_rows_that_join_are_found_from_another_input_when_the_first_gives_none() -> None:
    rows = find_rows(Search((A, B, C), JOINS, fetch, joined), 3)
    assert rows is not None
    assert joined(rows) > 0
    assert {name: len(rows[name]) for name in (A, B, C)} == {A: 3, B: 3, C: 3}


def test_a_rare_row_is_found_by_halving() -> None:
    def rare(rows: Rows) -> int:
        return sum(row["b"] == 133 for row in rows[A])

    rows = find_rows(Search((A,), frozenset(), fetch, rare), 5)
    assert rows is not None
    assert {"b": 133} in rows[A]
    assert len(rows[A]) <= 5


def test_more_rows_stay_where_fewer_give_nothing() -> None:
    def many(rows: Rows) -> int:
        return len(rows[A]) >= 40

    rows = find_rows(Search((A,), frozenset(), fetch, many), 5)
    assert rows is not None
    assert 40 <= len(rows[A]) < 100


def test_nothing_is_found_where_nothing_comes() -> None:
    assert find_rows(Search((A, B, C), JOINS, fetch, lambda rows: 0), 5) is None


def test_one_row_of_each_key_comes_before_a_second_of_any() -> None:
    pool = {A: [{"b": 1}, {"b": 2}], B: [{"id": k, "n": n} for n in range(3) for k in (1, 1, 2)]}
    only = frozenset(pair for pair in JOINS if {ref.table for ref in pair} == {A, B})
    picked = pick_rows((A, pool[A]), pool, only, 2)
    assert [row["id"] for row in picked[B]] == [1, 2]
