"""Readers by release: a query over all tables of one release, at exactly its versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import pyarrow as pa

from lakewright.engines.port import Engine, SqlRows
from lakewright.graph import Graph, SqlTransform, literal
from lakewright.lake import FileListing, Lake, Release, SourceHead
from lakewright.names import TableName
from lakewright.runtime.binding import Binder


def read_query(
    engine: Engine,
    lake: Lake,
    graph: Graph,
    release: Release,
    transform: SqlTransform,
    *,
    inputs: Mapping[TableName, SourceHead | FileListing],
    parameters: Mapping[str, str],
    limit: int | None = None,
) -> pa.Table:
    """The rows of a guarded query; `inputs` says where the sources that it names are."""
    session = engine.session()
    try:
        binder = Binder(session, graph, lake, release.tables, as_released(release, inputs))
        text = transform.render(binder.relation, parameters)
        session.analyse(SqlRows(text, transform))
        return session.fetch(text, limit)
    finally:
        session.close()


def clock_parameters(now: datetime, today: date) -> dict[str, str]:
    """`:now` and `:today` for a query that no table owns."""
    return {"now": literal(now), "today": literal(today)}


def as_released(
    release: Release, inputs: Mapping[TableName, SourceHead | FileListing]
) -> dict[TableName, SourceHead | FileListing]:
    """Sources at the versions the release pinned, not at their heads."""
    pinned: dict[TableName, SourceHead | FileListing] = {}
    for name, head in inputs.items():
        entry = release.tables.get(name)
        if isinstance(head, SourceHead) and entry is not None:
            pinned[name] = replace(head, table_id=entry.table_id, version=entry.version)
    return pinned
