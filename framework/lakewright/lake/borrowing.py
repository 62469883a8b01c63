"""What an entry needs of tables that are elsewhere, as its `borrows` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lakewright.lake.values import Entry
from lakewright.names import TableName


def borrowed_from(entry: Entry) -> Mapping[str, Any]:
    """What a table made from `entry` without a copy needs to stay where it is."""
    place = {"base": entry.base} if entry.base else {}
    named = {"location": entry.location, "table_id": entry.table_id, "version": entry.version}
    # A clone of a clone names files of both.
    further = {"further": dict(entry.borrows)} if entry.borrows else {}
    return {**named, **place, **further}


def leave_behind(
    entry: Entry, before: Mapping[TableName, Entry], now: Mapping[TableName, Entry]
) -> Entry:
    """The entry, which remembers under a table's name where it reads it: a view of tables as they
    were `before` stands in a release that has another one under the name `now`.
    """
    if entry.kind != "view":
        return entry
    borrows = dict(entry.borrows)
    for name, used in entry.inputs.items():
        old, new = before.get(name), now.get(name)
        if old is None or new is None or not old.location:
            continue
        if used.table_id == old.table_id != new.table_id:
            borrows[str(name)] = {**borrowed_from(old), "version": used.version}
    return entry if borrows == entry.borrows else replace(entry, borrows=borrows)
