"""Chains of releases in days: small words for what a collection reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lakewright.lake import Collected, Entry, Release
from lakewright.names import TableName
from lakewright.plans.retaining import Chain, Need, Promise, decide_expiry, find_needs

DAY = timedelta(days=1)
ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return ZERO + number * DAY


def entry(table: str, version: int, location: str = "", **more: Any) -> Entry:
    named = TableName.of(table)
    values: dict[str, Any] = {
        "table": named,
        "kind": "table",
        "location": location or f"prod/{named.schema}/{named.table}",
        "table_id": f"id of {location or table}",
        "version": version,
        "data_version": version,
        "token": "",
        "code": "",
        "fingerprint": "",
        "own": "",
        "algorithm": 1,
        "metadata": "",
        "schema": (),
        "bytes": 10,
    }
    return Entry(**(values | more))


def release(
    number: int, made: float, *entries: Entry, kind: Any = "apply", environment: str = "prod"
) -> Release:
    return Release(
        environment=environment,
        release=number,
        parent=number - 1,
        created_at=day(made),
        run_id=f"run {number}",
        kind=kind,
        reason="",
        engine="fake",
        packages={},
        tables={one.table: one for one in entries},
    )


def chain(*releases: Release, kept: frozenset[int] = frozenset(), **more: Any) -> Chain:
    collected = more.pop("collected", Collected(kept=kept))
    return Chain(releases[0].environment if releases else "prod", releases, collected, **more)


def promise(days: int, least: int = 1, tables: Mapping[str, int] | None = None) -> Promise:
    own = {TableName.of(table): number for table, number in (tables or {}).items()}
    return Promise(own, days, least)


def needs(
    one: Chain, given: Promise, now: float, grace: timedelta = timedelta(), told: str = ""
) -> list[Need]:
    expiry = decide_expiry(one, given, day(now), grace)
    strict = decide_expiry(one, given, day(now), timedelta())
    return list(find_needs(one, expiry, strict, told=told))


def versions(found: list[Need], location: str = "prod/s/a") -> dict[int, str]:
    """Version -> why, the strongest reason first."""
    kept: dict[int, str] = {}
    order = ("latest", "release", "fork", "pin", "grace")
    for need in sorted(found, key=lambda need: order.index(need.by)):
        if need.location == location:
            kept.setdefault(need.version, need.by)
    return kept
