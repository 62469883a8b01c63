"""Putting a release record: until it is stored or found taken, whatever storage answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from lakewright.errors import LakeError
from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, NotFoundError, ObjectStore
from lakewright.lake.reach import bare_store
from lakewright.lake.records import encode_release
from lakewright.lake.stores import LocalStore
from lakewright.lake.values import Release


def put_record(
    store: ObjectStore, release: Release, patience: Sequence[float]
) -> Literal["stored", "taken"]:
    """Put the record, durably, unless its number is taken by other bytes.

    The same bytes are put until they are stored or found taken: an error of a put says nothing.
    `patience` are the seconds between the attempts. LakeError LW515 when storage never answers:
    then the release may exist or not. Another LakeError when it is certain that nothing was stored.
    """
    for wait in (*patience, None):
        try:
            return _put_or_compare(store, release)
        except LakeError as error:
            if wait is None:
                if _is_surely_absent(store, release):
                    raise
                raise _unknown(release) from error
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _put_or_compare(store: ObjectStore, release: Release) -> Literal["stored", "taken"]:
    path, data = paths.release(release.environment, release.release), encode_release(release)
    try:
        store.put_new(path, data)
    except AlreadyExistsError:
        return "stored" if _get(store, path) == data else "taken"
    return "stored"


def _is_surely_absent(store: ObjectStore, release: Release) -> bool:
    """On a disk no put of ours is under way any more: what is not there stays absent."""
    if not isinstance(bare_store(store), LocalStore):
        return False
    try:
        return _get(store, paths.release(release.environment, release.release)) is None
    except LakeError:
        return False


def _get(store: ObjectStore, path: str) -> bytes | None:
    try:
        return store.get(path)
    except NotFoundError:
        return None


def _unknown(release: Release) -> LakeError:
    return LakeError(
        "LW515",
        f"release: unknown. Storage did not say whether release {release.release}"
        f" of {release.environment} was stored",
        hint="nothing was undone; look with `lakewright releases` once storage answers again",
    )
