"""A collection and pins as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakewright.lake import ReleasePin
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.paint import Paint
from lakewright.observe.tables import count, minute, render_table, size
from lakewright.plans.collecting import CollectFolder, CollectLocation, CollectPlan
from lakewright.plans.retaining import REASONS
from lakewright.runtime.collecting import CollectReport

_MARKS = {"trim": "~", "remove": "-", "keep": " "}
_FOR = {
    "latest": "latest",
    "release": "releases",
    "fork": "forks",
    "pin": "pins",
    "served": "served views",
    "grace": "grace",
}


def render_collect_plan(plan: CollectPlan, *, color: bool = False, verbose: bool = False) -> str:
    """What would be deleted and what stays for whom. `verbose` lists what stays as well."""
    paint = Paint(color)
    at = f"at release {plan.release}" if plan.release else "nothing is released"
    ended = ", its end has come" if plan.ended else ""
    blocks = [f"{paint(f'Collect from {plan.environment}', 'strong')}    {at}{ended}\n"]
    shown = plan.locations if verbose else plan.dropping
    if shown:
        blocks.append(_locations(shown, color=color))
    if plan.folders:
        blocks.append(_folders(plan.folders, verbose=verbose))
    blocks.append("".join(f"note: {note}\n" for note in plan.notes))
    blocks.append(_summary(plan))
    return "\n".join(block for block in blocks if block)


def collect_document(plan: CollectPlan, *, dry_run: bool) -> dict[str, Any]:
    """`gc --json`, before anything is deleted."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": plan.environment,
        "release": plan.release,
        "created_at": moment(plan.now),
        "grace_seconds": int(plan.grace.total_seconds()),
        "ended": plan.ended,
        "dry_run": dry_run,
        "empty": plan.empty,
        "freed_bytes": plan.freed,
        "unrestorable": list(plan.unrestorable),
        "tables": [_location_document(one) for one in plan.locations],
        "folders": [_folder_document(one) for one in plan.folders],
        "notes": list(plan.notes),
    }


def render_collect_report(report: CollectReport) -> str:
    """What was deleted. Ends with a newline."""
    lines = [f"{group} is being written: left for another time\n" for group in report.skipped]
    said = f"Freed {size(report.freed)} in {count(len(report.locations), 'location')}"
    put = f"; release {report.release} records it" if report.release is not None else ""
    return "".join([*lines, f"{said}{put}.\n"])


def collect_report_document(report: CollectReport) -> dict[str, Any]:
    """`gc --yes --json`, when it is done."""
    return {
        "format_version": FORMAT_VERSION,
        "run_id": report.run_id,
        "environment": report.environment,
        "release": report.release,
        "ok": True,
        "freed_bytes": report.freed,
        "unrestorable": list(report.expired),
        "tables": [_location_document(one) for one in report.locations],
        "folders": [_folder_document(one) for one in report.folders],
        "skipped": [str(group) for group in report.skipped],
        "notes": list(report.notes),
    }


def render_pins(pins: Sequence[ReleasePin], environment: str, *, color: bool = False) -> str:
    if not pins:
        return f"No release of {environment} is pinned.\n"
    rows = [
        (pin.name, str(pin.release), minute(pin.expires_at) if pin.expires_at else "-", pin.reason)
        for pin in pins
    ]
    return render_table(("pin", "release", "expires", "reason"), rows, right=("release",),
                        color=color)  # fmt: skip


def pins_document(pins: Sequence[ReleasePin], environment: str) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "pins": [
            {
                "name": pin.name,
                "release": pin.release,
                "reason": pin.reason,
                "expires_at": moment(pin.expires_at) if pin.expires_at else None,
            }
            for pin in pins
        ],
    }


def _locations(shown: Sequence[CollectLocation], *, color: bool) -> str:
    """One line a location: what is freed, and for whom the rest stays."""
    kept = [by for by in REASONS if by == "latest" or any(one.kept.get(by) for one in shown)]
    header = ("", "location", "frees", *(f"for {_FOR[by]}" for by in kept))
    rows = [
        (
            _MARKS[one.action],
            one.location,
            size(one.freed),
            *(size(one.kept[by]) if one.kept.get(by) else "-" for by in kept),
        )
        for one in shown
    ]
    return render_table(header, rows, right=header[2:], color=color)


def _folders(folders: Sequence[CollectFolder], *, verbose: bool) -> str:
    freed = sum(one.freed for one in folders)
    if not verbose:
        return f"{count(len(folders), 'folder')} of ended runs and records: {size(freed)}\n"
    return "".join(f"  {one.folder}   {size(one.freed)}\n" for one in folders)


def _summary(plan: CollectPlan) -> str:
    if plan.empty:
        return "Nothing to collect.\n"
    lines = [f"Frees {size(plan.freed)}.\n"]
    gone = plan.unrestorable
    if gone:
        one = (
            f"Release {gone[0]} stops"
            if len(gone) == 1
            else (f"Releases {gone[0]} to {gone[-1]} stop")
        )
        lines.append(f"{one} being restorable.\n")
    pinned = sorted(number for number in plan.expiry.kept if number <= plan.expiry.newest)
    if pinned:
        told = ", ".join(str(number) for number in pinned)
        lines.append(f"Pinned, and kept: {told}.\n")
    return "".join(lines)


def _location_document(one: CollectLocation) -> dict[str, Any]:
    return {
        "table": str(one.table),
        "location": one.location,
        "action": one.action,
        "keep_versions": list(one.keep),
        "freed_bytes": one.freed,
        "kept_bytes": {by: one.kept[by] for by in REASONS if by in one.kept},
        "needed_by": sorted({need.who for need in one.needs}),
    }


def _folder_document(one: CollectFolder) -> dict[str, Any]:
    return {"folder": one.folder, "freed_bytes": one.freed}
