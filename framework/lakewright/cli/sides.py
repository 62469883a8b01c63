"""The two sides of a comparison, from what was written on the command line.

41..42         releases of the environment          prod..dev_ana   latest releases of two
prod@41..      a release of another, and its latest  prod@2026-11-22..   as readers saw it then
v3..v5         versions, of one table                (nothing)       the release before, the latest

The environment of the target's `base:` is looked for in the base lake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lakewright.cli.bases import Over, open_base
from lakewright.cli.choosing import release_seen_at
from lakewright.cli.workspace import Workspace, latest_release
from lakewright.errors import LakeError, UsageError
from lakewright.lake import Entry, Lake, Release
from lakewright.lake.forks import borrow_entries
from lakewright.names import TableName, parse_environment

_VERSION = re.compile(r"v(\d+)\Z")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A release and what the command calls it. `exact`: it was asked for by number or time.

    `home` has its code and what was collected of it; its entries are written as for the own lake.
    """

    label: str
    release: Release
    home: Lake
    exact: bool = False


def choose_sides(
    space: Workspace,
    lake: Lake,
    written: str | None,
    as_of: str | None,
    tables: tuple[TableName, ...],
) -> tuple[Chosen, Chosen]:
    """Left and right; UsageError LW374 for what cannot be read as two sides."""
    if written is not None and as_of is not None:
        raise UsageError(
            "LW371",
            "a range and a time were both said",
            hint="say --as-of TIME alone, or prod@TIME.. as the range",
        )
    if as_of is not None:
        written = f"@{as_of}.."
    if written is None:
        return _last_step(space, lake)
    before, _, after = written.partition("..")
    left = _read_side(space, lake, before.strip(), tables)
    right = _read_side(space, lake, after.strip(), tables)
    if left is None and right is None:
        raise _unreadable(written)
    return left or _other(space, lake, right), right or _other(space, lake, left)


def _last_step(space: Workspace, lake: Lake) -> tuple[Chosen, Chosen]:
    """What the latest release changed."""
    latest = latest_release(space, lake)
    if not latest.parent:
        raise UsageError(
            "LW374",
            f"release {latest.release} of {space.environment} has none before it to compare with",
            hint="say both sides: prod..dev_ana",
        )
    before = lake.release(space.environment, latest.parent)
    own = Over(lake, space.environment)
    return _of(own, before, exact=True), _of(own, latest)


def _other(space: Workspace, lake: Lake, known: Chosen | None) -> Chosen:
    """A side that was left open: the latest of the environment of the other one.

    An environment by its name alone is compared with the one that the command works in.
    """
    assert known is not None, "two open sides were refused"
    environment = known.release.environment if known.exact else space.environment
    return _latest(space, _home(space, lake, environment))


def _read_side(
    space: Workspace, lake: Lake, text: str, tables: tuple[TableName, ...]
) -> Chosen | None:
    version = _VERSION.match(text)
    if not text:
        return None
    if version and len(tables) == 1:
        return _at_version(space, lake, tables[0], int(version[1]))
    name, at, moment = text.partition("@")
    if text.isdigit():
        own = Over(lake, space.environment)
        return _of(own, lake.release(space.environment, int(text)), exact=True)
    if version and not at and not lake.latest(text):
        raise UsageError(
            "LW374",
            f"`{text}` is a version of a table, and no table was named",
            hint=f"lakewright diff {text}.. silver.orders",
        )
    home = _home(space, lake, parse_environment(name) if name else space.environment)
    if not at:
        return _latest(space, home)
    if moment.isdigit():
        return _of(home, home.source.release(home.environment, int(moment)), exact=True)
    if not moment:
        raise _unreadable(text)
    seen = release_seen_at(space, home.source, home.environment, moment)
    return _of(home, seen, exact=True)


def _home(space: Workspace, lake: Lake, environment: str) -> Over:
    """Where an environment is: in the base lake when it is the target's base, else in this one."""
    if space.base is not None and space.base.environment == environment != space.environment:
        return open_base(space, lake, environment)
    return Over(lake, environment)


def _latest(space: Workspace, home: Over) -> Chosen:
    there = replace(space, environment=home.environment)
    return _of(home, latest_release(there, home.source))


def _of(home: Over, release: Release, *, exact: bool = False) -> Chosen:
    label = f"{release.environment}@{release.release}"
    if home.written:
        release = replace(release, tables=borrow_entries(release, home.written))
    return Chosen(label, release, home.source, exact)


def _at_version(space: Workspace, lake: Lake, table: TableName, version: int) -> Chosen:
    """The latest release with one table at another version; UsageError LW376 if there is none."""
    latest = latest_release(space, lake)
    entry = latest.tables.get(table)
    if entry is None or not entry.location:
        raise UsageError(
            "LW376",
            f"release {latest.release} has no stored table {table}, so it has no versions",
            hint="compare releases: 41..42",
        )
    found = _as_it_was(lake, entry, version)
    label = f"{table} version {version}"
    release = replace(latest, tables={**latest.tables, table: found})
    return Chosen(label, release, lake, exact=True)


def _as_it_was(lake: Lake, entry: Entry, version: int) -> Entry:
    uri = lake.pin(entry).location
    head = lake.tables.head(uri)
    newest = head.version if head else -1
    if version > newest:
        raise UsageError(
            "LW376",
            f"{entry.table} has no version {version}",
            hint=f"its newest is {newest}; `lakewright history {entry.table}` lists them",
        )
    try:
        at = lake.tables.at(uri, version)
        rows, size = lake.tables.size(uri, version)
    except LakeError as error:
        raise UsageError(
            "LW376",
            f"version {version} of {entry.table} cannot be read any more",
            hint=f"`lakewright history {entry.table}` says which are restorable",
        ) from error
    return replace(
        entry,
        table_id=at.table_id,
        version=version,
        data_version=version,
        token="",  # whoever wrote it
        schema=at.definition.fields,
        rows=rows,
        bytes=size,
    )


def _unreadable(text: str) -> UsageError:
    return UsageError(
        "LW374",
        f"`{text}` does not say two sides to compare",
        hint="write 41..42, prod..dev_ana, prod@41.., or v3..v5 with a table",
    )
