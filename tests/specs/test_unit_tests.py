"""Unit tests as written become values; every mistake is found in one pass."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakewright.errors import SpecError
from lakewright.names import TableName
from lakewright.specs import GivenQuery, GivenRows, UnitTest, read_unit_tests

ORDERS = TableName("bronze", "orders")


def read(root: Path, text: str, path: str = "tests/shop/orders.yml") -> tuple[UnitTest, ...]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    return read_unit_tests(str(root))


def codes(root: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(root, text)
    return [problem.code for problem in caught.value.problems]


def test_a_file_is_one_test(tmp_path: Path) -> None:
    [test] = read(
        tmp_path,
        "table: silver.orders\ngiven: {bronze.orders: [{id: 1}]}\n"
        "expect: [{id: 1}]\nnow: 2024-01-02\n",
    )
    assert (test.table, test.name) == (TableName("silver", "orders"), "orders 1")
    given = test.given[ORDERS]
    assert isinstance(given, GivenRows)
    assert given.rows == ({"id": 1},)
    assert test.now == datetime(2024, 1, 2, tzinfo=UTC)
    assert test.expect_quarantine is None


def test_tests_of_a_file_share_what_stands_beside_them_and_say_their_own(tmp_path: Path) -> None:
    one, two = read(
        tmp_path,
        """\
table: silver.orders
vars: {limit: 5, other: 1}
given: {bronze.orders: [{id: 1}], bronze.people: [{id: 7}]}
tests:
  - {name: first, expect: [{id: 1}]}
  - {name: second, vars: {limit: 6}, given: {bronze.orders: [{id: 2}]}, expect: []}
""",
    )
    assert (one.name, two.name) == ("first", "second")
    assert one.where.line == 5
    assert two.vars == {"limit": 6, "other": 1}
    given = two.given[ORDERS]
    assert isinstance(given, GivenRows)
    assert given.rows == ({"id": 2},)
    assert two.given.keys() == one.given.keys()
    assert two.expect == ()


def test_csv_is_text_or_a_file_and_an_empty_field_is_null(tmp_path: Path) -> None:
    (tmp_path / "tests/shop").mkdir(parents=True)
    (tmp_path / "tests/shop/people.csv").write_text("id,name\n1,Ada\n2,\n")
    [test] = read(
        tmp_path,
        """\
table: silver.orders
given:
  bronze.people: {csv: people.csv}
  bronze.orders:
    csv: |
      id,amount
      1,5.0
  bronze.rates: {sql: SELECT 1 AS rate}
expect: []
""",
    )
    people, orders, rates = (test.given[name] for name in test.given)
    assert isinstance(people, GivenRows)
    assert people.rows == ({"id": "1", "name": "Ada"}, {"id": "2", "name": None})
    assert isinstance(orders, GivenRows)
    assert (orders.rows, orders.texts) == (({"id": "1", "amount": "5.0"},), True)
    assert isinstance(rates, GivenQuery)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("table: silver.orders\ngiven: {}\n", "LW191"),
        ("table: silver.orders\ngiven: {bronze.orders: 5}\nexpect: []\n", "LW192"),
        ("table: silver.orders\ngiven: {bronze.orders: {csv: no.csv}}\nexpect: []\n", "LW193"),
        ("tabel: silver.orders\nexpect: []\n", "LW120"),
        ("expect: []\n", "LW121"),
        ("table: silver.orders\nexpect: 5\n", "LW122"),
        ("table: silver.orders\nexpect: []\nnow: soon\n", "LW122"),
        ("- a list\n", "LW117"),
    ],
)
def test_what_is_no_test_is_told(tmp_path: Path, text: str, code: str) -> None:
    assert code in codes(tmp_path, text)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "table: silver.orders\ntests:\n  - {name: a}\n  - {name: b, given: {x.y: 1}, expect: []}\n"
    )
    assert codes(tmp_path, text) == ["LW191", "LW192"]


def test_rules_can_be_left_out_of_a_file_or_of_one_test(tmp_path: Path) -> None:
    text = (
        "table: silver.orders\nrules: false\nexpect: []\n"
        "tests:\n  - {name: a}\n  - {name: b, rules: true}\n"
    )
    assert [test.rules for test in read(tmp_path, text)] == [False, True]


@pytest.mark.parametrize("path", ["tests/sample/pipelines/t.yml", "tests/.kept/t.yml"])
def test_projects_of_their_own_and_hidden_folders_hold_no_tests(tmp_path: Path, path: str) -> None:
    (tmp_path / "tests" / "sample").mkdir(parents=True)
    (tmp_path / "tests" / "sample" / "lakewright.yml").write_text("name: sample\n")
    assert read(tmp_path, "no: test\n", path) == ()
