"""Given rows in, the table's query and rules, the rows that come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.engine import FakeEngine
from fakes.lake import World
from lakewright.errors import Place, SpecError
from lakewright.runtime import UnitTestResult, run_unit_test
from lakewright.runtime.analysing import columns_of
from lakewright.specs import Given, GivenQuery, GivenRows, UnitTest
from runtime.shop import FILES, Shop, name

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HERE = Place("tests/t.yml", 1)
Row = Mapping[str, Any]


def rows(*given: Row) -> GivenRows:
    return GivenRows(given, HERE)


def ran(
    table: str,
    given: Mapping[str, Given],
    expect: tuple[Row, ...] | None = None,
    apart: tuple[Row, ...] | None = None,
    variables: Mapping[str, Any] | None = None,
    rules: bool = True,
) -> UnitTestResult:
    graph = Shop(files=dict(FILES)).graph()
    engine = FakeEngine(World().tables)
    columns = columns_of(graph, graph.steps, engine, {}, now=NOW, today=NOW.date())
    named = {name(text): one for text, one in given.items()}
    test = UnitTest("t", name(table), HERE, named, variables or {}, NOW, expect, apart, rules)
    return run_unit_test(test, graph, columns, engine.session())


ORDER = {"id": 1, "customer": "ann", "amount": 5}


def test_rows_are_split_as_a_build_splits_them() -> None:
    bad, gone = {**ORDER, "id": 2, "amount": -1}, {**ORDER, "id": 3, "amount": 999}
    found = ran(
        "silver.orders",
        {"raw.orders": rows(ORDER, bad, gone)},
        expect=({"id": 1},),
        apart=({"id": 2, "_failed_rules": ["not_negative"]},),
    )
    assert found.passed


def test_what_is_left_out_is_null_and_an_input_that_is_left_out_is_empty() -> None:
    given = {"raw.orders": rows({"id": 1, "customer": "ann"})}
    assert ran("silver.orders", given, expect=({"id": 1, "amount": None},)).passed
    assert ran("gold.totals", {}, expect=()).passed


def test_a_difference_names_missing_and_surplus_rows_of_the_named_columns() -> None:
    found = ran("silver.orders", {"raw.orders": rows(ORDER)}, expect=({"id": 2},))
    assert not found.passed
    assert found.rows is not None
    assert (found.rows.columns, found.rows.missing, found.rows.surplus) == (
        ("id",),
        ((2,),),
        ((1,),),
    )


def test_equal_rows_count_as_often_as_they_come() -> None:
    given = {"silver.orders": rows(ORDER, {**ORDER, "id": 2})}
    wanted: Row = {"amount": 5}
    assert not ran("gold.large", given, expect=(wanted,)).passed
    large = {"silver.orders": rows({**ORDER, "amount": 10}, {**ORDER, "id": 2, "amount": 10})}
    assert ran("gold.large", large, expect=({"amount": 10}, {"amount": 10})).passed
    assert not ran("gold.large", large, expect=({"amount": 10},)).passed


def test_kept_rows_that_break_a_fail_rule_fail_the_test() -> None:
    given = {"raw.orders": rows({"id": 1, "amount": 5})}
    found = ran("silver.orders", given, expect=({"id": 1},))
    assert found.rows is not None
    assert found.rows.same
    assert not found.passed
    assert list(found.broken.values()) == [1]


def test_a_query_without_tables_gives_rows() -> None:
    query = GivenQuery("SELECT 1 AS id, 'ann' AS customer, 5 AS amount", HERE)
    assert ran("silver.orders", {"raw.orders": query}, expect=({"id": 1},)).passed


@pytest.mark.parametrize(
    ("table", "given", "expect", "code"),
    [
        ("silver.ordrs", {}, (), "LW490"),
        ("raw.orders", {}, (), "LW491"),
        ("silver.orders", {"raw.ordrs": rows(ORDER)}, (), "LW492"),
        ("silver.orders", {"raw.orders": rows({"idd": 1})}, (), "LW492"),
        ("silver.orders", {"raw.orders": rows({"id": "one"})}, (), "LW493"),
        ("silver.orders", {"raw.orders": rows(ORDER)}, ({"idd": 1},), "LW492"),
        ("silver.orders", {"raw.orders": rows(ORDER)}, ({"id": "one"},), "LW493"),
        (
            "silver.orders",
            {"raw.orders": GivenQuery("SELECT reflect('a', 'b') AS id", HERE)},
            (),
            "LW210",
        ),
        ("silver.orders", {"raw.orders": GivenQuery("SELECT * FROM a.b", HERE)}, (), "LW203"),
    ],
)
def test_a_test_that_does_not_fit_is_told(
    table: str, given: Mapping[str, Given], expect: tuple[Row, ...], code: str
) -> None:
    with pytest.raises(SpecError) as caught:
        ran(table, given, expect)
    assert caught.value.code == code


def test_without_rules_only_the_query_is_tested() -> None:
    bad = {**ORDER, "id": 2, "amount": -1}
    found = ran(
        "silver.orders", {"raw.orders": rows(ORDER, bad)}, ({"id": 1}, {"id": 2}), rules=False
    )
    assert found.passed
