"""Show what the rules of the released warehouse found, and that no flight got lost.

lakewright status --json | python infra/demo/rules.py
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> int:
    tables = {table["table"]: table for table in json.load(sys.stdin)["tables"]}
    print(f"{'table':<20} {'rule':<22} {'on fail':<11} {'rows':>7}  of")
    for name, table in tables.items():
        for check in table["checks"]:
            if check["failed_rows"]:
                print(
                    f"{name:<20} {check['name']:<22} {check['on_fail']:<11}"
                    f" {check['failed_rows']:>7,}  {check['rows']:,}"
                )
    return flights_add_up(tables)


def flights_add_up(tables: dict[str, dict[str, Any]]) -> int:
    """0 when what was delivered is what was kept, kept apart and dropped."""
    delivered = tables["bronze.flights"]["rows"]
    kept = tables["silver.flights"]["rows"]
    apart = tables["silver.flights__quarantine"]["rows"]
    dropped = sum(
        check["failed_rows"]
        for check in tables["silver.flights"]["checks"]
        if check["on_fail"] == "drop"
    )
    adds_up = delivered == kept + apart + dropped
    print(
        f"\nflights: {delivered:,} delivered {'=' if adds_up else 'IS NOT'} {kept:,} kept"
        f" + {apart:,} quarantined + {dropped:,} dropped"
    )
    return 0 if adds_up else 1


if __name__ == "__main__":
    sys.exit(main())
