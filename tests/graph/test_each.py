"""`:each.x` in queries: spliced as a literal whatever it holds, and part of the print."""

from __future__ import annotations

import pytest

from graph.builders import project, source, table
from lakewright.errors import Place, SpecError
from lakewright.graph import SqlTransform, Step, compile_project, literal
from lakewright.names import TableName

HOSTILE = "x'; DROP TABLE a -- \\' \n"
RAW = source("bronze.a", ["id int", "region string"])
ROW = Place("sales.yml", 4, 5)


def step(query: str, **each: object) -> Step:
    graph = compile_project(project(RAW, table("gold.s", query, each=each, row=ROW)))
    return graph.steps[TableName.of("gold.s")]


def rendered(found: Step) -> str:
    assert isinstance(found.transform, SqlTransform)
    parameters = {f"each.{name}": literal(value) for name, value in found.each.items()}
    return found.transform.render(lambda _: "`a`", parameters)


def test_a_hostile_value_is_one_literal() -> None:
    found = step("SELECT id FROM bronze.a WHERE region = :each.region", region=HOSTILE)
    assert rendered(found).endswith(f"region = {literal(HOSTILE)}")
    assert literal(HOSTILE) == "'x\\'; DROP TABLE a -- \\\\\\' \\n'"


def test_only_the_values_that_a_query_names_are_its_own() -> None:
    query = "SELECT id FROM bronze.a WHERE region = :each.region"
    one, other = (step(query, region="emea", unused=n) for n in (1, 2))
    assert dict(one.each) == {"region": "emea"}
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != step(query, region="apac", unused=1).fingerprint


@pytest.mark.parametrize("parameter", [":each.regoin", ":each", ":eech.region"])
def test_an_unknown_value_is_told_with_the_row(parameter: str) -> None:
    with pytest.raises(SpecError) as caught:
        step(f"SELECT id FROM bronze.a WHERE region = {parameter}", region="emea")
    (problem,) = caught.value.problems
    assert (problem.code, problem.notes) == ("LW208", ("for the row at sales.yml:4:5",))


def test_a_mistake_of_a_shared_query_is_told_once() -> None:
    specs = [table(f"gold.s_{n}", "SELECT nope FROM bronze.a", each={"n": n}) for n in (1, 2)]
    with pytest.raises(SpecError) as caught:
        compile_project(project(RAW, *specs))
    assert len({problem.where.path for problem in caught.value.problems if problem.where}) == 2
