"""Whose commits lie behind a released version, and whether they still count.

*Equal* versions hold the same rows: between them are only commits that change no data, or a RESTORE
of ours that brought back a version which is equal itself. So a head that was put back is no drift,
and nothing has to be undone there again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from lakewright.lake.delta_log import RETENTION
from lakewright.lake.ports import DeltaTables
from lakewright.lake.values import Commit, Definition, Drift, Entry, Redefined, Release
from lakewright.names import TableName

TOKEN_PREFIX = "lw:"  # noqa: S105 - a commit's token, not a secret
_PUBLISHED = "published_upto"  # of `Entry.costs`: the newest version that any release named
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a head holds beyond a version: data commits of others, and of ours, that still count.

    `redefining` are all commits of others that touched the definition; `touched`: somebody did, we
    or others.
    """

    strange: tuple[Commit, ...] = ()
    ours: tuple[Commit, ...] = ()
    redefining: tuple[Commit, ...] = ()
    touched: bool = False
    last: int = -1  # the newest version looked at

    @property
    def equal(self) -> bool:
        """Whether the head holds the very rows of the version."""
        return not self.strange and not self.ours


def token_of(run_id: str, table: TableName) -> str:
    """What every commit of a run to a table carries as its userMetadata."""
    return f"{TOKEN_PREFIX}{run_id}:{table}"


def is_ours(commit: Commit) -> bool:
    """Whether a run wrote the commit, a dead run's included."""
    return bool(commit.token) and str(commit.token).startswith(TOKEN_PREFIX)


def ahead_of(entry: Entry, commits: Iterable[Commit]) -> Ahead:
    """What the commits behind an entry's version leave at the head."""
    return look_ahead(entry.version, commits, published=int(entry.costs.get(_PUBLISHED, -1)))


def carry_published(entry: Entry, before: Entry | None) -> Entry:
    """An older `entry` of a table that is released again after `before`.

    What was published up to then is nobody's drift: commits of others among it were adopted.
    """
    if before is None or before.table_id != entry.table_id:
        return entry
    upto = max(before.version, int(before.costs.get(_PUBLISHED, -1)))
    return replace(entry, costs={**entry.costs, _PUBLISHED: upto})


def look_ahead(version: int, commits: Iterable[Commit], *, published: int = -1) -> Ahead:
    """What `commits`, all those behind `version` in order, leave at the head.

    Up to the version `published` all commits count as ours: a release named them once.
    """
    states: dict[int, Ahead] = {version: Ahead()}
    now, redefining, touched, last = Ahead(), list[Commit](), False, version
    for commit in commits:
        touched, last = touched or commit.changes_definition, commit.version
        ours = is_ours(commit) or commit.version <= published
        if commit.changes_definition and not ours:
            redefining.append(commit)
        if commit.restores in states and is_ours(commit):
            now = states[commit.restores]
        elif commit.changes_data and ours:
            now = Ahead(now.strange, (*now.ours, commit))
        elif commit.changes_data:
            now = Ahead((*now.strange, commit), now.ours)
        states[commit.version] = now
    return Ahead(now.strange, now.ours, tuple(redefining), touched, last)


def find_drift(
    tables: DeltaTables, release: Release | None, locate: Callable[[Entry], str]
) -> tuple[Drift, ...]:
    """Tables whose heads others wrote to, or defined anew, behind the release; by name.

    What lies elsewhere is theirs to write.
    """
    if release is None:
        return ()
    entries = (entry for entry in release.tables.values() if entry.location)
    own = (entry for entry in entries if not entry.is_foreign(release.environment))
    stored = sorted(own, key=lambda entry: entry.table)
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        found = pool.map(lambda entry: _drift_of(tables, entry, locate(entry)), stored)
        return tuple(drift for drift in found if drift is not None)


def _drift_of(tables: DeltaTables, entry: Entry, uri: str) -> Drift | None:
    ahead = ahead_of(entry, tables.commits(uri, entry.version))
    redefined = Redefined()
    if ahead.redefining:
        redefined = read_redefined(tables, uri, entry.version)
    if not ahead.strange and not redefined:
        return None
    telling = ahead.redefining if redefined else ()
    commits = {commit.version: commit for commit in (*ahead.strange, *telling)}
    ordered = tuple(commits[version] for version in sorted(commits))
    return Drift(entry.table, ordered, redefined, mixed=bool(ahead.ours))


def read_redefined(tables: DeltaTables, uri: str, version: int) -> Redefined:
    """How the head's definition differs from that of `version`."""
    head = tables.head(uri)
    if head is None:
        return Redefined()
    return compare_definitions(tables.at(uri, version).definition, head.definition)


def compare_definitions(before: Definition, after: Definition) -> Redefined:
    """What is declared otherwise.

    A `delta.` property that came is none of it: a newer client sets such things, and they are how
    files are written. How long files and log are kept is ours, and counts.
    """
    old = {field.name: field for field in before.fields}
    new = {field.name: field for field in after.fields}
    kept = [name for name in old if name in new]
    return Redefined(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        retyped=tuple(
            f"{name} {old[name].type} -> {new[name].type}"
            for name in kept
            if old[name].type != new[name].type
        ),
        others=(
            *(f"comment of {name}" for name in kept if old[name].comment != new[name].comment),
            *_others(before, after, kept),
        ),
    )


def _others(before: Definition, after: Definition, kept: Sequence[str]) -> Iterable[str]:
    if kept != [field.name for field in after.fields if field.name in set(kept)]:
        yield "order of columns"
    if before.description != after.description:
        yield "description"
    for name in sorted({*before.constraints, *after.constraints}):
        old, new = before.constraints.get(name), after.constraints.get(name)
        if old != new:
            yield f"constraint {name} {_did(old, new)}"
    for key in sorted({*before.properties, *after.properties}):
        old, new = before.properties.get(key), after.properties.get(key)
        if old not in {new, ""} and not (old is None and _is_layout(key)):
            yield f"property {key} {_did(old, new)}"


def _is_layout(key: str) -> bool:
    return key.startswith("delta.") and key not in RETENTION


def _did(old: str | None, new: str | None) -> str:
    if not new:
        return "dropped"
    return "added" if old is None else "changed"
