"""Differences between two releases as text, as JSON, and as Markdown for a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from lakewright.lake import Entry, Field
from lakewright.observe.documents import FORMAT_VERSION
from lakewright.observe.paint import Paint, Style, cell_width, plain_text
from lakewright.observe.rows import cell_text, jsonable
from lakewright.observe.tables import count, figure
from lakewright.runtime.differences import (
    ChangedRow,
    ColumnMatch,
    Diff,
    RowDiff,
    SampleRow,
    SchemaDiff,
    Status,
    TableDiff,
)

_MARKS: Mapping[Status, tuple[str, Style]] = {
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "changed": ("~", "warn"),
    "unchanged": ("=", "dim"),
    "same": ("=", "dim"),
}
_ORDER: tuple[Status, ...] = ("changed", "added", "removed", "unchanged", "same")
_WORDS: Mapping[Status, str] = {
    "changed": "changed",
    "added": "added",
    "removed": "removed",
    "unchanged": "with equal rows",
    "same": "at the same version",
}
_EXACT = "Values compare exactly, floats as well; NULL equals NULL."
_FOLD_COLUMNS = 8  # columns that differ and are listed; -v lists all


def render_diff(diff: Diff, *, color: bool = False, verbose: bool = False) -> str:
    """For people. Tables that are equal are counted; `verbose` lists them, and every column."""
    paint = Paint(color)
    lines = [f"{paint(f'Diff of {diff.left} (left) and {diff.right} (right)', 'strong')}\n"]
    shown = [table for table in diff.tables if table.differs or verbose or _is_limited(table)]
    width = max((cell_width(str(table.table)) for table in shown), default=0)
    for table in shown:
        mark, style = _MARKS[table.status]
        name = f"{table.table!s:<{width}}"
        lines.append(f"  {paint(mark, style)} {paint(name, 'name')}   {_headline(table)}")
        lines += [f"      {line}" for line in _details(table, verbose=verbose)]
    if shown:
        lines.append("")
    lines.append(_summary(diff))
    if any(table.rows for table in diff.tables):
        lines.append(_EXACT)
    return "\n".join(lines) + "\n"


def diff_document(diff: Diff) -> dict[str, Any]:
    """For programs. Values of columns marked `pii` are `***`."""
    return {
        "format_version": FORMAT_VERSION,
        "left": diff.left,
        "right": diff.right,
        "differs": diff.differs,
        "tables": [_table_document(table) for table in diff.tables],
    }


def render_markdown(diff: Diff) -> str:
    """For a pull request: one table, and the details of each table folded below it."""
    lines = [f"### Diff of {_code(diff.left)} and {_code(diff.right)}", ""]
    differing = [table for table in diff.tables if table.differs]
    if differing:
        lines += [
            "| table | status | only left | only right | changed | same | columns |",
            "|---|---|--:|--:|--:|--:|---|",
            *(_markdown_row(table) for table in differing),
            "",
        ]
    lines += [_summary(diff), ""]
    for table in diff.tables:
        if table.status != "changed" and not _is_limited(table):
            continue
        details = [_headline(table), *_details(table, verbose=True)]
        summary = f"<details><summary>{_code(str(table.table))}</summary>"
        lines += [summary, "", "<pre>", *map(escape, details), "</pre>", "</details>", ""]
    if any(table.rows for table in diff.tables):
        lines += [_EXACT, ""]
    return "\n".join(lines)


def _is_limited(table: TableDiff) -> bool:
    """Whether something was left out of the comparison: then equal is not said in passing."""
    return table.rows is not None and (table.rows.share < 1 or bool(table.notes))


def _headline(table: TableDiff) -> str:
    match table.status:
        case "added":
            return f"only right, {_rows_of(table.right)}"
        case "removed":
            return f"only left, {_rows_of(table.left)}"
        case "same":
            return f"the same version, {_rows_of(table.right)}"
        case "unchanged" | "changed":
            return _compared(table)


def _compared(table: TableDiff) -> str:
    rows = table.rows
    if rows is None:
        return f"{_rows_of(table.right)}, the same version; its columns differ"
    totals = f"{rows.left_rows:,} -> {count(rows.right_rows, 'row')}"
    by = f"by key {', '.join(rows.key)}" if rows.key else "by whole rows"
    return f"{totals}, compared {by}"


def _rows_of(entry: Entry | None) -> str:
    if entry is None or entry.rows is None:
        return "rows unknown"
    return count(entry.rows, "row")


def _details(table: TableDiff, *, verbose: bool) -> Iterator[str]:
    if table.schema:
        yield f"columns: {', '.join(_schema_words(table.schema))}"
    rows = table.rows
    if rows is not None:
        if rows.share < 1:
            yield (
                f"sampled: {rows.share:.2%} of the {'keys' if rows.key else 'rows'}, chosen by"
                " their hash; the numbers below are of the sample"
            )
        yield f"rows: {', '.join(_count_words(rows))}"
        if rows.key and rows.columns:
            yield f"match: {_match_words(rows.columns, verbose=verbose)}"
    for note in table.notes:
        yield f"note: {plain_text(note)}"
    if rows is not None:
        yield from _sample_lines(rows)


def _schema_words(schema: SchemaDiff) -> list[str]:
    return [
        *(f"+ {plain_text(field.name)} {field.type}" for field in schema.added),
        *(f"- {plain_text(field.name)} {field.type}" for field in schema.removed),
        *(f"{plain_text(it.name)} {it.before} -> {it.after}" for it in schema.retyped),
    ]


def _count_words(rows: RowDiff) -> list[str]:
    words = [f"{rows.left_only:,} only left", f"{rows.right_only:,} only right"]
    if rows.key:
        words.append(f"{rows.changed:,} changed")
    return [*words, f"{rows.same:,} same"]


def _match_words(columns: Sequence[ColumnMatch], *, verbose: bool) -> str:
    if columns[0].compared == 0:
        return "no key is on both sides"
    differing = sorted((c for c in columns if c.differing), key=lambda c: (-c.differing, c.column))
    shown = differing if verbose else differing[:_FOLD_COLUMNS]
    words = [f"{plain_text(c.column)} {_rate(c)} ({c.differing:,} differ)" for c in shown]
    if len(shown) < len(differing):
        words.append(f"{len(differing) - len(shown)} more columns differ")
    equal = len(columns) - len(differing)
    if not differing:
        words.append("every column 100%")
    elif equal:
        words.append(f"{equal} other column{'' if equal == 1 else 's'} 100%")
    return ", ".join(words)


def _rate(column: ColumnMatch) -> str:
    """Rounded down, so that 100% means every row."""
    assert column.rate is not None, "no key on both sides was told apart"
    return f"{int(column.rate * 10_000) / 100:.2f}%"


def _sample_lines(rows: RowDiff) -> Iterator[str]:
    for label, found in (
        ("only left: ", rows.samples.left_only),
        ("only right:", rows.samples.right_only),
    ):
        for row in found:
            yield f"{label} {_one_sided(row)}"
    for changed in rows.samples.changed:
        yield f"changed:    {_changed(changed)}"


def _one_sided(row: SampleRow) -> str:
    times = f"  ({row.times:,} times)" if row.times > 1 else ""
    return "  ".join(_pair(name, value) for name, value in row.values.items()) + times


def _changed(row: ChangedRow) -> str:
    keys = "  ".join(_pair(name, value) for name, value in row.key.items())
    changes = "; ".join(
        f"{plain_text(name)}: {_value(left)} -> {_value(right)}"
        for name, (left, right) in row.changes.items()
    )
    return f"{keys}  {changes}"


def _pair(name: str, value: Any) -> str:
    return f"{plain_text(name)}={_value(value)}"


def _value(value: Any) -> str:
    return plain_text(cell_text(value)).replace("\n", " ")


def _summary(diff: Diff) -> str:
    counted = Counter(table.status for table in diff.tables)
    words = [f"{counted[status]} {_WORDS[status]}" for status in _ORDER if counted[status]]
    return f"{', '.join(words) or 'no table on either side'}."


def _markdown_row(table: TableDiff) -> str:
    rows = table.rows
    keyed = rows is not None and bool(rows.key)
    cells = [
        _code(str(table.table)),
        table.status if rows is None or rows.share == 1 else f"{table.status} (sampled)",
        figure(rows.left_only) if rows else _whole(table, "removed"),
        figure(rows.right_only) if rows else _whole(table, "added"),
        figure(rows.changed) if rows and keyed else "",
        figure(rows.same) if rows else "",
        ", ".join(_code(word) for word in _schema_words(table.schema)),
    ]
    return f"| {' | '.join(cells)} |"


def _whole(table: TableDiff, status: Status) -> str:
    """The rows of a table that only one side has, in that side's column."""
    entry = table.left or table.right
    return figure(entry.rows) if entry is not None and table.status == status else ""


def _code(text: str) -> str:
    """As code that no table and no markup of a page can break out of."""
    safe = plain_text(text).replace("\n", " ")
    return f"<code>{escape(safe).replace('|', '&#124;').replace('`', '&#96;')}</code>"


def _table_document(table: TableDiff) -> dict[str, Any]:
    return {
        "table": str(table.table),
        "status": table.status,
        "left": _side_document(table.left),
        "right": _side_document(table.right),
        "columns": {
            "added": [_field_document(field) for field in table.schema.added],
            "removed": [_field_document(field) for field in table.schema.removed],
            "retyped": [
                {"name": it.name, "from": it.before, "to": it.after} for it in table.schema.retyped
            ],
        },
        "rows": _rows_document(table.rows) if table.rows else None,
        "notes": list(table.notes),
    }


def _side_document(entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return {"version": entry.version if entry.location else None, "rows": entry.rows}


def _field_document(field: Field) -> dict[str, str]:
    return {"name": field.name, "type": field.type}


def _rows_document(rows: RowDiff) -> dict[str, Any]:
    return {
        "left_rows": rows.left_rows,
        "right_rows": rows.right_rows,
        "key": list(rows.key),
        "left_only": rows.left_only,
        "right_only": rows.right_only,
        "changed": rows.changed if rows.key else None,
        "same": rows.same,
        "sampled_share": rows.share if rows.share < 1 else None,
        "match": [
            {
                "column": it.column,
                "compared": it.compared,
                "differing": it.differing,
                "rate": it.rate,
            }
            for it in rows.columns
        ],
        "samples": {
            "left_only": [_sample_document(row) for row in rows.samples.left_only],
            "right_only": [_sample_document(row) for row in rows.samples.right_only],
            "changed": [
                {
                    "key": jsonable(row.key),
                    "changes": {
                        name: {"left": jsonable(left), "right": jsonable(right)}
                        for name, (left, right) in row.changes.items()
                    },
                }
                for row in rows.samples.changed
            ],
        },
    }


def _sample_document(row: SampleRow) -> dict[str, Any]:
    return {"values": jsonable(row.values), "times": row.times}
