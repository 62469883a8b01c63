"""Where a command may write: one small value, and the ports that keep to it.

"No command run in one environment can write a path of another" is not left to care: every lake
that a command or a run gets is wrapped here, and a write elsewhere is a coded error before it is
one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakewright.errors import RefusedError
from lakewright.lake import paths
from lakewright.lake.claims import Claim, Claims
from lakewright.lake.ports import CloneMode, DeltaTables, ObjectStore, StoredObject
from lakewright.lake.values import Commit, Definition, Head, Pin
from lakewright.names import TableName

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Reach:
    """The folders of one lake that may be written; `environment` "" is nowhere at all."""

    root: str
    environment: str

    @property
    def folders(self) -> tuple[str, ...]:
        """Relative, each with its last slash: an environment's own, and what all share."""
        if not self.environment:
            return ()
        own = (self.environment, paths.environment(self.environment))
        return tuple(f"{folder}/" for folder in (*own, paths.RUNS, paths.HISTORY))

    def check(self, path: str) -> None:
        """RefusedError LW542 for a relative path outside the folders."""
        if not paths.confine(path).startswith(self.folders):
            self._refuse(path)

    def check_uri(self, uri: str) -> None:
        """RefusedError LW542 for an absolute location outside the folders."""
        if not uri.startswith(f"{self.root}/"):
            self._refuse(uri)
        self.check(uri.removeprefix(f"{self.root}/"))

    def check_environment(self, environment: str) -> None:
        if environment != self.environment:
            self._refuse(paths.environment(environment))

    def _refuse(self, path: str) -> None:
        if not self.environment:
            raise RefusedError(
                "LW543",
                f"{path} belongs to a lake that is only read",
                hint="a base lake is never written; nothing was changed",
            )
        raise RefusedError(
            "LW542",
            f"{path} may not be written by a command in environment {self.environment}",
            hint="nothing was changed there; please report how this came about",
        )


@dataclass(frozen=True, slots=True)
class ConfinedStore:
    """An ObjectStore whose writes keep to a reach."""

    inner: ObjectStore
    reach: Reach

    def get(self, path: str) -> bytes:
        return self.inner.get(path)

    def put_new(self, path: str, data: bytes) -> None:
        self.reach.check(path)
        self.inner.put_new(path, data)

    def put(self, path: str, data: bytes) -> None:
        self.reach.check(path)
        self.inner.put(path, data)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        return self.inner.list(prefix, after)

    def delete(self, path: str) -> None:
        self.reach.check(path)
        self.inner.delete(path)

    def sync(self, path: str) -> None:
        self.inner.sync(path)


@dataclass(frozen=True, slots=True)
class ConfinedTables:
    """DeltaTables whose commits keep to a reach; reading is free."""

    inner: DeltaTables
    reach: Reach

    def head(self, location: str) -> Head | None:
        return self.inner.head(location)

    def at(self, location: str, version: int) -> Head:
        return self.inner.at(location, version)

    def commits(self, location: str, after: int) -> tuple[Commit, ...]:
        return self.inner.commits(location, after)

    def commit(self, location: str, version: int) -> Commit:
        return self.inner.commit(location, version)

    def size(self, location: str, version: int) -> tuple[int | None, int]:
        return self.inner.size(location, version)

    def define(
        self, location: str, definition: Definition, token: str, *, table_id: str, now: datetime
    ) -> int | None:
        self.reach.check_uri(location)
        return self.inner.define(location, definition, token, table_id=table_id, now=now)

    def clone(
        self,
        source: Pin,
        location: str,
        token: str,
        *,
        table_id: str,
        now: datetime,
        mode: CloneMode,
    ) -> int:
        self.reach.check_uri(location)
        return self.inner.clone(source, location, token, table_id=table_id, now=now, mode=mode)

    def restore(self, location: str, version: int, token: str, *, over: int | None = None) -> int:
        self.reach.check_uri(location)
        return self.inner.restore(location, version, token, over=over)

    def vacuum(
        self, location: str, keep: Collection[int], *, untracked_hours: int, dry_run: bool
    ) -> tuple[str, ...]:
        if not dry_run:
            self.reach.check_uri(location)
        return self.inner.vacuum(location, keep, untracked_hours=untracked_hours, dry_run=dry_run)

    def same_rows(self, location: str, one: int, other: int) -> bool:
        return self.inner.same_rows(location, one, other)

    def missing(self, location: str, version: int) -> tuple[str, ...]:
        return self.inner.missing(location, version)

    def rows(self, location: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
        return self.inner.rows(location, version, columns)

    def append(self, location: str, rows: pa.Table, token: str) -> int:
        self.reach.check_uri(location)
        return self.inner.append(location, rows, token)

    def sync(self, location: str, after: int) -> None:
        self.inner.sync(location, after)


@dataclass(frozen=True, slots=True)
class ConfinedClaims:
    """Claims of one environment only: taking one writes its file."""

    inner: Claims
    reach: Reach

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> Claim:
        self.reach.check_environment(environment)
        return self.inner.claim(environment, group, run_id, now)


def confine_ports(
    store: ObjectStore, tables: DeltaTables, claims: Claims, reach: Reach
) -> tuple[ConfinedStore, ConfinedTables, ConfinedClaims]:
    """The ports with this reach instead of any they had."""
    bare_tables = tables.inner if isinstance(tables, ConfinedTables) else tables
    bare_claims = claims.inner if isinstance(claims, ConfinedClaims) else claims
    return (
        ConfinedStore(bare_store(store), reach),
        ConfinedTables(bare_tables, reach),
        ConfinedClaims(bare_claims, reach),
    )


def reach_of(store: ObjectStore) -> Reach | None:
    """What may be written; None: everything."""
    return store.reach if isinstance(store, ConfinedStore) else None


def bare_store(store: ObjectStore) -> ObjectStore:
    """The store itself, whatever its reach."""
    return store.inner if isinstance(store, ConfinedStore) else store
