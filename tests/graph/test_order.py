"""Build order, layers, cycles, and the one error that carries every problem."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph.builders import expect, name, project, source, table
from graph.cases import graph, problems, problems_of, step
from lakewright.errors import Place, Problem, SpecError
from lakewright.graph import compile_project


def test_inputs_come_first_and_ties_go_by_name():
    built = graph(
        table("gold.z", "SELECT id FROM silver.b"),
        table("silver.b", "SELECT id FROM bronze.a"),
        table("silver.a", "SELECT id FROM bronze.a"),
    )
    assert [str(built_name) for built_name in built.steps] == [
        "bronze.a", "bronze.b", "bronze.flights", "bronze.u", "silver.a", "silver.b", "gold.z",
    ]  # fmt: skip


def test_a_cycle_is_one_problem_that_names_every_edge():
    (problem,) = problems(
        table("silver.p", "SELECT id FROM silver.r"),
        table("silver.q", "SELECT id FROM silver.p"),
        table("silver.r", "SELECT id FROM silver.q"),
        table("silver.behind", "SELECT id FROM silver.r"),
    )
    assert problem.code == "LW221"
    assert problem.message.endswith("silver.p -> silver.r -> silver.q -> silver.p")
    assert problem.notes[0] == "silver.p reads silver.r at sql/silver/p.sql:1:16"
    assert len(problem.notes) == 3


def test_a_table_that_reads_itself_is_a_cycle():
    (problem,) = problems(table("silver.p", "SELECT id FROM silver.p"))
    assert problem.code == "LW221"


def test_a_foreign_key_closes_a_cycle_too():
    rule = expect("foreign_key", {"column": "id", "references": "silver.q.id"})
    (problem,) = problems(
        table("silver.p", "SELECT id FROM bronze.a", expect=(rule,)),
        table("silver.q", "SELECT id FROM silver.p"),
    )
    assert problem.code == "LW221"


def test_a_table_reads_no_later_layer():
    (problem,) = problems(
        table("silver.p", "SELECT id FROM gold.q"), table("gold.q", "SELECT id FROM bronze.a")
    )
    assert (problem.code, str(problem.where)) == ("LW220", "sql/silver/p.sql:1:16")


def test_every_problem_comes_once_and_in_file_order():
    read = Problem("LW150", "unreadable", Place("pipelines/a.yml", 3))
    found = problems_of(
        project(
            source("bronze.a", ["id bigint"]),
            table("silver.b", "SELECT nope FROM bronze.a"),
            table("silver.a", "SELECT id FROM bronze.zz\nWHERE now() > 1"),
            problems=(read, read),
        )
    )
    assert [(problem.code, str(problem.where)) for problem in found] == [
        ("LW150", "pipelines/a.yml:3:1"),
        ("LW203", "sql/silver/a.sql:1:16"),
        ("LW209", "sql/silver/a.sql:2:7"),
        ("LW204", "sql/silver/b.sql:1:8"),
    ]


def test_readers_of_a_file_that_could_not_be_read_are_not_blamed():
    broken = Problem("LW120", "bad yaml", Place("pipelines/sales/silver/orders.yml", 3))
    found = problems_of(
        project(table("gold.t", "SELECT id FROM silver.orders"), problems=(broken,))
    )
    assert found == (broken,)


def test_readers_of_a_table_that_was_left_out_are_not_blamed():
    broken = Problem("LW120", "bad yaml", Place("pipelines/sales/other.yml", 3))
    written = project(table("gold.t", "SELECT id FROM silver.orders"), problems=(broken,))
    assert problems_of(replace(written, broken=(name("silver.orders"),))) == (broken,)


def test_inputs_are_in_name_order():
    assert [str(found.table) for found in graph().inputs] == [
        "bronze.a", "bronze.b", "bronze.flights", "bronze.u",
    ]  # fmt: skip


def test_equal_projects_give_equal_graphs():
    tables = (table("silver.t", "SELECT id FROM bronze.a"), table("silver.u", "SELECT 1 AS a"))
    assert graph(*tables) == graph(*reversed(tables))


def test_an_unknown_fingerprint_algorithm_is_refused():
    with pytest.raises(SpecError) as caught:
        compile_project(project(), algorithm=99)
    assert caught.value.code == "LW299"


@pytest.mark.parametrize(
    ("query", "deterministic"),
    [
        ("SELECT id, sum(x) AS s FROM bronze.a GROUP BY id", True),
        ("SELECT id, sum(d) AS s FROM bronze.a GROUP BY id", True),
        ("SELECT id FROM bronze.a LIMIT 3", False),
        ("SELECT first(x) AS f FROM bronze.a", False),
        ("SELECT collect_list(x) AS f FROM bronze.a", False),
        ("SELECT uuid() AS f FROM bronze.a", False),
        ("SELECT row_number() OVER (PARTITION BY id ORDER BY x) AS f FROM bronze.a", False),
        ("SELECT rank() OVER (PARTITION BY id ORDER BY x) AS f FROM bronze.a", True),
        ("SELECT sum(x) OVER (ORDER BY id ROWS 3 PRECEDING) AS f FROM bronze.a", False),
        ("SELECT id FROM bronze.a AS q TABLESAMPLE (5 PERCENT)", False),
    ],
)
def test_a_query_is_deterministic_only_when_that_is_known(query, deterministic):
    query = query.replace("AS q TABLESAMPLE (5 PERCENT)", "TABLESAMPLE (5 PERCENT) AS q")
    assert step(query).deterministic is deterministic


@pytest.mark.parametrize(("column", "deterministic"), [("s", False), ("id", True)])
def test_a_rule_over_a_floating_point_sum_makes_it_not_deterministic(column, deterministic):
    rule = expect("between", {"column": column, "min": 1}, on_fail="drop")
    compiled = step("SELECT id, sum(d) AS s FROM bronze.a GROUP BY id", expect=(rule,))
    assert compiled.deterministic is deterministic


def test_a_reader_of_a_view_is_as_deterministic_as_the_view():
    view = table("silver.v", "SELECT uuid() AS u", kind="view")
    assert (
        not graph(view, table("silver.t", "SELECT u FROM silver.v"))
        .steps[name("silver.t")]
        .deterministic
    )


def test_the_clock_and_vars_a_query_uses_are_stated():
    built = graph(
        table("silver.t", "SELECT :today AS d, :now AS n, :vars.b AS b"),
        variables={"a": 1, "b": 2},
    ).steps[name("silver.t")]
    assert (built.clock, built.vars) == (("now", "today"), {"b": 2})
