"""What happens around a lake without a command of ours: deliveries, edits, strangers, the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, assert_never

import pyarrow as pa
from hypothesis import strategies as st

from lakewright.lake.values import Release
from proof.histories.market import Market, name
from proof.histories.model import INGEST, File, Row
from proof.histories.project import Code


@dataclass(frozen=True, slots=True)
class Orders:
    """The source of orders is replaced; sometimes by rows that break its rules."""

    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Customers:
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Land:
    """A file comes; or the one of that name is another now."""

    path: str
    file: File


@dataclass(frozen=True, slots=True)
class Remove:
    path: str


@dataclass(frozen=True, slots=True)
class Jump:
    """The clock of the machine jumps."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody edits a file of the project."""

    choice: str
    value: Any


@dataclass(frozen=True, slots=True)
class ForeignWrite:
    """A stranger appends a row to one of our tables or companions."""

    table: str
    companion: str


@dataclass(frozen=True, slots=True)
class Maintain:
    """A stranger runs OPTIMIZE or VACUUM."""

    table: str
    word: str


Change = Orders | Customers | Land | Remove | Jump | Edit | ForeignWrite | Maintain

_CHOICES: dict[str, tuple[Any, ...]] = {
    "factor": (1, 2, 3),
    "least": (0, 6, -9),
    "bonus": (0, 1, 2),
    "threshold": (10, 0, 100),
    "extra": ("", "int", "text"),
}
_people = st.sampled_from(["ann", "bob", "cyd"])
_amounts = st.sampled_from([5, 20, -1, 0, 7, 999])
_orders = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 6), "customer": _people | st.none(), "amount": _amounts}
    ),
    max_size=3,
)
good_orders = st.lists(
    st.fixed_dictionaries({"id": st.integers(1, 9), "customer": _people, "amount": _amounts}),
    min_size=1,
    max_size=3,
    unique_by=lambda row: row["id"],
)
_customers = st.lists(
    st.fixed_dictionaries({"customer": _people, "region": st.sampled_from(["north", "south"])}),
    max_size=3,
)
_files = st.builds(
    lambda records: File(tuple(records)),
    st.lists(st.tuples(_people, st.sampled_from(["1", "7", "many"])), max_size=3),
)
_paths = st.sampled_from([f"landing/{letter}.csv" for letter in "abcdef"])
tables = st.sampled_from(
    [INGEST, "silver.orders", "silver.customers", "gold.totals", "gold.large", "gold.extra"]
)
_edits = st.sampled_from(
    [Edit(one, value) for one in Code.__slots__ for value in _CHOICES.get(one, (False, True))]
)
_jumps = st.sampled_from([timedelta(days=-1), timedelta(hours=1), timedelta(days=365)])
changes = st.one_of(
    st.builds(Land, _paths, _files),
    st.builds(Orders, good_orders),
    st.builds(Orders, _orders),
    st.builds(Customers, _customers),
    _edits,
    st.builds(Jump, _jumps),
    st.builds(Maintain, tables, st.sampled_from(["OPTIMIZE", "VACUUM END"])),
    st.builds(ForeignWrite, tables, st.sampled_from(["", "__quarantine", "__ledger"])),
    st.builds(Remove, _paths),
)


def happen(market: Market, change: Change, latest: Release) -> None:
    """Let it happen; what a stranger wants to touch may not be there."""
    now = market.inputs
    match change:
        case Orders(rows):
            market.deliver(replace(now, orders=tuple(rows)))
        case Customers(rows):
            market.deliver(replace(now, customers=tuple(rows)))
        case Land(path, file):
            market.deliver(replace(now, files={**now.files, path: file}))
        case Remove(path):
            left = {key: file for key, file in now.files.items() if key != path}
            market.deliver(replace(now, files=left))
        case Jump(by):
            market.set_clock(market.now + by)
        case Maintain(table, word):
            location = place_of(market, latest, table)
            if location:
                market.world.tables.touch(location, word)
        case ForeignWrite(table, companion):
            location = place_of(market, latest, table + companion)
            if location:
                _append_row(market, location)
        case Edit():
            raise AssertionError("a checkout belongs to an environment")
        case _:
            assert_never(change)


def append_click(market: Market, latest: Release, row: Row) -> None:
    """A stranger appends a click to the ingest, loaded from nowhere."""
    _append_row(market, place_of(market, latest, INGEST), row)


def is_written_over(market: Market, release: Release) -> bool:
    """Whether strangers' rows are at a head of the ingest's group that the release does not have.

    What a killed run of ours left there is none: the next one that writes puts it back.
    """
    return any(_strange(now) - _strange(old) for old, now in _ingest_heads(market, release))


def is_ahead(market: Market, release: Release) -> bool:
    """Whether a head of the ingest's group holds other rows than the release, of whomever."""
    return any(not old.equals(now) for old, now in _ingest_heads(market, release))


def _ingest_heads(market: Market, release: Release) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Released rows and those at the head, of each table of the group that lies at home."""
    tables = market.world.tables
    for table, entry in release.tables.items():
        own = entry.location and not entry.is_foreign(release.environment)
        if str(table.group) == INGEST and own:
            location = market.lake().location_uri(entry.location)
            head = tables.head(location)
            assert head is not None
            # Files of an old version may be collected, so the rows are taken as they were.
            versions = market.world.versions[location]
            yield versions[entry.version].rows, versions[head.version].rows


def _strange(rows: pa.Table) -> Counter[tuple[str | None, int | None]]:
    """Rows that no file of ours brings: nobody of ours is called dee, or nothing."""
    told = next(name for name in ("path", "_raw", "customer") if name in rows.schema.names)
    return Counter(
        (row[told], row.get("n")) for row in rows.to_pylist() if row[told] in {None, "dee"}
    )


def place_of(market: Market, release: Release, table: str) -> str:
    """Where a table is, "" when it is nowhere."""
    entry = release.tables.get(name(table))
    return market.lake().pin(entry).location if entry and entry.location else ""


def _append_row(market: Market, location: str, given: Row | None = None) -> None:
    tables = market.world.tables
    head = tables.head(location)
    assert head is not None
    schema = tables.rows(location, head.version).schema
    row = pa.Table.from_pylist([dict.fromkeys(schema.names) | (given or {})], schema=schema)
    tables.write(location, row, "append", None)
