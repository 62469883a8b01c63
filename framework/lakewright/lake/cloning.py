"""A Delta table begun from a version of another one: by its log alone, or with its files.

A shallow clone is one log entry that names the files of the other table by absolute paths: no byte
of rows moves, and the other table must keep these files. A copy has files of its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lakewright.errors import LakeError
from lakewright.lake import delta_log
from lakewright.lake.delta_log import Protocol, TableMetadata
from lakewright.lake.paths import confine
from lakewright.lake.ports import AlreadyExistsError, CloneMode, ObjectStore
from lakewright.lake.replaying import LiveFiles
from lakewright.lake.stores import LocalStore, open_store, storage_error, sync_file

_KEPT = ("path", "partitionValues", "size", "modificationTime", "stats")


def clone_mode(source: str, target: str, *, shallow: bool) -> CloneMode:
    """`shallow` where the engine reads it and both tables are in one store; else a copy.

    A path into another store would need that store's rights from every reader of the clone.
    """
    return "shallow" if shallow and _store_of(source) == _store_of(target) else "copy"


def refuse_uncloneable(live: LiveFiles, protocol: Protocol, location: str) -> None:
    """LakeError LW531 for a table whose rows are more than its files and their statistics."""
    delta_log.check_features(protocol, location)
    if any(add.get("deletionVector") for add in live.adds.values()):
        raise delta_log.unsupported("deletion vectors, in a clone", location)


def clone_entry(
    adds: Iterable[dict[str, Any]],
    live: LiveFiles,
    metadata: TableMetadata,
    protocol: Protocol,
    *,
    token: str,
    now: datetime,
) -> bytes:
    """The first log entry of the clone: all that the table is, in one commit."""
    actions = [
        delta_log.commit_info("CLONE", token, now),
        {"protocol": protocol.action()},
        {"metaData": metadata.action()},
        *({"domainMetadata": domain} for domain in live.domains.values()),
        *({"add": add} for add in adds),
    ]
    return delta_log.entry(actions)


def absolute_adds(live: LiveFiles, location: str) -> list[dict[str, Any]]:
    """The files where they are. Paths in a log are percent-encoded, so the folder is too."""
    root = location if "://" in location else f"file://{location}"
    scheme, _, rest = root.partition("://")
    folder = f"{scheme}://{quote(rest)}"
    return [
        _kept(add, path if _is_absolute(path) else f"{folder}/{path}")
        for path, add in live.adds.items()
    ]


def copy_files(live: LiveFiles, source: str, target: str) -> list[dict[str, Any]]:
    """Copy every file, durably, and name the copies; what a dead try left is written over.

    Local files are copied piece by piece; an object goes through memory as a whole.
    """
    adds = []
    for path, add in live.adds.items():
        place, name = _origin(path, source)
        copied = unquote(path) if place == source else name.rsplit("/", 1)[-1]
        _copy(place, name, target, copied)
        adds.append(_kept(add, path if place == source else quote(copied)))
    return adds


def begin_table(store: ObjectStore, location: str, data: bytes) -> None:
    """Put the first entry; LakeError LW532 when a table is there already."""
    try:
        store.put_new("_delta_log/00000000000000000000.json", data)
    except AlreadyExistsError as error:
        raise LakeError(
            "LW532",
            f"{location} is written by somebody else: a table stands there already",
            hint="find the other writer; then run the same command again",
        ) from error


def _kept(add: dict[str, Any], path: str) -> dict[str, Any]:
    found = {key: add[key] for key in _KEPT if add.get(key) is not None}
    return {**found, "path": path, "dataChange": True}


def _is_absolute(path: str) -> bool:
    return "://" in path or path.startswith("/")


def _origin(path: str, source: str) -> tuple[str, str]:
    """The root and the name below it of a file that a log names."""
    if not _is_absolute(path):
        return source, unquote(path)
    scheme, rest = path.split("://", 1) if "://" in path else ("file", path)
    folder, _, name = unquote(rest).rpartition("/")
    return (folder if scheme == "file" else f"{scheme}://{folder}"), name


def _copy(source: str, name: str, target: str, copied: str) -> None:
    origin, store = open_store(source), open_store(target)
    if isinstance(origin, LocalStore) and isinstance(store, LocalStore):
        _copy_local(Path(origin.root, confine(name)), Path(store.root, confine(copied)))
        store.sync(copied)
    else:
        store.put(copied, origin.get(name))


def _copy_local(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        sync_file(temporary)
        temporary.replace(target)
    except OSError as error:
        raise storage_error(error, str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)


def _store_of(location: str) -> tuple[str, str]:
    parts = urlsplit(location) if "://" in location else None
    return (parts.scheme, parts.netloc) if parts and parts.scheme != "file" else ("file", "")
