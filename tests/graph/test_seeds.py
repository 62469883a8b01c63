"""A seed compiled: columns, rows and what moves its fingerprint."""

from __future__ import annotations

import pytest

from lakewright.errors import SpecError
from lakewright.graph import SeedTransform, Step, compile_project
from lakewright.names import TableName
from specs.builders import project_of

SPEC = "pipelines/silver/carriers.yml"
CSV = "code,legs,day\nAA,5,2013-01-01\nBB,,2013-01-02\n"
SEED = "table: silver.carriers\nkind: seed\nfile: carriers.csv\n"


def step(csv: str = CSV, more: str = "") -> Step:
    project = project_of({SPEC: SEED + more, "pipelines/silver/carriers.csv": csv})
    return compile_project(project).steps[TableName.of("silver.carriers")]


def problems(csv: str = CSV, more: str = "") -> list[tuple[str, str, int, int]]:
    with pytest.raises(SpecError) as caught:
        step(csv, more)
    places = ((p.code, p.where) for p in caught.value.problems)
    return [
        (code, where.path.rpartition(".")[2], where.line, where.column)
        for code, where in places
        if where
    ]


def test_columns_have_the_types_of_their_values() -> None:
    columns = step().columns or ()
    types = [(column.name, column.type) for column in columns]
    assert types == [("code", "string"), ("legs", "bigint"), ("day", "date")]


def test_a_declared_type_wins() -> None:
    found = step(more='columns:\n  LEGS: {type: "decimal(5,1)", description: how many}\n')
    assert found.columns is not None
    assert (found.columns[1].type, found.columns[1].description) == ("decimal(5,1)", "how many")


def test_rows_are_values_in_the_order_of_the_file() -> None:
    transform = step(more="columns: {legs: {type: string}, day: {type: string}}\n").transform
    assert isinstance(transform, SeedTransform)
    assert transform.rows == (("AA", "5", "2013-01-01"), ("BB", None, "2013-01-02"))


def test_queries_see_its_columns() -> None:
    project = project_of(
        {
            SPEC: SEED,
            "pipelines/silver/carriers.csv": CSV,
            "sql/shop/gold/t.sql": "SELECT cod FROM silver.carriers",
        }
    )
    with pytest.raises(SpecError) as caught:
        compile_project(project)
    assert caught.value.code == "LW204"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("columns: {legs: {type: int}, code: {type: int}}\n", ("LW137", "csv", 2, 1)),
        ("columns: {legs: {type: array<int>}}\n", ("LW260", "yml", 4, 24)),
        ("columns: {lags: {type: int}}\n", ("LW261", "yml", 4, 11)),
        ("columns: {legs: {type: intt}}\n", ("LW219", "yml", 4, 24)),
        ("key: [cod]\n", ("LW218", "yml", 4, 7)),
        ("expect: [{not_null: [nope]}]\n", ("LW218", "yml", 4, 22)),
    ],
)
def test_what_does_not_fit_is_told_at_its_place(
    more: str, expected: tuple[str, str, int, int]
) -> None:
    assert expected in problems(more=more)


def test_a_column_of_ours_is_refused_in_the_header() -> None:
    assert problems("a,_run_id\n1,2\n") == [("LW226", "csv", 1, 3)]


def test_a_wrong_column_of_a_long_file_gives_ten_problems() -> None:
    csv = "a\n" + "x\n" * 500
    assert len(problems(csv, "columns: {a: {type: int}}\n")) == 10


@pytest.mark.parametrize(
    ("csv", "moves"),
    [
        (CSV.replace("AA", '"AA"'), False),
        (CSV + "\n\n", False),
        (CSV.replace("5", "6"), True),
        (CSV + "CC,1,2013-01-03\n", True),
        (CSV.replace("code", "carrier"), True),
    ],
)
def test_the_print_is_that_of_the_values_not_of_the_text(csv: str, moves: bool) -> None:
    assert (step(csv).fingerprint.own != step().fingerprint.own) is moves


def test_rules_act_before_the_commit_and_delta_holds_them() -> None:
    found = step(more="key: [code]\nexpect:\n  - {not_null: [day], on_fail: quarantine}\n")
    checks = {check.name: check for check in found.checks}
    assert checks["key_code"].constraint == "`code` IS NOT NULL"
    assert checks["not_null_day"].before
    assert found.quarantines
    assert found.deterministic
