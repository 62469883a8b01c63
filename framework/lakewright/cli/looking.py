"""What is released: `status`, `releases`, `history`. No engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace, existing_lake, open_workspace
from lakewright.errors import LakewrightError, UsageError
from lakewright.lake import Drift, Lake, Release, find_drift, first_number
from lakewright.lake.control import active_pins, collected, held_now, restorable_from
from lakewright.lake.environments import forked_from
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.holds import told_holds
from lakewright.observe.pasts import past_document, render_past
from lakewright.observe.releases import (
    history_document,
    newest_moves,
    releases_document,
    render_history,
    render_releases,
    render_status,
    status_document,
)
from lakewright.runtime.past import read_past

_READ = 200  # releases that are read for a listing beyond the changes it shows
_SCREEN = 20  # lines on a terminal unless --limit says otherwise


def show_status(common: Common) -> int:
    """`status`: the latest release, what is held, and what others wrote to the heads."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    release, origin = lake.latest(space.environment), forked_from(lake, space.environment)
    oldest = None
    if release is not None:
        records = lake.control(space.environment)
        release = replace(release, held=told_holds(held_now(release, records), records))
        oldest = restorable_from(records, release.release)
    drift = _drift(streams, lake, release)
    if common.json:
        document = status_document(
            release, space.environment, restorable_from=oldest, drift=drift, origin=origin
        )
        streams.answer(render_json(document))
    else:
        text = render_status(
            release,
            space.environment,
            restorable_from=oldest,
            drift=drift,
            origin=origin,
            color=streams.color,
            verbose=common.verbose,
        )
        streams.answer(text)
    return 0


def list_releases(common: Common, limit: int | None) -> int:
    """`releases`: of an environment, newest first; no more records are read than are shown."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    most = _most(common, streams, limit)
    found = tuple(islice(lake.newest_first(space.environment), most))
    records, now = lake.control(space.environment), datetime.now(UTC)
    gone, pins = collected(records, now), active_pins(records, now)
    if common.json:
        streams.answer(render_json(releases_document(found, gone=gone, pins=pins)))
        return 0
    earlier = found[-1].release - first_number(lake, space.environment) if found else 0
    text = render_releases(found, gone=gone, pins=pins, earlier=earlier, color=streams.color)
    streams.answer(text)
    return 0


def show_history(common: Common, table: str | None, limit: int | None) -> int:
    """`history`: which release did what to which table, newest first; or all of one table."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    most = _most(common, streams, limit)
    if table is not None:
        return _show_past(common, space, lake, table, most)
    walk = _Walk(lake.newest_first(space.environment), None if most is None else _READ + most)
    ours = (
        move
        for move in newest_moves(walk)
        # What the last release that was read did is not known without the one before it.
        if move.table == move.table.group and move.release.release != walk.unread_before
    )
    shown = tuple(islice(ours, most))
    if common.json:
        document = history_document(shown, space.environment, unread_before=walk.unread_before)
        streams.answer(render_json(document))
        return 0
    more = next(ours, None) is not None
    unread = walk.unread_before
    streams.answer(render_history(shown, more=more, unread_before=unread, color=streams.color))
    return 0


@dataclass(slots=True)
class _Walk:
    """Releases newest first, no more than `most`: changes may be rare among many releases.

    `unread_before` is the oldest that was read when there are older ones, else None.
    """

    releases: Iterator[Release]
    most: int | None
    unread_before: int | None = None

    def __iter__(self) -> Iterator[Release]:
        for count, release in enumerate(self.releases, 1):
            if self.most is not None and count > self.most:
                return
            self.unread_before = release.release if count == self.most and release.parent else None
            yield release


def _drift(streams: Streams, lake: Lake, release: Release | None) -> tuple[Drift, ...]:
    """A log that cannot be read is told, and no reason to say nothing of the release."""
    try:
        return find_drift(lake.tables, release, lake.entry_uri)
    except LakewrightError as error:
        streams.tell(f"note: whether others wrote to the tables is not known: {error}\n")
        return ()


def _show_past(common: Common, space: Workspace, lake: Lake, table: str, limit: int | None) -> int:
    streams = Streams.of(common)
    name = TableName.of(table.strip().lower())
    past = read_past(lake, space.environment, name, limit=limit, now=datetime.now(UTC))
    if not past.versions:
        raise _no_table(lake, space.environment, table)
    if common.json:
        streams.answer(render_json(past_document(past, space.environment)))
    else:
        streams.answer(render_past(past, color=streams.color, verbose=common.verbose))
    return 0


def _most(common: Common, streams: Streams, limit: int | None) -> int | None:
    """How many to show: all of them off a terminal and in JSON."""
    if limit is not None or common.json:
        return limit
    return _SCREEN if streams.out.isatty() else None


def _no_table(lake: Lake, environment: str, table: str) -> UsageError:
    latest = lake.latest(environment)
    known = sorted(str(name) for name in latest.tables) if latest else []
    near = get_close_matches(table.strip().lower(), known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "lakewright status lists all"
    return UsageError("LW304", f"no release has a table `{table}`", hint=hint)
