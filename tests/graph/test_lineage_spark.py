"""Column lineage is what Spark's own analyser says, query by query."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from graph.lineage_cases import COLUMNS, QUERIES, compiled
from lakewright.engines import open_engine

pytestmark = pytest.mark.spark

Made = dict[str, set[str] | None]


@pytest.fixture(scope="module")
def session() -> Any:
    engine = open_engine("spark")
    spark = SparkSession.active()
    spark.sql("CREATE DATABASE IF NOT EXISTS raw")
    for of, columns in COLUMNS.items():
        leaf = ", ".join(f"CAST(NULL AS {kind}) AS {of}__{it}" for it, kind in columns.items())
        named = ", ".join(f"{of}__{column} AS {column}" for column in columns)
        spark.sql(f"SELECT {leaf}").createOrReplaceTempView(f"leaf_{of}")
        spark.sql(f"SELECT {named} FROM leaf_{of}").createOrReplaceTempView(of)
    yield spark
    engine.close()


def ours(query: str) -> Made:
    lineage = compiled(query).lineage
    assert lineage is not None
    assert lineage.columns is not None
    return {
        column: None if made_of is None else {f"{ref.table.table}.{ref.column}" for ref in made_of}
        for column, made_of in lineage.columns.items()
    }


@pytest.mark.parametrize("query", QUERIES)
def test_columns_are_made_of_what_sparks_analyser_says(session: Any, query: str) -> None:
    frame = session.sql(query.replace("raw.", ""))
    plan = Plan()
    plan.visit(frame._jdf.queryExecution().analyzed())
    expected = {
        attribute.name().lower(): plan.made_of[attribute.exprId().id()]
        for attribute in listed(frame._jdf.queryExecution().analyzed().output())
    }
    assert ours(query) == expected


_READS = {
    "Project": "projectList",
    "Aggregate": "aggregateExpressions",
    "Window": "windowExpressions",
}
_SIDE_BY_SIDE = {"Union", "Intersect", "Intersect All", "Except", "Except All"}


class Plan:
    """Walks an analysed plan: which leaf columns each attribute is computed from.

    The columns of the leaves are called <table>__<column>.
    """

    def __init__(self) -> None:
        self.made_of: dict[int, set[str]] = {}
        self._ctes: dict[int, list[Any]] = {}

    def visit(self, node: Any) -> None:
        kind = node.nodeName()
        if kind == "WithCTE":
            for definition in listed(node.cteDefs()):
                self.visit(definition.child())
                self._ctes[definition.id()] = listed(definition.child().output())
            self.visit(node.plan())
            return
        for child in listed(node.children()):
            self.visit(child)
        if (read := _READS.get(kind)) is not None:
            self._named(getattr(node, read)())
        elif kind in _SIDE_BY_SIDE:
            self._columns(node.output(), [listed(it.output()) for it in listed(node.children())])
        elif kind == "Generate":
            for attribute in listed(node.generatorOutput()):
                self.made_of[attribute.exprId().id()] = self._origins(node.generator())
        else:
            self._visit_rarer(node, kind)

    def _visit_rarer(self, node: Any, kind: str) -> None:
        match kind:
            case "Expand":
                self._columns(node.output(), [listed(row) for row in listed(node.projections())])
            case "LateralJoin":
                self.visit(node.right().plan())
            case "LocalRelation" | "OneRowRelation":
                self._columns(node.output(), [])
            case "CTERelationRef":
                self._columns(node.output(), [self._ctes[node.cteId()]])

    def _named(self, expressions: Any) -> None:
        for expression in listed(expressions):
            if expression.getClass().getSimpleName() != "Alias":
                continue
            leaf, found, column = expression.name().partition("__")
            origins = {f"{leaf}.{column}"} if found else self._origins(expression.child())
            self.made_of[expression.exprId().id()] = origins

    def _columns(self, output: Any, rows: list[list[Any]]) -> None:
        for at, attribute in enumerate(listed(output)):
            origins = set[str]().union(*(self._origins(row[at]) for row in rows))
            self.made_of[attribute.exprId().id()] = origins

    def _origins(self, expression: Any) -> set[str]:
        kind = expression.getClass().getSimpleName()
        if kind == "AttributeReference":
            return self.made_of[expression.exprId().id()]
        if kind == "OuterReference":
            return self._origins(expression.e())
        if kind in {"ScalarSubquery", "ListQuery", "Exists"}:
            self.visit(expression.plan())
            if kind == "Exists":
                return set()
            return set[str]().union(*map(self._origins, listed(expression.plan().output())))
        return set[str]().union(*map(self._origins, listed(expression.children())))


def listed(sequence: Any) -> list[Any]:
    return [sequence.apply(at) for at in range(sequence.size())]
