"""What columns are made of: within a query, and from table to table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graph.builders import expect, ingest, name, project, python, source, table
from graph.cases import step
from lakewright.graph import ColumnRef, Graph, LineageEdge, compile_project, trace_down, trace_up

PAID = table(
    "silver.paid", "SELECT id, amount - fee AS net FROM bronze.orders WHERE state = 'paid'"
)
TOTALS = table(
    "gold.totals", "SELECT id % 10 AS digit, sum(net) AS net FROM silver.paid GROUP BY 1"
)
SCORE = python("gold.score", "def build(inputs): ...", ["silver.paid"])


def shop() -> Graph:
    orders = ingest("bronze.orders", ["id bigint", "amount int", "fee int", "state string"])
    return compile_project(project(orders, PAID, TOTALS, SCORE))


def ref(text: str) -> ColumnRef:
    table_, _, column = text.rpartition(".")
    return ColumnRef(name(table_), column)


def edges(found: Sequence[LineageEdge]) -> list[str]:
    return [f"{edge.origin} {edge.kind} {edge.column}" for edge in found]


def test_up_goes_back_to_files_through_all_tables() -> None:
    found = trace_up(shop(), [ref("gold.totals.net")])
    assert edges(found.edges) == [
        "bronze.orders.amount value silver.paid.net",
        "bronze.orders.fee value silver.paid.net",
        "silver.paid.net value gold.totals.net",
    ]
    assert found.unknown == {}


def test_down_finds_values_and_the_rows_a_column_decides() -> None:
    assert edges(trace_down(shop(), [ref("bronze.orders.state")]).edges) == [
        "bronze.orders.state rows silver.paid.*"
    ]
    assert edges(trace_down(shop(), [ref("bronze.orders.id")]).edges) == [
        "bronze.orders.id value silver.paid.id",
        "silver.paid.id rows gold.totals.*",
        "silver.paid.id value gold.totals.digit",
    ]


def test_a_python_function_is_said_to_be_unknown_both_ways() -> None:
    assert list(trace_up(shop(), [ref("gold.score.points")]).unknown) == [ref("gold.score.points")]
    assert ref("gold.score.*") in trace_down(shop(), [ref("silver.paid.net")]).unknown


def test_a_rule_that_takes_rows_away_decides_rows() -> None:
    rule = expect("expression", "net > 0", on_fail="drop", name="positive")
    kept = table("silver.kept", "SELECT id, x AS net FROM bronze.a", expect=(rule,))
    graph = compile_project(project(source("bronze.a", ["id bigint", "x int"]), kept))
    assert edges(trace_down(graph, [ref("bronze.a.x")]).edges) == [
        "bronze.a.x rows silver.kept.*",
        "bronze.a.x value silver.kept.net",
    ]


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("SELECT u.v AS v FROM bronze.u", "v"),
        ("SELECT v + 1 AS w FROM bronze.u JOIN bronze.a ON TRUE", "w"),
        (
            "WITH RECURSIVE t(n) AS (SELECT id FROM bronze.a UNION ALL SELECT n FROM t)"
            " SELECT n FROM t",
            "n",
        ),
        ("SELECT p.one FROM bronze.a PIVOT (sum(x) FOR id IN (1 AS one)) AS p", "one"),
    ],
)
def test_what_is_not_known_is_not_guessed(query: str, column: str) -> None:
    lineage = step(query).lineage
    assert lineage is not None
    assert lineage.columns is not None
    assert lineage.columns[column] is None


def test_a_star_over_unknown_columns_leaves_all_columns_unknown() -> None:
    lineage = step("SELECT * FROM bronze.u").lineage
    assert lineage is not None
    assert lineage.columns is None


@pytest.mark.parametrize(
    ("query", "deciding"),
    [
        ("SELECT id FROM bronze.a WHERE x > 1", "a.x"),
        ("SELECT a.id FROM bronze.a JOIN bronze.b ON a.id = b.id", "a.id b.id"),
        ("SELECT x FROM bronze.a GROUP BY x HAVING count(d) > 1", "a.d a.x"),
        (
            "SELECT id FROM bronze.a WHERE id IN (SELECT id FROM bronze.b WHERE y = 'k')",
            "a.id b.id b.y",
        ),
        ("SELECT id, e FROM bronze.a LATERAL VIEW explode(arr) t AS e", "a.arr"),
        ("SELECT DISTINCT x, d + 1 AS e FROM bronze.a", "a.d a.x"),
        ("SELECT id FROM bronze.a", ""),
    ],
)
def test_conditions_joins_and_groups_decide_rows(query: str, deciding: str) -> None:
    lineage = step(query).lineage
    assert lineage is not None
    assert lineage.deciding is not None
    assert [f"{one.table.table}.{one.column}" for one in lineage.deciding] == deciding.split()
