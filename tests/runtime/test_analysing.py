"""Queries and rules are analysed over empty inputs, and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime

from fakes.engine import FakeEngine
from fakes.lake import World
from lakewright.lake import Field
from lakewright.runtime import Analysis, analyse_graph
from runtime.shop import FILES, Shop, name

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def analysed(known: dict[str, tuple[Field, ...]] | None = None, **edits: str) -> Analysis:
    shop = Shop(files={**FILES, **{path.replace("__", "/"): text for path, text in edits.items()}})
    columns = {name(table): fields for table, fields in (known or {}).items()}
    engine = FakeEngine(World().tables)
    return analyse_graph(shop.graph(), engine, columns, now=NOW, today=NOW.date())


def test_every_table_gets_the_columns_that_the_engine_gives_its_query() -> None:
    found = analysed()
    assert (found.problems, found.unknown) == ((), {})
    fields = {field.name: field.type for field in found.fields[name("gold.totals")]}
    assert fields == {"region": "string", "amount": "bigint"}


def test_a_query_that_the_engine_refuses_is_a_problem_and_its_readers_are_not_blamed() -> None:
    text = FILES["sql/silver/orders.sql"].replace("amount", "nosuch(amount) AS amount")
    found = analysed(**{"sql/silver/orders.sql": text})
    assert len(found.problems) == 1
    assert found.unknown[name("silver.orders")] == "it has a problem"
    assert found.unknown[name("gold.totals")].startswith("it reads silver.orders")


def test_a_rule_that_the_engine_refuses_is_told_at_the_rule() -> None:
    text = FILES["pipelines/silver/orders.yml"].replace("amount >= 0", "nosuch(amount) >= 0")
    [problem] = analysed(**{"pipelines/silver/orders.yml": text}).problems
    assert problem.message.startswith("rule `not_negative`: ")
    assert problem.where is not None
    assert problem.where.path == "pipelines/silver/orders.yml"


def test_inputs_without_declared_columns_are_said_to_be_unknown_unless_they_exist() -> None:
    bare = FILES["pipelines/raw/orders.yml"].partition("columns:")[0]
    edits = {"pipelines/raw/orders.yml": bare}
    found = analysed(**edits)
    assert found.unknown[name("raw.orders")] == "source whose columns are not declared"
    fields = (Field("id", "bigint"), Field("customer", "string"), Field("amount", "bigint"))
    assert analysed({"raw.orders": fields}, **edits).unknown == {}
