"""History tables: for people, appended by runs of all environments, never read to decide."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from lakewright.lake.drift import TOKEN_PREFIX
from lakewright.lake.ports import DeltaTables
from lakewright.lake.records import digest_bytes
from lakewright.lake.values import Definition, Field

if TYPE_CHECKING:
    import pyarrow as pa


def append_history(tables: DeltaTables, location: str, rows: pa.Table, now: datetime) -> None:
    """Add rows to the table at `location`, which is made, and given missing columns, as they come.

    Runs may append at the same time.
    """
    # Arrow takes long to load, and only what writes history needs it.
    from lakewright.lake.arrow import from_arrow

    head = tables.head(location)
    fields = {item.name: item for item in head.definition.fields} if head else {}
    for item in rows.schema:
        fields.setdefault(item.name, Field(item.name, str(from_arrow(item.type))))
    table_id = str(uuid.uuid5(uuid.NAMESPACE_URL, location))
    definition = Definition(tuple(fields.values()))
    digest = digest_bytes(repr((now, rows.to_pylist())).encode())[:16]
    token = f"{TOKEN_PREFIX}history:{digest}"
    tables.define(location, definition, token, table_id=table_id, now=now)
    tables.append(location, rows, token)
