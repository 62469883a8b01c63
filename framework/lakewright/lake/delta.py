"""Delta tables through deltalake and the log itself: no JVM, no engine."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from deltalake import (
    CommitProperties,
    DeltaTable,
    PostCommitHookProperties,
    QueryBuilder,
    write_deltalake,
)
from deltalake.exceptions import DeltaError, TableNotFoundError

from lakewright.errors import LakeError
from lakewright.lake import cloning, delta_log
from lakewright.lake.delta_log import Protocol, TableMetadata
from lakewright.lake.files import missing_files
from lakewright.lake.paths import number_of
from lakewright.lake.ports import AlreadyExistsError, CloneMode, ObjectStore
from lakewright.lake.replaying import live_files
from lakewright.lake.restoring import BY_ENTRY, FileKey, replay, restore_actions
from lakewright.lake.stores import open_store, storage_error_told
from lakewright.lake.values import Commit, Definition, Head, Pin

if TYPE_CHECKING:
    import pyarrow as pa

# Arrow is imported where rows move: loading it takes longer than reading a log.
_LOG = "_delta_log"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")  # a borrowed file is told with its own
_ATTEMPTS = 5
# Log cleanup is gc's decision, never a side effect of a write.
_HOOKS = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)


@dataclass(frozen=True, slots=True)
class DeltaLakeTables:
    """The real port. Holds nothing: every call reads the log as it is now."""

    def head(self, location: str) -> Head | None:
        table = _open(location)
        return None if table is None else _head(location, table)

    def at(self, location: str, version: int) -> Head:
        return _head(location, _open_at(location, version))

    def commit(self, location: str, version: int) -> Commit:
        path = _entry_path(version)
        actions = delta_log.parse_entry(open_store(location).get(path), f"{location}/{path}")
        return delta_log.read_commit(version, actions, datetime.fromtimestamp(0, UTC))

    def commits(self, location: str, after: int) -> tuple[Commit, ...]:
        return tuple(
            delta_log.read_commit(version, actions, modified)
            for version, actions, modified in _entries(open_store(location), location, after)
        )

    def size(self, location: str, version: int) -> tuple[int | None, int]:
        files = _active_files(_open_at(location, version))
        counts = [row["num_records"] for row in files]
        rows = None if any(count is None for count in counts) else sum(counts)
        return rows, sum(row["size_bytes"] for row in files)

    def define(
        self, location: str, definition: Definition, token: str, *, table_id: str, now: datetime
    ) -> int | None:
        store = open_store(location)
        for _ in range(_ATTEMPTS):
            table = _open(location)
            version, actions = (
                _creation(definition, token, table_id, now)
                if table is None
                else _alteration(table, location, definition, token, now)
            )
            if not actions:
                return None
            try:
                store.put_new(_entry_path(version), delta_log.entry(actions))
            except AlreadyExistsError:
                continue  # somebody committed meanwhile: decide again from what is there now
            return version
        raise LakeError(
            "LW532",
            f"{location} is written by somebody else at every attempt",
            hint="find the other writer; then run the same command again",
        )

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
        table = _open_at(source.location, source.version)
        live = live_files(open_store(source.location), source.location, source.version)
        protocol = _protocol(table)
        cloning.refuse_uncloneable(live, protocol, source.location)
        metadata = replace(_metadata(table), table_id=table_id, created=delta_log.milliseconds(now))
        adds = (
            cloning.absolute_adds(live, source.location)
            if mode == "shallow"
            else cloning.copy_files(live, source.location, location)
        )
        data = cloning.clone_entry(adds, live, metadata, protocol, token=token, now=now)
        cloning.begin_table(open_store(location), location, data)
        return 0

    def restore(self, location: str, version: int, token: str, *, over: int | None = None) -> int:
        table = _open_at(location, None)
        before = table.version()
        if over is not None and before != over:
            raise _came_between(location, before)
        if before == version:
            return version
        features = set(_protocol(table).writer_features)
        if features - delta_log.HONOURED:
            raise _unrestorable(location, version, features - delta_log.HONOURED)
        if features & BY_ENTRY:
            return self._restore_by_entry(location, version, before=before, token=token)
        with _unless_committed(self, location, before, token):
            table.restore(
                version, commit_properties=_token(token), post_commithook_properties=_HOOKS
            )
        made = self._committed(location, before, token)
        if made != before + 1 and over is not None:
            raise _came_between(location, made - 1)
        if self._files(location, made) != self._files(location, version):
            raise LakeError(
                "LW535",
                f"{location} does not hold version {version} after it was restored",
                hint="another writer was in between; run the same command again",
            )
        return made

    def same_rows(self, location: str, one: int, other: int) -> bool:
        return one == other or self._files(location, one) == self._files(location, other)

    def missing(self, location: str, version: int) -> tuple[str, ...]:
        active = _active_files(_open_at(location, version))
        return missing_files(location, (row["path"] for row in active))

    def rows(self, location: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
        import pyarrow as pa

        from lakewright.lake.arrow import arrow_schema

        table = _open_at(location, version)
        schema = arrow_schema(_head(location, table).definition.fields)
        names = list(columns) if columns is not None else schema.names
        chosen = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names)
        with _delta_errors(location):
            found = QueryBuilder().register("rows", table).execute(f"SELECT {chosen} FROM rows")
            read = pa.RecordBatchReader.from_stream(found).read_all()
        return read.cast(pa.schema([schema.field(name) for name in names]))

    def append(self, location: str, rows: pa.Table, token: str) -> int:
        from lakewright.lake.arrow import arrow_schema, fit_rows

        table = _open_at(location, None)
        before = table.version()
        if rows.num_rows == 0:
            return int(before)
        with _unless_committed(self, location, before, token):
            write_deltalake(
                table,
                fit_rows(rows, arrow_schema(_metadata(table).definition().fields)),
                mode="append",
                commit_properties=_token(token),
                post_commithook_properties=_HOOKS,
            )
        return self._committed(location, before, token)

    def vacuum(
        self, location: str, keep: Collection[int], *, untracked_hours: int, dry_run: bool
    ) -> tuple[str, ...]:
        # First what versions name, at once; then what none does, by the age of the file.
        found = _vacuum(location, keep, 0, full=False, dry_run=dry_run)
        strays = _vacuum(location, keep, untracked_hours, full=True, dry_run=True)
        if strays and not dry_run:
            _vacuum(location, keep, untracked_hours, full=True, dry_run=False)
        return tuple(sorted({*found, *strays}))

    def sync(self, location: str, after: int) -> None:
        store = open_store(location)
        for version, actions, _ in _entries(store, location, after):
            store.sync(_entry_path(version))
            for path in delta_log.added_paths(actions):
                if "://" not in path and not path.startswith("/"):
                    store.sync(unquote(path))

    def _committed(self, location: str, after: int, token: str) -> int:
        mine = [commit.version for commit in self.commits(location, after) if commit.token == token]
        if not mine:
            raise LakeError(
                "LW532",
                f"the commit to {location} is not in its log",
                hint="run the same command again; nothing of it is published",
            )
        return mine[-1]

    def _restore_by_entry(self, location: str, version: int, *, before: int, token: str) -> int:
        """One entry of ours; LakeError LW532 when somebody else commits at the same moment."""
        store = open_store(location)
        entries = [actions for _, actions, _ in _entries(store, location, -1)][: before + 1]
        head, wanted = replay(entries), replay(entries[: version + 1])
        actions = restore_actions(head, wanted, token, datetime.now(UTC))
        try:
            store.put_new(_entry_path(before + 1), delta_log.entry(actions))
        except AlreadyExistsError as error:
            raise LakeError(
                "LW532",
                f"{location} is written by somebody else at the same moment",
                hint="find the other writer; then run the same command again",
            ) from error
        return before + 1

    def _files(self, location: str, version: int) -> list[FileKey]:
        """What a version is made of, by path and deletion vector, sorted."""
        table = _open_at(location, version)
        if "deletionVectors" not in _protocol(table).writer_features:
            return sorted((row["path"], "") for row in _active_files(table))
        entries = [actions for _, actions, _ in _entries(open_store(location), location, -1)]
        return sorted(replay(entries[: version + 1]).files)


def _unrestorable(location: str, version: int, features: set[str]) -> LakeError:
    return LakeError(
        "LW454",
        f"{location} cannot be brought back to version {version}: it uses Delta features that only"
        f" Spark restores ({', '.join(sorted(features))})",
        hint=f"in Spark: RESTORE TABLE delta.`{location}` TO VERSION AS OF {version}; then run the"
        " same command again, with --engine spark",
    )


def _creation(
    definition: Definition, token: str, table_id: str, now: datetime
) -> tuple[int, list[dict[str, Any]]]:
    metadata = delta_log.new_metadata(table_id, definition, now)
    protocol = delta_log.needed_protocol(None, metadata)
    return 0, [
        delta_log.commit_info("CREATE TABLE", token, now),
        {"protocol": protocol.action()},
        {"metaData": metadata.action()},
    ]


def _alteration(
    table: DeltaTable, location: str, definition: Definition, token: str, now: datetime
) -> tuple[int, list[dict[str, Any]]]:
    """The actions that bring a table to `definition`; none when nothing differs."""
    live, version = _metadata(table), int(table.version()) + 1
    wanted = delta_log.changed_metadata(live, definition)
    if wanted == live:
        return version, []
    protocol = _protocol(table)
    delta_log.check_features(protocol, location)
    needed = delta_log.needed_protocol(protocol, wanted)
    actions = [delta_log.commit_info("CHANGE DEFINITION", token, now)]
    actions += [{"protocol": needed.action()}] if needed != protocol else []
    actions += [{"metaData": wanted.action()}]
    if not delta_log.keeps_rows(live, wanted):
        actions += _removals(table, live, location, now)
    return version, actions


def _removals(
    table: DeltaTable, live: TableMetadata, location: str, now: datetime
) -> list[dict[str, Any]]:
    if live.partition_columns:
        raise delta_log.unsupported("partitions, in a change of a column's type", location)
    if live.configuration.get("delta.appendOnly") == "true":
        raise delta_log.unsupported("appendOnly, in a change of a column's type", location)
    if "deletionVectors" in _protocol(table).writer_features and _has_vectors(table):
        raise delta_log.unsupported("deletion vectors, in a change of a column's type", location)
    files = _active_files(table)
    return [delta_log.remove(row["path"], row["size_bytes"], now) for row in files]


def _has_vectors(table: DeltaTable) -> bool:
    import pyarrow as pa

    return bool(pa.table(table.deletion_vectors()).num_rows)


def _open(location: str) -> DeltaTable | None:
    with _delta_errors(location):
        try:
            return DeltaTable(location)
        except TableNotFoundError:
            return None


def _open_at(location: str, version: int | None) -> DeltaTable:
    with _delta_errors(location):
        return DeltaTable(location, version=version)


def _head(location: str, table: DeltaTable) -> Head:
    protocol = _protocol(table)
    metadata = _metadata(table)
    return Head(
        location,
        metadata.table_id,
        int(table.version()),
        metadata.definition(),
        protocol.reader_features,
        protocol.writer_features,
    )


def _metadata(table: DeltaTable) -> TableMetadata:
    found = table.metadata()
    return TableMetadata(
        str(found.id),
        tuple(json.loads(table.schema().to_json())["fields"]),
        dict(found.configuration),
        found.description or "",
        found.name,
        tuple(found.partition_columns),
        found.created_time or 0,
    )


def _protocol(table: DeltaTable) -> Protocol:
    found = table.protocol()
    return Protocol(
        found.min_reader_version,
        found.min_writer_version,
        tuple(sorted(found.reader_features or ())),
        tuple(sorted(found.writer_features or ())),
    )


def _active_files(table: DeltaTable) -> list[dict[str, Any]]:
    import pyarrow as pa

    wanted = ["path", "size_bytes", "num_records"]
    found = pa.table(table.get_add_actions(flatten=True))
    rows: list[dict[str, Any]] = found.select(wanted).to_pylist()
    return rows


def _entries(
    store: ObjectStore, location: str, after: int
) -> Iterator[tuple[int, tuple[dict[str, Any], ...], datetime]]:
    """Log entries above `after`, in order; LakeError LW530 when one in between is gone."""
    expected = after + 1
    for item in store.list(_LOG, _entry_path(after) if after >= 0 else ""):
        version = number_of(item.path)
        if version is None:
            continue
        if version != expected:
            raise delta_log.damaged(f"{location}/{_entry_path(expected)}")
        actions = delta_log.parse_entry(store.get(item.path), f"{location}/{item.path}")
        yield version, actions, item.modified
        expected += 1


def _vacuum(
    location: str, keep: Collection[int], hours: int, *, full: bool, dry_run: bool
) -> set[str]:
    with _delta_errors(location):
        paths = DeltaTable(location).vacuum(
            hours,
            dry_run=dry_run,
            enforce_retention_duration=False,
            post_commithook_properties=_HOOKS,
            full=full,
            keep_versions=sorted(keep),
        )
    return {path for path in (_below(location, told) for told in paths) if path}


def _below(location: str, path: str) -> str:
    """A path that vacuum tells, from the location on; "" for a file of another table."""
    root = location.removeprefix("file://").rstrip("/")
    told = path.removeprefix(f"{root}/")
    outside = told.startswith("/") or bool(_SCHEME.match(told))
    return "" if outside else unquote(told)


def _came_between(location: str, version: int) -> LakeError:
    return LakeError(
        "LW535",
        f"{location} got version {version} from somebody else before it could be put back",
        hint="another writer was in between; plan again and look",
    )


def _entry_path(version: int) -> str:
    return f"{_LOG}/{version:020d}.json"


def _token(token: str) -> CommitProperties:
    return CommitProperties(custom_metadata={"userMetadata": token})


@contextlib.contextmanager
def _unless_committed(
    tables: DeltaLakeTables, location: str, after: int, token: str
) -> Iterator[None]:
    """An exception of a commit means unknown: it counts as done when our token is in the log."""
    try:
        yield
    except _failures() as error:
        if not any(commit.token == token for commit in tables.commits(location, after)):
            raise _error(location, error) from error


@contextlib.contextmanager
def _delta_errors(location: str) -> Iterator[None]:
    try:
        yield
    except _failures() as error:
        raise _error(location, error) from error


def _failures() -> tuple[type[Exception], ...]:
    """What Delta's library raises; looked up when something was raised."""
    import pyarrow as pa

    return DeltaError, OSError, pa.ArrowException


def _error(location: str, error: Exception) -> LakeError:
    told = storage_error_told(str(error), location)
    if told is not None:
        return told
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return LakeError(
        "LW530",
        f"Delta could not work on {location}: {reason}",
        hint="check that the table's files are all there and readable",
    )
