"""The selection grammar, one line each."""

from __future__ import annotations

import pytest

from graph.builders import name, project, source, table
from lakewright.errors import UsageError
from lakewright.graph import compile_project, select

GRAPH = compile_project(
    project(
        source("bronze.raw", ["id int"]),
        source("bronze.crm", ["id int"]),
        table("silver.orders", "SELECT id FROM bronze.raw", tags=("daily",), owner="ana"),
        table("silver.people", "SELECT id FROM bronze.crm", owner="bob"),
        table("gold.sums", "SELECT id FROM silver.orders", tags=("daily",)),
        table("gold.final", "SELECT id FROM gold.sums"),
    )
)


def chosen(*expressions: str, exclude=(), modified=None) -> str:
    return " ".join(name.table for name in select(GRAPH, expressions, exclude, modified))


@pytest.mark.parametrize(
    ("expression", "tables"),
    [
        ("silver.orders", "orders"),
        ("orders", "orders"),
        ("SILVER.Orders", "orders"),
        ("+gold.sums", "raw orders sums"),
        ("1+gold.sums", "orders sums"),
        ("silver.orders+", "orders sums final"),
        ("silver.orders+1", "orders sums"),
        ("1+sums+", "orders sums final"),
        ("0+sums", "sums"),
        ("tag:daily", "orders sums"),
        ("tag:d*", "orders sums"),
        ("layer:gold", "sums final"),
        ("schema:silver", "orders people"),
        ("owner:ana", "orders"),
        ("path:pipelines/silver", "orders people"),
        ("path:pipelines/*/sums.yml", "sums"),
        ("source:crm", "crm"),
        ("source:crm+", "crm people"),
        ("gold.*", "sums final"),
        ("*e*", "orders people"),
        ("silver.o*+", "orders sums final"),
        ("2+final", "orders sums final"),
        ("1+sums+1", "orders sums final"),
        ("schema:s*r", "orders people"),
        ("layer:*", "raw crm orders people sums final"),
        ("owner:*", "raw crm orders people sums final"),
        ("path:./pipelines/gold/", "sums final"),
        ("source:*", "raw crm"),
        ("source:bronze.raw+1", "raw orders"),
        ("+tag:daily,layer:silver", "orders"),
        ("tag:daily+,gold.*", "sums final"),
        ("orders,nope people", "people"),
        ("tag:daily,layer:gold", "sums"),
        ("+final,owner:ana people", "orders people"),
    ],
)
def test_an_expression_selects(expression, tables):
    assert sorted(chosen(expression).split()) == sorted(tables.split())


def test_the_selection_is_in_build_order():
    assert chosen("final orders raw") == "raw orders final"


def test_nothing_written_is_everything():
    assert len(select(GRAPH, ())) == 6


def test_exclude_takes_away():
    assert chosen("orders+", exclude=("final",)) == "orders sums"


def test_modified_is_asked_only_when_named():
    assert (
        chosen("state:modified+", modified=lambda: {name("silver.orders")}) == "orders sums final"
    )


@pytest.mark.parametrize(
    "expression",
    ["nope", "tag:none", "tga:daily", "state:old", "state:modified", "++", "orders,people"],
)
def test_selecting_nothing_is_a_usage_error(expression):
    with pytest.raises(UsageError) as caught:
        chosen(expression)
    assert (caught.value.code, caught.value.exit_code) == ("LW301", 2)


@pytest.mark.parametrize(
    ("expression", "near"),
    [
        ("tag:dialy+", "tag:daily"),
        ("layer:sliver", "layer:silver"),
        ("schema:glod", "schema:gold"),
        ("owner:anna", "owner:ana"),
        ("path:pipelines/glod/sums.yml", "path:pipelines/gold/sums.yml"),
        ("source:rwa", "source:raw"),
        ("lyaer:gold", "layer"),
    ],
)
def test_a_near_value_is_offered_for_each_method(expression, near):
    with pytest.raises(UsageError) as caught:
        chosen(expression)
    assert caught.value.problems[0].hint == f"did you mean `{near}`?"


def test_a_near_name_is_offered():
    with pytest.raises(UsageError) as caught:
        chosen("silver.ordres+")
    assert "`silver.orders`" in caught.value.problems[0].hint
