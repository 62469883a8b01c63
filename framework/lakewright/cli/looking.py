"""What is released: `status`, `releases`, `history`. No engine."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import existing_lake, open_workspace
from lakewright.errors import UsageError
from lakewright.lake.control import held_now
from lakewright.lake.environments import forked_from
from lakewright.observe import render_json
from lakewright.observe.holds import told_holds
from lakewright.observe.releases import (
    Move,
    history_document,
    moves_between,
    releases_document,
    render_history,
    render_releases,
    render_status,
    status_document,
)


def show_status(common: Common) -> int:
    """`status`: the latest release and what is held."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    release, origin = lake.latest(space.environment), forked_from(lake, space.environment)
    if release is not None:
        records = lake.control(space.environment)
        release = replace(release, held=told_holds(held_now(release, records), records))
    if common.json:
        streams.answer(render_json(status_document(release, space.environment, origin)))
    else:
        text = render_status(
            release,
            space.environment,
            color=streams.color,
            verbose=common.verbose,
            origin=origin,
        )
        streams.answer(text)
    return 0


def list_releases(common: Common) -> int:
    """`releases`: all of an environment, newest first."""
    streams = Streams.of(common)
    space = open_workspace(common)
    found = existing_lake(space).releases(space.environment)
    if common.json:
        streams.answer(render_json(releases_document(found)))
    else:
        streams.answer(render_releases(found, color=streams.color))
    return 0


def show_history(common: Common, table: str | None) -> int:
    """`history`: which release did what to which table, newest first."""
    streams = Streams.of(common)
    space = open_workspace(common)
    moves = moves_between(existing_lake(space).releases(space.environment))
    if table is None:
        moves = tuple(move for move in moves if move.table == move.table.group)
    else:
        moves = _of_table(moves, table)
    if common.json:
        streams.answer(render_json(history_document(moves, space.environment)))
    else:
        streams.answer(render_history(moves, color=streams.color))
    return 0


def _of_table(moves: tuple[Move, ...], table: str) -> tuple[Move, ...]:
    wanted = table.strip().lower()
    found = tuple(move for move in moves if str(move.table) == wanted)
    if not found:
        near = get_close_matches(wanted, sorted({str(move.table) for move in moves}), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "lakewright status lists all"
        raise UsageError("LW304", f"no release has a table `{table}`", hint=hint)
    return found
