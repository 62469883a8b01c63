"""Bytes of files on disk and in object stores, hashed while they are read."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from lakewright.engines.records.values import Reading, RecordFileError

BLOCK = 4 << 20


def read_blocks(reading: Reading) -> Iterator[bytes]:
    """The file's content in blocks. After the last one its digest has been compared."""
    total = hashlib.sha256()
    with _opened(reading) as file:
        while block := bytes(file.read(BLOCK)):
            total.update(block)
            yield block
    check_digest(reading, total.hexdigest())


@contextmanager
def seekable(reading: Reading) -> Iterator[IO[bytes]]:
    """The file for random access, its digest compared; afterwards it must not have moved."""
    local = local_path(reading.uri)
    if local is None:
        with tempfile.TemporaryFile() as copy:
            for block in read_blocks(reading):
                copy.write(block)
            copy.seek(0)
            yield copy
        return
    with _opened(reading) as file:
        before = local.stat()
        if reading.digest:
            check_digest(reading, hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
        yield file
        after = local.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise changed(reading)


def check_digest(reading: Reading, digest: str) -> None:
    if reading.digest and digest != reading.digest:
        raise changed(reading)


def changed(reading: Reading) -> RecordFileError:
    return RecordFileError(
        "LW701", reading.path, "its content is another than when the run listed it"
    )


def local_path(uri: str) -> Path | None:
    """The path of a local file, None for an address in an object store."""
    if "://" not in uri:
        return Path(uri)
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


@contextmanager
def _opened(reading: Reading) -> Iterator[Any]:
    local = local_path(reading.uri)
    try:
        file = local.open("rb") if local is not None else _remote(reading.uri)
    except OSError as error:
        raise RecordFileError("LW702", reading.path, f"it cannot be opened: {error}") from error
    except Exception as error:
        raise RecordFileError(
            "LW702", reading.path, f"it cannot be opened: {type(error).__name__}"
        ) from error
    try:
        yield file
    finally:
        if local is not None:
            file.close()


def _remote(uri: str) -> Any:
    # Workers of local files never need the object store library.
    import obstore
    from obstore.store import from_url

    base, _, name = uri.rpartition("/")
    return obstore.open_reader(from_url(base), name)
