"""Values that lake tests share."""

from __future__ import annotations

from datetime import UTC, datetime

from lakewright.lake import Definition, Entry, Field, Lake, Release, token_of
from lakewright.names import TableName

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
TABLE = TableName("silver", "flights")
FIELDS = (Field("n", "int", "a number"), Field("s", "string"))
TABLE_ID = "0a0a0a0a-0000-4000-8000-000000000001"


def entry(
    version: int = 0, table: TableName = TABLE, run_id: str = "r1", **changes: object
) -> Entry:
    values = {
        "table": table,
        "kind": "table",
        "location": f"prod/{table.schema}/{table.table}",
        "table_id": TABLE_ID,
        "version": version,
        "token": token_of(run_id, table),
        "code": "",
        "fingerprint": "full",
        "own": "own",
        "algorithm": 1,
        "metadata": "meta",
        "schema": FIELDS,
    }
    return Entry(**(values | changes))  # type: ignore[arg-type]


def release(number: int = 1, *entries: Entry, run_id: str = "r1", reason: str = "") -> Release:
    return Release(
        environment="prod",
        release=number,
        parent=number - 1,
        created_at=NOW,
        run_id=run_id,
        kind="apply",
        reason=reason,
        engine="fake",
        packages={"lakewright": "0.1.0"},
        tables={item.table: item for item in entries},
    )


def define(lake: Lake, location: str = "prod/silver/flights", run_id: str = "r1") -> str:
    """A table of FIELDS at a relative location; returns the absolute one."""
    uri = lake.location_uri(location)
    token = token_of(run_id, TABLE)
    lake.tables.define(uri, Definition(FIELDS), token, table_id=TABLE_ID, now=NOW)
    return uri
