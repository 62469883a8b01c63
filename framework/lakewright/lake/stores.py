"""Bytes on local disk, durable: what a put returned from survives a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakewright.errors import LakeError
from lakewright.lake.paths import confine
from lakewright.lake.ports import AlreadyExistsError, NotFoundError, ObjectStore, StoredObject

_TEMPORARY = ".tmp"
_TOLD = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EFBIG: "File too large",
    errno.EACCES: "Permission denied",
    errno.EPERM: "Operation not permitted",
    errno.EROFS: "Read-only file system",
}


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A folder. Writers on one machine exclude each other by `link`, which never replaces."""

    root: str

    def get(self, path: str) -> bytes:
        try:
            return self._at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFoundError(path) from error
        except OSError as error:
            raise storage_error(error, path) from error

    def put_new(self, path: str, data: bytes) -> None:
        target = self._at(path)
        with _storing(path), _written(target, data) as temporary:
            try:
                os.link(temporary, target)
            except FileExistsError as error:
                raise AlreadyExistsError(path) from error
            _sync_folder(target.parent)

    def put(self, path: str, data: bytes) -> None:
        target = self._at(path)
        with _storing(path), _written(target, data) as temporary:
            temporary.replace(target)
            _sync_folder(target.parent)

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        folder = self._at(prefix)
        with _storing(prefix):
            for path, entry in _walk(folder, prefix, after):
                try:
                    stat = entry.stat()
                except FileNotFoundError:
                    continue  # deleted since the folder was read
                modified = datetime.fromtimestamp(stat.st_mtime_ns / 1e9, UTC)
                yield StoredObject(path, stat.st_size, modified)

    def delete(self, path: str) -> None:
        try:
            self._at(path).unlink(missing_ok=True)
        except OSError as error:
            raise storage_error(error, path) from error

    def sync(self, path: str) -> None:
        with _storing(path):
            target = self._at(path)
            if target.is_file():
                sync_file(target)
                _sync_folder(target.parent)
            for folder, _, names in os.walk(target):
                for name in names:
                    sync_file(Path(folder, name))
                _sync_folder(Path(folder))

    def _at(self, path: str) -> Path:
        return Path(self.root, confine(path))


def open_store(uri: str) -> ObjectStore:
    """The store of a folder or an `s3://`, `abfss://`, `gs://` root; LakeError LW505 for others."""
    if "://" not in uri or uri.startswith("file://"):
        return LocalStore(str(Path(uri.removeprefix("file://")).absolute()))
    from lakewright.lake.cloud import open_cloud  # obstore loads only for object stores

    return open_cloud(uri)


def storage_error(error: OSError, path: str) -> LakeError:
    """The coded error of a failed file operation."""
    reason = error.strerror or str(error)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            hint = "free space on the disk of the lake, then run the same command again"
            return LakeError(
                "LW502", f"the disk is full: cannot write {path} ({reason})", hint=hint
            )
        case errno.EROFS | errno.EACCES | errno.EPERM:
            hint = "give this user the right to write there, or point the target at another lake"
            return LakeError("LW503", f"no permission for {path} ({reason})", hint=hint)
        case _:
            hint = "look at the disk; nothing half-written is ever read, so trying again is safe"
            return LakeError("LW501", f"storage failed at {path}: {reason}", hint=hint)


def storage_error_told(text: str, path: str) -> LakeError | None:
    """The coded error when another program's words tell of a full disk or a missing right."""
    for number, words in _TOLD.items():
        if words in text:
            return storage_error(OSError(number, words), path)
    return None


def sync_file(path: Path) -> None:
    """fsync one file; a file that is gone needs none."""
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _storing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error


@contextlib.contextmanager
def _written(target: Path, data: bytes) -> Iterator[Path]:
    """A synced temporary file beside `target`; gone afterwards whatever happened."""
    _make_folder(target.parent)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}{_TEMPORARY}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Create `folder` and make each new name in its parent durable."""
    missing = []
    at = folder
    while not at.exists():
        missing.append(at)
        at = at.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        _sync_folder(made.parent)


def _walk(folder: Path, path: str, after: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files below `folder` with a path behind `after`, in path order, folder by folder as asked."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda it: f"{it.name}/" if it.is_dir() else it.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in found:
        inner = f"{path}/{entry.name}"
        if entry.is_dir():
            if f"{inner}0" > after:  # "0" is the character behind "/"
                yield from _walk(Path(entry.path), inner, after)
        elif inner > after and not _is_temporary(entry.name):
            yield inner, entry


def _is_temporary(name: str) -> bool:
    return name.startswith(".") and name.endswith(_TEMPORARY)
