"""What is never shown follows the columns it is made of."""

from __future__ import annotations

from lakewright.graph import Graph
from lakewright.runtime.hiding import hidden_columns, is_hidden
from runtime.shop import Shop, name

ORDERS = name("silver.orders")
PII = "columns:\n  {column}: {{pii: direct}}\n"


def graph(column: str = "amount") -> Graph:
    shop = Shop.open()
    path = "pipelines/silver/orders.yml"
    shop.edit(path, shop.files[path] + PII.format(column=column))
    return shop.graph()


def test_a_marked_column_is_hidden_and_its_neighbours_are_not() -> None:
    hidden = hidden_columns(graph())
    assert is_hidden(hidden, ORDERS, "Amount")
    assert not is_hidden(hidden, ORDERS, "id")
    assert not is_hidden(hidden, name("silver.customers"), "amount")


def test_what_is_made_of_a_marked_column_is_hidden_under_any_name() -> None:
    shop = Shop.open()
    path = "pipelines/silver/orders.yml"
    shop.edit(path, shop.files[path] + PII.format(column="amount"))
    shop.edit("sql/gold/large.sql", "SELECT id, amount + 1 AS more FROM silver.orders\n")
    hidden = hidden_columns(shop.graph())
    assert is_hidden(hidden, name("gold.large"), "more")
    assert not is_hidden(hidden, name("gold.large"), "id")


def test_the_raw_text_of_a_set_apart_record_is_hidden_with_any_column() -> None:
    hidden = hidden_columns(graph())
    assert is_hidden(hidden, ORDERS.quarantine, "_raw")
    assert is_hidden(hidden, ORDERS.quarantine, "amount")
    assert not is_hidden(hidden, ORDERS.quarantine, "_failed_rules")
    assert not is_hidden({}, ORDERS.quarantine, "_raw")


def test_a_python_function_that_reads_a_marked_column_hides_all_it_makes() -> None:
    shop = Shop.open()
    path = "pipelines/silver/orders.yml"
    shop.edit(path, shop.files[path] + PII.format(column="amount"))
    shop.edit(
        "pipelines/gold/scores.yml",
        "table: gold.scores\npython: scores:build\n"
        "reads: [silver.orders]\ncolumns: {score: {type: bigint}}\n",
    )
    shop.edit("pipelines/gold/scores.py", "def build(inputs):\n    return None\n")
    shop.edit("sql/gold/best.sql", "SELECT score AS best FROM gold.scores\n")
    hidden = hidden_columns(shop.graph())
    assert is_hidden(hidden, name("gold.scores"), "score")
    assert is_hidden(hidden, name("gold.best"), "best")
