"""What a query may not hold, and the place that is marked."""

from __future__ import annotations

import pytest

from graph.builders import table
from graph.cases import codes, marked, problems, step


@pytest.mark.parametrize(
    ("query", "code", "mark"),
    [
        ("SELECT id FROM", "LW201", "FROM"),
        ("SELECT id b c FROM bronze.a", "LW201", "c"),
        ("SELECT id,, x FROM bronze.a", "LW201", ","),
        ("SELECT id, FROM bronze.a", "LW201", ","),
        ("SELECT 'abc FROM bronze.a", "LW201", "'"),
        ("SELECT 1 /* /* */ AS a", "LW201", "/"),
        ("SELECT id -- x \\\n FROM bronze.a", "LW201", "-"),
        ("INSERT INTO bronze.a SELECT 1", "LW202", "INSERT"),
        ("SET x = 1", "LW202", "SET"),
        ("DROP TABLE bronze.a", "LW202", "DROP"),
        ("VALUES (1)", "LW202", "VALUES"),
        ("SELECT 1 AS a; SELECT 2 AS b", "LW202", ";"),
        ("SELECT now() AS n", "LW209", "now"),
        ("SELECT current_date AS n", "LW209", "current_date"),
        ("SELECT CURRENT_TIMESTAMP() AS n", "LW209", "CURRENT_TIMESTAMP"),
        ("SELECT unix_timestamp() AS n", "LW209", "unix_timestamp"),
        ("SELECT reflect('a', 'b') AS r", "LW210", "reflect"),
        ("SELECT `java_method`('a', 'b') AS r", "LW210", "`java_method`"),
        ("SELECT system.builtin.reflect('a') AS r", "LW210", "reflect"),
        ("SELECT my.udf(1) AS r", "LW210", "udf"),
        ("SELECT IDENTIFIER('id') AS r FROM bronze.a", "LW211", "IDENTIFIER"),
        ("SELECT TRANSFORM(id) USING 'id' AS (b) FROM bronze.a", "LW212", "USING"),
        ("SELECT id FROM bronze.a@v3", "LW212", "@"),
        ("SELECT id FROM bronze.a |> WHERE id > 1", "LW212", "|>"),
        ("SELECT ${env:HOME} AS h", "LW214", "$"),
        ("SELECT ? AS p", "LW208", "?"),
    ],
)
def test_a_query_that_is_more_than_a_select_is_refused_at_its_place(query, code, mark):
    (problem,) = problems(table("silver.t", query))
    assert (problem.code, marked(problem)) == (code, mark)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a.now FROM (SELECT id AS now FROM bronze.a) AS a",
        "SELECT 'now() reflect(1) ${x}' AS t -- current_date; DROP",
        "SELECT unix_timestamp('2013-01-01') AS u",
        "SELECT id AS reflect FROM bronze.a",
        "SELECT id AS current_date FROM bronze.a",
    ],
)
def test_words_that_are_no_calls_are_allowed(query):
    assert step(query).columns


@pytest.mark.parametrize(
    ("query", "mark"),
    [
        ("SELECT id:now AS v FROM bronze.a", ":now"),
        ("SELECT id :today AS v FROM bronze.a", ":today"),
        ("SELECT :vars.hihg AS v", "hihg"),
        ("SELECT :tody AS v", ":tody"),
        ("SELECT : today AS v", ":"),
        ("SELECT 1 AS v FROM bronze.a WHERE true AND:today > x", ":today"),
    ],
)
def test_an_unknown_or_ambiguous_parameter_is_refused(query, mark):
    (problem,) = problems(table("silver.t", query), variables={"high": 1})
    assert (problem.code, marked(problem)) == ("LW208", mark)


def test_an_unknown_variable_has_a_near_name():
    (problem,) = problems(table("silver.t", "SELECT :vars.hihg AS v"), variables={"high": 1})
    assert "`high`" in problem.hint


def test_a_variable_that_sql_cannot_hold_is_refused():
    found = problems(table("silver.t", "SELECT :vars.m AS v"), variables={"m": {"a": 1}})
    assert [problem.code for problem in found] == ["LW208"]


def test_all_problems_of_a_query_come_at_once():
    query = "SELECT now() AS n, reflect('a') AS r, nope FROM bronze.a JOIN bronze.zz USING (id)"
    assert codes(query) == ["LW209", "LW210", "LW203"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT " + "(" * 3000 + "1" + ")" * 3000 + " AS a",
        "SELECT " + "NOT " * 3000 + "true AS a",
        "SELECT 1 AS a FROM " + " JOIN ".join(f"range(1) t{at}" for at in range(200)),
    ],
)
def test_a_query_nested_beyond_sense_is_refused_quickly(query):
    assert codes(query)[0] in ("LW201", "LW212")


def test_a_long_union_is_no_deep_query():
    assert step(" UNION ALL ".join(["SELECT 1 AS a"] * 1500)).columns
