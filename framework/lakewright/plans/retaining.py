"""What is promised to stay restorable, which releases that keeps, and what those need. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from lakewright.lake import Collected, Entry, Release, borrowed_by
from lakewright.names import TableName
from lakewright.specs import Project, SourceFile, load_released

DEFAULT_DAYS = 30

By = Literal["latest", "release", "fork", "pin", "served", "grace"]
REASONS: tuple[By, ...] = ("latest", "release", "fork", "pin", "served", "grace")  # by strength


@dataclass(frozen=True, slots=True)
class Chain:
    """The releases of one environment that may still be needed, oldest first.

    All of them after the last collection, those pinned before it, and the latest. `kept` are
    pinned releases; `ended`: the environment's end has come.
    """

    environment: str
    releases: tuple[Release, ...]
    collected: Collected = field(default_factory=Collected)
    ended: bool = False

    @property
    def latest(self) -> Release | None:
        return self.releases[-1] if self.releases else None


@dataclass(frozen=True, slots=True)
class Promise:
    """How long a superseded release stays restorable: days per group, and a number of releases."""

    days: Mapping[TableName, int] = field(default_factory=dict)
    default_days: int = DEFAULT_DAYS
    keep_releases: int = 1

    def of(self, group: TableName) -> timedelta:
        return timedelta(days=self.days.get(group, self.default_days))

    @property
    def longest_days(self) -> int:
        return max([self.default_days, *self.days.values()])


@dataclass(frozen=True, slots=True)
class Need:
    """A version that must stay readable, and why."""

    location: str
    version: int
    by: By
    who: str  # "release 12", "dev_ana release 3", "spark_catalog"


def read_promise(
    chain: Chain, code: Mapping[str, tuple[SourceFile, ...]], project: Project | None
) -> Promise:
    """What released code promises: each table's own `retention`, else its schema's.

    What holds for the whole project is read from `project`, the files of today, where there is
    one; else from the released code as well. Of several entries of a table the newest counts.
    """
    days, said = dict[TableName, int](), list[_Said]()
    for group, digest in () if chain.ended else sorted(newest_code(chain).items()):
        told = _read_said(code[digest])
        said.append(told)
        around = project.retention_days if project else told.wide
        days[group] = around if told.own is None else told.own
    if project is not None:
        return Promise(days, project.retention_days, project.keep_releases or 1)
    wide = max((told.wide for told in said), default=DEFAULT_DAYS)
    return Promise(days, wide, max((told.least for told in said), default=1))


@dataclass(frozen=True, slots=True)
class _Said:
    """What the code of one table says: its own days, the project's, the releases to keep."""

    own: int | None
    wide: int
    least: int


@lru_cache(maxsize=4096)  # pure in the files, and a collection asks twice
def _read_said(files: tuple[SourceFile, ...]) -> _Said:
    bundle = load_released([files])
    own = next((spec.retention_days for spec in bundle.tables), None)
    return _Said(own, bundle.retention_days, bundle.keep_releases or 1)


def newest_code(chain: Chain) -> dict[TableName, str]:
    """Per table the digest of the code that its newest entry names."""
    newest: dict[TableName, str] = {}
    for release in chain.releases:
        for name, entry in release.tables.items():
            if entry.code and entry.kind != "source":
                newest[name] = entry.code
    return newest


def decide_expiry(chain: Chain, promise: Promise, now: datetime, grace: timedelta) -> Collected:
    """Up to which release, for all tables and for some, nothing is promised any more.

    A release lives until `retention` after the next one was made, however old it is itself.
    """
    if not chain.releases:
        return chain.collected
    if chain.ended:
        return Collected(chain.releases[-1].release)
    # A view has no rows to keep: it lives as long as its release and what it reads.
    groups = {
        entry.table.group
        for release in chain.releases
        for entry in release.tables.values()
        if entry.kind not in {"view", "source"}
    }
    upto = {group: _dead_upto(chain, max(promise.of(group), grace), promise.keep_releases, now)
            for group in groups}  # fmt: skip
    everything = min(upto.values(), default=0)
    tables = {group: number for group, number in sorted(upto.items()) if number > everything}
    return Collected(everything, tables, chain.collected.kept)


def find_needs(
    chain: Chain, expiry: Collected, strict: Collected, *, told: str = ""
) -> Iterator[Need]:
    """What the living releases of a chain read; `strict` is the expiry without a grace period.

    `told` names the environment of a chain that is another one's: all it needs is a fork's.
    """
    if chain.ended or chain.latest is None:
        return
    places = _places(chain.releases)
    for release in chain.releases:
        for entry in release.tables.values():
            if release is not chain.latest and expiry.has(release.release, entry.table):
                continue
            by: By = "fork" if told else _reason(release, entry, chain, expiry, strict)
            who = f"{told} release {release.release}".strip()
            for location, version in _reads(release, entry, places, expiry):
                yield Need(location, version, by, who)


def find_served(releases: Sequence[Release], who: str) -> Iterator[Need]:
    """What the objects of a catalog read that show these releases, collected or not."""
    places = _places(releases)
    for release in releases:
        for entry in release.tables.values():
            for location, version in _reads(release, entry, places, Collected()):
                yield Need(location, version, "served", who)


def _dead_upto(chain: Chain, kept: timedelta, least: int, now: datetime) -> int:
    """The newest release that is dead with all before it; the number before the first living."""
    made = [release for release in chain.releases if release.kind != "maintenance"]
    counted = {release.release for release in made[-least:]}
    # A clock that went back makes nothing older: no release was made before an earlier one.
    replaced = list(accumulate((release.created_at for release in chain.releases), max))[1:]
    for release, when in zip(chain.releases, replaced, strict=False):
        if release.release <= chain.collected.everything:
            continue  # read because it is pinned
        if release.release in counted or when > now - kept:
            return release.release - 1
    return chain.releases[-1].release - 1


def _reason(
    release: Release, entry: Entry, chain: Chain, expiry: Collected, strict: Collected
) -> By:
    if release is chain.latest:
        return "latest"
    if release.release <= expiry.upto(entry.table):
        return "pin"
    return "grace" if strict.has(release.release, entry.table) else "release"


def _reads(
    release: Release, entry: Entry, places: Mapping[str, str], expiry: Collected
) -> Iterator[tuple[str, int]]:
    """Locations and versions that readers of an entry open, files that it borrows included."""
    if entry.location:
        yield entry.location, entry.version
    yield from borrowed(entry)
    if entry.kind != "view":
        return
    for name, used in entry.inputs.items():
        inner = release.tables.get(name)
        if inner is None or not inner.location or expiry.has(release.release, name):
            continue
        # A view reads what it was checked with, also where its release has the table elsewhere.
        if (used.table_id, used.version) != (inner.table_id, inner.data_version):
            yield places.get(used.table_id, inner.location), used.version


def borrowed(entry: Entry) -> Iterator[tuple[str, int]]:
    """Locations of this lake and versions whose files an entry reads where they are."""
    for one in borrowed_by(entry.borrows):
        if not one.base:
            yield one.location, one.version


def _places(releases: Sequence[Release]) -> dict[str, str]:
    """Where the table of an id is."""
    return {
        entry.table_id: entry.location
        for release in releases
        for entry in release.tables.values()
        if entry.location
    }
