"""Held tables: who stays at the released version, what goes with it, and when it is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lakewright.graph import Graph, Step
from lakewright.lake import Entry, FileListing, SourceHead
from lakewright.names import TableName


@dataclass(frozen=True, slots=True)
class Made:
    """What building a table now would be made of, beside its code."""

    tables: Mapping[TableName, Entry]
    inputs: Mapping[TableName, SourceHead | FileListing]
    now: datetime
    today: date


def attempt_of(step: Step, made: Made) -> str:
    """Digest of code, rules, inputs, files and the clock where it is read.

    A failed check holds a table until this changes.
    """
    parts = [step.fingerprint.own, step.metadata]
    for name in step.upstream:
        head = made.inputs.get(name)
        if isinstance(head, SourceHead):
            parts.append(f"{name}@{head.table_id}/{head.data_version}")
        elif name in made.tables:
            parts.append(f"{name}@{made.tables[name].table_id}/{made.tables[name].data_version}")
    listing = made.inputs.get(step.name)
    if isinstance(listing, FileListing):
        waiting = [file for file in listing.files if file.path not in listing.loaded]
        parts += [f"{file.path}:{file.size}:{file.modified.isoformat()}" for file in waiting]
        parts += [f"altered:{path}" for path in listing.altered]
    clock = {"now": made.now.isoformat(), "today": made.today.isoformat()}
    parts += [f":{name}={clock[name]}" for name in step.clock]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def held_along(graph: Graph, tables: Collection[TableName]) -> set[TableName]:
    """`tables` and all that must stay with them.

    Descendants, which would mix releases; partners of `publish_with`; and the views below a view,
    because a view is read through them.
    """
    held = set(tables)
    while True:
        more = graph.descendants(held) | _partners(graph, held) | _views_below(graph, held)
        if more <= held:
            return held
        held |= more


def _partners(graph: Graph, held: set[TableName]) -> set[TableName]:
    groups = ({step.name, *step.publish_with} for step in graph.steps.values() if step.publish_with)
    return {name for group in groups if held & group for name in group}


def _views_below(graph: Graph, held: set[TableName]) -> set[TableName]:
    views = {name for name, step in graph.steps.items() if step.kind == "view"}
    return {below for name in held & views for below in graph.steps[name].reads if below in views}
