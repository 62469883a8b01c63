"""Rows as a table, CSV and JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from goldens import Golden
from lakewright.observe.rows import render_rows

ROWS = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "name": ["Ada", 'says "hi", twice', None],
        "paid": pa.array([Decimal("1.50"), Decimal("-2.00"), None]),
        "rate": pa.array([0.1, float("nan"), None]),
        "on": pa.array([date(2024, 1, 2), None, None]),
        "at": pa.array([datetime(2024, 1, 2, 3, 4, tzinfo=UTC), None, None]),
        "ok": pa.array([True, False, None]),
        "tags": pa.array([["a", "b"], [], None], pa.list_(pa.string())),
        "raw": pa.array([b"\x00\x01", b"", None]),
    }
)


def test_a_table_sets_numbers_to_the_right_and_counts_rows(golden: Golden) -> None:
    golden("observe/rows.txt", render_rows(ROWS, "table"))


def test_csv_quotes_what_needs_it(golden: Golden) -> None:
    golden("observe/rows.csv", render_rows(ROWS, "csv"))


def test_json_is_an_array_of_objects(golden: Golden) -> None:
    golden("observe/rows.json", render_rows(ROWS, "json"))


def test_json_of_no_rows_is_an_empty_array() -> None:
    assert json.loads(render_rows(ROWS.slice(0, 0), "json")) == []


def test_csv_of_no_rows_is_its_header() -> None:
    assert render_rows(ROWS.slice(0, 0), "csv") == "id,name,paid,rate,on,at,ok,tags,raw\n"


def test_a_long_cell_is_cut_in_a_table_only() -> None:
    long = pa.table({"text": ["x" * 500]})
    assert "x" * 100 not in render_rows(long, "table")
    assert "x" * 500 in render_rows(long, "csv")


def test_a_line_break_stays_in_its_cell() -> None:
    assert len(render_rows(pa.table({"text": ["a\nb"]}), "table").splitlines()) == 3
