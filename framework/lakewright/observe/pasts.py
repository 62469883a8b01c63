"""The past of one table as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from lakewright.lake import Entry, Span
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.releases import Move, check_document, move_document, verdicts
from lakewright.observe.tables import count, figure, minute, render_table
from lakewright.runtime.past import Past, PastVersion

_SHORT = 8  # characters of a run's id or a code's digest that tell them apart in a list


def render_past(past: Past, *, color: bool = False, verbose: bool = False) -> str:
    """One line a version, newest first; `verbose` adds what each was built from."""
    header: tuple[str, ...] = (
        "version", "committed", "operation", "releases", "rows", "checks", "restorable",
        "by", "run", "code",
    )  # fmt: skip
    if verbose:
        header = (*header, "inputs")
    rows = [_row(version, verbose=verbose) for version in past.versions]
    text = render_table(header, rows, right=("version", "rows"), color=color)
    return text + "".join(f"{line}\n" for line in _notes(past))


def past_document(past: Past, environment: str) -> dict[str, Any]:
    """`complete` is false where older versions or releases were left alone."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "table": str(past.table),
        "complete": past.complete,
        "walked_to_release": past.walked_to,
        "versions": [_version_document(version) for version in past.versions],
        "changes": [move_document(move) for move in _moves(past)],
    }


def _row(version: PastVersion, *, verbose: bool) -> tuple[str, ...]:
    commit, entry = version.commit, version.entry
    cells = (
        str(version.version) if version.location else "-",
        minute(commit.timestamp) if commit else _created(version),
        commit.operation if commit else "-",
        ", ".join(map(_numbers, version.spans)) or "none",
        figure(entry.rows) if entry and entry.rows is not None else "-",
        verdicts(entry) if entry else "-",
        "yes" if version.restorable else "no",
        _by(version),
        version.run_id[:_SHORT] or "-",
        entry.code[:_SHORT] if entry and entry.code else "-",
    )
    return (*cells, _inputs(entry)) if verbose else cells


def _inputs(entry: Entry | None) -> str:
    used = sorted(entry.inputs.items()) if entry else []
    return ", ".join(f"{name} {version.version}" for name, version in used) or "-"


def _created(version: PastVersion) -> str:
    return minute(version.release.created_at) if version.release else "-"


def _numbers(span: Span) -> str:
    """`41`, or `12-41` for releases in a row."""
    return str(span.last) if span.first == span.last else f"{span.first}-{span.last}"


def _by(version: PastVersion) -> str:
    if version.drifted:
        return "not ours"
    if version.commit is not None and not version.run_id:
        return "others"
    return version.release.by if version.release and version.release.by else "-"


def _notes(past: Past) -> Iterator[str]:
    drifted = [version for version in past.versions if version.drifted]
    if drifted:
        verb = "was" if len(drifted) == 1 else "were"
        yield f"{count(len(drifted), 'version')} {verb} written by somebody else (not ours)."
    if not past.complete:
        yield f"Looked back to release {past.walked_to}; --limit shows more."


def _moves(past: Past) -> Iterator[Move]:
    """What the releases at the start of each span did to the table."""
    spans: Sequence[Span | None] = past.spans
    if past.complete:
        spans = (*spans, None)
    for span, before in pairwise(spans):
        assert span is not None, "only the last one stands for nothing"
        entry = before.entry if before else None
        if entry != span.entry:
            yield Move(span.release, past.table, entry, span.entry)


def _version_document(version: PastVersion) -> dict[str, Any]:
    commit, entry, release = version.commit, version.entry, version.release
    return {
        "version": version.version if version.location else None,
        "location": version.location or None,
        "committed_at": moment(commit.timestamp) if commit else None,
        "operation": commit.operation if commit else None,
        "changes_data": commit.changes_data if commit else None,
        "ours": not version.drifted and bool(version.run_id),
        "drift": version.drifted,
        "releases": [{"first": span.first, "last": span.last} for span in version.spans],
        "run_id": version.run_id or None,
        "by": release.by if release and release.by else None,
        "code": entry.code if entry else None,
        "inputs": {str(name): used.version for name, used in sorted(entry.inputs.items())}
        if entry
        else {},
        "rows": entry.rows if entry else None,
        "checks": [check_document(check) for check in entry.checks] if entry else [],
        "restorable": version.restorable,
    }
