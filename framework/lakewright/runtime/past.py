"""The past of one table: the commits of its Delta log beside the releases that name them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from lakewright.errors import LakeError
from lakewright.lake import (
    Collected,
    Commit,
    Entry,
    Lake,
    NotFoundError,
    Release,
    Span,
    first_number,
    is_ours,
    paths,
    trace_table,
)
from lakewright.lake.control import collected
from lakewright.names import TableName

_ALL = 1_000_000
_Key = tuple[str, int, str]  # location, version, and of what is not stored what else tells it apart


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A version of a table. `spans` are the releases that name it, newest first.

    `commit` is None for a view or source, which has no log of ours, and for one that the log lost.
    """

    location: str
    version: int
    commit: Commit | None
    spans: tuple[Span, ...]
    restorable: bool
    owned: bool = True  # the location is one that this lake writes

    @property
    def entry(self) -> Entry | None:
        return self.spans[0].entry if self.spans else None

    @property
    def release(self) -> Release | None:
        """The release that published it first, as far as the walk went."""
        return self.spans[-1].release if self.spans else None

    @property
    def drifted(self) -> bool:
        """Whether somebody else changed rows with it."""
        commit = self.commit
        return self.owned and commit is not None and commit.changes_data and not is_ours(commit)

    @property
    def run_id(self) -> str:
        """The run that wrote it; "" for a commit of others."""
        return _run_of(self.commit) or (self.release.run_id if self.release else "")


@dataclass(frozen=True, slots=True)
class Past:
    """Versions newest first, and the spans of releases that were looked at for them.

    `walked_to` is the oldest of those releases; where `complete` is not set, older ones and older
    versions were left alone.
    """

    table: TableName
    versions: tuple[PastVersion, ...] = ()
    spans: tuple[Span, ...] = ()
    walked_to: int = 0
    complete: bool = True


@dataclass(slots=True)
class _Log:
    """The newest commits of a location, and the releases that their runs' reports name."""

    location: str
    commits: tuple[Commit, ...] = ()
    complete: bool = True
    known: list[int] = field(default_factory=list)


def read_past(
    lake: Lake, environment: str, table: TableName, *, limit: int | None, now: datetime
) -> Past:
    """The newest `limit` versions of a table and what released them.

    Few records are read: one for each run that wrote one of these commits, and O(log n) for each
    change of the table, however many releases there are.
    """
    most = limit or _ALL
    log = _read_log(lake, environment, table, most)
    spans = tuple(_spans(lake, environment, table, log, most))
    told = [span for span in spans if span.entry is not None]
    if not told:
        return Past(table)
    gone = collected(lake.control(environment), now)
    versions = tuple(_versions(lake, log, told, gone, environment))
    oldest = first_number(lake, environment)
    walked_to = spans[-1].first
    shown = versions[:most]
    complete = log.complete and walked_to == oldest and len(shown) == len(versions)
    return Past(table, shown, spans, walked_to, complete)


def _spans(lake: Lake, environment: str, table: TableName, log: _Log, most: int) -> Iterator[Span]:
    """Spans down to one older than all that is shown: it tells what the oldest shown changed.

    No more than versions are asked for: releases may go to and fro between a few.
    """
    shown, others = {commit.version for commit in log.commits}, 0
    oldest = min(shown, default=0)
    for count, span in enumerate(trace_table(lake, environment, table, log.known)):
        yield span
        if count > most:
            return
        entry = span.entry
        in_log = entry is not None and bool(entry.location) and _place(entry) == log.location
        others += not (in_log and entry is not None and entry.version in shown)
        if others > most or (in_log and entry is not None and entry.version < oldest):
            return


def _read_log(lake: Lake, environment: str, table: TableName, most: int) -> _Log:
    """What stands in the log of the table's own location.

    The log of a location that the environment only reads goes on without it, so it tells nothing.
    """
    location = _location(lake, environment, table)
    uri = lake.location_uri(location) if _is_owned(environment, location) else ""
    head = lake.tables.head(uri) if uri else None
    if head is None:
        return _Log(location)
    commits = tuple(islice(_newest_commits(lake, uri, head.version), most + 1))
    runs = dict.fromkeys(run for run in map(_run_of, commits) if run)
    known = [number for run in runs if (number := _released_by(lake, environment, run))]
    return _Log(location, commits[:most], len(commits) <= most, known)


def _location(lake: Lake, environment: str, table: TableName) -> str:
    """Where the table is, or where it was as long as a release had it."""
    newest = next(trace_table(lake, environment, table), None)
    if newest is not None and newest.entry is not None:
        return _place(newest.entry)
    return paths.table(environment, table)


def _place(entry: Entry) -> str:
    """The location as it is recorded; one in a base lake begins with the base as written."""
    return f"{entry.base}/{entry.location}" if entry.base else entry.location


def _is_owned(environment: str, location: str) -> bool:
    return location.startswith(f"{environment}/")


def _newest_commits(lake: Lake, uri: str, head: int) -> Iterator[Commit]:
    for version in range(head, -1, -1):
        try:
            yield lake.tables.commit(uri, version)
        except NotFoundError:
            return  # the log was cleaned up behind here


def _versions(
    lake: Lake, log: _Log, spans: Sequence[Span], gone: Collected, environment: str
) -> Iterator[PastVersion]:
    """Every commit of the log, and whatever else the releases name."""
    named: dict[_Key, list[Span]] = {}
    for span in spans:
        named.setdefault(_key(span), []).append(span)
    commits = {(log.location, commit.version, ""): commit for commit in log.commits}
    for key in _in_order([*named, *commits]):
        location, version, _ = key
        found = tuple(named.get(key, ()))
        commit = commits.get(key) or (_commit(lake, found[0].entry) if location else None)
        owned = _is_owned(environment, location)
        yield PastVersion(location, version, commit, found, _restorable(found, commit, gone), owned)


def _in_order(keys: Sequence[_Key]) -> list[_Key]:
    """By location, the newest first; stored versions falling, others as releases brought them."""
    locations = list(dict.fromkeys(location for location, _, _ in keys))
    ranks = {location: rank for rank, location in enumerate(locations)}
    return sorted(dict.fromkeys(keys), key=lambda it: (ranks[it[0]], -it[1] if it[0] else 0))


def _key(span: Span) -> _Key:
    """Location and version; of a view, which has neither, what else makes it what it is."""
    entry = span.entry
    assert entry is not None, "spans without the table have no version"
    if entry.location:
        return _place(entry), entry.version, ""
    return "", entry.version, f"{entry.table_id} {entry.code} {sorted(entry.inputs.items())}"


def _restorable(spans: Iterable[Span], commit: Commit | None, gone: Collected) -> bool:
    """Whether a release names it whose rows are all kept, and the log still knows it."""
    alive = any(_alive(span, gone) for span in spans)
    stored = any(span.entry is not None and span.entry.location for span in spans)
    return alive and (commit is not None or not stored)


def _alive(span: Span, gone: Collected) -> bool:
    assert span.entry is not None, "only releases that have the table are asked"
    kept = any(span.first <= number <= span.last for number in gone.kept)
    return kept or not gone.has(span.last, span.entry.table)


def _commit(lake: Lake, entry: Entry | None) -> Commit | None:
    assert entry is not None, "only releases that have the table are asked"
    try:
        return lake.tables.commit(lake.pin(entry).location, entry.version)
    except NotFoundError:
        return None


def _run_of(commit: Commit | None) -> str:
    """The run that a commit's token names; "" for a commit of others."""
    if commit is None or not is_ours(commit):
        return ""
    return str(commit.token).split(":")[1]


def _released_by(lake: Lake, environment: str, run_id: str) -> int | None:
    """The release that a run's report says it made there."""
    try:
        told = json.loads(lake.get_run(run_id, paths.REPORT))
    except (NotFoundError, LakeError, ValueError):
        return None  # the run died before it reported, and only the walk can tell
    number = told.get("release") if isinstance(told, dict) else None
    same = isinstance(number, int) and told.get("environment") == environment
    return number if same else None
