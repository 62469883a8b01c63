"""Differences as text, JSON and Markdown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from goldens import Golden
from lakewright.lake import Field
from lakewright.observe import render_json
from lakewright.observe.diffs import diff_document, render_diff, render_markdown
from lakewright.runtime.differences import (
    ChangedRow,
    ColumnMatch,
    Diff,
    Retyped,
    RowDiff,
    SampleRow,
    Samples,
    SchemaDiff,
    TableDiff,
)
from observe.builders import entry, name

ORDERS = TableDiff(
    name("silver.orders"),
    "changed",
    entry("silver.orders", 3),
    entry("silver.orders", 4),
    SchemaDiff(
        (Field("discount", "decimal(10,2)"),),
        (Field("old", "int"),),
        (Retyped("amount", "int", "bigint"),),
    ),
    RowDiff(
        left_rows=1_204,
        right_rows=1_210,
        key=("id",),
        left_only=3,
        right_only=9,
        changed=12,
        same=1_189,
        columns=(
            ColumnMatch("customer", 1_201, 3),
            ColumnMatch("amount", 1_201, 9),
            ColumnMatch("day", 1_201, 0),
            ColumnMatch("note", 1_201, 0),
        ),
        samples=Samples(
            left_only=(SampleRow({"id": 3, "customer": "***", "amount": 5, "note": None}),),
            right_only=(SampleRow({"id": 9, "customer": "***", "amount": 7, "note": "a|b\n"}),),
            changed=(
                ChangedRow(
                    {"id": 7},
                    {
                        "customer": ("***", "***"),
                        "amount": (Decimal("5.00"), Decimal("6.10")),
                        "day": (date(2026, 1, 1), None),
                    },
                ),
            ),
        ),
    ),
    ("tags is not compared: map<string,string>",),
)
LINES = TableDiff(
    name("bronze.lines"),
    "changed",
    entry("bronze.lines", 1),
    entry("bronze.lines", 2),
    rows=RowDiff(
        left_rows=80_000_000,
        right_rows=80_000_001,
        left_only=4,
        right_only=5,
        same=4_999_990,
        share=1 / 16,
        samples=Samples(left_only=(SampleRow({"text": "<b>bold</b>"}, times=2),)),
    ),
)
DIFF = Diff(
    "prod@41",
    "dev_ana@42",
    (
        LINES,
        TableDiff(name("gold.equal"), "unchanged", entry("gold.equal", 1), entry("gold.equal", 2),
                  rows=RowDiff(5, 5, ("id",), same=5, columns=(ColumnMatch("n", 5, 0),))),
        TableDiff(name("gold.new"), "added", None, entry("gold.new", 0, rows=1_000)),
        TableDiff(name("gold.old"), "removed", entry("gold.old", 9, rows=None), None),
        TableDiff(name("gold.still"), "same", entry("gold.still", 1), entry("gold.still", 1)),
        ORDERS,
    ),
)  # fmt: skip


def test_differences_for_people(golden: Golden) -> None:
    golden("observe/diff.txt", render_diff(DIFF))
    golden("observe/diff_verbose.txt", render_diff(DIFF, verbose=True))


def test_differences_for_programs(golden: Golden) -> None:
    golden("observe/diff.json", render_json(diff_document(DIFF)))


def test_differences_for_a_pull_request(golden: Golden) -> None:
    golden("observe/diff.md", render_markdown(DIFF))


def test_no_difference_is_one_line() -> None:
    same = Diff("prod@1", "prod@2", (DIFF.tables[4],))
    assert render_diff(same).splitlines()[1:] == ["", "1 at the same version."]
    assert not same.differs


def test_an_equal_sample_is_not_passed_over() -> None:
    rows = RowDiff(9_000_000, 9_000_000, ("id",), same=5_000_000, share=0.55)
    table = replace(ORDERS, status="unchanged", schema=SchemaDiff(), rows=rows, notes=())
    found = Diff("prod@1", "prod@2", (table,))
    assert "sampled: 55.00% of the keys" in render_diff(found)
    assert "sampled: 55.00% of the keys" in render_markdown(found)


def test_values_cannot_break_out_of_a_page() -> None:
    row = SampleRow({"a": "</pre><script>\n\n# x", "b": "`|@everyone"})
    rows = replace(LINES.rows, samples=Samples(left_only=(row,)))  # type: ignore[type-var]
    page = render_markdown(Diff("a", "b", (replace(LINES, rows=rows),)))
    assert "<script>" not in page
    assert "\n# x" not in page


def test_a_rate_of_100_means_every_row() -> None:
    match = ColumnMatch("n", 1_000_000, 1)
    rows = RowDiff(1, 1, ("id",), changed=1, same=999_999, columns=(match,))
    text = render_diff(Diff("a", "b", (replace(ORDERS, rows=rows),)))
    assert "n 99.99% (1 differ)" in text
