"""Entries written under another fingerprint algorithm are re-printed from their stored code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lakewright.graph import Graph
from lakewright.lake import Entry, LakeState
from lakewright.names import TableName
from lakewright.plans.released import compile_released


def same_algorithm(graph: Graph, state: LakeState) -> LakeState:
    """`state` with every entry's prints under `graph.algorithm`: an upgrade rebuilds nothing."""
    release = state.release
    if release is None or not _outdated(graph, release.tables):
        return state
    released = compile_released(state, algorithm=graph.algorithm)
    tables = {name: _reprint(entry, released) for name, entry in release.tables.items()}
    return replace(state, release=replace(release, tables=tables))


def _outdated(graph: Graph, tables: Mapping[TableName, Entry]) -> bool:
    """Whether some table was edited whose print another algorithm took."""
    return any(
        entry.algorithm != graph.algorithm and entry.code != graph.steps[name].code
        for name, entry in tables.items()
        if entry.code and name in graph.steps
    )


def _reprint(entry: Entry, released: Graph) -> Entry:
    step = released.steps.get(entry.table)
    if step is None:
        return entry
    return replace(
        entry,
        own=step.fingerprint.own,
        fingerprint=step.fingerprint.full,
        algorithm=step.fingerprint.algorithm,
        metadata=step.metadata,
    )
