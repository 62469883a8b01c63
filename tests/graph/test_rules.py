"""Rules: how each compiles, and which options are legal."""

from __future__ import annotations

import pytest

from graph.builders import expect, name, source, table, view
from graph.cases import graph, problems, step
from lakewright.graph import Check, KeepTest, ReferenceTest, RowTest, TableTest
from lakewright.graph.rules import RULES

QUERY = "SELECT id, x, 'a' AS t, DATE'2013-01-01' AS day, d FROM bronze.a"
DAY = ("day date",)


def check(rule, argument, **options) -> Check:
    (found,) = checks(expect(rule, argument, **options))
    return found


def checks(*rules, **options) -> tuple[Check, ...]:
    return step(QUERY, expect=rules, columns=DAY, **options).checks


def refused(rule, argument, **options) -> list[str]:
    found = problems(table("silver.t", QUERY, expect=(expect(rule, argument, **options),)))
    return [problem.code for problem in found]


def test_the_rules_are_these():
    assert [rule.name for rule in RULES] == [
        "not_null", "accepted_values", "between", "matches", "expression", "foreign_key",
        "unique", "row_count",
    ]  # fmt: skip


def test_not_null_is_one_check_for_each_column():
    found = checks(expect("not_null", ["id", "x"]))
    assert [(one.name, one.test, one.constraint) for one in found] == [
        ("not_null_id", RowTest("`id` IS NOT NULL"), "`id` IS NOT NULL"),
        ("not_null_x", RowTest("`x` IS NOT NULL"), "`x` IS NOT NULL"),
    ]


@pytest.mark.parametrize(
    ("rule", "argument", "ok"),
    [
        ("between", {"column": "x", "min": 1, "max": 12}, "`x` BETWEEN 1 AND 12"),
        ("between", {"column": "x", "min": -1}, "`x` >= (-1)"),
        ("between", {"column": "x", "max": 0.5}, "`x` <= 0.5"),
        (
            "accepted_values",
            {"column": "t", "values": ["it's", "a\\b"]},
            r"`t` IN ('it\'s', 'a\\b')",
        ),
        ("accepted_values", {"column": "x", "values": [1, True]}, "`x` IN (1, true)"),
        ("expression", "x > -120", "(x > -120)"),
    ],
)
def test_a_row_rule_passes_on_null_and_becomes_a_constraint(rule, argument, ok):
    found = check(rule, argument)
    assert found.test == RowTest(f"coalesce({ok}, true)")
    assert found.constraint == f"coalesce({ok}, true)"
    assert found.before


def test_nulls_fail_turns_null_operands():
    found = check("between", {"column": "x", "min": 1}, nulls="fail")
    assert found.test == RowTest("coalesce(`x` >= 1, false)")


def test_where_is_folded_in_and_takes_the_constraint_away():
    found = check("between", {"column": "x", "min": 1}, only_where="id > 3")
    assert found.test == RowTest("(NOT coalesce((id > 3), false) OR coalesce(`x` >= 1, true))")
    assert found.constraint is None


@pytest.mark.parametrize(
    "options", [{"on_fail": "warn"}, {"on_fail": "drop"}, {"tolerance": 0.1}, {"from_release": 3}]
)
def test_only_a_plain_fail_rule_is_a_constraint(options):
    assert check("between", {"column": "x", "min": 1}, **options).constraint is None


def test_texts_for_dates_become_dates_outside_of_constraints():
    found = check("between", {"column": "day", "min": "2013-01-01"})
    assert found.test == RowTest("coalesce(`day` >= DATE'2013-01-01', true)")
    assert found.constraint is None


@pytest.mark.parametrize("text", ["day > DATE'2013-01-01'", "t RLIKE '^a'", "x / 2 > 1"])
def test_a_constraint_holds_only_what_means_the_same_everywhere(text):
    assert check("expression", text).constraint is None


def test_a_pattern_is_a_literal_of_its_own():
    found = check("matches", {"column": "t", "pattern": r"^N\d+'$"})
    assert found.test == RowTest(r"coalesce(`t` RLIKE '^N\\d+\'$', true)")


@pytest.mark.parametrize("pattern", ["(", "(?=a)", "(?<n>a)", r"(a)\1", "a++", "(?i)a", r"\p{L}"])
def test_a_pattern_that_engines_read_differently_is_refused(pattern):
    assert refused("matches", {"column": "t", "pattern": pattern}) == ["LW235"]


def test_tolerance_moves_a_fail_rule_behind_the_write():
    found = check("not_null", ["x"], tolerance=0.1)
    assert found.test == TableTest("(SELECT count(*) FROM {table} WHERE NOT (`x` IS NOT NULL))")
    assert (found.before, found.tolerance) == (False, 0.1)


def test_a_warning_is_counted_before_the_commit():
    assert check("not_null", ["x"], on_fail="warn").before


def test_a_foreign_key_is_a_reference_and_an_edge_of_the_build_order():
    rule = expect("foreign_key", {"column": "x", "references": "silver.z.id"})
    built = graph(
        table("silver.t", QUERY, expect=(rule,)), table("silver.z", "SELECT id FROM bronze.a")
    )
    compiled = built.steps[name("silver.t")]
    assert compiled.checks[0].test == ReferenceTest(("x",), name("silver.z"), ("id",))
    assert compiled.references == (name("silver.z"),)
    assert list(built.steps).index(name("silver.z")) < list(built.steps).index(name("silver.t"))


def test_a_foreign_key_may_have_several_columns():
    found = check("foreign_key", {"columns": ["id", "t"], "references": "bronze.b.(id, y)"})
    assert found.test == ReferenceTest(("id", "t"), name("bronze.b"), ("id", "y"))


@pytest.mark.parametrize(
    ("references", "code"),
    [
        ("bronze.b.idd", "LW236"),
        ("silver.t.id", "LW236"),
        ("bronze.bb.id", "LW203"),
        ("bronze.b", "LW231"),
        ("bronze.b.(id, y)", "LW231"),
    ],
)
def test_a_foreign_key_must_refer_to_a_column_of_the_project(references, code):
    assert refused("foreign_key", {"column": "x", "references": references}) == [code]


def test_unique_counts_rows_beyond_the_first_and_lets_null_pass():
    found = check("unique", ["id", "x"])
    assert found.test.failed == (
        "(SELECT coalesce(sum(`n` - 1), 0) FROM (SELECT count(*) AS `n` FROM {table}"
        " WHERE `id` IS NOT NULL AND `x` IS NOT NULL GROUP BY `id`, `x` HAVING count(*) > 1)"
        " AS `groups`)"
    )
    assert not found.before


def test_unique_with_keep_is_a_window_before_the_commit():
    found = check("unique", {"columns": ["id"]}, keep="x desc, t", on_fail="quarantine")
    assert found.test == KeepTest(("id",), "x desc, t", "`id` IS NOT NULL")
    assert found.before


def test_row_count_measures_how_far_it_is_off():
    found = check("row_count", {"min": 1, "max": 9})
    assert found.test.failed == "(SELECT greatest(0, 1 - count(*), count(*) - 9) FROM {table})"


def test_a_key_is_unique_and_never_null():
    found = checks(key=("id", "x"))
    assert [(one.name, one.rule, one.before, one.constraint) for one in found] == [
        ("key_id", "key", True, "`id` IS NOT NULL"),
        ("key_x", "key", True, "`x` IS NOT NULL"),
        ("key", "key", False, None),
    ]


@pytest.mark.parametrize("make", [view, table])
def test_rules_on_a_view_are_measured_only(make):
    rule = expect("not_null", ["x"])
    compiled = graph(make("silver.t", QUERY, key=("id",), expect=(rule,))).steps[name("silver.t")]
    measured = {one.name for one in compiled.checks if isinstance(one.test, TableTest)}
    assert measured == ({"key", "key_id", "not_null_x"} if make is view else {"key"})


def test_rules_on_a_source_are_measured_only():
    rule = expect("between", {"column": "k", "min": 1}, on_fail="warn")
    compiled = graph(source("bronze.k", ["k int"], expect=(rule,))).steps[name("bronze.k")]
    assert [one.before for one in compiled.checks] == [False]


@pytest.mark.parametrize(
    ("rule", "argument", "options"),
    [
        ("row_count", {"min": 1}, {"on_fail": "drop"}),
        ("row_count", {"min": 1}, {"tolerance": 0.1}),
        ("unique", ["id"], {"on_fail": "quarantine"}),
        ("unique", ["id"], {"on_fail": "fail", "keep": "x"}),
        ("not_null", ["id"], {"keep": "x", "on_fail": "drop"}),
        ("not_null", ["id"], {"nulls": "fail"}),
        ("not_null", ["id"], {"on_fail": "drop", "tolerance": 0.5}),
        ("foreign_key", {"column": "x", "references": "bronze.b.id"}, {"nulls": "fail"}),
    ],
)
def test_an_option_that_has_no_meaning_is_refused(rule, argument, options):
    assert refused(rule, argument, **options) == ["LW232"]


def test_a_view_sets_no_rows_apart():
    rule = expect("not_null", ["id"], on_fail="quarantine")
    assert [one.code for one in problems(view("silver.t", QUERY, expect=(rule,)))] == ["LW232"]


@pytest.mark.parametrize(
    ("rule", "argument", "code"),
    [
        ("notnull", ["id"], "LW230"),
        ("key", ["id"], "LW230"),
        ("not_null", [], "LW231"),
        ("not_null", ["id", "id"], "LW231"),
        ("not_null", ["nope"], "LW218"),
        ("between", {"column": "x"}, "LW231"),
        ("between", {"column": "x", "min": 3, "max": 1}, "LW231"),
        ("between", {"column": "x", "min": "a", "max": 1}, "LW231"),
        ("between", {"column": "x", "mni": 3}, "LW231"),
        ("accepted_values", {"column": "x", "values": []}, "LW231"),
        ("accepted_values", {"column": "x", "values": [None]}, "LW231"),
        ("row_count", {"min": -1}, "LW231"),
        ("expression", "x >", "LW234"),
        ("expression", "", "LW234"),
        ("expression", "x > 1) OR (true", "LW234"),
        ("expression", "x > 1 -- no", "LW234"),
        ("expression", "x > 1, x < 3", "LW234"),
        ("expression", "x > (SELECT 1)", "LW234"),
        ("expression", "x > max(x)", "LW234"),
        ("expression", "x > rand()", "LW234"),
        ("expression", "x > :vars.a", "LW234"),
        ("expression", "sum(x) OVER () > 1", "LW234"),
        ("expression", "nope > 1", "LW204"),
        ("expression", "reflect('a') > 1", "LW210"),
        ("expression", "day > current_date", "LW209"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule, argument, code):
    assert refused(rule, argument)[0] == code


def test_derived_names_are_numbered_and_given_names_are_unique():
    two = (expect("expression", "x > 1"), expect("expression", "x < 9"))
    assert [one.name for one in checks(*two)] == ["expression_x", "expression_x_2"]
    named = (expect("expression", "x > 1", name="a"), expect("expression", "x < 9", name="a"))
    found = problems(table("silver.t", QUERY, expect=named))
    assert [problem.code for problem in found] == ["LW233"]


def test_a_name_that_delta_could_not_hold_is_refused():
    assert refused("not_null", ["id"], name="No Null") == ["LW233"]


def test_a_check_says_what_it_means():
    found = check("between", {"column": "x", "min": 1, "max": 9}, only_where="id > 3")
    assert found.description == "x is between 1 and 9, where id > 3"
