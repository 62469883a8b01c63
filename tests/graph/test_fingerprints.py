"""What moves a fingerprint, and what only describes."""

from __future__ import annotations

from typing import Any

import pytest

from graph.builders import column, expect, ingest, name, project, python, source, table
from graph.cases import A, B
from lakewright.graph import ALGORITHMS, Step, compile_project, literal

QUERY = "SELECT id, x FROM bronze.a WHERE x > 1"


def compiled(query: str = QUERY, variables: Any = None, **options: Any) -> Step:
    written = project(A, B, table("silver.t", query, **options), variables=variables)
    return compile_project(written).steps[name("silver.t")]


def rule(**options: Any):
    return (expect("between", {"column": "x", "min": 1}, **options),)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, x FROM bronze.a WHERE x > 1 -- a comment",
        "/* a */ select  ID,\n\tx\nfrom Bronze.`a` where X > 1",
        "SELECT id, x FROM bronze.a WHERE x > 1;",
    ],
)
def test_comments_spaces_and_case_move_nothing(query):
    assert compiled(query).fingerprint == compiled().fingerprint
    assert compiled(query).metadata == compiled().metadata


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, x FROM bronze.a WHERE x > 2",
        "SELECT x, id FROM bronze.a WHERE x > 1",
        "SELECT id, x FROM bronze.a WHERE x > '1'",
    ],
)
def test_a_changed_query_moves_it(query):
    assert compiled(query).fingerprint.own != compiled().fingerprint.own


def test_the_case_of_a_text_matters():
    assert compiled("SELECT 'a' AS t").fingerprint != compiled("SELECT 'A' AS t").fingerprint


@pytest.mark.parametrize(
    "options",
    [
        {"description": "d"},
        {"owner": "o"},
        {"tags": ("t",)},
        {"columns": (column("id", description="d"),)},
        {"columns": (column("id", pii="direct"),)},
        {"expect": rule()},
        {"expect": rule(on_fail="warn")},
        {"key": ("id",)},
        {"cluster_by": ("id",)},
    ],
)
def test_what_describes_or_only_checks_moves_metadata_alone(options):
    assert compiled(**options).fingerprint == compiled().fingerprint
    assert compiled(**options).metadata != compiled().metadata


@pytest.mark.parametrize(
    "options",
    [
        {"columns": (column("x bigint"),)},
        {"expect": rule(on_fail="drop")},
        {"expect": rule(on_fail="quarantine")},
        {"kind": "view"},
    ],
)
def test_what_decides_rows_moves_it(options):
    assert compiled(**options).fingerprint.own != compiled().fingerprint.own


def test_the_where_of_a_drop_rule_moves_it():
    narrow = compiled(expect=rule(on_fail="drop", only_where="id > 1"))
    assert narrow.fingerprint.own != compiled(expect=rule(on_fail="drop")).fingerprint.own


def test_only_the_vars_a_query_uses_move_it():
    query = "SELECT id FROM bronze.a WHERE x > :vars.low"
    one = compiled(query, {"low": 1, "other": 1}).fingerprint
    assert compiled(query, {"low": 1, "other": 2}).fingerprint == one
    assert compiled(query, {"low": 2, "other": 1}).fingerprint != one


def test_a_change_upstream_moves_the_full_print_alone():
    def reader(query: str) -> Step:
        tables = (table("silver.up", query), table("silver.t", "SELECT id FROM silver.up"))
        return compile_project(project(A, *tables)).steps[name("silver.t")]

    one, two = reader("SELECT id FROM bronze.a"), reader("SELECT id FROM bronze.a WHERE x > 1")
    assert one.fingerprint.own == two.fingerprint.own
    assert one.fingerprint.full != two.fingerprint.full


@pytest.mark.parametrize(("on_fail", "moves"), [("quarantine", True), ("warn", False)])
def test_a_reference_counts_only_where_it_decides_rows(on_fail, moves):
    check = expect("foreign_key", {"column": "id", "references": "silver.r.id"}, on_fail=on_fail)

    def full(query: str) -> str:
        tables = (table("silver.r", query), table("silver.t", QUERY, expect=(check,)))
        return compile_project(project(A, *tables)).steps[name("silver.t")].fingerprint.full

    moved = full("SELECT id FROM bronze.a") != full("SELECT id FROM bronze.a WHERE x > 1")
    assert moved is moves


def test_docstrings_and_comments_of_python_move_nothing():
    def own(text: str) -> str:
        made = project(A, python("gold.p", text, ["bronze.a"]))
        return compile_project(made).steps[name("gold.p")].fingerprint.own

    plain = own("def build(inputs):\n    return inputs\n")
    assert own('def build(inputs):\n    """Says."""\n    return inputs  # why\n') == plain
    assert own("def build(inputs):\n    return 1\n") != plain


def test_options_of_an_input_move_it():
    def own(spec) -> str:
        return compile_project(project(spec)).steps[spec.name].fingerprint.own

    assert own(ingest("bronze.i")) != own(source("bronze.i"))


def test_another_algorithm_gives_other_prints_of_the_same_project():
    written = project(A, table("silver.t", QUERY))
    second = {**ALGORITHMS, 2: lambda material: "2" + ALGORITHMS[1](material)}
    one = compile_project(written).steps[name("silver.t")].fingerprint
    two = (
        compile_project(written, algorithm=2, algorithms=second).steps[name("silver.t")].fingerprint
    )
    assert (one.algorithm, two.algorithm) == (1, 2)
    assert two.own == "2" + one.own


def test_algorithm_1_never_changes():
    """A released print is compared with a recomputed one: this value is a promise."""
    rules = (*rule(on_fail="drop", only_where="id > 1"), expect("not_null", ["x"], on_fail="drop"))
    step = compiled("SELECT id, x, :vars.v AS v FROM bronze.a", {"v": "a'b"}, expect=rules)
    assert step.fingerprint.full == PROMISED


PROMISED = "c4e1d2e631521e688674a3809957bdcaf8cab744ad5a2114c3735ada00b0ed34"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "true"),
        (-5, "(-5)"),
        (2**70, f"{2**70}BD"),
        (0.5, "0.5"),
        ("it's\n\\", r"'it\'s\n\\'"),
        ([1, "a"], "array(1, 'a')"),
    ],
)
def test_values_become_literals(value, text):
    assert literal(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": 1}, object()])
def test_what_sql_cannot_say_has_no_literal(value):
    with pytest.raises(ValueError, match="no SQL literal"):
        literal(value)
