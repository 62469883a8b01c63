"""Control records: what was said about an environment, in the order in which it was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lakewright.errors import LakeError, RefusedError
from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, ObjectStore
from lakewright.lake.records import ControlRecord, decode_control, encode_control
from lakewright.lake.values import Collected, Held, Release, ReleasePin
from lakewright.names import TableName

_ATTEMPTS = 20


def read_control(store: ObjectStore, environment: str) -> tuple[ControlRecord, ...]:
    return tuple(
        decode_control(store.get(item.path), item.path)
        for item in store.list(paths.control(environment))
        if paths.number_of(item.path) is not None
    )


def put_control(store: ObjectStore, environment: str, record: ControlRecord) -> ControlRecord:
    """Put under the next free number; returns the record with it."""
    folder = paths.control(environment)
    for _ in range(_ATTEMPTS):
        taken = (paths.number_of(item.path) or 0 for item in store.list(folder))
        numbered = replace(record, number=max(taken, default=0) + 1)
        try:
            store.put_new(f"{folder}/{numbered.number:020d}.json", encode_control(numbered))
        except AlreadyExistsError:
            continue  # somebody spoke at the same moment
        return numbered
    raise LakeError(
        "LW517",
        f"no free number was found for a control record of {environment}",
        hint="others write control records all the time; try again",
    )


def active_holds(records: Iterable[ControlRecord]) -> tuple[Held, ...]:
    """Tables that a person holds: held and not resumed since."""
    holds: dict[TableName, Held] = {}
    for record in records:
        if record.kind == "hold":
            for table in record.tables:
                holds[table] = Held(table, "person", record.release or 0, reason=record.reason)
        elif record.kind == "resume":
            for table in record.tables or tuple(holds):
                holds.pop(table, None)
    return tuple(holds[table] for table in sorted(holds))


def hold_records(records: Iterable[ControlRecord]) -> dict[TableName, ControlRecord]:
    """Per table that a person holds the record that says so."""
    found: dict[TableName, ControlRecord] = {}
    for record in records:
        if record.kind == "hold":
            found.update(dict.fromkeys(record.tables, record))
        elif record.kind == "resume":
            for table in record.tables or tuple(found):
                found.pop(table, None)
    return found


def held_now(release: Release | None, records: Sequence[ControlRecord]) -> tuple[Held, ...]:
    """Who is held: by persons, and as the release says where nobody resumed it since.

    Tables that only waited wait for nothing when all others are resumed.
    """
    resumed = resumed_at(records)
    held = {
        hold.table: hold
        for hold in (release.held if release else ())
        if hold.by != "person" and not (hold.by == "rollback" and is_resumed(hold, resumed))
    }
    held |= {hold.table: hold for hold in active_holds(records)}
    if all(hold.by == "upstream" for hold in held.values()):
        return ()
    return tuple(hold for _, hold in sorted(held.items()))


def is_resumed(hold: Held, resumed: Mapping[TableName | None, int]) -> bool:
    """Whether somebody resumed the table, or all, at or after the release that held it."""
    return max(resumed.get(hold.table, 0), resumed.get(None, 0)) >= hold.since_release


def active_stop(records: Iterable[ControlRecord]) -> str:
    """The reason of the last stop that was not cleared; "" when there is none."""
    reason = ""
    for record in records:
        if record.kind == "stop":
            reason = record.reason or f"stopped by {record.by}"
        elif record.kind == "clear":
            reason = ""
    return reason


def resumed_at(records: Iterable[ControlRecord]) -> dict[TableName | None, int]:
    """Per table the newest release after which it was resumed; None stands for all tables."""
    found: dict[TableName | None, int] = {}
    for record in records:
        if record.kind == "resume":
            for table in record.tables or (None,):
                found[table] = max(found.get(table, 0), record.release or 0)
    return found


def active_pins(records: Iterable[ControlRecord], now: datetime) -> tuple[ReleasePin, ...]:
    """Releases that are pinned at `now`, by name; the last word on a name counts."""
    pins: dict[str, ReleasePin] = {}
    for record in records:
        if record.kind == "pin" and record.release is not None:
            pins[record.name] = ReleasePin(
                record.name, record.release, record.reason, record.expires_at
            )
        elif record.kind == "revoke":
            pins.pop(record.name, None)
    alive = (pin for pin in pins.values() if pin.expires_at is None or pin.expires_at > now)
    return tuple(sorted(alive, key=lambda pin: pin.name))


def collected(records: Sequence[ControlRecord], now: datetime) -> Collected:
    """What may be gone already. A pin protects only while it lasts, and only what was there when
    it was put: the order of the records decides between a pin and a collection.
    """
    found, pins = Collected(), dict[str, ReleasePin]()
    for record in records:
        if record.kind in {"expire", "erase"} and record.release is not None:
            found = _collect(found, record.release, record.tables)
        elif record.kind == "pin" and record.release is not None:
            kept = replace(found, kept=_pinned(pins, record.at))
            if not kept.has_any(record.release):
                pins[record.name] = ReleasePin(
                    record.name, record.release, record.reason, record.expires_at
                )
        elif record.kind == "revoke":
            pins.pop(record.name, None)
    return replace(found, kept=_pinned(pins, now))


def restorable_from(records: Iterable[ControlRecord], latest: int) -> int:
    """The oldest release from which on every release is there with all its tables."""
    found = Collected()
    for record in records:
        if record.kind in {"expire", "erase"} and record.release is not None:
            found = _collect(found, record.release, record.tables)
    return min(found.newest + 1, latest)


def refuse_collected(
    records: Sequence[ControlRecord], release: Release, tables: Iterable[TableName], now: datetime
) -> None:
    """RefusedError LW373 when rows that `release` names for one of `tables` may be gone.

    Of a view what it reads counts as well.
    """
    found = collected(records, now)
    if not found.has_any(release.release):
        return
    gone = [name for name in read_through(release, tables) if found.has(release.release, name)]
    if gone:
        named = ", ".join(str(name) for name in gone)
        oldest = max(found.upto(name) for name in gone) + 1
        kept = ", ".join(str(number) for number in sorted(found.kept) if number < oldest)
        raise RefusedError(
            "LW373",
            f"release {release.release} of {release.environment} is not restorable any more:"
            f" rows of {named} were collected",
            hint=f"restorable is what was released from {oldest} on"
            + (f"; pinned: {kept}" if kept else ""),
        )


def read_through(release: Release, tables: Iterable[TableName]) -> list[TableName]:
    """The tables with rows of their own among `tables`, and below the views among them."""
    found, todo = set[TableName](), list(tables)
    while todo:
        name = todo.pop()
        entry = release.tables.get(name)
        if entry is None or name in found:
            continue
        found.add(name)
        todo += entry.inputs if entry.kind == "view" else ()
    return sorted(name for name in found if release.tables[name].location)


def ends_at(records: Iterable[ControlRecord]) -> datetime | None:
    """When the environment ends, as the last word on it says; None: it does not."""
    end = None
    for record in records:
        if record.kind == "expire" and record.release is None and not record.tables:
            end = record.expires_at
    return end


def ended_since(records: Iterable[ControlRecord], moment: datetime) -> bool:
    """Whether somebody ended the environment, at once, at `moment` or later."""
    return any(
        record.expires_at is not None and moment <= record.at and record.expires_at <= record.at
        for record in records
        if record.kind == "expire" and record.release is None and not record.tables
    )


def _collect(found: Collected, release: int, tables: tuple[TableName, ...]) -> Collected:
    if not tables:
        return replace(found, everything=max(found.everything, release))
    groups = {table.group: max(found.upto(table), release) for table in tables}
    return replace(found, tables={**found.tables, **groups})


def _pinned(pins: Mapping[str, ReleasePin], now: datetime) -> frozenset[int]:
    alive = (pin for pin in pins.values() if pin.expires_at is None or pin.expires_at > now)
    return frozenset(pin.release for pin in alive)
