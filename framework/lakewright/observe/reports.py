"""A run as text: tables, rows, checks, and what was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakewright.graph import SqlTransform
from lakewright.names import TableName
from lakewright.observe.held import render_held
from lakewright.observe.paint import Paint, Style, plain_text
from lakewright.observe.tables import count, duration, render_table
from lakewright.plans import Plan
from lakewright.runtime import Event, Report, ServeReport, TableReport

_STYLES: dict[str, Style] = {
    "published": "good",
    "held": "warn",
    "failed": "bad",
    "skipped": "dim",
    "discarded": "dim",
}


def render_report(
    report: Report, *, plan: Plan | None = None, color: bool = False, verbose: bool = False
) -> str:
    """How the run ended, for people. Problems are not in it. Ends with a newline.

    With the `plan` that ran, the last lines name what readers keep and the commands to look.
    """
    paint = Paint(color)
    blocks = []
    ran = [table for table in report.tables if verbose or not _only_waited(table, report)]
    if ran:
        blocks.append(_tables(ran, color))
    found = [row for table in report.tables for row in _findings(table, verbose)]
    if found:
        header = ("table", "rule", "on fail", "verdict", "rows")
        blocks.append(render_table(header, found, right=("rows",), color=color, indent="  "))
    blocks.append(render_held(report.held, color=color, verbose=verbose))
    notes = [*report.notes, *(f"{it.table}: {it.note}" for it in report.tables if _has_news(it))]
    blocks.append("".join(f"note: {plain_text(note)}\n" for note in notes))
    blocks.append(_served(report.served) if report.served is not None else "")
    ending = paint(_ending(report, plan), "good" if report.ok else "bad")
    blocks.append("".join(f"{line}\n" for line in (ending, *_afterwards(report, plan))))
    return "\n".join(block for block in blocks if block)


def render_event(event: Event, *, color: bool = False) -> str:
    """One line for a table that ended, without a newline; "" for what needs no line.

    A held table needs none: the report, which comes next, tells all of them.
    """
    paint = Paint(color)
    if event.kind not in {"finished", "failed"} or event.table is None:
        return ""
    word = {"finished": "built", "failed": "FAILED"}[event.kind]
    style: Style = "good" if event.kind == "finished" else "bad"
    parts = [f"{paint(f'{word:<6}', style)}  {event.table}"]
    if event.rows is not None:
        parts.append(count(event.rows, "row"))
    if event.checks:
        passed = sum(check.verdict == "pass" for check in event.checks)
        checks = count(len(event.checks), "check")
        parts.append(checks if passed == len(event.checks) else f"{passed} of {checks} passed")
    if event.seconds is not None:
        parts.append(duration(event.seconds))
    if event.detail:
        parts.append(plain_text(event.detail.removeprefix(f"{event.table}: ")))
    return "  ".join(parts)


def _served(served: ServeReport) -> str:
    """What a serving did. Problems are not in it. Ends with a newline."""
    parts = [f"{len(served.put)} moved"] if served.put else []
    parts += [f"{len(served.withdrawn)} withdrawn"] if served.withdrawn else []
    parts += [f"{served.unchanged} unchanged"] if served.unchanged else []
    parts += [f"{count(len(served.problems), 'problem')}"] if served.problems else []
    line = (
        f"Served release {served.release} into {served.catalog}: {', '.join(parts) or 'nothing'}."
    )
    notes = "".join(f"note: {plain_text(note)}\n" for note in served.notes)
    return f"{notes}{line}\n"


def _tables(tables: Sequence[TableReport], color: bool) -> str:
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


def _only_waited(table: TableReport, report: Report) -> bool:
    """Held without having been tried: `render_held` names it with the others that wait."""
    waits = any(hold.table == table.table and hold.by == "upstream" for hold in report.held)
    return waits and table.outcome == "held" and table.rows_produced is None


def _has_news(table: TableReport) -> bool:
    """Why a table failed or is held is told elsewhere."""
    return bool(table.note) and table.outcome not in {"failed", "held"}


def _rows(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _findings(table: TableReport, verbose: bool) -> Iterator[tuple[str, ...]]:
    """Every rule that found rows; with `verbose` those that found none as well."""
    for check in table.checks:
        if check.failed_rows or check.verdict != "pass" or verbose:
            rows = f"{check.failed_rows:,} of {check.rows:,}"
            yield str(table.table), check.name, check.on_fail, check.verdict, rows


def _ending(report: Report, plan: Plan | None) -> str:
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
    freed = f", {len(plan.freed)} freed" if plan is not None and plan.freed else ""
    return (
        f"Release {report.release} of {report.environment}: "
        f"{count(published, 'table')} published{held}{freed}. Run {report.run_id}, {took}."
    )


def _afterwards(report: Report, plan: Plan | None) -> Iterator[str]:
    """What readers keep when something went wrong, and the commands to look at rows."""
    wrong = [table.table for table in report.tables if table.outcome == "failed"]
    wrong += [hold.table for hold in report.held if hold.by == "check"]
    if plan is not None and (wrong or not report.ok) and report.release != "unknown":
        yield _kept(report, plan)
    if plan is not None:
        yield from (f"To look: {_look(table, plan)}" for table in dict.fromkeys(wrong[:3]))
    apart = [it for it in report.tables if it.outcome == "published" and it.rows_quarantined]
    if apart:
        most = max(apart, key=lambda table: table.rows_quarantined or 0).table
        yield f'Rows set apart: lakewright sql "SELECT * FROM {most.quarantine} LIMIT 20"'


def _kept(report: Report, plan: Plan) -> str:
    if plan.base_release is None:
        return "Readers still see no release."
    if report.release is None or not report.held:
        return f"Readers keep release {plan.base_release}."
    since = {hold.since_release for hold in report.held}
    if len(since) > 1 or 0 in since:
        return "Readers keep held tables as they were before."
    return f"Readers keep the held tables of release {max(since)}."


def _look(table: TableName, plan: Plan) -> str:
    """A command that shows the rows, or the files, that a failed table was to be made of."""
    step = plan.graph.steps.get(table)
    if step is not None and step.kind == "ingest":
        return f"lakewright plan -v -s {table}    (lists its files)"
    if step is not None and isinstance(step.transform, SqlTransform):
        return f"lakewright preview {table}"
    return f"lakewright show {table}"
