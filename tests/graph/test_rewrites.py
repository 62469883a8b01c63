"""Which columns an edit changes. None: it may change the rows, and with them everything."""

from __future__ import annotations

import pytest

from graph import lineage_cases
from graph.builders import name, project, source, table
from lakewright.graph import Step, compile_project
from lakewright.graph.functions import AGGREGATES, ROWWISE
from lakewright.graph.rewrites import changed_columns

ORDERS = ("id bigint", "customer string", "amount bigint", "price double", "tags array<string>")
PEOPLE = ("customer string", "region string")


def compiled(query: str) -> Step:
    """The query as a table over two sources, `silver.o` and `silver.c`."""
    tables = (source("silver.o", ORDERS), source("silver.c", PEOPLE), table("gold.t", query))
    return compile_project(project(*tables)).steps[name("gold.t")]


def changed(before: str, after: str, *touched: str) -> set[str] | None:
    found = changed_columns(compiled(before), compiled(after), touched)
    return None if found is None else set(found)


PLAIN = "SELECT id, amount FROM silver.o"


@pytest.mark.parametrize(
    ("before", "after", "columns"),
    [
        (PLAIN, "SELECT id, amount * 2 AS amount FROM silver.o", {"amount"}),
        (PLAIN, "SELECT id, amount, price FROM silver.o", {"price"}),
        (PLAIN, "SELECT id FROM silver.o", {"amount"}),
        (PLAIN, "select id, /* the same */ amount\nfrom silver.o", set()),
        (PLAIN, "SELECT id, customer AS amount FROM silver.o", {"amount"}),
        ("SELECT * FROM silver.c", "SELECT *, upper(region) AS big FROM silver.c", {"big"}),
        (
            "SELECT customer, sum(amount) AS n, max(id) AS m FROM silver.o GROUP BY customer",
            "SELECT customer, sum(amount) AS n, min(id) AS m FROM silver.o GROUP BY customer",
            {"m"},
        ),
        (
            "SELECT count(*) AS n, max(id) AS m FROM silver.o",
            "SELECT count(*) AS n, min(id) AS m FROM silver.o",
            {"m"},
        ),
        (
            "SELECT id, rank() OVER (ORDER BY id) AS r FROM silver.o",
            "SELECT id, rank() OVER (ORDER BY amount) AS r FROM silver.o",
            {"r"},
        ),
        (
            "WITH a AS (SELECT id, 1 AS x, 1 AS y FROM silver.o) SELECT id, x, y + 1 AS z FROM a",
            "WITH a AS (SELECT id, 1 AS x, 2 AS y FROM silver.o) SELECT id, x, y + 1 AS z FROM a",
            {"z"},
        ),
        (
            "WITH a AS (SELECT id, 1 AS y FROM silver.o) SELECT * FROM a",
            "WITH a AS (SELECT id, 2 AS y FROM silver.o) SELECT * FROM a",
            {"y"},
        ),
        (
            f"{PLAIN} UNION ALL SELECT id, 1 AS amount FROM silver.o",
            f"{PLAIN} UNION ALL SELECT id, 2 AS amount FROM silver.o",
            {"amount"},
        ),
        (
            "WITH a AS (SELECT id, 1 AS y FROM silver.o)"
            " SELECT id, y FROM a UNION ALL SELECT id, id AS y FROM a",
            "WITH a AS (SELECT id, 2 AS y FROM silver.o)"
            " SELECT id, y FROM a UNION ALL SELECT id, id AS y FROM a",
            {"y"},
        ),
        (
            "SELECT id, amount IS DISTINCT FROM 1 AS x FROM silver.o",
            "SELECT id, amount IS DISTINCT FROM 2 AS x FROM silver.o",
            {"x"},
        ),
        (
            "SELECT id, extract(YEAR FROM date '2020-01-01') AS y, 1 AS z FROM silver.o",
            "SELECT id, extract(YEAR FROM date '2020-01-01') AS y, 2 AS z FROM silver.o",
            {"z"},
        ),
        (
            "SELECT id, amount AS a FROM silver.o WHERE amount > 0",
            "SELECT id, amount + 1 AS a FROM silver.o WHERE amount > 0",
            {"a"},
        ),
    ],
)
def test_an_edit_of_projections_changes_what_they_name(
    before: str, after: str, columns: set[str]
) -> None:
    assert changed(before, after) == columns


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(PLAIN, f"{PLAIN} WHERE amount > 0", id="filter"),
        pytest.param(PLAIN, "SELECT DISTINCT id, amount FROM silver.o", id="distinct comes"),
        pytest.param(
            "SELECT DISTINCT id, amount FROM silver.o",
            "SELECT DISTINCT id, amount * 2 AS amount FROM silver.o",
            id="distinct sees every column",
        ),
        pytest.param(
            "SELECT id, amount FROM silver.o JOIN silver.c USING (customer)",
            "SELECT id, amount FROM silver.o LEFT JOIN silver.c USING (customer)",
            id="join",
        ),
        pytest.param(
            "SELECT id, 1 AS n FROM silver.o",
            "SELECT max(id) AS id, 1 AS n FROM silver.o",
            id="an aggregate makes one row of all",
        ),
        pytest.param(
            "SELECT id FROM silver.o",
            "SELECT id, explode(tags) AS tag FROM silver.o",
            id="a generator makes rows",
        ),
        pytest.param(
            "SELECT id FROM silver.o",
            "SELECT id, some_function(amount) AS x FROM silver.o",
            id="a function nobody knows",
        ),
        pytest.param(
            "SELECT id, (SELECT max(amount) FROM silver.o) AS m FROM silver.o",
            "SELECT id, (SELECT min(amount) FROM silver.o) AS m FROM silver.o",
            id="a query inside",
        ),
        pytest.param(
            "SELECT amount % 2 AS k, count(*) AS n FROM silver.o GROUP BY k",
            "SELECT amount % 3 AS k, count(*) AS n FROM silver.o GROUP BY k",
            id="grouped by the alias",
        ),
        pytest.param(
            "SELECT amount % 2 AS k, count(*) AS n FROM silver.o GROUP BY 1",
            "SELECT amount % 3 AS k, count(*) AS n FROM silver.o GROUP BY 1",
            id="grouped by the position",
        ),
        pytest.param(
            "SELECT amount % 2 AS k, count(*) AS n FROM silver.o GROUP BY ALL",
            "SELECT amount % 3 AS k, count(*) AS n FROM silver.o GROUP BY ALL",
            id="grouped by all",
        ),
        pytest.param(
            "SELECT customer, max(amount) AS m FROM silver.o GROUP BY customer HAVING m > 1",
            "SELECT customer, min(amount) AS m FROM silver.o GROUP BY customer HAVING m > 1",
            id="having the alias",
        ),
        pytest.param(
            "SELECT id, rank() OVER (ORDER BY id) AS r FROM silver.o QUALIFY r = 1",
            "SELECT id, rank() OVER (ORDER BY amount) AS r FROM silver.o QUALIFY r = 1",
            id="qualify",
        ),
        pytest.param(
            f"{PLAIN} UNION ALL SELECT id, 1 FROM silver.o",
            f"{PLAIN} UNION ALL SELECT id, 2 FROM silver.o",
            id="a union whose branches name their columns otherwise",
        ),
        pytest.param(
            f"{PLAIN} UNION ALL SELECT id, amount FROM silver.o WHERE id > 1",
            f"{PLAIN} UNION ALL SELECT id, amount FROM silver.o WHERE id > 2",
            id="rows of one branch",
        ),
        pytest.param(
            f"{PLAIN} UNION ALL SELECT id, 1 AS amount FROM silver.o",
            f"{PLAIN} UNION ALL SELECT id, 1 AS amount FROM silver.o UNION ALL {PLAIN}",
            id="one more branch",
        ),
        pytest.param(
            f"{PLAIN} UNION ALL SELECT id, 1 AS amount FROM silver.o ORDER BY amount",
            f"{PLAIN} UNION ALL SELECT id, 2 AS amount FROM silver.o ORDER BY amount",
            id="an order behind a union",
        ),
        pytest.param(
            f"{PLAIN} UNION ALL SELECT amount AS id, id AS amount FROM silver.o",
            "SELECT amount, id FROM silver.o"
            " UNION ALL SELECT amount AS id, id AS amount FROM silver.o",
            id="branches by position",
        ),
        pytest.param(
            f"{PLAIN} UNION SELECT id, 1 AS amount FROM silver.o",
            f"{PLAIN} UNION SELECT id, 2 AS amount FROM silver.o",
            id="union of distinct rows",
        ),
        pytest.param(
            "WITH a AS (SELECT id, 1 AS y FROM silver.o) SELECT id FROM a WHERE y = 1",
            "WITH a AS (SELECT id, 2 AS y FROM silver.o) SELECT id FROM a WHERE y = 1",
            id="a filter over a changed column of a CTE",
        ),
        pytest.param(
            "WITH a AS (SELECT id, 1 AS y FROM silver.o)"
            " SELECT id FROM a WHERE id IN (SELECT count(*) FROM (SELECT DISTINCT * FROM a))",
            "WITH a AS (SELECT id, 2 AS y FROM silver.o)"
            " SELECT id FROM a WHERE id IN (SELECT count(*) FROM (SELECT DISTINCT * FROM a))",
            id="a star behind FROM over a changed CTE",
        ),
        pytest.param(
            "WITH a AS (SELECT customer, 1 AS y FROM silver.o)"
            " SELECT region FROM a NATURAL JOIN silver.c",
            "WITH a AS (SELECT customer, 2 AS y FROM silver.o)"
            " SELECT region FROM a NATURAL JOIN silver.c",
            id="a natural join over a changed CTE",
        ),
        pytest.param(
            "WITH a(k, v) AS (SELECT id, 1 AS y FROM silver.o) SELECT k, v FROM a",
            "WITH a(k, v) AS (SELECT id, 2 AS y FROM silver.o) SELECT k, v FROM a",
            id="a CTE whose columns have other names outside",
        ),
        pytest.param(
            "WITH a AS (SELECT id FROM silver.o) SELECT id FROM a",
            "WITH a AS (SELECT id FROM silver.o WHERE id > 1) SELECT id FROM a",
            id="rows of a CTE",
        ),
        pytest.param(
            "SELECT customer, 1 AS x FROM silver.o GROUP BY customer HAVING sum(price) > 1",
            "SELECT customer, 2 AS x FROM silver.o GROUP BY customer HAVING sum(price) > 1",
            id="a sum of floats decides on rows",
        ),
    ],
)
def test_an_edit_that_may_change_the_rows_changes_everything(before: str, after: str) -> None:
    assert changed(before, after) is None


def test_what_is_made_of_a_changed_alias_changes_too() -> None:
    before = "SELECT id, amount AS x, x + 1 AS y, id + 1 AS z FROM silver.o"
    after = "SELECT id, amount * 2 AS x, x + 1 AS y, id + 1 AS z FROM silver.o"
    assert changed(before, after) == {"x", "y"}


def test_another_order_of_columns_changes_all_of_them() -> None:
    assert changed(PLAIN, "SELECT amount, id FROM silver.o") == {"id", "amount"}


def test_a_sum_of_floats_may_come_out_otherwise_and_one_of_integers_may_not() -> None:
    select = "SELECT customer, sum(price) AS p, sum(amount) AS n"
    rest = "FROM silver.o GROUP BY customer"
    assert changed(f"{select}, 1 AS x {rest}", f"{select}, 2 AS x {rest}") == {"p", "x"}


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT id, amount + 1 AS a FROM silver.o", {"a"}),
        ("SELECT id FROM silver.o", set()),
        ("SELECT count(*) AS n FROM silver.o", set()),
        ("SELECT * FROM silver.o", {"amount"}),
        ("SELECT customer, sum(amount) AS n FROM silver.o GROUP BY customer", {"n"}),
        ("SELECT id FROM silver.o UNION ALL SELECT id FROM silver.o", set()),
        ("SELECT id FROM silver.o WHERE amount > 1", None),
        ("SELECT DISTINCT amount FROM silver.o", None),
        ("SELECT amount, count(*) AS n FROM silver.o GROUP BY amount", None),
        ("SELECT id FROM silver.o ORDER BY amount", None),
        ("SELECT id, amount FROM silver.o UNION ALL SELECT id, 1 FROM silver.o", None),
        ("SELECT id, to_json(struct(*)) AS j FROM silver.o", None),
        ("SELECT id FROM silver.o WHERE EXISTS (SELECT * FROM silver.c)", None),
        ("SELECT t.e FROM silver.o AS t(a, b, c, d, e)", None),
        (
            "SELECT t.e FROM silver.o AS t(a, b, c, d, e) UNION ALL SELECT 1 AS e FROM silver.c",
            None,
        ),
        ("SELECT amount.* FROM silver.o", None),
        ("SELECT * EXCEPT (amount) FROM silver.o", None),
    ],
)
def test_a_changed_column_of_an_input_changes_what_is_made_of_it(
    query: str, columns: set[str] | None
) -> None:
    assert changed(query, query, "amount") == columns


@pytest.mark.parametrize("column", ["x", "y", "id", "k"])
def test_lineage_finds_no_column_made_of_a_changed_one_that_is_left_out(column: str) -> None:
    """Names say at least as much as scopes do, over queries of all shapes."""
    told = 0
    for step in map(lineage_cases.compiled, lineage_cases.QUERIES):
        found = changed_columns(step, step, {column})
        if found is None:
            continue
        told += 1
        assert step.lineage is not None
        made_of = (step.lineage.columns or {}).items()
        affected = {
            name
            for name, origins in made_of
            if origins is None or column in {origin.column for origin in origins}
        }
        assert affected <= found, step.transform
        assert column not in {origin.column for origin in step.lineage.deciding or ()}
    assert told > len(lineage_cases.QUERIES) // 2


def test_no_word_that_keeps_rows_is_a_generator_or_an_aggregate() -> None:
    assert not ROWWISE & AGGREGATES
    assert not ROWWISE & {"explode", "inline", "stack", "json_tuple", "posexplode", "window"}
