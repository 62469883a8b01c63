"""What a collection would delete, what stays and for whom. Pure: listings in, a plan out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from lakewright.lake import Collected, Release, paths
from lakewright.lake.storage import StoredRun, StoredTable
from lakewright.names import TableName
from lakewright.plans.detectors import size_text
from lakewright.plans.retaining import REASONS, By, Chain, Need


@dataclass(frozen=True, slots=True)
class Trim:
    """What a vacuum of one location would delete, and the bytes that stay per reason."""

    files: frozenset[str]
    kept: Mapping[By, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectLocation:
    """One location: `trim` deletes files of versions nobody needs, `remove` all of it."""

    location: str
    table: TableName
    action: Literal["trim", "remove", "keep"]
    files: Mapping[str, int]  # to delete -> bytes
    keep: tuple[int, ...] = ()
    kept: Mapping[By, int] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()

    @property
    def freed(self) -> int:
        return sum(self.files.values())

    @property
    def retained(self) -> int:
        """Bytes that only what is not the latest release needs."""
        return sum(amount for by, amount in self.kept.items() if by != "latest")


@dataclass(frozen=True, slots=True)
class CollectFolder:
    """Files below a folder that is no table: what a run staged or reported, or records."""

    folder: str
    files: Mapping[str, int]

    @property
    def freed(self) -> int:
        return sum(self.files.values())


@dataclass(frozen=True, slots=True)
class CollectPlan:
    """What leaves storage. `expiry` says which releases stop being restorable, wholly or in part.

    `expires` are the records to put before anything is deleted: tables (none: all) -> release.
    """

    environment: str
    release: int  # the latest; 0 for none
    now: datetime
    grace: timedelta
    ended: bool
    expiry: Collected
    expires: tuple[tuple[tuple[TableName, ...], int], ...]
    locations: tuple[CollectLocation, ...]
    folders: tuple[CollectFolder, ...] = ()
    unrestorable: tuple[int, ...] = ()  # releases that stop being restorable with this collection
    notes: tuple[str, ...] = ()

    @property
    def dropping(self) -> tuple[CollectLocation, ...]:
        return tuple(it for it in self.locations if it.action != "keep")

    @property
    def groups(self) -> tuple[TableName, ...]:
        """What must be claimed, in name order."""
        return tuple(sorted({it.table.group for it in self.dropping}))

    @property
    def freed(self) -> int:
        return sum(it.freed for it in self.dropping) + sum(it.freed for it in self.folders)

    @property
    def empty(self) -> bool:
        return not self.dropping and not self.folders


def group_needs(needs: Iterable[Need], environment: str) -> dict[str, tuple[Need, ...]]:
    """Needs of an environment's own locations, by location, the strongest reason first."""
    found: dict[str, list[Need]] = {}
    for need in needs:
        if need.location.startswith(f"{environment}/"):
            found.setdefault(need.location, []).append(need)
    return {place: tuple(sorted(set(those), key=_strength)) for place, those in found.items()}


def make_collect_plan(
    own: Chain,
    expiry: Collected,
    needs: Mapping[str, tuple[Need, ...]],
    stored: Iterable[StoredTable],
    trims: Mapping[str, Trim],
    *,
    now: datetime,
    grace: timedelta,
    folders: Iterable[CollectFolder] = (),
    doomed: Collection[str] = (),
    notes: Iterable[str] = (),
) -> CollectPlan:
    """The plan of one environment. `trims` has an entry for each needed location that is there.

    A location that no release names is spared while it is young, for a run may be writing it;
    unless it was found dead before (`doomed`).
    """
    named = set(doomed) | {
        entry.location
        for release in own.releases
        for entry in release.tables.values()
        if entry.location
    }
    locations = tuple(
        _collect_location(one, needs.get(one.location, ()), trims.get(one.location),
                          young=one.newest > now - grace and one.location not in named)
        for one in sorted(stored, key=lambda one: one.location)
    )  # fmt: skip
    dropping = any(one.action != "keep" for one in locations)
    expires = _expires(expiry, own, locations) if dropping or own.ended else ()
    return CollectPlan(
        environment=own.environment,
        release=own.latest.release if own.latest else 0,
        now=now,
        grace=grace,
        ended=own.ended,
        expiry=expiry,
        expires=expires,
        locations=locations,
        folders=tuple(sorted((it for it in folders if it.files), key=lambda it: it.folder)),
        unrestorable=_unrestorable(own.releases, own.collected, expires),
        notes=tuple(sorted(notes)),
    )


def tell_old_forks(
    needs: Mapping[str, tuple[Need, ...]],
    trims: Mapping[str, Trim],
    changed: Mapping[str, datetime],
    before: datetime,
) -> list[str]:
    """A note for each other environment unchanged since `before` that keeps bytes here.

    `changed`: when the latest release of each was made. Bytes that two keep are told of both.
    """
    kept: dict[str, int] = {}
    for location, trim in trims.items():
        holders = {need.who.partition(" ")[0] for need in needs[location] if need.by == "fork"}
        for name in holders:
            kept[name] = kept.get(name, 0) + trim.kept.get("fork", 0)
    return [
        f"{name}, unchanged since {changed[name]:%Y-%m-%d}, keeps {size_text(size)} here:"
        f" `lakewright env drop {name}` lets go of them"
        for name, size in sorted(kept.items())
        if size and changed[name] <= before
    ]


def collect_runs(
    runs: Iterable[StoredRun],
    theirs: Collection[str],
    living: Collection[str],
    *,
    now: datetime,
    grace: timedelta,
    kept: timedelta,
) -> tuple[CollectFolder, ...]:
    """Files of an environment's runs (`theirs`): what an ended run staged, and all of an old one.

    Runs that made a living release (`living`) keep their report.
    """
    found = []
    for run in runs:
        if run.run_id not in theirs or run.newest > now - grace:
            continue
        old = run.newest <= now - max(kept, grace)
        files = {
            path: size
            for path, size in run.files.items()
            if (path.startswith("staged/") and (run.ended or old))
            or (old and run.run_id not in living)
        }
        if files:
            found.append(CollectFolder(f"{paths.runs()}/{run.run_id}", files))
    return tuple(found)


def _collect_location(
    one: StoredTable, needs: tuple[Need, ...], trim: Trim | None, *, young: bool
) -> CollectLocation:
    if needs:
        files = {path: one.files[path] for path in (trim.files if trim else ())}
        keep = tuple(sorted({need.version for need in needs}))
        kept = trim.kept if trim else {}
        action: Literal["trim", "keep"] = "trim" if files else "keep"
        return CollectLocation(one.location, one.table, action, files, keep, kept, needs)
    if young and not one.gone:
        return CollectLocation(one.location, one.table, "keep", {}, (), {"grace": _total(one)})
    return CollectLocation(one.location, one.table, "remove", dict(one.files))


def _expires(
    expiry: Collected, own: Chain, locations: Collection[CollectLocation]
) -> tuple[tuple[tuple[TableName, ...], int], ...]:
    """The records to put: one for all tables, and one per number for those that expire sooner."""
    before, found = own.collected, []
    if expiry.everything > before.everything:
        found.append(((), expiry.everything))
    dropped = {one.table.group for one in locations if one.action != "keep"}
    sooner: dict[int, list[TableName]] = {}
    for group, number in expiry.tables.items():
        if group in dropped and number > before.upto(group):
            sooner.setdefault(number, []).append(group)
    return (*found, *((tuple(sorted(sooner[number])), number) for number in sorted(sooner)))


def _unrestorable(
    releases: tuple[Release, ...],
    before: Collected,
    expires: tuple[tuple[tuple[TableName, ...], int], ...],
) -> tuple[int, ...]:
    newest = max((number for _, number in expires), default=0)
    return tuple(
        release.release
        for release in releases
        if before.newest < release.release <= newest and release.release not in before.kept
    )


def _strength(need: Need) -> tuple[int, int, str]:
    return REASONS.index(need.by), need.version, need.who


def _total(one: StoredTable) -> int:
    return one.bytes_of(one.data)
