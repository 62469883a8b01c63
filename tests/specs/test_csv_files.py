"""The project's own CSV files: what is sound, what each value is, and where a mistake stands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lakewright.errors import Problem
from lakewright.specs.csv_files import MAX_BYTES, MAX_ROWS, CsvFile, read_csv
from lakewright.specs.csv_values import can_hold, infer_type, read_value
from lakewright.specs.values import SourceFile


def csv(text: str) -> CsvFile:
    problems: list[Problem] = []
    found = read_csv(SourceFile("a.csv", text), problems)
    assert found is not None, problems
    return found


def refused(text: str) -> list[tuple[str, int, int]]:
    problems: list[Problem] = []
    assert read_csv(SourceFile("a.csv", text), problems) is None
    return [(p.code, p.where.line, p.where.column) for p in problems if p.where]


def rows(text: str) -> list[list[str | None]]:
    return [[field.text for field in row] for row in csv(text).rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", [["1", "2"]]),
        ("a,b\n1,2", [["1", "2"]]),
        ("a,b\n", []),
        ("a,b\n1,\n", [["1", None]]),
        ('a,b\n"",""\n', [["", ""]]),
        ('a,b\n"x, y","say ""so"""\n', [["x, y", 'say "so"']]),
        ('a,b\n"two\nlines",2\n', [["two\nlines", "2"]]),
        ("a\n\n1\n\n", [["1"]]),
        ("a,b\n x ,y\n", [[" x ", "y"]]),
    ],
)
def test_a_file_is_read_by_the_common_rules(text: str, expected: list[list[str | None]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ("LW136", 1, 1)),
        ("\n\n", ("LW136", 1, 1)),
        ("a,A\n1,2\n", ("LW136", 1, 3)),
        ("a,\n1,2\n", ("LW136", 1, 3)),
        ("a,b c\n1,2\n", ("LW136", 1, 3)),
        ("a,b\n1\n", ("LW135", 2, 1)),
        ("a,b\n1,2\n1,2,3\n", ("LW135", 3, 1)),
        ('a\n"open\n1\n', ("LW135", 2, 1)),
        ('a\n"x"y\n', ("LW135", 2, 4)),
        ('a\nx"y"\n', ("LW135", 2, 2)),
    ],
)
def test_a_mistake_has_a_code_and_its_place(text: str, problem: tuple[str, int, int]) -> None:
    assert refused(text) == [problem]


def test_a_file_larger_than_the_limit_is_data_and_not_code() -> None:
    assert refused("a\n" + "x" * MAX_BYTES) == [("LW133", 1, 1)]
    assert refused("a\n" + "1\n" * (MAX_ROWS + 1)) == [("LW133", 1, 1)]
    assert len(csv("a\n" + "1\n" * MAX_ROWS).rows) == MAX_ROWS


def test_ten_ragged_rows_are_enough_to_see() -> None:
    assert len(refused("a,b\n" + "1\n" * 100)) == 10


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["true", "False", None], "boolean"),
        (["1", "-2", None], "bigint"),
        (["1", "2.5"], "double"),
        (["1e3"], "double"),
        (["2013-01-31"], "date"),
        (["2013-01-31T10:00:00", "2013-01-31 10:00:00+01:00"], "timestamp"),
        (["007"], "string"),
        (["1", "x"], "string"),
        (["1", ""], "string"),
        (["2013-02-30"], "string"),
        (["9223372036854775808"], "double"),
        ([None, None], "string"),
        ([], "string"),
    ],
)
def test_a_type_is_what_all_values_have_in_common(texts: list[str | None], kind: str) -> None:
    assert infer_type(texts) == kind


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", "tinyint", 12),
        ("1.50", "decimal(10,2)", Decimal("1.50")),
        ("0.05", "decimal(2,2)", Decimal("0.05")),
        ("7", "double", 7.0),
        ("2013-01-31", "date", date(2013, 1, 31)),
        ("2013-01-31 10:00", "timestamp", datetime(2013, 1, 31, 10, tzinfo=UTC)),
        ("2013-01-31T10:00:00+02:00", "timestamp", datetime(2013, 1, 31, 8, tzinfo=UTC)),
        ("2013-01-31 10:00:00.5", "timestamp_ntz", datetime.fromisoformat("2013-01-31T10:00:00.5")),
        ("007", "string", "007"),
    ],
)
def test_a_value_is_read_as_its_type(text: str, kind: str, value: Any) -> None:
    assert read_value(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("128", "tinyint"), ("1.5", "int"), ("1e400", "double"), ("nan", "double"),
        ("1e39", "float"), ("0001-01-01 00:00+01:00", "timestamp"),
        ("1.505", "decimal(10,2)"), ("100", "decimal(4,2)"), ("yes", "boolean"),
        ("2013-1-3", "date"), ("20130103", "date"), ("2013-01-31", "timestamp"),
        ("2013-01-31 10:00+02:00", "timestamp_ntz"),
    ],
)  # fmt: skip
def test_a_value_that_would_lose_something_is_none(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match=text.replace("+", r"\+")):
        read_value(text, kind)


def test_nested_types_cannot_be_held() -> None:
    assert can_hold("decimal(38,0)")
    assert not can_hold("array<int>")
    assert not can_hold("binary")
