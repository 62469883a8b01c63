"""One spelling for each type."""

from __future__ import annotations

import pytest

from lakewright.graph.types import parse_type


@pytest.mark.parametrize(
    ("written", "simple"),
    [
        ("STRING", "string"),
        ("long", "bigint"),
        ("Decimal( 10, 2 )", "decimal(10,2)"),
        ("decimal", "decimal(10,0)"),
        ("timestamp_ltz", "timestamp"),
        ("array< map<string,int>>", "array<map<string,int>>"),
        ("struct<a: int, b: array<double>>", "struct<a:int,b:array<double>>"),
    ],
)
def test_a_type_has_one_spelling(written, simple):
    assert parse_type(written) == simple


@pytest.mark.parametrize(
    "written",
    ["", "strng", "decimal(50,2)", "decimal(2,3)", "array<", "array<int", "int int", "a;b"],
)
def test_what_is_no_type_is_none(written):
    assert parse_type(written) is None
