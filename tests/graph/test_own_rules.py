"""Rules of the project: compiled like the built-in ones, guarded like `expression`."""

from __future__ import annotations

from typing import Any

import pytest

from graph.builders import expect, project, table
from lakewright.errors import SpecError
from lakewright.graph import Check, RowTest, Step, TableTest, compile_project
from lakewright.names import TableName
from specs.builders import project_of

AT_LEAST = """\
rule: at_least
description: "{column} is at least {limit}"
parameters:
  column: column
  limit: {type: number, default: 0}
expression: ":column >= :limit"
"""
ONE_OF = """\
rule: one_of
parameters: {column: column, values: list, from: {type: date, default: 2013-01-01}}
expression: "lower(:column) IN (:values) OR day < :from"
"""
SQL = "SELECT 1 AS id, 'a' AS t, DATE'2013-01-01' AS day"


def step(expect: str, **rules: str) -> Step:
    files = {f"rules/{name}.yml": text for name, text in rules.items()}
    spec = f"table: silver.t\nexpect:\n  - {expect}\n"
    project = project_of(
        {"pipelines/silver/t.yml": spec, "sql/silver/t.sql": SQL, "rules/at_least.yml": AT_LEAST}
        | {"rules/one_of.yml": ONE_OF}
        | files
    )
    return compile_project(project).steps[TableName.of("silver.t")]


def check(expect: str, **rules: str) -> Check:
    (found,) = step(expect, **rules).checks
    return found


def refused(expect: str, **rules: str) -> list[tuple[str, str, int, int]]:
    with pytest.raises(SpecError) as caught:
        step(expect, **rules)
    return [
        (p.code, p.where.path.partition("/")[0], p.where.line, p.where.column)
        for p in caught.value.problems
        if p.where
    ]


def rule(expression: str, parameters: str = "{column: column}", name: str = "mine") -> str:
    return f"rule: {name}\nparameters: {parameters}\nexpression: {expression}\n"


def test_a_rule_is_a_row_rule_that_delta_holds() -> None:
    found = check("{at_least: {column: ID, limit: -5}}")
    assert found == Check(
        name="at_least_id",
        rule="at_least",
        on_fail="fail",
        test=RowTest("coalesce((`id` >= (-5)), true)"),
        where=found.where,
        columns=("id",),
        before=True,
        constraint="coalesce((`id` >= (-5)), true)",
        description="id is at least -5",
    )


@pytest.mark.parametrize("on_fail", ["fail", "warn", "quarantine", "drop"])
def test_every_policy_is_legal(on_fail: str) -> None:
    assert check(f"{{at_least: {{column: id}}, on_fail: {on_fail}}}").on_fail == on_fail


def test_options_mean_what_they_mean_for_other_rules() -> None:
    text = '{at_least: {column: id}, nulls: fail, where: "t = 1", name: big}'
    found = check(text)
    assert found.test == RowTest("(NOT coalesce((t = 1), false) OR coalesce((`id` >= 0), false))")
    assert (found.name, found.constraint) == ("big", None)
    assert isinstance(check("{at_least: {column: id}, tolerance: 0.1}").test, TableTest)


def test_values_are_literals_and_lists_are_lists_of_them() -> None:
    found = check("""{one_of: {column: t, values: ["x' OR 1=1 --", 1]}}""")
    assert found.test == RowTest(
        "coalesce((lower(`t`) IN ('x\\' OR 1=1 --', 1) OR day < DATE'2013-01-01'), true)"
    )
    assert found.constraint is None
    assert found.columns == ("day", "t")


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("{at_leest: {column: id}}", "LW230"),
        ("{at_least: {}}", "LW231"),
        ("{at_least: id}", "LW231"),
        ("{at_least: {column: id, most: 1}}", "LW231"),
        ("{at_least: {column: nope}}", "LW218"),
        ('{at_least: {column: "id) OR (1"}}', "LW239"),
        ('{at_least: {column: id, limit: "5"}}', "LW239"),
        ("{at_least: {column: id, limit: true}}", "LW239"),
        ("{one_of: {column: t, values: a}}", "LW239"),
        ("{one_of: {column: t, values: []}}", "LW239"),
        ("{one_of: {column: t, values: [[1]]}}", "LW239"),
        ("{one_of: {column: t, values: [a], from: soon}}", "LW239"),
        ("{at_least: {column: id}, keep: {order_by: id}}", "LW232"),
    ],
)
def test_a_wrong_use_is_told_where_it_is_used(expect: str, code: str) -> None:
    assert [(found[0], found[1], found[2]) for found in refused(expect)] == [(code, "pipelines", 3)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (rule('":colum > 0"'), ("LW238", "rules", 3, 14)),
        (rule('"id > 0"'), ("LW238", "rules", 3, 13)),
        (rule('"id:column > 0"'), ("LW238", "rules", 3, 16)),
        (rule('": column > 0"'), ("LW238", "rules", 3, 14)),
        (rule('":column > (SELECT 1)"'), ("LW234", "rules", 3, 13)),
        (rule('":column > 0; DROP TABLE x"'), ("LW234", "rules", 3, 13)),
        (rule('":column > 0)"'), ("LW234", "rules", 3, 13)),
        (rule('"sum(:column) > 0"'), ("LW234", "rules", 3, 13)),
        (rule('":column > rand()"'), ("LW234", "rules", 3, 13)),
        (rule("\"reflect('a', :column)\""), ("LW210", "rules", 3, 13)),
        (rule('":column < current_timestamp()"'), ("LW209", "rules", 3, 13)),
        (rule('":column > \'x"'), ("LW234", "rules", 3, 13)),
        (rule('":column > 0"', name="between"), ("LW237", "rules", 1, 7)),
    ],
)
def test_a_wrong_rule_is_told_where_it_is_written_though_nobody_uses_it(
    text: str, found: tuple[str, str, int, int]
) -> None:
    assert refused("{not_null: [id]}", mine=text) == [found]


def test_a_rule_with_a_broken_file_is_reported_once() -> None:
    assert refused("{mine: {column: id}}", mine="rule: mine\n") == [("LW121", "rules", 1, 1)]


@pytest.mark.parametrize(
    ("on_fail", "moves"), [("drop", True), ("quarantine", True), ("warn", False)]
)
def test_another_expression_is_other_rows_where_it_sets_rows_apart(
    on_fail: str, moves: bool
) -> None:
    use = f"{{at_least: {{column: id}}, on_fail: {on_fail}}}"
    before, after = step(use), step(use, at_least=AT_LEAST.replace(">=", ">"))
    assert (before.fingerprint != after.fingerprint) is moves
    assert (before.metadata != after.metadata) is not moves


def test_released_code_keeps_its_meaning_beside_a_built_in_of_that_name() -> None:
    own: Any = project_of({"rules/a.yml": rule('":column > 0"', name="between")}).rules
    spec = table("silver.t", SQL, expect=(expect("between", {"column": "id"}),), rules=own)
    found = compile_project(project(spec)).steps[TableName.of("silver.t")].checks[0]
    assert found.test == RowTest("coalesce((`id` > 0), true)")
