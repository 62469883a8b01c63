"""A shop whose bronze table is loaded from files, so that it builds on its own past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakewright.lake import Entry, LakeState
from lakewright.plans import Plan, fate_of, make_plan
from lakewright.runtime import plan_refresh
from runtime.shop import ENVIRONMENT, FILES, NOW, Shop, name

BRONZE = name("raw.w")
GOLD = name("gold.sums")
SPEC = """\
table: raw.w
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {a: {type: bigint}}
expect:
  - {expression: "a < 100", on_fail: fail, name: small}
  - {expression: "a <> 13", on_fail: quarantine, name: lucky}
  - {expression: "a <> 99", on_fail: drop, name: real}
  - {expression: "a <> 50", on_fail: warn, name: odd}
"""
PROJECT = {
    "lakewright.yml": FILES["lakewright.yml"],
    "pipelines/raw/w.yml": SPEC,
    "pipelines/gold/sums.yml": "table: gold.sums\n",
    "sql/gold/sums.sql": "SELECT CAST(sum(a) AS BIGINT) AS total FROM raw.w\n",
}


@dataclass
class Bronze:
    """Files in `folder`, a bronze table of them, a gold table of that; and strangers."""

    folder: Path
    shop: Shop = field(default_factory=Shop.open)

    @classmethod
    def open(cls, folder: Path) -> Bronze:
        """Built once, from one file with 1 and 2."""
        made = cls(folder)
        made.shop.files = dict(PROJECT)
        made.land("one.csv", 1, 2)
        assert made.apply().ok
        return made

    def land(self, file: str, *values: int) -> None:
        landing = self.folder / "landing"
        landing.mkdir(exist_ok=True)
        (landing / file).write_text("\n".join(["a", *map(str, values)]) + "\n", encoding="utf-8")

    def state(self) -> LakeState:
        lake = self.shop.world.lake()
        return lake.state(ENVIRONMENT, self.shop.graph().inputs, resolve=self._resolve)

    def plan(self, **options: Any) -> Plan:
        return make_plan(self.shop.graph(), self.state(), NOW, **options)

    def plan_refresh(self, **options: Any) -> Plan:
        lake = self.shop.world.lake()
        return plan_refresh(lake, ENVIRONMENT, NOW, resolve=self._resolve, **options)

    def apply(self, **options: Any) -> Any:
        return self.shop.run(self.plan(**options))

    def entry(self, table: Any = BRONZE) -> Entry:
        return self.shop.latest().tables[table]

    def uri(self, table: Any = BRONZE) -> str:
        return self.shop.world.lake().entry_uri(self.entry(table))

    def write(self, *values: int, table: Any = BRONZE, mode: Any = "append") -> int:
        """A stranger writes rows to a head; returns its version."""
        tables, uri = self.shop.world.tables, self.uri(table)
        head = tables.head(uri)
        assert head is not None
        return tables.write(uri, self._rows(table, head.version, values), mode, None)

    def _rows(self, table: Any, version: int, values: Iterable[int]) -> pa.Table:
        """Rows like those that are there, with these numbers in the first column."""
        schema = self.shop.world.tables.rows(self.uri(table), version).schema
        numbers = pa.array(list(values), pa.int64())
        columns = [
            numbers.cast(item.type) if at == 0 else pa.nulls(len(numbers), item.type)
            for at, item in enumerate(schema)
        ]
        return pa.Table.from_arrays(columns, schema=schema)

    def head(self, table: Any = BRONZE) -> list[int]:
        """The first column of the head, sorted: what a raw reader finds."""
        tables, uri = self.shop.world.tables, self.uri(table)
        head = tables.head(uri)
        assert head is not None
        return self._numbers(uri, head.version)

    def released(self, table: Any = BRONZE) -> list[int]:
        """The first column as a reader by release finds it, sorted."""
        return self._numbers(self.uri(table), self.entry(table).version)

    def operations(self, table: Any = BRONZE) -> list[str]:
        """Every commit of the table, oldest first."""
        return [c.operation for c in self.shop.world.tables.commits(self.uri(table), -1)]

    def fates(self, plan: Plan) -> dict[str, str]:
        return {str(drift.table): fate_of(plan, drift) for drift in plan.state.drift}

    def _numbers(self, uri: str, version: int) -> list[int]:
        return sorted(self.shop.world.tables.rows(uri, version).column(0).to_pylist())

    def _resolve(self, text: str) -> str:
        return f"{self.folder}/{text}"
