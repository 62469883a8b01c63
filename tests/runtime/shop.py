"""A small shop over the in-memory lake and engine: sources, silver tables, a gold table, a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import pyarrow as pa

from fakes.engine import FakeEngine
from fakes.lake import World
from lakewright.graph import ALGORITHMS, Graph, compile_project
from lakewright.graph.fingerprints import Algorithm
from lakewright.lake import Definition, Field, Release
from lakewright.names import TableName
from lakewright.plans import Plan, make_plan
from lakewright.runtime import Report, apply_plan, plan_refresh
from lakewright.runtime.run import StopAt
from lakewright.specs import SourceFile, load_files

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORDERS = "memory://outside/orders"
CUSTOMERS = "memory://outside/customers"
ENVIRONMENT = "prod"

FILES: Mapping[str, str] = {
    "lakewright.yml": """\
name: shop
schemas: {raw: bronze, silver: silver, gold: gold}
""",
    "pipelines/raw/orders.yml": f"""\
table: raw.orders
kind: source
location: {ORDERS}
columns:
  id: {{type: bigint}}
  customer: {{type: string}}
  amount: {{type: bigint}}
""",
    "pipelines/raw/customers.yml": f"""\
table: raw.customers
kind: source
location: {CUSTOMERS}
columns:
  customer: {{type: string}}
  region: {{type: string}}
""",
    "pipelines/silver/orders.yml": """\
table: silver.orders
description: One row per order.
key: [id]
expect:
  - {expression: "amount >= 0", on_fail: quarantine, name: not_negative}
  - {expression: "amount <> 999", on_fail: drop, name: not_a_test}
  - {not_null: [customer]}
""",
    "sql/silver/orders.sql": "SELECT id, customer, amount FROM raw.orders\n",
    "pipelines/silver/customers.yml": """\
table: silver.customers
key: [customer]
""",
    "sql/silver/customers.sql": "SELECT customer, region FROM raw.customers\n",
    "pipelines/gold/totals.yml": """\
table: gold.totals
expect:
  - {row_count: {min: 1}}
""",
    "sql/gold/totals.sql": """\
SELECT c.region, CAST(sum(o.amount) AS BIGINT) AS amount
FROM silver.orders AS o JOIN silver.customers AS c ON c.customer = o.customer
GROUP BY c.region
""",
    "pipelines/gold/large.yml": "table: gold.large\nkind: view\n",
    "sql/gold/large.sql": "SELECT id, amount FROM silver.orders WHERE amount >= 10\n",
}

DAY_ONE = [
    {"id": 1, "customer": "ann", "amount": 5},
    {"id": 2, "customer": "bob", "amount": 20},
    {"id": 3, "customer": "bob", "amount": -1},
    {"id": 4, "customer": "ann", "amount": 999},
]
DAY_TWO = [*DAY_ONE, {"id": 5, "customer": "ann", "amount": 7}]
PEOPLE = [{"customer": "ann", "region": "north"}, {"customer": "bob", "region": "south"}]

_ORDER_FIELDS = (Field("id", "bigint"), Field("customer", "string"), Field("amount", "bigint"))
_CUSTOMER_FIELDS = (Field("customer", "string"), Field("region", "string"))


@dataclass
class Shop:
    """What an operator does, one line each. Every act may be done by another process."""

    world: World = field(default_factory=World)
    files: dict[str, str] = field(default_factory=lambda: dict(FILES))
    runs: int = 0

    @classmethod
    def open(cls) -> Shop:
        """The sources of day one, and nothing built."""
        shop = cls()
        shop.source(ORDERS, _ORDER_FIELDS, DAY_ONE)
        shop.source(CUSTOMERS, _CUSTOMER_FIELDS, PEOPLE)
        shop.world.lake().create("shop", "0" * 32, NOW)
        return shop

    def source(self, location: str, fields: tuple[Field, ...], rows: list[dict[str, Any]]) -> None:
        """Somebody else replaces the rows of a source."""
        tables = self.world.tables
        tables.define(location, Definition(fields), "theirs", table_id=location, now=NOW)
        names = [one.name for one in fields]
        table = pa.table({name: [row[name] for row in rows] for name in names})
        tables.write(location, table, "overwrite", "theirs")

    def orders(self, rows: list[dict[str, Any]]) -> None:
        self.source(ORDERS, _ORDER_FIELDS, rows)

    def edit(self, path: str, text: str) -> None:
        self.files[path] = text

    def graph(self, algorithms: Mapping[int, Algorithm] = ALGORITHMS) -> Graph:
        return _compiled(tuple(self.files.items()), tuple(algorithms.items()))

    def plan(self, process: str = "a", **options: Any) -> Plan:
        graph = options.pop("graph", None) or self.graph()
        state = self.world.lake(process).state(ENVIRONMENT, graph.inputs)
        return make_plan(graph, state, options.pop("now", NOW), **options)

    def plan_refresh(self, process: str = "a") -> Plan:
        return plan_refresh(self.world.lake(process), ENVIRONMENT, NOW)

    def run(
        self,
        plan: Plan,
        process: str = "a",
        stop_at: StopAt = lambda step: None,
        workers: int = 1,
    ) -> Report:
        """Apply a plan as one process, and give up its claims when it is done."""
        self.runs += 1
        return apply_plan(
            plan,
            self.world.lake(process),
            FakeEngine(self.world.tables),
            run_id=str(UUID(int=self.runs)),
            stop_at=stop_at,
            workers=workers,
            clock=lambda: NOW,
        )

    def apply(self, **options: Any) -> Report:
        return self.run(self.plan(**options))

    def refresh(self, **options: Any) -> Report:
        return self.run(self.plan_refresh(**options))

    def latest(self) -> Release:
        release = self.world.lake("reader").latest(ENVIRONMENT)
        assert release is not None
        return release

    def contents(self, release: Release) -> dict[str, list[dict[str, Any]]]:
        """All stored tables of a release as a reader by release sees them, rows in one order."""
        lake = self.world.lake("reader")
        return {
            str(name): ordered(lake.tables.rows(lake.location_uri(e.location), e.version))
            for name, e in release.tables.items()
            if e.location
        }


@cache
def _compiled(
    files: tuple[tuple[str, str], ...], algorithms: tuple[tuple[int, Algorithm], ...]
) -> Graph:
    project = load_files(SourceFile(path, text) for path, text in files)
    return compile_project(project, algorithm=algorithms[0][0], algorithms=dict(algorithms))


def ordered(table: pa.Table) -> list[dict[str, Any]]:
    """Rows without what differs from run to run, in one order."""
    varying = {"_run_id", "_quarantined_at", "_ingested_at", "run_id"}
    rows = [
        {name: value for name, value in row.items() if name not in varying}
        for row in table.to_pylist()
    ]
    return sorted(rows, key=repr)


def name(text: str) -> TableName:
    return TableName.parse(text)


StepHook = Callable[[str], None]
