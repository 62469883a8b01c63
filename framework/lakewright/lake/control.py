"""Control records: what persons said about an environment, in the order they said it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lakewright.errors import LakeError
from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, ObjectStore
from lakewright.lake.records import ControlRecord, decode_control, encode_control
from lakewright.lake.values import Held
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


def active_stop(records: Iterable[ControlRecord]) -> str:
    """The reason of the last stop that was not cleared; "" when there is none."""
    reason = ""
    for record in records:
        if record.kind == "stop":
            reason = record.reason or f"stopped by {record.by}"
        elif record.kind == "clear":
            reason = ""
    return reason
