"""Whatever stands in a query or a rule, the compiler answers with a graph or with problems."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.builders import expect, project, table
from graph.cases import A, B
from lakewright.errors import SpecError
from lakewright.graph import compile_project
from lakewright.graph.types import parse_type

FOLDER = Path(__file__).parent.parent / "golden" / "graph" / "splicing"
SEEDS = [file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.sql"))]
SPICE = [
    "(",
    ")",
    "'",
    '"',
    "`",
    "--",
    "/*",
    "*/",
    ";",
    ":",
    ",",
    ".",
    "*",
    "SELECT",
    "FROM",
    "WITH",
    "AS",
    "JOIN",
    "ON",
    "USING",
    "LATERAL",
    "VIEW",
    "WHERE",
    ":now",
    ":today",
    ":vars.low",
    "CASE",
    "WHEN",
    "END",
    "OVER",
    "UNION",
    "VALUES",
    "explode(",
    "STRUCT<",
    ">",
    "->",
    "||",
    "[",
    "]",
    "1",
    "1e5",
    "\\",
    "\n",
    "$",
    "{",
    "@",
    "?",
]
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def mutated(draw) -> str:
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 8)))
        text = text[:at] + draw(st.sampled_from(SPICE) | st.text(max_size=3)) + text[end:]
    return text


def compile_quietly(*tables) -> None:
    orders = table("silver.orders", "SELECT id, x FROM bronze.a")
    with contextlib.suppress(SpecError):
        compile_project(project(A, B, orders, *tables, variables={"low": 3}))


@QUICK
@given(mutated())
def test_a_mutated_query_is_compiled_or_refused(text):
    compile_quietly(table("silver.t", text))


@QUICK
@given(st.sampled_from(["x > 1 AND id IN (1, 2)", "coalesce(s.f, 0) < d"]), st.data())
def test_a_mutated_expression_is_compiled_or_refused(text, data):
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(SPICE) | st.text(max_size=3)) + text[at:]
    rule = expect("expression", text, only_where=text)
    compile_quietly(table("silver.t", "SELECT * FROM bronze.a", expect=(rule,)))


KEYS = st.sampled_from(["column", "columns", "min", "max", "values", "references"])
ARGUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=6,
)


@QUICK
@given(
    st.sampled_from(
        ["not_null", "accepted_values", "between", "matches", "foreign_key", "unique", "row_count"]
    ),
    ARGUMENTS,
)
def test_any_argument_of_a_rule_is_compiled_or_refused(rule, argument):
    compile_quietly(table("silver.t", "SELECT * FROM bronze.a", expect=(expect(rule, argument),)))


@given(st.text(max_size=20))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_text_is_a_type_or_not(text):
    parse_type(text)
