"""YAML with places: what is read, what is refused, and where."""

from __future__ import annotations

from datetime import date

import pytest

from lakewright.errors import Problem
from lakewright.specs.documents import Document, parse_document


def parse(text: str) -> Document:
    problems: list[Problem] = []
    document = parse_document("a.yml", text, problems)
    assert document is not None, problems
    return document


def refused(text: str) -> list[tuple[str, int, int]]:
    problems: list[Problem] = []
    assert parse_document("a.yml", text, problems) is None
    return [(p.code, p.where.line, p.where.column) for p in problems if p.where]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0o17", "0o17"),
        ("012", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".nan", ".nan"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("2013-01-01", date(2013, 1, 1)),
        ("2013-02-30", "2013-02-30"),
        ("'2013-01-01'", "2013-01-01"),
        ('"true"', "true"),
        ("30d", "30d"),
        ("-", [None]),
    ],
)
def test_plain_scalars_are_read_as_yaml_1_2_and_iso_dates(text: str, value: object) -> None:
    assert parse(f"a:\n  {text}\n").root.value == {"a": value}


def test_a_value_has_the_place_and_length_of_its_text() -> None:
    place = parse("a: 1\nb: {c: 'hello'}\n").place("b", "c")
    assert (place.line, place.column, place.length, place.text) == (2, 8, 7, "b: {c: 'hello'}")


def test_a_collection_has_the_place_of_its_key() -> None:
    place = parse("a: 1\nbees:\n  - x\n").place("bees")
    assert (place.line, place.column, place.length) == (2, 1, 4)


def test_columns_count_characters_and_not_bytes() -> None:
    assert parse("{ä: ö, b: x}\n").place("b").column == 11


def test_a_place_that_was_not_written_is_that_of_what_holds_it() -> None:
    assert parse("a: 1\nb: {c: 2}\n").place("b", "missing").line == 2


def test_a_place_after_a_multiline_text_is_right() -> None:
    assert parse("a: |\n  x\n  y\n\nb: 1\n").place("b").line == 5


def test_all_duplicate_keys_are_reported() -> None:
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [("LW114", 2, 11), ("LW114", 3, 1)]


@pytest.mark.parametrize("tag", ["!x", "!!str", "!!python/object:os.system", "!<tag:x>"])
def test_every_tag_is_refused(tag: str) -> None:
    assert refused(f"a: {tag} b\n") == [("LW115", 1, 4)]


def test_a_tab_as_indentation_is_refused_at_its_line() -> None:
    assert refused("a:\n\tb: 1\n")[0][:2] == ("LW113", 2)


def test_an_alias_without_an_anchor_is_refused() -> None:
    assert refused("a: *nowhere\n") == [("LW113", 1, 4)]


def test_an_alias_stands_for_its_value() -> None:
    assert parse("a: &x [1, 2]\nb: *x\n").root.value == {"a": [1, 2], "b": [1, 2]}


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 10)]
    assert refused("\n".join(lines))[0][0] == "LW116"


def test_an_anchor_that_holds_itself_is_refused() -> None:
    assert refused("a: &a [*a]\n")[0][0] == "LW113"


def test_depth_is_limited() -> None:
    assert refused("a: " + "[" * 500 + "]" * 500)[0][0] == "LW116"


def test_size_is_limited() -> None:
    assert refused("a: " + "x" * 1_000_001) == [("LW116", 1, 1)]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "- a\n", "word\n", "a: 1\n---\nb: 2\n"]
)
def test_what_is_not_one_mapping_is_refused(text: str) -> None:
    assert [code for code, _, _ in refused(text)] == ["LW117"]


def test_a_collection_as_a_key_is_refused() -> None:
    assert refused("[a, b]: 1\n")[0][0] == "LW113"
