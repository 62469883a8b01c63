"""libyaml and the whole parser of YAML: where both read, they read the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewright.errors import Problem
from lakewright.specs.documents import Node, _Builder, _read_all, _read_quickly
from lakewright.specs.texts import index_text

ROOT = Path(__file__).parents[2]
OURS = sorted([ROOT / "lakewright.yml", *(ROOT / "pipelines").rglob("*.yml")])
EVERYTHING = """---
# a comment
table: silver.t   # and another
key: [id, 'it''s']
columns:
  id: {type: int, description: "a \\"b\\" \\\\d"}
  "quoted": {type: "decimal(10,2)",
    pii: none}

expect:
- {not_null: [id], on_fail: warn}
- between:
    column: a:b
    min: -1.5
- accepted_values: {column: x, values: [EWR, JFK,]}
  on_fail: warn
tags:
  - a b
  - 2013-01-01
owner: °F / ~x
description: |
  Several
    lines.
reason: one
  text
? a
: >-
  b
"""
TEXTS = [EVERYTHING, *(path.read_text(encoding="utf-8") for path in OURS)]
MARKS = """{}[]:,-#'"|>&*!%?~@`=.\\1aé😀"""
PIECES = [
    *MARKS,
    "\\x41",
    "\\\\",
    "\n",
    " ",
    ": ",
    " #",
    "- ",
    "\n- ",
    "\n  ",
    "\n    ",
    "? ",
    "---\n",
    "<<: ",
]
ODD = ["\t", "\u2028", "\x85", "\xa0", "\xad", "\ufeff", "[a,", ": {", "\n\n"]


def read_whole(text: str) -> _Builder | None:
    problems: list[Problem] = []
    builder = _read_all(index_text("t.yml", text), problems)
    return None if problems or builder is None or builder.problems else builder


def assert_equal(quick: Node | None, whole: Node | None) -> None:
    """Equal in values and their types, spans, styles and the order of keys."""
    assert quick == whole
    assert quick is not None
    assert whole is not None
    assert repr(quick) == repr(whole)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    text = "\n".join(lines[at : at + 8]) + "\n"
    for _ in range(draw(st.integers(1, 3))):
        at, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 4))
        text = text[:at] + draw(st.sampled_from(PIECES + ODD)) + text[at + cut :]
    return text


@pytest.mark.parametrize("text", TEXTS, ids=["everything", *(path.stem for path in OURS)])
def test_usual_texts_are_read_quickly_and_as_the_whole_parser_does(text: str) -> None:
    quick, whole = _read_quickly(index_text("t.yml", text)), read_whole(text)
    assert quick is not None
    assert whole is not None
    assert_equal(quick.root, whole.root)
    assert quick.documents == whole.documents


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_whatever_is_read_quickly_is_what_the_whole_parser_reads(text: str) -> None:
    quick = _read_quickly(index_text("t.yml", text))
    if quick is not None:
        whole = read_whole(text)
        assert whole is not None
        assert_equal(quick.root, whole.root)
        assert quick.documents == whole.documents


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: {b: 1, b: 2}\n",
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "a:\tb\n",
        "a: 1\n---\nb: 2\n",
        "a: [1\n",
        "",
        "a:\n",
        "a: |#\n",
        "a: " + "[" * 25 + "]" * 25 + "\n",
        "a: '😀'\n",
    ],
)
def test_all_else_is_left_to_the_whole_parser(text: str) -> None:
    assert _read_quickly(index_text("t.yml", text)) is None
