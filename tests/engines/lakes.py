"""Places to write for the contract: on disk for engines, in memory for the fake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from uuid import uuid4

import deltalake
import pyarrow as pa

from lakewright.lake import Definition, DeltaLakeTables

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Place(Protocol):
    """Where tables are, and what stands in them now."""

    root: str

    def put(self, location: str, rows: pa.Table) -> int:
        """Overwrite a table; its version."""

    def define(self, location: str, definition: Definition) -> None:
        """Create an empty table."""

    def rows(self, location: str) -> pa.Table: ...

    def versions(self, location: str) -> int: ...

    def token(self, location: str) -> str | None: ...


@dataclass
class DiskPlace:
    root: str

    def put(self, location: str, rows: pa.Table) -> int:
        deltalake.write_deltalake(location, rows, mode="overwrite")
        return deltalake.DeltaTable(location).version()

    def define(self, location: str, definition: Definition) -> None:
        DeltaLakeTables().define(location, definition, "define", table_id=str(uuid4()), now=NOW)

    def rows(self, location: str) -> pa.Table:
        return deltalake.DeltaTable(location).to_pyarrow_table()

    def versions(self, location: str) -> int:
        if not deltalake.DeltaTable.is_deltatable(location):
            return 0
        return deltalake.DeltaTable(location).version() + 1

    def token(self, location: str) -> str | None:
        return deltalake.DeltaTable(location).history(1)[0].get("userMetadata")


@dataclass
class MemoryPlace:
    tables: Any
    root: str = "memory://lake"

    def put(self, location: str, rows: pa.Table) -> int:
        return int(self.tables.write(location, rows, "overwrite", "put"))

    def define(self, location: str, definition: Definition) -> None:
        self.tables.define(location, definition, "define", table_id="id", now=NOW)

    def rows(self, location: str) -> pa.Table:
        return self.tables.rows(location, self.versions(location) - 1)

    def versions(self, location: str) -> int:
        head = self.tables.head(location)
        return 0 if head is None else int(head.version) + 1

    def token(self, location: str) -> str | None:
        found: str | None = self.tables.commits(location, self.versions(location) - 2)[-1].token
        return found


Mode = Literal["overwrite", "append"]
