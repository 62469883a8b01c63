"""Columns that a query holds equal, through CTEs and renaming."""

from __future__ import annotations

import pytest

from graph.builders import name, project, source, table
from lakewright.graph import compile_project
from lakewright.graph.joins import joined_columns

A, B = "silver.a", "silver.b"
COLUMNS = {name(A): ("id", "x"), name(B): ("a_id", "id")}


def pairs(query: str) -> set[tuple[str, str]]:
    graph = compile_project(
        project(
            source(A, ["id int", "x int"]),
            source(B, ["a_id int", "id int"]),
            table("gold.t", query),
        )
    )
    found = joined_columns(graph.steps[name("gold.t")], COLUMNS)
    assert {(right, left) for left, right in found} == set(found)
    return {(left.column, right.column) for left, right in found if left.table == name(A)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT a.x FROM silver.a JOIN silver.b ON a.id = b.a_id", {("id", "a_id")}),
        ("SELECT x FROM silver.a JOIN silver.b USING (id)", {("id", "id")}),
        ("SELECT a.x FROM silver.a, silver.b WHERE b.a_id = a.x", {("x", "a_id")}),
        (
            "WITH p AS (SELECT id AS key FROM silver.a), q AS (SELECT a_id AS ref FROM silver.b)"
            " SELECT p.key FROM p JOIN q ON p.key = q.ref",
            {("id", "a_id")},
        ),
        ("SELECT a.x FROM silver.a CROSS JOIN silver.b", set()),
        ("SELECT a.x FROM silver.a JOIN silver.b ON a.id < b.a_id", set()),
    ],
)
def test_pairs_are_found(query: str, found: set[tuple[str, str]]) -> None:
    assert pairs(query) == found
