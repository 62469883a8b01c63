"""What others wrote to our heads, what becomes of it, and the command that decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakewright.lake import Commit, Drift, Redefined, Release
from lakewright.observe.documents import moment
from lakewright.observe.paint import Paint, cell_width, plain_text
from lakewright.observe.tables import count, minute
from lakewright.plans.drift import Fate, is_adoptable

_FOLD = 3  # commits of a table that are listed one by one
_SAYS: dict[Fate, str] = {
    "adopt": "adopted: published as it is once every rule holds",
    "discard": "discarded: put back to the released version",
    "overwrite": "overwritten: the table is built anew",
    "repair": "put right: the declared definition comes back",
    "decide": "decide before this plan is applied:",
    "wait": "published to nobody, and blocks nothing; to decide:",
    "leave": "published to nobody; the next run that writes the table puts it right, or:",
}


def render_drift(
    drifts: Sequence[tuple[Drift, Fate]], *, color: bool = False, verbose: bool = False
) -> str:
    """One block a table: its commits, and what becomes of them. "" when there are none."""
    if not drifts:
        return ""
    paint = Paint(color)
    width = max(cell_width(str(drift.table)) for drift, _ in drifts)
    lines = [paint("Written by others", "strong")]
    for drift, fate in drifts:
        first, *rest = _lines(drift, fate, verbose)
        pad = " " * (width - cell_width(str(drift.table)))
        lines.append(f"  {paint('!', 'warn')} {drift.table}{pad}   {first}")
        lines += [" " * (width + 7) + line for line in rest]
    return "".join(f"{line}\n" for line in lines)


def drift_document(drift: Drift, fate: Fate) -> dict[str, Any]:
    """One table of `drift` in the documents of plan and status."""
    redefined = drift.redefined
    return {
        "table": str(drift.table),
        "fate": fate,
        "commits": [_commit_document(commit) for commit in drift.commits],
        "definition": {
            "added": list(redefined.added),
            "removed": list(redefined.removed),
            "retyped": list(redefined.retyped),
            "others": list(redefined.others),
        },
        "over_unpublished": drift.mixed,
        "commands": list(_commands(drift, fate)),
    }


def status_fates(release: Release, drifts: Sequence[Drift]) -> list[tuple[Drift, Fate]]:
    """Without a plan nothing becomes of it yet: it waits for a person, or for the next run."""
    return [(drift, _status_fate(release, drift)) for drift in drifts]


def _status_fate(release: Release, drift: Drift) -> Fate:
    if not drift.changes_data:
        return "leave"
    grows = release.tables[drift.table.group].kind == "ingest"
    return "wait" if grows else "leave"


def _lines(drift: Drift, fate: Fate, verbose: bool) -> list[str]:
    shown = drift.commits if verbose or len(drift.commits) <= _FOLD else drift.commits[:_FOLD]
    more = len(drift.commits) - len(shown)
    lines = [_told(commit) for commit in shown]
    lines += [f"... and {count(more, 'more commit')}; -v lists all"] if more else []
    if drift.redefined:
        lines.append(f"definition: {'; '.join(_told_changes(drift.redefined))}")
    if drift.mixed:
        lines.append("over rows of a run that was never published")
    commands = _commands(drift, fate)
    return [plain_text(line) for line in (*lines, _SAYS[fate], *(f"  {it}" for it in commands))]


def _told(commit: Commit) -> str:
    rows = f", {count(commit.rows, 'row')} in the files it added" if commit.rows else ""
    return f"version {commit.version}: {commit.operation}, {minute(commit.timestamp)}{rows}"


def _told_changes(redefined: Redefined) -> list[str]:
    return [
        *(f"column {name} added" for name in redefined.added),
        *(f"column {name} removed" for name in redefined.removed),
        *(f"column {text}" for text in redefined.retyped),
        *redefined.others,
    ]


def _commands(drift: Drift, fate: Fate) -> tuple[str, ...]:
    if fate not in {"decide", "wait", "leave"}:
        return ()
    apply = f"lakewright apply -s {drift.table.group} --drift"
    adopts = fate != "leave" and is_adoptable(drift)
    return (f"{apply} adopt", f"{apply} discard") if adopts else (f"{apply} discard",)


def _commit_document(commit: Commit) -> dict[str, Any]:
    return {
        "version": commit.version,
        "operation": commit.operation,
        "at": moment(commit.timestamp),
        "rows": commit.rows,
        "changes_data": commit.changes_data,
        "changes_definition": commit.changes_definition,
    }
