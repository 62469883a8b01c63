"""A run as text: tables, rows, checks, and what was published."""

from __future__ import annotations

from collections.abc import Iterator

from lakewright.observe.paint import Paint, Style
from lakewright.observe.tables import count, duration, render_table
from lakewright.runtime import Event, Report, TableReport

_STYLES: dict[str, Style] = {
    "published": "good",
    "held": "warn",
    "failed": "bad",
    "skipped": "dim",
    "discarded": "dim",
}


def render_report(report: Report, *, color: bool = False, verbose: bool = False) -> str:
    """How the run ended, for people. Problems are not in it. Ends with a newline."""
    paint = Paint(color)
    blocks = []
    if report.tables:
        blocks.append(_tables(report.tables, color))
    found = [row for table in report.tables for row in _findings(table, verbose)]
    if found:
        header = ("table", "rule", "on fail", "verdict", "rows")
        blocks.append(render_table(header, found, right=("rows",), color=color, indent="  "))
    lines = [f"  ! {held.table} is held: {held.reason or held.check}" for held in report.held]
    lines += [f"note: {note}" for note in report.notes]
    lines += [f"note: {table.table}: {table.note}" for table in report.tables if table.note]
    if lines:
        blocks.append("".join(f"{line}\n" for line in lines))
    blocks.append(paint(_ending(report), "good" if report.ok else "bad") + "\n")
    return "\n".join(blocks)


def render_event(event: Event, *, color: bool = False) -> str:
    """One line for a table that ended, without a newline; "" for what needs no line."""
    paint = Paint(color)
    if event.kind not in {"finished", "failed", "held"} or event.table is None:
        return ""
    word = {"finished": "built", "failed": "FAILED", "held": "HELD"}[event.kind]
    style: Style = "good" if event.kind == "finished" else "bad"
    parts = [f"{paint(f'{word:<6}', style)}  {event.table}"]
    if event.rows is not None:
        parts.append(count(event.rows, "row"))
    if event.checks:
        failed = [check.name for check in event.checks if check.verdict != "pass"]
        said = f", not passed: {', '.join(failed)}" if failed else ""
        parts.append(count(len(event.checks), "check") + said)
    if event.seconds is not None:
        parts.append(duration(event.seconds))
    if event.detail:
        parts.append(event.detail)
    return "  ".join(parts)


def _tables(tables: tuple[TableReport, ...], color: bool) -> str:
    header = ("", "table", "action", "produced", "kept", "quarantined", "dropped", "time")
    rows = [
        (
            table.outcome,
            str(table.table),
            table.action,
            _rows(table.rows_produced),
            _rows(table.rows_kept),
            _rows(table.rows_quarantined),
            _rows(table.rows_dropped),
            duration(table.seconds),
        )
        for table in tables
    ]
    text = render_table(header, rows, right=header[3:], color=color, indent="  ")
    if not color:
        return text
    paint = Paint(color)
    head, *lines = text.splitlines(keepends=True)
    painted = [
        line.replace(table.outcome, paint(table.outcome, _STYLES[table.outcome]), 1)
        for line, table in zip(lines, tables, strict=True)
    ]
    return head + "".join(painted)


def _rows(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _findings(table: TableReport, verbose: bool) -> Iterator[tuple[str, ...]]:
    """Every rule that found rows; with `verbose` those that found none as well."""
    for check in table.checks:
        if check.failed_rows or check.verdict != "pass" or verbose:
            rows = f"{check.failed_rows:,} of {check.rows:,}"
            yield str(table.table), check.name, check.on_fail, check.verdict, rows


def _ending(report: Report) -> str:
    took = duration(report.seconds)
    if report.release == "unknown":
        return (
            f"Release unknown in {report.environment}: storage did not say whether the record was"
            f" stored. Nothing was undone; look at `lakewright releases` before the next run."
        )
    if report.release is None:
        what = "nothing was published" if not report.ok else "nothing to publish"
        return f"No release in {report.environment}: {what}. Run {report.run_id}, {took}."
    published = sum(table.outcome == "published" for table in report.tables)
    held = f", {len(report.held)} held" if report.held else ""
    return (
        f"Release {report.release} of {report.environment}: "
        f"{count(published, 'table')} published{held}. Run {report.run_id}, {took}."
    )
