"""Columns of a query: what it produces and reads, and which names mean nothing."""

from __future__ import annotations

import pytest

from graph.builders import name, python, table, view
from graph.cases import graph, marked, problems, step


def produced(query: str) -> list[str] | None:
    columns = step(query).columns
    return None if columns is None else [column.name for column in columns]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT * FROM bronze.a JOIN bronze.b USING (id)", "id x arr s d y"),
        ("SELECT b.*, a.x FROM bronze.a JOIN bronze.b ON a.id = b.id", "id y x"),
        ("SELECT * EXCEPT (arr, s) FROM bronze.a", "id x d"),
        ("SELECT * FROM bronze.a LEFT ANTI JOIN bronze.b USING (id)", "id x arr s d"),
        ("SELECT s.f, id FROM bronze.a", "f id"),
        ("SELECT x + 1 AS y, y * 2 AS z FROM bronze.a", "y z"),
        ("WITH c(p, q) AS (SELECT id, x FROM bronze.a) SELECT * FROM c", "p q"),
        ("SELECT t.* FROM bronze.b AS t(k, v)", "k v"),
        ("SELECT v.a, b FROM VALUES (1, 2) AS v(a, b)", "a b"),
        ("SELECT posexplode(arr) AS (p, e) FROM bronze.a", "p e"),
        ("SELECT id FROM bronze.a UNION ALL SELECT x FROM bronze.a ORDER BY id", "id"),
        ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t", "n"),
        ("SELECT a.id FROM bronze.a JOIN bronze.b ON a.id = b.id ORDER BY id", "id"),
    ],
)
def test_output_columns_are_known_without_an_engine(query, columns):
    assert produced(query) == columns.split()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM bronze.u",
        "SELECT s.* FROM bronze.a",
        "SELECT * FROM bronze.a PIVOT (sum(x) FOR id IN (1, 2))",
    ],
)
def test_a_star_over_unknown_columns_leaves_the_output_unknown(query):
    assert produced(query) is None


@pytest.mark.parametrize(
    ("query", "code", "mark"),
    [
        ("SELECT a.idd FROM bronze.a", "LW204", "idd"),
        ("SELECT idd FROM bronze.a", "LW204", "idd"),
        ("SELECT id FROM bronze.a WHERE nope = 1", "LW204", "nope"),
        ("SELECT x + 1 AS y FROM bronze.a WHERE y > 1", "LW204", "y"),
        ("SELECT id FROM bronze.a JOIN bronze.b USING (x, id, nope)", "LW204", "nope"),
        ("SELECT transform(arr, e -> e + nope) AS t FROM bronze.a", "LW204", "nope"),
        ("SELECT * EXCEPT (nope) FROM bronze.a", "LW204", "nope"),
        ("SELECT sum(x) OVER (ORDER BY nope) AS s FROM bronze.a", "LW204", "nope"),
        (
            "SELECT id FROM bronze.a WHERE EXISTS (SELECT 1 FROM bronze.b WHERE b.id = a.nope)",
            "LW204",
            "nope",
        ),
        ("WITH c AS (SELECT id FROM bronze.a) SELECT c.x FROM c", "LW204", "x"),
        ("SELECT y FROM bronze.a LEFT SEMI JOIN bronze.b USING (id)", "LW204", "y"),
        ("SELECT bronze.a.x FROM bronze.a", "LW207", "bronze.a.x"),
        ("SELECT x, x FROM bronze.a", "LW215", "x"),
        ("SELECT count(*) FROM bronze.a", "LW216", "count"),
        ("SELECT id FROM bronze.a JOIN bronze.b ON a.id = b.id", "LW223", "id"),
        ("SELECT z.id FROM bronze.a", "LW224", "z.id"),
        ("SELECT id AS `my id` FROM bronze.a", "LW225", "`my id`"),
        ("SELECT id AS _run_id FROM bronze.a", "LW226", "_run_id"),
        ("SELECT id FROM bronze.a UNION SELECT id, y FROM bronze.b", "LW227", "id"),
    ],
)
def test_a_name_that_means_nothing_is_marked(query, code, mark):
    (problem,) = problems(table("silver.t", query))
    assert (problem.code, marked(problem)) == (code, mark)


def test_an_unknown_column_shows_what_there_is_and_what_was_meant():
    (problem,) = problems(table("silver.t", "SELECT\n  a.idd\nFROM bronze.a"))
    assert str(problem.where) == "sql/silver/t.sql:2:5"
    assert (problem.label, problem.hint) == (
        "bronze.a has: id, x, arr, s, d",
        "did you mean `id`?",
    )


def test_names_over_unknown_columns_are_not_blamed():
    assert produced("SELECT a.id, nope, u.foo FROM bronze.a CROSS JOIN bronze.u") == [
        "id",
        "nope",
        "foo",
    ]


def test_readers_of_a_broken_table_are_not_blamed():
    found = problems(
        table("silver.broken", "SELECT FROM FROM"),
        table("silver.reader", "SELECT anything FROM silver.broken"),
    )
    assert [str(problem.where.path) for problem in found] == ["sql/silver/broken.sql"]


def test_the_columns_read_of_each_input_are_known():
    compiled = step(
        "SELECT a.id, count(*) AS n FROM bronze.a JOIN bronze.b USING (id) WHERE a.x > 1 GROUP BY 1"
    )
    assert compiled.read_columns == {name("bronze.a"): ("id", "x"), name("bronze.b"): ("id",)}


def test_a_star_reads_all_columns():
    assert step("SELECT * FROM bronze.a").read_columns == {name("bronze.a"): None}


def test_types_are_stated_only_where_they_are_certain():
    compiled = step(
        "SELECT id, CAST(x AS DECIMAL(5, 2)) AS c, count(*) AS n, x IS NULL AS e,"
        " x + 1 AS sum, CASE WHEN x > 1 THEN 'a' ELSE 'b' END AS t FROM bronze.a GROUP BY ALL"
    )
    assert {column.name: column.type for column in compiled.columns} == {
        "id": "bigint",
        "c": "decimal(5,2)",
        "n": "bigint",
        "e": "boolean",
        "sum": None,
        "t": "string",
    }


def test_a_declared_type_wins_over_an_inferred_one():
    compiled = step("SELECT x FROM bronze.a", columns=["x bigint"])
    assert [(column.name, column.type, column.declared) for column in compiled.columns] == [
        ("x", "bigint", True)
    ]


def test_declared_columns_are_kept_while_the_output_is_unknown():
    compiled = step("SELECT * FROM bronze.u", columns=["x long"])
    assert compiled.columns is None
    assert [(column.name, column.type) for column in compiled.declared] == [("x", "bigint")]


def test_a_declared_column_must_be_produced():
    (problem,) = problems(
        table("silver.t", "SELECT x AS custmer FROM bronze.a", columns=["customer"])
    )
    assert (problem.code, problem.hint) == ("LW217", "did you mean `custmer`?")


def test_a_wrong_type_is_refused():
    found = problems(table("silver.t", "SELECT x FROM bronze.a", columns=["x decimal(50,2)"]))
    assert [problem.code for problem in found] == ["LW219"]


def test_an_ingest_adds_its_own_columns():
    columns = graph().steps[name("bronze.flights")].columns
    assert [column.name for column in columns][-2:] == ["_ingested_at", "_source_file"]


def test_the_order_of_views_and_tables_carries_columns_through():
    built = graph(
        view("silver.z", "SELECT id, x AS renamed FROM bronze.a"),
        table("silver.b", "SELECT renamed FROM silver.z"),
    )
    assert [column.type for column in built.steps[name("silver.b")].columns] == ["int"]


def test_python_reads_are_checked_like_those_of_queries():
    found = problems(python("gold.p", "def build(inputs): ...", ["bronze.zz"]))
    assert [problem.code for problem in found] == ["LW203"]


def test_key_and_layout_must_be_columns():
    found = problems(table("silver.t", "SELECT id FROM bronze.a", key=("idd",), cluster_by=("z",)))
    assert [problem.code for problem in found] == ["LW218", "LW218"]
