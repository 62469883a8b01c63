"""What lies on storage for an environment: the locations of its tables, and the folders of runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, ObjectStore, StoredObject
from lakewright.names import TableName

LOG = "_delta_log/"
# A table's own name; behind it what a run appended because the plain place was taken.
_FOLDER = re.compile(r"([a-z_][a-z0-9_]*)(-[0-9a-f]{8}(-\d+)?)?\Z")


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A location with its files: path below it -> bytes. `gone`: it was given up for good."""

    location: str
    table: TableName
    files: Mapping[str, int]
    newest: datetime
    gone: bool = False

    @property
    def data(self) -> frozenset[str]:
        """Its files without the log."""
        return frozenset(path for path in self.files if not path.startswith(LOG))

    def bytes_of(self, files: frozenset[str]) -> int:
        return sum(self.files[path] for path in files)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The folder of a run: path below it -> bytes."""

    run_id: str
    files: Mapping[str, int]
    newest: datetime

    @property
    def ended(self) -> bool:
        return paths.REPORT in self.files


def list_tables(store: ObjectStore, environment: str) -> tuple[StoredTable, ...]:
    """Every location of an environment, by path. Folders that no run of ours names are left out."""
    gone = {item.path.rsplit("/", 1)[-1] for item in store.list(paths.gone_folder(environment))}
    found = []
    for folder, items in groupby(store.list(environment), _folder):
        table = _table_of(folder)
        if table is not None:
            files, newest = _files(folder, items)
            told = paths.gone(environment, folder).rsplit("/", 1)[-1]
            found.append(StoredTable(folder, table, files, newest, told in gone))
    return tuple(found)


def list_runs(store: ObjectStore) -> tuple[StoredRun, ...]:
    """The folders of all runs of all environments, by id."""
    found = []
    for folder, items in groupby(store.list(paths.runs()), _folder):
        files, newest = _files(folder, items)
        found.append(StoredRun(folder.rsplit("/", 1)[-1], files, newest))
    return tuple(found)


def list_records(store: ObjectStore, environment: str) -> Mapping[str, int]:
    """Release records and released code of an environment: path -> bytes."""
    folders = (paths.releases(environment), paths.code_folder(environment))
    return {item.path: item.size for folder in folders for item in store.list(folder)}


def give_up(store: ObjectStore, environment: str, location: str) -> None:
    """Write down that a location is never used again; twice is once."""
    try:
        store.put_new(paths.gone(environment, location), b"{}\n")
    except AlreadyExistsError:
        return


def delete_files(store: ObjectStore, folder: str, files: Mapping[str, int]) -> None:
    """Delete files below a folder one by one, those of a Delta log last."""
    for path in sorted(files, key=lambda path: (path.startswith(LOG), path)):
        store.delete(f"{folder}/{path}")


def _folder(item: StoredObject) -> str:
    """`<env>/<schema>/<table>`, or `_lakewright/runs/<id>`."""
    return "/".join(item.path.split("/")[:3])


def _files(folder: str, items: Iterator[StoredObject]) -> tuple[dict[str, int], datetime]:
    listed = list(items)
    files = {item.path.removeprefix(f"{folder}/"): item.size for item in listed}
    return files, max(item.modified for item in listed)


def _table_of(folder: str) -> TableName | None:
    """The table or companion whose rows a folder holds; None for a folder of another kind."""
    parts = folder.split("/")
    match = _FOLDER.match(parts[-1])
    if len(parts) != 3 or match is None:
        return None
    return TableName(parts[1], match[1])
