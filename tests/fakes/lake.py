"""A lake in memory: stores, tables and claims that can stop at every operation.

world = World()
lake = world.lake("first")          # a process
world.hook = StopAt(7)              # or any callable(operation, path, "before" | "after")
...                                 # raises Crash at the seventh point
world.kill("first"); world.hook = None
lake = world.lake("second")         # a fresh process over the same bytes
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pyarrow as pa

from lakewright.errors import LakeError, RefusedError
from lakewright.lake import (
    AlreadyExistsError,
    Commit,
    Definition,
    Field,
    Head,
    Lake,
    NotFoundError,
    Pin,
    StoredObject,
    arrow_schema,
    fit_rows,
    from_arrow,
    matches,
    normal_type,
)
from lakewright.lake.paths import confine
from lakewright.names import TableName

Moment = Literal["before", "after"]
Hook = Callable[[str, str, Moment], None]
START = datetime(2026, 1, 1, tzinfo=UTC)
_LOG = "_delta_log/"


class Crash(BaseException):
    """The process stops here; nothing may catch it."""


@dataclass(slots=True)
class StopAt:
    """A hook that crashes at the n-th point (from 1) and records every point it passed.

    `points` holds `(operation, path, moment)`. `StopAt(0)` never crashes: it counts them.
    """

    at: int
    tear: bool = False  # a replacing put that crashes leaves the first half of its bytes
    points: list[tuple[str, str, Moment]] = field(default_factory=list)

    def __call__(self, operation: str, path: str, moment: Moment) -> None:
        self.points.append((operation, path, moment))
        if len(self.points) == self.at:
            raise Crash(f"{moment} {operation} {path}")


@dataclass(slots=True)
class World:
    """What outlives processes: bytes, tables, claims, and the hook they all consult."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    claimed: dict[tuple[str, TableName], tuple[str, str]] = field(default_factory=dict)
    hook: Hook | None = None
    uri: str = "memory://lake"
    now: datetime = START
    synced: list[str] = field(default_factory=list)
    lost: set[tuple[str, int]] = field(default_factory=set)  # versions whose files are gone
    files: dict[str, dict[str, tuple[int, datetime]]] = field(default_factory=dict)  # of tables

    def lake(self, process: str = "process") -> Lake:
        """The lake as one process sees it."""
        return Lake(
            self.uri,
            MemoryStore(self),
            MemoryTables(self),
            MemoryClaims(self, process),
            patience=(0.0, 0.0),
        )

    @property
    def tables(self) -> MemoryTables:
        return MemoryTables(self)

    def kill(self, process: str) -> None:
        """The process is gone, and its claims with it."""
        self.claimed = {key: who for key, who in self.claimed.items() if who[0] != process}

    def reach(self, operation: str, path: str, moment: Moment) -> None:
        if self.hook is not None:
            self.hook(operation, path, moment)

    def keep_file(self, location: str, name: str, size: int) -> None:
        """A file of a table comes to be: data, log entry, or a stray of nobody's."""
        self.files.setdefault(location, {})[name] = (size, self.now)

    def stored(self, prefix: str = "") -> Iterator[StoredObject]:
        """Objects below a prefix, the files of tables below the lake included, in path order."""
        found = {
            path: (len(data), when)
            for path, (data, when) in self.objects.items()
            if path.startswith(prefix)
        }
        for location, files in self.files.items():
            folder = location.removeprefix(f"{self.uri}/")
            if folder == location or not (folder.startswith(prefix) or prefix.startswith(folder)):
                continue
            paths = ((f"{folder}/{name}", file) for name, file in files.items())
            found |= {path: file for path, file in paths if path.startswith(prefix)}
        return (StoredObject(path, *found[path]) for path in sorted(found))

    def drop_file(self, path: str) -> None:
        """Delete an object. A table whose last log entry goes is no table any more."""
        self.objects.pop(path, None)
        for location, files in list(self.files.items()):
            name = f"{self.uri}/{path}".removeprefix(f"{location}/")
            if files.pop(name, None) and not any(it.startswith(_LOG) for it in files):
                self.versions.pop(location, None)

    def tick(self) -> datetime:
        """A time that only moves when something is committed."""
        self.now += timedelta(milliseconds=1)
        return self.now


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """An ObjectStore. `put_new` is atomic; a `put` may be torn when the hook says so (`tear`)."""

    world: World = field(default_factory=World)

    def get(self, path: str) -> bytes:
        self.world.reach("get", path, "before")
        try:
            return self.world.objects[confine(path)][0]
        except KeyError as error:
            raise NotFoundError(path) from error

    def put_new(self, path: str, data: bytes) -> None:
        self.world.reach("put_new", path, "before")
        if confine(path) in self.world.objects:
            raise AlreadyExistsError(path)
        self.world.objects[path] = (bytes(data), self.world.tick())
        self.world.reach("put_new", path, "after")

    def put(self, path: str, data: bytes) -> None:
        try:
            self.world.reach("put", confine(path), "before")
        except Crash:
            if getattr(self.world.hook, "tear", False):
                self.world.objects[path] = (bytes(data[: len(data) // 2]), self.world.tick())
            raise
        self.world.objects[path] = (bytes(data), self.world.tick())
        self.world.reach("put", path, "after")

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        self.world.reach("list", confine(prefix), "before")
        for item in self.world.stored(f"{prefix}/"):
            if item.path > after:
                yield item

    def delete(self, path: str) -> None:
        self.world.reach("delete", confine(path), "before")
        self.world.drop_file(path)
        self.world.reach("delete", path, "after")

    def sync(self, path: str) -> None:
        self.world.reach("sync", confine(path), "before")
        self.world.synced.append(path)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a table: its definition, its rows, and the commit that made it."""

    table_id: str
    definition: Definition
    rows: pa.Table
    commit: Commit
    files: frozenset[str] = frozenset()  # what a reader of it opens


@dataclass(frozen=True, slots=True)
class MemoryTables:
    """DeltaTables over lists of versions. Enforces no constraint: engines do."""

    world: World = field(default_factory=World)

    def head(self, location: str) -> Head | None:
        versions = self.world.versions.get(location)
        return _head(location, versions[-1]) if versions else None

    def at(self, location: str, version: int) -> Head:
        return _head(location, self._version(location, version))

    def commit(self, location: str, version: int) -> Commit:
        versions = self.world.versions.get(location, [])
        if not 0 <= version < len(versions):
            raise NotFoundError(f"{location}@{version}")
        return versions[version].commit

    def commits(self, location: str, after: int) -> tuple[Commit, ...]:
        return tuple(it.commit for it in self.world.versions.get(location, [])[after + 1 :])

    def size(self, location: str, version: int) -> tuple[int | None, int]:
        found = self._version(location, version)
        return found.rows.num_rows, found.rows.nbytes

    def define(
        self, location: str, definition: Definition, token: str, *, table_id: str, now: datetime
    ) -> int | None:
        self.world.reach("define", location, "before")
        wanted = _normal(definition)
        schema = arrow_schema(wanted.fields)
        versions = self.world.versions.get(location)
        if not versions:
            made = self._commit(
                location, table_id, wanted, schema.empty_table(), "CREATE TABLE", token, 0
            )
        elif matches(versions[-1].definition, wanted):
            return None
        else:
            live = versions[-1]
            kept = _keeps_rows(live.definition, wanted)
            rows = fit_rows(live.rows, schema) if kept else schema.empty_table()
            emptied = not kept and live.rows.num_rows > 0
            made = self._commit(
                location, live.table_id, wanted, rows, "CHANGE DEFINITION", token, 0, emptied,
                files=live.files if kept else frozenset(),
            )  # fmt: skip
        self.world.reach("define", location, "after")
        return made

    def clone(
        self,
        source: Pin,
        location: str,
        token: str,
        *,
        table_id: str,
        now: datetime,
        mode: Literal["shallow", "copy"],
    ) -> int:
        self.world.reach("clone", location, "before")
        if location in self.world.versions:
            raise LakeError("LW532", f"{location} has a table already")
        found = self._version(source.location, source.version)
        count = found.rows.num_rows
        files = frozenset(
            name if "/" in name else f"{source.location}/{name}" for name in found.files
        )
        if mode == "copy" and files:
            files = self._new_file(location, found.rows)
        made = self._commit(
            location, table_id, found.definition, found.rows, "CLONE", token, count, count > 0,
            files=files,
        )  # fmt: skip
        self.world.reach("clone", location, "after")
        return made

    def restore(self, location: str, version: int, token: str, *, over: int | None = None) -> int:
        self.world.reach("restore", location, "before")
        live, target = self._version(location, None), self._version(location, version)
        if over is not None and live.commit.version != over:
            raise LakeError("LW535", f"{location} got version {live.commit.version} meanwhile")
        if live is target:
            return version
        made = self._commit(
            location,
            live.table_id,
            target.definition,
            target.rows,
            "RESTORE",
            token,
            target.rows.num_rows,
            not live.rows.equals(target.rows),
            files=target.files,
            restores=version,
        )
        self.world.reach("restore", location, "after")
        return made

    def same_rows(self, location: str, one: int, other: int) -> bool:
        return self._version(location, one).rows.equals(self._version(location, other).rows)

    def missing(self, location: str, version: int) -> tuple[str, ...]:
        self._version(location, version)
        if (location, version) in self.world.lost:
            return ("part-0.parquet",)
        return self._gone(location, self._version(location, version))

    def rows(self, location: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
        version_read = self._version(location, version)
        gone = self._gone(location, version_read)
        if gone:
            raise LakeError("LW530", f"{location}: {gone[0]} of version {version} is gone")
        found = version_read.rows
        return found if columns is None else found.select(list(columns))

    def append(self, location: str, rows: pa.Table, token: str) -> int:
        return self.write(location, rows, "append", token)

    def write(
        self, location: str, rows: pa.Table, mode: Literal["overwrite", "append"], token: str | None
    ) -> int:
        """A data commit, as an engine makes it. A missing table is made from the rows' schema.

        Appending no rows makes no commit; overwriting with none does. Returns the head's version.
        """
        self.world.reach("write", location, "before")
        versions = self.world.versions.get(location)
        definition = versions[-1].definition if versions else _definition(rows.schema)
        fitted = fit_rows(rows, arrow_schema(definition.fields))
        if mode == "append" and versions:
            if rows.num_rows == 0:
                return versions[-1].commit.version
            everything = pa.concat_tables([versions[-1].rows, fitted])
        else:
            everything = fitted
        table_id = versions[-1].table_id if versions else f"table-{len(self.world.versions) + 1}"
        file = self._new_file(location, fitted)
        before = versions[-1].files if mode == "append" and versions else frozenset()
        made = self._commit(
            location, table_id, definition, everything, "WRITE", token, rows.num_rows, True,
            files=before | file, added=fitted.nbytes,
        )  # fmt: skip
        self.world.reach("write", location, "after")
        return made

    def touch(self, location: str, operation: str = "OPTIMIZE") -> int:
        """A stranger's commit that changes no data."""
        live = self._version(location, None)
        files = self._new_file(location, live.rows) if operation == "OPTIMIZE" else live.files
        return self._commit(
            location, live.table_id, live.definition, live.rows, operation, None,
            live.rows.num_rows, files=files,
        )  # fmt: skip

    def vacuum(
        self, location: str, keep: Collection[int], *, untracked_hours: int, dry_run: bool
    ) -> tuple[str, ...]:
        versions = self.world.versions[location]
        kept = versions[-1].files.union(*(self._version(location, it).files for it in keep))
        known = frozenset[str]().union(*(version.files for version in versions))
        young = self.world.now - timedelta(hours=untracked_hours)
        unneeded = sorted(
            name
            for name, (_, modified) in self.world.files[location].items()
            if not name.startswith("_")
            and name not in kept
            and (name in known or modified <= young)
        )
        if dry_run:
            return tuple(unneeded)
        folder = location.removeprefix(f"{self.world.uri}/")
        self.touch(location, "VACUUM START")
        for name in unneeded:
            self.world.reach("vacuum", f"{folder}/{name}", "before")
            del self.world.files[location][name]
        self.touch(location, "VACUUM END")
        self.world.reach("vacuum", folder, "after")
        return tuple(unneeded)

    def _gone(self, location: str, version: Version) -> tuple[str, ...]:
        """Files of a version that are not there; a borrowed one is named with its own table."""

        def there(name: str) -> bool:
            folder, _, file = name.rpartition("/")
            return file in self.world.files.get(folder or location, {})

        return tuple(sorted(name for name in version.files if not there(name)))

    def _new_file(self, location: str, rows: pa.Table) -> frozenset[str]:
        name = f"part-{len(self.world.versions.get(location, ()))}.parquet"
        self.world.keep_file(location, name, rows.nbytes)
        return frozenset({name})

    def redefine(self, location: str, definition: Definition, rows: pa.Table | None = None) -> int:
        """A stranger's commit that names columns, constraints or properties anew."""
        live, wanted = self._version(location, None), _normal(definition)
        kept = fit_rows(live.rows if rows is None else rows, arrow_schema(wanted.fields))
        return self._commit(
            location, live.table_id, wanted, kept, "ALTER", None, kept.num_rows, rows is not None
        )

    def sync(self, location: str, after: int) -> None:
        self.world.reach("sync", location, "before")
        self.world.synced.append(location)

    def _version(self, location: str, version: int | None) -> Version:
        versions = self.world.versions.get(location, [])
        at = len(versions) - 1 if version is None else version
        if not 0 <= at < len(versions):
            raise LakeError("LW530", f"{location} has no version {version}")
        return versions[at]

    def _commit(
        self,
        location: str,
        table_id: str,
        definition: Definition,
        rows: pa.Table,
        operation: str,
        token: str | None,
        count: int,
        changes_data: bool = False,
        *,
        files: frozenset[str] = frozenset(),
        added: int | None = None,
        restores: int | None = None,
    ) -> int:
        versions = self.world.versions.setdefault(location, [])
        before = versions[-1].definition if versions else None
        commit = Commit(
            len(versions),
            operation,
            token,
            changes_data,
            count,
            (rows.nbytes if added is None else added) if count else 0,
            self.world.tick(),
            changes_definition=before != definition,
            restores=restores,
        )
        versions.append(Version(table_id, definition, rows, commit, files))
        self.world.keep_file(location, f"{_LOG}{commit.version:020d}.json", 1)
        return commit.version


@dataclass(frozen=True, slots=True)
class MemoryClaims:
    """Claims of one simulated process; `World.kill` frees what a dead one held."""

    world: World = field(default_factory=World)
    process: str = "process"

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> MemoryClaim:
        self.world.reach("claim", f"{environment}/{group}", "before")
        holder = self.world.claimed.get((environment, group))
        if holder is not None:
            raise RefusedError("LW520", f"{group} is being written by run {holder[1]}")
        self.world.claimed[environment, group] = (self.process, run_id)
        self.world.reach("claim", f"{environment}/{group}", "after")
        return MemoryClaim(self.world, self.process, environment, group, run_id)


@dataclass(frozen=True, slots=True)
class MemoryClaim:
    world: World
    process: str
    environment: str
    group: TableName
    run_id: str

    def verify(self) -> None:
        if self.world.claimed.get((self.environment, self.group)) != (self.process, self.run_id):
            raise RefusedError("LW521", f"run {self.run_id} lost its claim on {self.group}")

    def renew(self, now: datetime) -> None:
        self.verify()

    def record_jvm(self, pid: int, work: str | None = None) -> None:
        self.verify()

    def release(self) -> None:
        self.world.reach("release", f"{self.environment}/{self.group}", "before")
        if self.world.claimed.get((self.environment, self.group)) == (self.process, self.run_id):
            del self.world.claimed[self.environment, self.group]
        self.world.reach("release", f"{self.environment}/{self.group}", "after")


def _head(location: str, version: Version) -> Head:
    return Head(location, version.table_id, version.commit.version, version.definition)


def _normal(definition: Definition) -> Definition:
    fields = tuple(replace(item, type=normal_type(item.type)) for item in definition.fields)
    constraints = {name.lower(): sql for name, sql in definition.constraints.items()}
    return replace(definition, fields=fields, constraints=constraints)


def _definition(schema: pa.Schema) -> Definition:
    return Definition(tuple(Field(item.name, str(from_arrow(item.type))) for item in schema))


def _keeps_rows(live: Definition, wanted: Definition) -> bool:
    given = {item.name: item.type for item in wanted.fields}
    return all(given.get(item.name) == item.type for item in live.fields)
