"""What planning needs to know of a lake, read once, without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import assert_never

from lakewright.lake.listing import compare_files, list_files
from lakewright.lake.ports import DeltaTables, NotFoundError
from lakewright.lake.values import (
    Entry,
    FileListing,
    LoadedFile,
    Release,
    SourceHead,
)
from lakewright.names import TableName
from lakewright.specs import DeltaInput, FilesInput, Input

_LEDGER_COLUMNS = ("path", "size", "modified", "digest")
_THREADS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_inputs(
    tables: DeltaTables,
    inputs: Sequence[Input],
    release: Release | None,
    locate: Callable[[Entry], str],
    resolve: Callable[[str], str],
) -> dict[TableName, SourceHead | FileListing]:
    """The heads of sources, and the files of ingests beside their released ledgers."""

    def read(one: Input) -> SourceHead | FileListing:
        match one:
            case DeltaInput():
                return read_source(tables, resolve(one.location))
            case FilesInput():
                files = list_files(one.pattern, resolve(one.pattern))
                return compare_files(files, read_ledger(tables, one.table, release, locate))
            case _:
                assert_never(one)

    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        return {one.table: found for one, found in zip(inputs, pool.map(read, inputs), strict=True)}


def read_source(tables: DeltaTables, location: str) -> SourceHead:
    """A source's head and the newest version that changed its rows.

    Where the log is cleaned up before such a version is found, the oldest one still there counts.
    """
    head = tables.head(location)
    if head is None:
        return SourceHead(location, missing=True)
    changed = _data_version(tables, location, head.version)
    return SourceHead(
        location, head.table_id, head.version, head.definition.fields, data_version=changed
    )


def read_ledger(
    tables: DeltaTables,
    table: TableName,
    release: Release | None,
    locate: Callable[[Entry], str],
) -> tuple[LoadedFile, ...]:
    """What the released ledger of an ingest holds."""
    entry = release.tables.get(table.ledger) if release else None
    if entry is None:
        return ()
    rows = tables.rows(locate(entry), entry.version, _LEDGER_COLUMNS)
    # Through whole numbers: pyarrow loads pandas to make a datetime, a fifth of a second.
    instants = rows["modified"].cast("int64").to_pylist()
    columns = (rows["path"].to_pylist(), rows["size"].to_pylist(), rows["digest"].to_pylist())
    return tuple(
        LoadedFile(path, size, _EPOCH + timedelta(microseconds=instant), digest)
        for path, size, digest, instant in zip(*columns, instants, strict=True)
    )


def _data_version(tables: DeltaTables, location: str, head: int) -> int:
    for version in range(head, 0, -1):
        try:
            if tables.commit(location, version).changes_data:
                return version
        except NotFoundError:
            return min(version + 1, head)
    return 0
