"""Bytes in an object store: a conditional put excludes, a read back settles doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError as StoreHasIt
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.exceptions import NotFoundError as StoreHasNot

from lakewright.errors import LakeError
from lakewright.lake.paths import confine
from lakewright.lake.ports import AlreadyExistsError, NotFoundError, StoredObject

SCHEMES = ("s3://", "abfss://", "gs://")


@dataclass(frozen=True, slots=True)
class CloudStore:
    """An obstore store. Credentials come from the environment, as obstore reads it."""

    backend: Any  # obstore's stores are untyped here

    def get(self, path: str) -> bytes:
        try:
            return bytes(obstore.get(self.backend, confine(path)).bytes())
        except (StoreHasNot, FileNotFoundError) as error:
            raise NotFoundError(path) from error
        except (BaseError, OSError) as error:
            raise _cloud_error(error, path) from error

    def put_new(self, path: str, data: bytes) -> None:
        """An unclear answer is settled by reading back: our bytes there mean they were stored."""
        try:
            obstore.put(self.backend, confine(path), data, mode="create")
        except (StoreHasIt, FileExistsError) as error:
            # A client that retried by itself may find its own first try: equal bytes were ours.
            if not self._holds(path, data):
                raise AlreadyExistsError(path) from error
        except (BaseError, OSError) as error:
            if not self._holds(path, data):
                raise _cloud_error(error, path) from error

    def put(self, path: str, data: bytes) -> None:
        try:
            obstore.put(self.backend, confine(path), data)
        except (BaseError, OSError) as error:
            raise _cloud_error(error, path) from error

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        try:
            chunks = obstore.list(self.backend, confine(prefix), offset=after or None)
            found = [item for chunk in chunks for item in chunk]
        except (BaseError, OSError) as error:
            raise _cloud_error(error, prefix) from error
        for item in sorted(found, key=lambda item: item["path"]):
            if item["path"] > after:
                yield StoredObject(item["path"], item["size"], item["last_modified"])

    def delete(self, path: str) -> None:
        try:
            obstore.delete(self.backend, confine(path))
        except (StoreHasNot, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _cloud_error(error, path) from error

    def sync(self, path: str) -> None:
        """A put that returned is durable."""

    def list_all(self) -> Iterator[StoredObject]:
        """Every object below the root, in no order."""
        try:
            for chunk in obstore.list(self.backend):
                for item in chunk:
                    yield StoredObject(item["path"], item["size"], item["last_modified"])
        except (BaseError, OSError) as error:
            raise _cloud_error(error, "/") from error

    def stream(self, path: str, block: int) -> Iterator[bytes]:
        """The bytes of an object in blocks; raises NotFoundError."""
        try:
            for chunk in obstore.get(self.backend, confine(path)).stream(min_chunk_size=block):
                yield bytes(chunk)
        except (StoreHasNot, FileNotFoundError) as error:
            raise NotFoundError(path) from error
        except (BaseError, OSError) as error:
            raise _cloud_error(error, path) from error

    def _holds(self, path: str, data: bytes) -> bool:
        try:
            return self.get(path) == data
        except NotFoundError:
            return False


def open_cloud(uri: str) -> CloudStore:
    """The store at `uri`; LakeError LW505 for a scheme that is not one of SCHEMES."""
    if not uri.startswith(SCHEMES):
        raise LakeError(
            "LW505",
            f"no storage is known for `{uri.split('://', 1)[0]}://`",
            hint=f"use a folder or one of {', '.join(SCHEMES)}",
        )
    try:
        return CloudStore(obstore.store.from_url(uri))
    except (BaseError, ValueError) as error:
        raise _cloud_error(error, uri) from error


def _cloud_error(error: Exception, path: str) -> LakeError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        hint = "check the credentials in the environment and their rights on this prefix"
        return LakeError("LW503", f"no permission for {path} ({reason})", hint=hint)
    hint = "check the address, the credentials and the network; trying again is safe"
    return LakeError("LW501", f"storage failed at {path}: {reason}", hint=hint)
