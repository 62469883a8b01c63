"""Why a table changes: one function per cause, in the order in which people want to read them.

A detector looks at one table and yields reasons. Adding a cause is adding a function and its
line in `DETECTORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lakewright.graph import FilesTransform, SeedTransform, Step
from lakewright.lake import Entry, FileListing, LakeState
from lakewright.names import TableName
from lakewright.plans.drift import is_append_like, told_commits
from lakewright.plans.impact import compare_columns
from lakewright.plans.precision import Precision, current_version, deciding
from lakewright.plans.seeds import seed_reasons
from lakewright.plans.values import AdoptHead, Change, DriftChoice, Reason


@dataclass(frozen=True, slots=True)
class Seen:
    """One table as the plan sees it: its code, its released entry and what moved before it."""

    step: Step
    entry: Entry | None
    state: LakeState
    moving: Mapping[TableName, Change]
    now: datetime
    today: date
    precision: Precision
    drift: DriftChoice | None = None


_FEW = 5  # columns that a reason names

Detector = Callable[[Seen, Entry], Iterator[Reason]]


def detect_reasons(seen: Seen) -> tuple[Reason, ...]:
    """All reasons for the table to change; empty when it may stay as it is."""
    if seen.entry is None:
        return (Reason("new", "new"),)
    return tuple(reason for detect in DETECTORS for reason in detect(seen, seen.entry))


def detect_kind(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """A table that becomes a view, or the other way round."""
    if entry.kind != seen.step.kind:
        yield Reason("code", f"kind {entry.kind} -> {seen.step.kind}")


def detect_code(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """The table's own code gives other rows."""
    if entry.kind != seen.step.kind or _same_code(seen.step, entry):
        return
    if entry.own == seen.step.fingerprint.own:
        return
    details = _details(seen, entry)
    if isinstance(seen.step.transform, SeedTransform):
        yield from seed_reasons(seen.step, entry, seen.state, details)
        return
    yield Reason("code", "code: " + (", ".join(details) if details else "changed"))


def _details(seen: Seen, entry: Entry) -> list[str]:
    changes = compare_columns(seen.step, entry)
    told = {*changes.retyped, *changes.removed, *changes.added}
    return [
        *(f"{name} {old} -> {new} (breaking)" for name, (old, new) in changes.retyped.items()),
        *(f"{name} removed (breaking)" for name in changes.removed),
        *(f"{name} added" for name in changes.added),
        *_listed(name for name in seen.precision.edited(seen.step, entry) if name not in told),
    ]


def detect_upstream(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """An input changes in this plan, in what this table reads of it."""
    for name in deciding(seen.step):
        change = seen.moving.get(name)
        if change is None or change.action in {"alter", "drop"}:
            continue
        if change.action == "refresh" and change.before is not None:
            before = change.before.version
            after = change.version if isinstance(change, AdoptHead) else before + 1
            yield Reason("input", f"{name} {before} -> {after}", str(name))
        else:
            read = seen.precision.read_of(seen.step, entry, name, seen.moving)
            if read is None:
                yield Reason("upstream", f"reads {name}", str(name))
            elif read:
                columns = ", ".join(_listed(f"{name}.{column}" for column in read))
                yield Reason("upstream", f"reads {columns}", str(name))


def spared_by(seen: Seen) -> tuple[TableName, ...]:
    """Of a table that no change reaches: the inputs that change in what it does not read of them.

    `detect_upstream` has found no reason in any of them.
    """
    return tuple(
        name
        for name in deciding(seen.step)
        if name in seen.moving and seen.moving[name].action == "rebuild"
    )


def detect_inputs(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """An input has moved since the released rows were made from it."""
    for name in deciding(seen.step):
        change = seen.moving.get(name)
        if change is not None and change.action != "alter":
            continue
        used, current = entry.inputs.get(name), current_version(seen.state, name)
        if current is None or used is None or used == current:
            continue
        if used.table_id != current.table_id:
            yield Reason("input", f"{name} is another table now", str(name))
        else:
            yield Reason("input", f"{name} {used.version} -> {current.version}", str(name))


def detect_files(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """Files that were not loaded yet, or whose content is another now."""
    listing = seen.state.inputs.get(seen.step.name)
    if not isinstance(listing, FileListing) or not isinstance(seen.step.transform, FilesTransform):
        return
    fresh = [file for file in listing.files if file.path not in listing.loaded]
    if fresh:
        noun = "file" if len(fresh) == 1 else "files"
        names = ", ".join(file.path for file in fresh[:3]) + (", ..." if len(fresh) > 3 else "")
        size = sum(file.size for file in fresh)
        yield Reason("files", f"{len(fresh)} new {noun}, {size_text(size)}: {names}", fresh[0].path)
    if seen.step.transform.input.on_change != "ignore":
        for path in listing.altered:
            yield Reason("files", f"{path} was loaded and is changed now", path)


def detect_clock(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """The query uses the run's clock, which shows another value."""
    values = {"today": seen.today.isoformat(), "now": seen.now.isoformat()}
    for name in seen.step.clock:
        if entry.clock.get(name) != values[name]:
            yield Reason("clock", f":{name} {entry.clock.get(name, 'unset')} -> {values[name]}")


def detect_metadata(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """Descriptions, owners, contracts, constraints, fail and warn rules."""
    if entry.metadata != seen.step.metadata and not _same_code(seen.step, entry):
        one, two = (it.version if it else "none" for it in (entry.contract, seen.step.contract))
        told = "description, owner or checks changed"
        yield Reason("metadata", told if one == two else f"contract {one} -> {two}")


def detect_drift(seen: Seen, entry: Entry) -> Iterator[Reason]:
    """Somebody else's rows at the head: a full write puts them right, a person decides the rest.

    Another definition alone waits for a run that touches the table, unless somebody asks.
    """
    for drift in seen.state.drift:
        if drift.table.group != seen.step.name:
            continue
        if not drift.changes_data and seen.drift is None:
            continue
        if seen.drift == "discard" and not drift.changes_data:
            yield Reason("redefined", f"the definition of {drift.table} is put back")
        elif seen.drift is not None and is_append_like(seen.step):
            verb = "adopts" if seen.drift == "adopt" else "puts back"
            yield Reason("drift", f"{verb} {told_commits(drift)}", str(drift.table))
        elif not is_append_like(seen.step):
            yield Reason("drift", f"overwrites {told_commits(drift)}", str(drift.table))


DETECTORS: tuple[Detector, ...] = (
    detect_kind,
    detect_code,
    detect_upstream,
    detect_inputs,
    detect_files,
    detect_clock,
    detect_drift,
    detect_metadata,
)


def _same_code(step: Step, entry: Entry) -> bool:
    """Equal sources mean the same, whichever version of a library took their print."""
    return entry.code == step.code


def _listed(names: Iterable[str]) -> Iterator[str]:
    """The first few, and how many more."""
    every = list(names)
    yield from every[:_FEW]
    if len(every) > _FEW:
        yield f"{len(every) - _FEW} more columns"


def size_text(count: int) -> str:
    """Bytes for people: 1.2 MB, powers of 1,000."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("unreachable")
