"""What a target would serve of a release, and how much of it a catalog does not show yet. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from lakewright.errors import RefusedError
from lakewright.lake import Entry, ServedNote
from lakewright.names import TableName
from lakewright.plans.values import (
    AdoptHead,
    AdoptTable,
    AlterTable,
    BuildTable,
    Change,
    DropTable,
    Plan,
    PublishView,
    RestoreTable,
)
from lakewright.specs import ServeSpec


@dataclass(frozen=True, slots=True)
class Serving:
    """What a plan says of a catalog. `behind`: objects that do not show `release` yet."""

    catalog: str
    mode: Literal["view", "table"]
    schemas: tuple[str, ...]
    objects: int  # once the plan is applied
    behind: int
    release: int | None


def make_serving(spec: ServeSpec, plan: Plan, note: ServedNote | None) -> Serving:
    """What will be served; RefusedError LW392 when two tables would have one name."""
    release = plan.state.release
    kinds = {name: entry.kind for name, entry in (release.tables if release else {}).items()}
    for change in plan.changes:
        kind = _kind_after(change)
        if kind is None:
            kinds.pop(change.table, None)
        else:
            kinds[change.table] = kind
    names = served_names(spec, kinds, plan.environment)
    now = served_marks(spec, release.tables.values(), plan.environment) if release else {}
    return Serving(
        spec.catalog,
        spec.mode,
        tuple(sorted({schema for schema, _ in names.values()})),
        len(names),
        count_behind(now, note) if release else 0,
        release.release if release else None,
    )


def served_names(
    spec: ServeSpec, kinds: Mapping[TableName, str], environment: str
) -> dict[TableName, tuple[str, str]]:
    """Table -> schema and name in the catalog; RefusedError LW392 when two would be the same."""
    taken: dict[tuple[str, str], TableName] = {}
    for table in sorted(kinds):
        if not spec.serves(table, kinds[table]):
            continue
        other = taken.setdefault(spec.name_of(table, environment), table)
        if other != table:
            raise RefusedError(
                "LW392",
                f"{other} and {table} would both be served as"
                f" {'.'.join(spec.name_of(table, environment))}",
                spec.where,
                hint="put {schema} into `schema`, or rename one of them",
            )
    return {table: name for name, table in sorted(taken.items(), key=lambda pair: pair[1])}


def served_marks(
    spec: ServeSpec, entries: Iterable[Entry], environment: str
) -> dict[TableName, str]:
    """Table -> mark of what serving makes of its entry: equal marks, equal objects."""
    return {
        entry.table: _mark(spec, entry, environment)
        for entry in entries
        if spec.serves(entry.table, entry.kind)
    }


def count_behind(now: Mapping[TableName, str], note: ServedNote | None) -> int:
    """Objects to move or to withdraw; one at least when the last serving did not end."""
    if note is None:
        return len(now)
    wanted = {str(table): mark for table, mark in now.items()}
    differ = sum(note.tables.get(name) != wanted.get(name) for name in {*note.tables, *wanted})
    return max(differ, 0 if note.done else 1)


def _kind_after(change: Change) -> str | None:
    """The kind of a table once the change is made; None when it is gone then."""
    match change:
        case DropTable():
            return None
        case RestoreTable():
            return None if change.after is None else change.after.kind
        case BuildTable() | PublishView() | AlterTable() | AdoptHead() | AdoptTable():
            return change.step.kind
        case _:
            assert_never(change)


def _mark(spec: ServeSpec, entry: Entry, environment: str) -> str:
    facts = {
        "as": spec.mode,
        "name": spec.name_of(entry.table, environment),
        "kind": entry.kind,
        "place": [entry.base, entry.location, entry.table_id],
        "version": entry.version,
        "code": entry.code,
        "inputs": sorted([str(t), used.table_id, used.version] for t, used in entry.inputs.items()),
        "clock": dict(entry.clock),
        "readers": spec.readers,
    }
    text = json.dumps(facts, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:16]
