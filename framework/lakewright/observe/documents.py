"""JSON that other programs read: one format version, one way to print."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lakewright.errors import Problem

FORMAT_VERSION = "1.0"  # a minor step adds fields, a major step breaks them


def render_json(value: object) -> str:
    """One document, readable, in the order of its fields. Ends with a newline."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def moment(when: datetime) -> str:
    """ISO 8601 in UTC to the second, with `Z`."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def problem_document(problem: Problem) -> dict[str, Any]:
    """A problem; `where` is `path:line:column` of the user's file."""
    return {
        "code": problem.code,
        "message": problem.message,
        "where": str(problem.where) if problem.where else None,
        "hint": problem.hint,
        "label": problem.label,
        "notes": list(problem.notes),
    }


def error_document(problems: Iterable[Problem], kind: str, exit_code: int) -> dict[str, Any]:
    """What a command prints with `--json` when it fails: `error` is a list, as in a report."""
    return {
        "format_version": FORMAT_VERSION,
        "ok": False,
        "kind": kind,
        "exit_code": exit_code,
        "error": [problem_document(problem) for problem in problems],
    }
