"""The project that histories are about: its text for every choice that its authors may make."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

ORDERS = "memory://outside/orders"
CUSTOMERS = "memory://outside/customers"


@dataclass(frozen=True, slots=True)
class Code:
    """What is written: every field belongs to one table, which is named in `OWNERS`."""

    clicks_note: bool = False  # an ingest gets a column more, and loads its files again
    factor: int = 1
    shown: bool = False  # silver.orders has the amount as text, too
    least: int = 0  # smaller amounts are quarantined
    upper: bool = False
    bonus: int = 0
    some: bool = True  # gold.totals must have rows
    described: bool = False  # metadata alone
    threshold: int = 10
    stored: bool = False  # gold.large is a table, not a view
    extra: Literal["", "int", "text"] = ""  # gold.extra: not there, or with a column of that type

    def of(self, table: str) -> dict[str, object]:
        """The choices that make one table."""
        return {name: getattr(self, name) for name, owner in OWNERS.items() if owner == table}


OWNERS = {
    "clicks_note": "bronze.clicks",
    "factor": "silver.orders",
    "shown": "silver.orders",
    "least": "silver.orders",
    "upper": "silver.customers",
    "bonus": "gold.totals",
    "some": "gold.totals",
    "described": "gold.totals",
    "threshold": "gold.large",
    "stored": "gold.large",
    "extra": "gold.extra",
}
assert set(OWNERS) == {item.name for item in fields(Code)}

_SOURCES = {
    "lakewright.yml": """\
name: shop
schemas: {raw: bronze, bronze: bronze, silver: silver, gold: gold}
""",
    "pipelines/raw/orders.yml": f"""\
table: raw.orders
kind: source
location: {ORDERS}
columns: {{id: {{type: bigint}}, customer: {{type: string}}, amount: {{type: bigint}}}}
""",
    "pipelines/raw/customers.yml": f"""\
table: raw.customers
kind: source
location: {CUSTOMERS}
columns: {{customer: {{type: string}}, region: {{type: string}}}}
""",
}


@cache
def files_of(code: Code) -> dict[str, str]:
    """Path to text."""
    return {
        **_SOURCES,
        **_bronze(code),
        **_silver(code),
        **_gold(code),
        **(_extra(code) if code.extra else {}),
    }


def _bronze(code: Code) -> dict[str, str]:
    note = ", note: {type: string}" if code.clicks_note else ""
    return {
        "pipelines/bronze/clicks.yml": f"""\
table: bronze.clicks
kind: ingest
from: {{files: "landing/*.csv", format: csv, header: true}}
on_change: error
columns: {{customer: {{type: string}}, n: {{type: bigint}}{note}}}
""",
    }


def _silver(code: Code) -> dict[str, str]:
    shown = ", CAST(amount AS STRING) AS shown" if code.shown else ""
    region = "upper(region) AS region" if code.upper else "region"
    return {
        "pipelines/silver/orders.yml": f"""\
table: silver.orders
key: [id]
expect:
  - {{expression: "amount >= {code.least}", on_fail: quarantine, name: enough}}
  - {{expression: "amount <> 999", on_fail: drop, name: not_a_test}}
  - {{not_null: [customer]}}
""",
        "sql/silver/orders.sql": (
            f"SELECT id, customer, amount * {code.factor} AS amount{shown} FROM raw.orders\n"
        ),
        "pipelines/silver/customers.yml": "table: silver.customers\nkey: [customer]\n",
        "sql/silver/customers.sql": f"SELECT customer, {region} FROM raw.customers\n",
    }


def _gold(code: Code) -> dict[str, str]:
    described = "description: In euros.\n" if code.described else ""
    least = "expect:\n  - {row_count: {min: 1}}\n" if code.some else ""
    kind = "table" if code.stored else "view"
    return {
        "pipelines/gold/totals.yml": f"table: gold.totals\n{described}{least}",
        "sql/gold/totals.sql": f"""\
SELECT c.region, CAST(sum(o.amount) + {code.bonus} AS BIGINT) AS amount
FROM silver.orders AS o JOIN silver.customers AS c ON c.customer = o.customer
GROUP BY c.region
""",
        "pipelines/gold/large.yml": f"table: gold.large\nkind: {kind}\n",
        "sql/gold/large.sql": (
            f"SELECT id, amount FROM silver.orders WHERE amount >= {code.threshold}\n"
        ),
        "sql/gold/clicked.sql": (
            "SELECT customer, CAST(sum(n) AS BIGINT) AS n FROM bronze.clicks GROUP BY customer\n"
        ),
        "sql/gold/dated.sql": "SELECT id, :today AS day FROM silver.orders\n",
    }


def _extra(code: Code) -> dict[str, str]:
    written, declared = ("STRING", "string") if code.extra == "text" else ("BIGINT", "bigint")
    return {
        "pipelines/gold/extra.yml": (
            f"table: gold.extra\ncolumns: {{value: {{type: {declared}}}}}\n"
        ),
        "sql/gold/extra.sql": f"SELECT id, CAST(amount AS {written}) AS value FROM silver.orders\n",
    }
