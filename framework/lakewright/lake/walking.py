"""Ways through a chain of releases that read few of its records.

Numbers of a chain have no gaps and the clock does not run backwards along it; where a clock did
jump, the release that is found still stands between one that is old enough and one that is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lakewright.lake.values import Entry, Release
from lakewright.names import TableName


class Chain(Protocol):
    """The releases of environments, as a lake has them."""

    def numbers(self, environment: str) -> Iterator[int]: ...

    def latest(self, environment: str) -> Release | None: ...

    def release(self, environment: str, number: int) -> Release: ...


@dataclass(frozen=True, slots=True)
class Span:
    """Releases in a row that say the same of a table. `entry` is None where they do not have it.

    `release` is the first of them, `last` the number of the last.
    """

    release: Release
    last: int
    entry: Entry | None

    @property
    def first(self) -> int:
        return self.release.release


def newest_first(chain: Chain, environment: str) -> Iterator[Release]:
    """All releases from the latest down, each read when it is asked for."""
    release = chain.latest(environment)
    if release is None:
        return
    yield release
    oldest = first_number(chain, environment)
    for number in range(release.release - 1, oldest - 1, -1):
        yield chain.release(environment, number)


def first_number(chain: Chain, environment: str) -> int:
    """The number of the oldest release; 0 when there is none."""
    return next(chain.numbers(environment), 0)


def release_at(chain: Chain, environment: str, moment: datetime) -> Release | None:
    """What readers saw at `moment`; None before the first release. Reads O(log n) records."""
    release = chain.latest(environment)
    if release is None or release.created_at <= moment:
        return release
    low, high = first_number(chain, environment), release.release
    found = chain.release(environment, low)
    if found.created_at > moment:
        return None
    while high - low > 1:
        middle = chain.release(environment, (low + high) // 2)
        if middle.created_at <= moment:
            low, found = middle.release, middle
        else:
            high = middle.release
    return found


def trace_table(
    chain: Chain, environment: str, table: TableName, known: Collection[int] = ()
) -> Iterator[Span]:
    """The spans of a table, newest first, each found when it is asked for.

    A span of n releases costs O(log n) records: steps back double until the table looks different.
    A step might pass over a change that was taken back again, so none goes beyond a number in
    `known`: releases of which something else tells that they moved the table.
    """
    release = chain.latest(environment)
    if release is None:
        return
    oldest = first_number(chain, environment)
    stops = sorted({oldest, *(number for number in known if oldest <= number)}, reverse=True)
    while True:
        last, entry = release.release, release.tables.get(table)
        release, before = _boundary(chain, release, table, stops)
        yield Span(release, last, entry)
        if before is None:
            return
        release = before


def _boundary(
    chain: Chain, release: Release, table: TableName, stops: list[int]
) -> tuple[Release, Release | None]:
    """The first release of the span that ends with `release`, and the one before it, if any."""
    same, entry, step = release, release.tables.get(table), 1
    while (stop := next((it for it in stops if it < same.release), None)) is not None:
        older = chain.release(release.environment, max(same.release - step, stop))
        if older.tables.get(table) != entry:
            return _bisect(chain, older, same, table)
        same, step = older, step * 2
    return same, None


def _bisect(
    chain: Chain, other: Release, same: Release, table: TableName
) -> tuple[Release, Release]:
    """Close in on where the table begins to look as it does in `same`."""
    entry = same.tables.get(table)
    while same.release - other.release > 1:
        middle = chain.release(same.environment, (same.release + other.release) // 2)
        if middle.tables.get(table) == entry:
            same = middle
        else:
            other = middle
    return same, other
