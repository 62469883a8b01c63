"""The end of a run: its report, stored where other tools read it, and history for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pyarrow as pa

from lakewright.errors import LakewrightError, Problem
from lakewright.lake import Lake, Release, paths
from lakewright.runtime.candidate import Candidate
from lakewright.runtime.redacting import redact_report, secrets_of
from lakewright.runtime.run import Run
from lakewright.runtime.values import Report, ServeReport, TableReport

FORMAT_VERSION = "1.0"


def empty_report(run: Run) -> Report:
    """Nothing to do: no claim was taken and no release made. What stays held is still said."""
    held = run.plan.held
    waits = bool(held) and run.plan.kind == "refresh"
    return Report(run.run_id, run.plan.environment, None, not waits, (), held, exit_code=int(waits))


def make_report(
    run: Run,
    candidate: Candidate,
    release: Release | None,
    *,
    seconds: float,
    error: LakewrightError | None = None,
) -> Report:
    """What happened. Exit code 1 when something failed or is held, the error's own for the rest."""
    held = release.held if release is not None else (*run.plan.held, *candidate.held)
    waits = bool(candidate.errors) or (bool(held) and run.plan.kind == "refresh")
    tables = tuple(candidate.reports[name] for name in sorted(candidate.reports))
    problems = error.problems if error else ()
    if error is not None:
        tables = tuple(_discarded(report) for report in tables)
    failed = [problem for problem in _held_problems(candidate) if problem not in problems]
    report = Report(
        run_id=run.run_id,
        environment=run.plan.environment,
        release=release.release if release else None,
        ok=error is None and not waits,
        tables=tables,
        held=held,
        problems=(*problems, *failed),
        exit_code=error.exit_code if error else int(waits),
        seconds=seconds,
    )
    return redact_report(report, secrets_of(run.plan))


def report_document(report: Report) -> dict[str, Any]:
    """`apply --json` and `report.json`; names are fixed, additions allowed."""
    return {
        "format_version": FORMAT_VERSION,
        "run_id": report.run_id,
        "environment": report.environment,
        "release": report.release,
        "ok": report.ok,
        "held": [
            {
                "table": str(h.table),
                "by": h.by,
                "since_release": h.since_release,
                "check": h.check,
                "reason": h.reason,
            }
            for h in report.held
        ],
        "tables": [_table_document(table) for table in report.tables],
        "error": [_problem_document(problem) for problem in report.problems] or None,
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 3),
        "notes": list(report.notes),
        "serve": _serve_document(report.served) if report.served is not None else None,
    }


def store_report(run: Run, report: Report) -> Report:
    """Step 7: history for people, then `report.json`. Redoable, so a failure undoes nothing.

    Returns the report with a note for what could not be written down.
    """
    notes = list(report.notes)
    for kind, table in _history(run, report).items():
        try:
            run.lake.append_history(kind, table, now=run.plan.now)
        except LakewrightError as error:
            notes.append(f"not in the history of {kind}: {error}")
    report = put_report(run.lake, run.run_id, replace(report, notes=tuple(notes)))
    run.stop_at("7 reported")
    return report


def put_report(lake: Lake, run_id: str, report: Report) -> Report:
    """Store a report where other tools read it, over one that is there; with a note if it fails."""
    data = json.dumps(report_document(report), indent=1, sort_keys=True).encode()
    try:
        lake.put_run(run_id, paths.REPORT, data)
    except LakewrightError as error:
        return replace(report, notes=(*report.notes, f"{paths.REPORT} was not written: {error}"))
    return report


def _history(run: Run, report: Report) -> Mapping[str, pa.Table]:
    common = {"run_id": report.run_id, "environment": report.environment, "at": run.plan.now}
    release = report.release if isinstance(report.release, int) else None
    runs = [
        {
            **common,
            "kind": run.plan.kind,
            "release": release,
            "ok": report.ok,
            "engine": run.engine.name,
            "seconds": report.seconds,
        }
    ]
    steps = [
        {
            **common,
            "table": str(t.table),
            "action": t.action,
            "outcome": t.outcome,
            "rows_kept": t.rows_kept,
            "rows_produced": t.rows_produced,
            "seconds": t.seconds,
        }
        for t in report.tables
    ]
    checks = [
        {**common, "table": str(t.table), **asdict(check)}
        for t in report.tables
        for check in t.checks
    ]
    schemas = {"runs": _RUNS, "steps": _STEPS, "checks": _CHECKS}
    rows = {"runs": runs, "steps": steps, "checks": checks}
    return {k: pa.Table.from_pylist(rows[k], schema=schemas[k]) for k in rows if rows[k]}


_COMMON = [
    ("run_id", pa.string()),
    ("environment", pa.string()),
    ("at", pa.timestamp("us", tz="UTC")),
]
_RUNS = pa.schema(
    [
        *_COMMON,
        ("kind", pa.string()),
        ("release", pa.int64()),
        ("ok", pa.bool_()),
        ("engine", pa.string()),
        ("seconds", pa.float64()),
    ]
)
_STEPS = pa.schema(
    [
        *_COMMON,
        ("table", pa.string()),
        ("action", pa.string()),
        ("outcome", pa.string()),
        ("rows_kept", pa.int64()),
        ("rows_produced", pa.int64()),
        ("seconds", pa.float64()),
    ]
)
_CHECKS = pa.schema(
    [
        *_COMMON,
        ("table", pa.string()),
        ("name", pa.string()),
        ("rule", pa.string()),
        ("on_fail", pa.string()),
        ("verdict", pa.string()),
        ("failed_rows", pa.int64()),
        ("rows", pa.int64()),
    ]
)


def _held_problems(candidate: Candidate) -> list[Problem]:
    return [problem for error in candidate.errors.values() for problem in error.problems]


def _discarded(report: TableReport) -> TableReport:
    return replace(report, outcome="discarded") if report.outcome == "published" else report


def _table_document(table: TableReport) -> dict[str, Any]:
    document = asdict(table)
    document["table"] = str(table.table)
    document["seconds"] = round(table.seconds, 3)
    document["checks"] = [asdict(check) for check in table.checks]
    return document


def _serve_document(served: ServeReport) -> dict[str, Any]:
    return {
        "catalog": served.catalog,
        "release": served.release,
        "put": list(served.put),
        "withdrawn": list(served.withdrawn),
        "unchanged": served.unchanged,
        "notes": list(served.notes),
        "error": [_problem_document(problem) for problem in served.problems] or None,
    }


def _problem_document(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": problem.message,
        "where": str(problem.where) if problem.where else None,
        "hint": problem.hint,
    }
