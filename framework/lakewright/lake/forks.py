"""Environments: begun as a fork of a release, and ended.

A fork copies no rows. Its first release names the tables of the other environment where they are;
only code is copied, because an environment carries its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lakewright.errors import LakeError, RefusedError
from lakewright.lake import control
from lakewright.lake.lake import Lake
from lakewright.lake.records import ControlKind, ControlRecord
from lakewright.lake.values import Entry, Release
from lakewright.names import TableName

_MARK = "fork:"  # with the maker's run id: the name of the stop and the clear around its work
_ORIGIN = re.compile(r"(?P<environment>[a-z][a-z0-9_]*)@(?P<release>\d+)(?: of `(?P<base>[^`]+)`)?")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a fork was taken from. `base` is the lake as written, "" for the same one."""

    environment: str
    release: int
    base: str = ""

    def __str__(self) -> str:
        place = f" of `{self.base}`" if self.base else ""
        return f"{self.environment}@{self.release}{place}"


@dataclass(frozen=True, slots=True)
class NewFork:
    """The fixed facts of one `env create`."""

    name: str
    run_id: str
    now: datetime
    by: str
    reason: str = ""
    expires_at: datetime | None = None
    packages: Mapping[str, str] | None = None


def fork_environment(lake: Lake, source: Lake, origin: Origin, fork: NewFork) -> Release:
    """Begin environment `fork.name` of `lake` with the tables of `origin`, a release of `source`.

    Steps, each redone by running the same again:

    1. A `stop` of this maker in the new environment: until it is cleared, commands refuse it.
    2. The released code, copied. 3. The record, release 1 of kind fork.
    4. Look again whether the release is collected; if so, end the new environment and refuse.
    5. Holds and the end as asked for. 6. The `clear` of that stop: from here on the fork exists.

    Why no collection takes a file that the fork names. A collection writes its `expire` record into
    the source first, then reads the releases of all environments, then deletes what none of them
    needs. The fork writes its record (3) before it reads the source's control records (4). Reads
    see what was written before them, so of the two at least one sees the other: either the
    collection's reading of environments comes after step 3, and it keeps what the record names; or
    it came before, then its `expire` record was there before step 4, and the fork is refused. A
    crash between 3 and 6 leaves a record whose environment is stopped: no reader gets to it, the
    next `env create` begins at 4 again, and the argument holds for that reading as it did for the
    first, because the record was there all the time. No clock takes part. Of two makers at once
    one puts the record; the other finds it and is refused, or finishes the same fork.

    RefusedError LW360 when the name has releases, LW361 when it has ended, LW362 when the rows of
    the release may be gone, LW363 when another release is half forked under this name.
    """
    target = lake.confined(fork.name)
    begun = _refuse_taken(target, origin, fork)
    release = source.release(origin.environment, origin.release)
    _refuse_collected(source, release, fork.now)
    _say(target, fork, "stop", name=_mark(fork), reason=f"being forked from {origin}")
    if begun is None:
        begun = fork_release(release, origin, fork)
        for digest in sorted({entry.code for entry in begun.tables.values() if entry.code}):
            target.put_code(fork.name, source.code(origin.environment, digest))
        if target.put_release(begun) == "taken":
            _say(target, fork, "clear", name=_mark(fork), reason="another was first")
            raise _has_releases(fork.name, target.release(fork.name, 1))
    try:
        _refuse_collected(source, release, fork.now)
    except RefusedError:
        _say(target, fork, "expire", expires_at=fork.now, reason=f"{origin} was collected")
        raise
    _copy_holds(target, source, origin, fork)
    if control.ends_at(target.control(fork.name)) != fork.expires_at:
        _say(target, fork, "expire", expires_at=fork.expires_at, reason=fork.reason)
    for mark in _open_marks(target.control(fork.name)):
        _say(target, fork, "clear", name=mark, reason=f"forked from {origin}")
    return begun


def fork_release(release: Release, origin: Origin, fork: NewFork) -> Release:
    """The first release of a fork: every entry as it is, in the place where it is."""
    told = f"{origin}: {fork.reason}" if fork.reason else str(origin)
    return Release(
        environment=fork.name,
        release=1,
        parent=0,
        created_at=fork.now,
        run_id=fork.run_id,
        kind="fork",
        reason=told,
        engine=release.engine,
        packages=dict(fork.packages if fork.packages is not None else release.packages),
        tables=borrow_entries(release, origin.base),
        # Numbers begin anew here: who is held by a rollback there waits for a resume here.
        held=tuple(replace(held, since_release=1) for held in release.held),
    )


def borrow_entries(release: Release, base: str) -> dict[TableName, Entry]:
    """The entries of a release for another environment, whose first release brings their code."""

    def borrow(entry: Entry) -> Entry:
        placed = entry.base or (base if entry.location else "")
        borrows = _based(entry.borrows, base) if base and not entry.base else entry.borrows
        introduced = 1 if entry.code else 0
        # What is kept of the table's past is kept, and paid for, where the table is.
        costs = {name: cost for name, cost in entry.costs.items() if name != "retained_bytes"}
        return replace(entry, base=placed, borrows=borrows, introduced=introduced, costs=costs)

    return {name: borrow(entry) for name, entry in release.tables.items()}


def end_environment(lake: Lake, name: str, *, now: datetime, by: str, reason: str) -> bool:
    """Let an environment end now; False when it has ended. Only gc deletes its files.

    LakeError LW514 when there is none of that name, RefusedError LW364 for a protected one.
    """
    target = lake.confined(name)
    if name in lake.info().protected:
        raise RefusedError(
            "LW364",
            f"{name} is protected and cannot be dropped",
            hint="take it out of `protected` in lake.json first, if that is really meant",
        )
    records = target.control(name)
    if not records and next(target.numbers(name), None) is None:
        raise LakeError(
            "LW514", f"there is no environment {name}", hint="`lakewright env ls` lists them"
        )
    if has_ended(records, now):
        return False
    record = ControlRecord("expire", reason or "dropped", by, now, expires_at=now)
    target.put_control(name, record)
    return True


def refuse_ended(lake: Lake, name: str, now: datetime) -> None:
    """RefusedError LW361 for an environment that has ended, LW365 for one half made."""
    records = lake.control(name)
    if has_ended(records, now):
        raise _ended(name)
    if is_unfinished(records):
        raise RefusedError(
            "LW365",
            f"{name} is not finished: {control.active_stop(records) or 'a fork was begun'}",
            hint=f"run the same `lakewright env create {name}` again;"
            f" or give it up with `lakewright env drop {name}`",
        )


def has_ended(records: Iterable[ControlRecord], now: datetime) -> bool:
    end = control.ends_at(records)
    return end is not None and end <= now


def is_unfinished(records: Iterable[ControlRecord]) -> bool:
    """Whether a fork was begun under these records and not finished."""
    return bool(_open_marks(records))


def origin_of(first: Release | None) -> Origin | None:
    """What an environment was forked from, as its first release tells; None for one made here."""
    if first is None or first.kind != "fork":
        return None
    found = _ORIGIN.match(first.reason)
    if found is None:
        return None
    return Origin(found["environment"], int(found["release"]), found["base"] or "")


def _based(borrows: Mapping[str, object], base: str) -> dict[str, object]:
    """What an entry borrows within its own lake, told from outside."""
    if not borrows:
        return {}
    if "location" in borrows:
        return {"base": base, **borrows}
    return {
        name: {"base": base, **left} if isinstance(left, Mapping) else left
        for name, left in borrows.items()
    }


def _refuse_taken(target: Lake, origin: Origin, fork: NewFork) -> Release | None:
    """The record of an unfinished try at the same fork; None when nothing is there yet."""
    records, numbers = target.control(fork.name), list(target.numbers(fork.name))
    if has_ended(records, fork.now):
        raise _ended(fork.name)
    if not numbers:
        return None
    first = target.release(fork.name, numbers[0])
    if not is_unfinished(records):
        raise _has_releases(fork.name, first)
    if origin_of(first) != origin:
        raise RefusedError(
            "LW363",
            f"{fork.name} is half forked from {origin_of(first)}, not from {origin}",
            hint=f"finish that one with --from {origin_of(first)}; or choose another name",
        )
    return first


def _refuse_collected(source: Lake, release: Release, now: datetime) -> None:
    gone = control.collected(source.control(release.environment), now)
    lost = [name for name in sorted(release.tables) if gone.has(release.release, name)]
    if lost:
        upto = gone.upto(lost[0])
        raise RefusedError(
            "LW362",
            f"release {release.release} of {release.environment} is collected:"
            f" rows of {lost[0]} may be gone",
            hint=f"fork from a release after {upto}",
        )


def _copy_holds(target: Lake, source: Lake, origin: Origin, fork: NewFork) -> None:
    """What a person holds in the source is held in the fork, and nothing else."""
    theirs = control.active_holds(source.control(origin.environment))
    wanted = {hold.table: hold.reason for hold in theirs}
    ours = control.active_holds(target.control(fork.name))
    there = {hold.table: hold.reason for hold in ours}
    for table in sorted(there.keys() - wanted.keys()):
        _say(target, fork, "resume", tables=(table,), release=0, reason="not held there")
    for table, reason in wanted.items():
        if there.get(table) != reason:
            _say(target, fork, "hold", tables=(table,), release=1, reason=reason)


def _mark(fork: NewFork) -> str:
    return f"{_MARK}{fork.run_id}"


def _open_marks(records: Iterable[ControlRecord]) -> tuple[str, ...]:
    """Makers that said stop and not yet clear."""
    marks: dict[str, bool] = {}
    for record in records:
        if record.name.startswith(_MARK) and record.kind in {"stop", "clear"}:
            marks[record.name] = record.kind == "stop"
    return tuple(sorted(mark for mark, is_open in marks.items() if is_open))


def _say(target: Lake, fork: NewFork, kind: ControlKind, **told: object) -> None:
    told = {"reason": "", **told}
    record = ControlRecord(kind=kind, by=fork.by, at=fork.now, **told)  # type: ignore[arg-type]
    target.put_control(fork.name, record)


def _has_releases(name: str, first: Release) -> RefusedError:
    origin = origin_of(first)
    was = f"it is a fork of {origin}" if origin else "it has releases of its own"
    return RefusedError(
        "LW360",
        f"environment {name} is there already: {was}",
        hint="choose another name; or drop it with `lakewright env drop` and take a new name",
    )


def _ended(name: str) -> RefusedError:
    return RefusedError(
        "LW361",
        f"environment {name} has ended: it was dropped or expired",
        hint="its name is not used again; `lakewright env create` makes one under another name",
    )
