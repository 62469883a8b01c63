"""Releases, status and history as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakewright.lake import CheckResult, Collected, Drift, Entry, Release, ReleasePin
from lakewright.lake.forks import Origin
from lakewright.names import TableName
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.drift import drift_document, render_drift, status_fates
from lakewright.observe.environments import origin_document
from lakewright.observe.held import render_held
from lakewright.observe.paint import Paint
from lakewright.observe.plans import code_of, held_document
from lakewright.observe.retention import cost_text, entry_retained, retained_bytes
from lakewright.observe.tables import count, figure, minute, render_table, size

_SHORT = 8  # characters of a run's id that tell runs apart in a list
_NOTHING_GONE = Collected()


@dataclass(frozen=True, slots=True)
class Move:
    """What one release did to one table. `after` is None for a table that was left out."""

    release: Release
    table: TableName
    before: Entry | None
    after: Entry | None

    @property
    def did(self) -> str:
        if self.before is None:
            return "created"
        if self.after is None:
            return "dropped"
        if self.release.kind == "rollback":
            return "rolled back"
        if (self.before.table_id, self.before.data_version) != (
            self.after.table_id,
            self.after.data_version,
        ):
            return "rebuilt" if self.before.own != self.after.own else "refreshed"
        return "changed" if self.before.code != self.after.code else "altered"


def newest_moves(releases: Iterable[Release]) -> Iterator[Move]:
    """What moved from each release to the next, by table; `releases` come newest first.

    No more of them are asked for than the moves that are taken need.
    """
    above: Release | None = None
    for release in releases:
        if above is not None:
            yield from _moves(above, release.tables)
        above = release
    if above is not None:
        yield from _moves(above, {})


def moves_between(releases: Sequence[Release]) -> tuple[Move, ...]:
    """What moved from each release to the next, newest first, then by table."""
    return tuple(newest_moves(sorted(releases, key=lambda release: -release.release)))


def _equal(old: Entry | None, new: Entry | None) -> bool:
    """Whether a release left a table as it was; what it measured of it is no change."""
    if old is None or new is None:
        return old is new
    return replace(old, costs={}) == replace(new, costs={})


def render_releases(
    releases: Sequence[Release],
    *,
    gone: Collected = _NOTHING_GONE,
    pins: Sequence[ReleasePin] = (),
    earlier: int = 0,
    color: bool = False,
) -> str:
    """One line a release, newest first. `earlier` counts those that are not listed."""
    if not releases:
        return "No releases.\n"
    ordered = sorted(releases, key=lambda release: -release.release)
    header = (
        "release", "created", "kind", "tables", "held", "restorable", "pins",
        "code", "run", "reason",
    )  # fmt: skip
    rows = [
        (
            str(release.release),
            minute(release.created_at),
            release.kind,
            str(len(_main(release))),
            str(len(release.held)),
            _restorable(release, gone),
            ", ".join(_pin_names(release, pins)) or "-",
            code_of(release),
            release.run_id[:_SHORT],
            release.reason,
        )
        for release in ordered
    ]
    text = render_table(header, rows, right=("release", "tables", "held"), color=color)
    more = f"... and {count(earlier, 'earlier release')}; --limit shows more\n" if earlier else ""
    return text + more


def releases_document(
    releases: Sequence[Release],
    *,
    gone: Collected = _NOTHING_GONE,
    pins: Sequence[ReleasePin] = (),
) -> list[dict[str, Any]]:
    """Newest first. `restorable` says that no rows of the release were collected."""
    return [
        {
            "release": release.release,
            "parent": release.parent,
            "kind": release.kind,
            "created_at": moment(release.created_at),
            "run_id": release.run_id,
            "reason": release.reason,
            "engine": release.engine,
            "code": code_of(release),
            "by": release.by or None,
            "restorable": not _collected(release, gone),
            "collected": [str(name) for name in _collected(release, gone)],
            "pins": _pin_names(release, pins),
            "held": [held_document(held) for held in release.held],
            "tables": {str(name): release.tables[name].version for name in sorted(release.tables)},
        }
        for release in sorted(releases, key=lambda release: -release.release)
    ]


def render_status(
    release: Release | None,
    environment: str,
    *,
    restorable_from: int | None = None,
    drift: Sequence[Drift] = (),
    origin: Origin | None = None,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """What readers of an environment see now.

    `verbose` adds every rule that found rows, and what the past of each table costs.
    """
    paint = Paint(color)
    if release is None:
        return f"{environment} has no release yet: run `lakewright apply`.\n"
    tables = _main(release)
    head = paint(f"{environment} is at release {release.release}", "strong")
    lines = [f"{head}  ({release.kind} of {minute(release.created_at)}, run {release.run_id})\n"]
    lines += [f"forked from {origin}\n\n" if origin else "\n"]
    header: tuple[str, ...] = ("table", "kind", "version", "rows", "bytes", "kept", "checks")
    rows: list[tuple[str, ...]] = [
        (
            str(entry.table),
            entry.kind,
            str(entry.version) if entry.location else "-",
            figure(entry.rows) if entry.location else "-",
            size(entry.bytes) if entry.location else "-",
            size(entry_retained(entry)) if entry.location else "-",
            verdicts(entry),
        )
        for entry in tables
    ]
    if not verbose:
        header, rows = _without(5, header), [_without(5, row) for row in rows]
    figures = ("version", "rows", "bytes", "kept")
    lines.append(render_table(header, rows, right=figures, color=color, indent="  "))
    found = [row for entry in tables for row in _findings(entry)]
    if found and verbose:
        rules = ("table", "rule", "on fail", "verdict", "rows")
        text = render_table(rules, found, right=("rows",), color=color, indent="  ")
        lines.append(f"\n{text}")
    if release.held:
        lines.append(f"\n{render_held(release.held, color=color, verbose=verbose)}")
    if drift:
        lines.append(
            f"\n{render_drift(status_fates(release, drift), color=color, verbose=verbose)}"
        )
    more = f" {count(len(found), 'rule')} found rows (-v lists them)." if found else ""
    lines.append(f"\n{count(len(tables), 'table')}, {len(release.held)} held.{more}\n")
    if restorable_from is not None:
        cost = cost_text(retained_bytes(release))
        lines.append(f"Restorable back to release {restorable_from}, {cost}.\n")
    return "".join(lines)


def _without(index: int, cells: tuple[str, ...]) -> tuple[str, ...]:
    return (*cells[:index], *cells[index + 1 :])


def status_document(
    release: Release | None,
    environment: str,
    *,
    restorable_from: int | None = None,
    drift: Sequence[Drift] = (),
    origin: Origin | None = None,
) -> dict[str, Any]:
    if release is None:
        return {"format_version": FORMAT_VERSION, "environment": environment, "release": None,
                "tables": [], "held": [], "drift": []}  # fmt: skip
    return {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "release": release.release,
        "parent": release.parent,
        "kind": release.kind,
        "created_at": moment(release.created_at),
        "run_id": release.run_id,
        "reason": release.reason,
        "engine": release.engine,
        "code": code_of(release),
        "forked_from": origin_document(origin),
        "restorable_from": restorable_from,
        "retained_bytes": retained_bytes(release),
        "tables": [_entry_document(release.tables[name]) for name in sorted(release.tables)],
        "held": [held_document(held) for held in release.held],
        "drift": [drift_document(item, fate) for item, fate in status_fates(release, drift)],
    }


def render_history(
    moves: Sequence[Move],
    *,
    more: bool = False,
    unread_before: int | None = None,
    color: bool = False,
) -> str:
    """One line for each table that a release moved, newest first. `more`: earlier ones are left.

    `unread_before`: no release before it was looked at.
    """
    unread = f"Releases before {unread_before} were not read; a higher --limit reads on.\n"
    if not moves:
        return "Nothing has changed yet.\n" if unread_before is None else unread
    header = ("release", "created", "table", "did", "version", "rows", "run")
    rows = [
        (
            str(move.release.release),
            minute(move.release.created_at),
            str(move.table),
            move.did,
            str(move.after.version) if move.after and move.after.location else "-",
            figure(move.after.rows) if move.after and move.after.location else "-",
            move.release.run_id[:_SHORT],
        )
        for move in moves
    ]
    text = render_table(header, rows, right=("release", "version", "rows"), color=color)
    if more:
        return f"{text}... and earlier changes; --limit shows more\n"
    return text + (unread if unread_before is not None else "")


def history_document(
    moves: Sequence[Move], environment: str, *, unread_before: int | None = None
) -> dict[str, Any]:
    """`unread_before`: no release before it was looked at; null when all were, or enough."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "unread_before": unread_before,
        "changes": [move_document(move) for move in moves],
    }


def move_document(move: Move) -> dict[str, Any]:
    return {
        "release": move.release.release,
        "created_at": moment(move.release.created_at),
        "kind": move.release.kind,
        "run_id": move.release.run_id,
        "table": str(move.table),
        "did": move.did,
        "version_before": move.before.version if move.before else None,
        "version": move.after.version if move.after else None,
        "rows": move.after.rows if move.after else None,
    }


def _moves(release: Release, before: Mapping[TableName, Entry]) -> Iterator[Move]:
    for name in sorted({*before, *release.tables}):
        old, new = before.get(name), release.tables.get(name)
        if not _equal(old, new):
            yield Move(release, name, old, new)


def _collected(release: Release, gone: Collected) -> list[TableName]:
    """Tables whose rows of that release may be gone."""
    stored = (name for name in sorted(release.tables) if release.tables[name].location)
    return [name for name in stored if gone.has(release.release, name)]


def _restorable(release: Release, gone: Collected) -> str:
    lost = _collected(release, gone)
    if not lost:
        return "yes"
    kept = any(entry.location and name not in lost for name, entry in release.tables.items())
    return "partly" if kept else "no"


def _pin_names(release: Release, pins: Sequence[ReleasePin]) -> list[str]:
    return [pin.name for pin in pins if pin.release == release.release]


def check_document(check: CheckResult) -> dict[str, Any]:
    return {
        "name": check.name,
        "rule": check.rule,
        "on_fail": check.on_fail,
        "verdict": check.verdict,
        "failed_rows": check.failed_rows,
        "rows": check.rows,
    }


def _main(release: Release) -> list[Entry]:
    """The tables people named, without companions."""
    return [release.tables[name] for name in sorted(release.tables) if name == name.group]


def verdicts(entry: Entry) -> str:
    """`2 pass, 1 warn`; `-` without checks."""
    if not entry.checks:
        return "-"
    counted = Counter(check.verdict for check in entry.checks)
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items()))


def _findings(entry: Entry) -> Iterator[tuple[str, ...]]:
    for check in entry.checks:
        if check.verdict != "pass":
            rows = f"{check.failed_rows:,} of {check.rows:,}"
            yield str(entry.table), check.name, check.on_fail, check.verdict, rows


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "table": str(entry.table),
        "kind": entry.kind,
        "location": entry.location,
        "table_id": entry.table_id,
        "version": entry.version,
        "rows": entry.rows,
        "bytes": entry.bytes,
        "retained_bytes": entry_retained(entry),
        "checks": [check_document(check) for check in entry.checks],
        "inputs": {str(name): entry.inputs[name].version for name in sorted(entry.inputs)},
    }
