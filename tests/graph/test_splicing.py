"""Which spans of a query are replaced, and that nothing else of its text is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.builders import name, table
from graph.cases import codes, graph, marked, problems, spliced, step
from lakewright.specs import Segment, SqlText

PAIRS = sorted((Path(__file__).parent.parent / "golden" / "graph" / "splicing").glob("*.sql"))


@pytest.mark.parametrize("file", PAIRS, ids=lambda file: file.stem)
def test_only_tables_and_parameters_of_a_query_are_replaced(file: Path, golden):
    compiled = graph(
        table("silver.t", file.read_text(encoding="utf-8")),
        table("silver.orders", "SELECT id, x FROM bronze.a"),
        variables={"low": 3},
    ).steps[name("silver.t")]
    text = spliced(compiled, now="TIMESTAMP'n'", today="DATE't'", **{"vars.low": "3"})
    golden(f"graph/splicing/{file.stem}.spliced", text)


def test_every_pair_of_the_golden_folder_is_found():
    assert len(PAIRS) >= 8


def test_a_closing_semicolon_is_not_executed():
    assert (
        spliced(step("SELECT id FROM bronze.a ;\n-- end\n")) == "SELECT id FROM <bronze.a> AS `a` "
    )


def test_a_cte_hides_no_two_part_name():
    compiled = step(
        "WITH b AS (SELECT id FROM bronze.a) SELECT id FROM b UNION SELECT id FROM bronze.b"
    )
    assert compiled.reads == (name("bronze.a"), name("bronze.b"))


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT id FROM nowhere.x", "LW203"),
        ("SELECT id FROM a", "LW205"),
        ("SELECT id FROM c.bronze.a", "LW205"),
        ("SELECT 1 AS x FROM (WITH c AS (SELECT id FROM bronze.a) SELECT id FROM c) q, c", "LW205"),
        ("SELECT 1 AS x FROM bronze.a JOIN bronze.a", "LW206"),
        ("WITH a AS (SELECT 1 AS k) SELECT 1 AS x FROM a JOIN bronze.a", "LW206"),
        ("SELECT x FROM bronze.a TABLESAMPLE (5 PERCENT)", "LW206"),
        ("SELECT id FROM bronze.a__quarantine", "LW222"),
        ("SELECT id FROM delta.`/x`", "LW211"),
        ("SELECT id FROM parquet.`s3://b/x`", "LW211"),
        ("SELECT id FROM bronze.a VERSION AS OF 3", "LW211"),
        ("SELECT id FROM bronze.a TIMESTAMP AS OF '2013-01-01'", "LW211"),
        ("SELECT 1 AS x FROM IDENTIFIER('bronze.a')", "LW211"),
        ("SELECT 1 AS x FROM read_csv('/x')", "LW213"),
        ("SELECT 1 AS x FROM bronze.a LATERAL VIEW my_udtf(arr) t AS e", "LW213"),
    ],
)
def test_a_relation_that_is_no_table_of_the_project_is_refused(query: str, code: str):
    assert codes(query) == [code]


def test_an_unknown_table_is_marked_as_written_with_a_near_name():
    (problem,) = problems(table("silver.t", "SELECT id\nFROM bronze . aa AS q"))
    assert (problem.code, problem.where.line, marked(problem)) == ("LW203", 2, "bronze . aa")
    assert "bronze.a" in problem.hint


def test_offsets_count_characters_also_beyond_the_basic_plane():
    compiled = step("SELECT '🛫é' AS t /* 🛫 */ FROM bronze.a")
    assert spliced(compiled) == "SELECT '🛫é' AS t /* 🛫 */ FROM <bronze.a> AS `a`"


def test_places_go_through_a_template_to_the_users_text():
    raw = "SELECT {{ cols() }}\nFROM bronze.zz"
    text = "SELECT id, x AS long_name\nFROM bronze.zz"
    segments = (Segment(0, 0, True), Segment(7, 7, False), Segment(25, 19, True))
    query = SqlText("q.sql", raw, text, segments)
    (problem,) = problems(table("silver.t", query))
    assert (problem.where.line, problem.where.column) == (2, 6)


def test_a_query_text_without_splices_is_executed_as_written():
    text = "SELECT  1 AS a, 'bronze.a' AS b -- bronze.a :now\n"
    assert spliced(step(text)) == text
