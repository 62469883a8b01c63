"""What several tests of the graph ask: the problems or the one step a query compiles to."""

from __future__ import annotations

from typing import Any

import pytest

from graph.builders import ingest, name, project, source, table
from lakewright.errors import Problem, SpecError
from lakewright.graph import Graph, SqlTransform, Step, compile_project
from lakewright.specs import Project, TableSpec

A = source("bronze.a", ["id bigint", "x int", "arr array<int>", "s struct<f:int>", "d double"])
B = source("bronze.b", ["id bigint", "y string"])
UNKNOWN = source("bronze.u")
FLIGHTS = ingest("bronze.flights", ["id bigint", "month int", "tailnum string", "dep_delay double"])


def step(query: str, *others: TableSpec, **options: Any) -> Step:
    """`silver.t` of that query over the inputs above."""
    return graph(table("silver.t", query, **options), *others).steps[name("silver.t")]


def graph(*tables: TableSpec, variables: Any = None) -> Graph:
    return compile_project(project(A, B, UNKNOWN, FLIGHTS, *tables, variables=variables))


def problems(*tables: TableSpec, variables: Any = None) -> tuple[Problem, ...]:
    return problems_of(project(A, B, UNKNOWN, FLIGHTS, *tables, variables=variables))


def problems_of(written: Project) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        compile_project(written)
    return caught.value.problems


def codes(query: str, *others: TableSpec, variables: Any = None) -> list[str]:
    """The codes a query is refused with, in file order."""
    found = problems(table("silver.t", query), *others, variables=variables)
    return [problem.code for problem in found]


def marked(problem: Problem) -> str:
    """The text of the user's file that the problem marks."""
    assert problem.where is not None
    start = problem.where.column - 1
    return problem.where.text[start : start + problem.where.length]


def spliced(compiled: Step, **parameters: str) -> str:
    """The text to execute, tables shown as <schema.table>."""
    assert isinstance(compiled.transform, SqlTransform)
    return compiled.transform.render(lambda table: f"<{table}>", parameters)
