"""The code store: the sources of each table as they were released, verified at every use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from lakewright.errors import LakeError
from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, NotFoundError, ObjectStore
from lakewright.lake.records import FORMAT_VERSION, digest_bytes, seal, unseal
from lakewright.specs import SourceFile, digest_files


class ReleasedCode(Mapping[str, tuple[SourceFile, ...]]):
    """Digest -> sources of a release; each is read, and verified, when it is first asked for."""

    def __init__(
        self, digests: tuple[str, ...], read: Callable[[str], tuple[SourceFile, ...]]
    ) -> None:
        self._digests = digests
        self._read = cache(read)

    def __getitem__(self, digest: str) -> tuple[SourceFile, ...]:
        if digest not in self._digests:
            raise KeyError(digest)
        return self._read(digest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReleasedCode) and other._digests == self._digests

    def __hash__(self) -> int:
        return hash(self._digests)


def put_code(store: ObjectStore, environment: str, files: Iterable[SourceFile]) -> str:
    """Store sources once and return their digest. The manifest goes last and completes them.

    What is there already is looked at, and put right where it was spoilt.
    """
    kept = tuple(sorted(files, key=lambda file: file.path))
    digest = digest_files(kept)
    folder = paths.code(environment, digest)
    if _is_whole(store, environment, digest):
        return digest
    named = {file.path: digest_bytes(file.text.encode()) for file in kept}
    for file in kept:
        _put_once(store, f"{folder}/{named[file.path]}", file.text.encode())
    manifest = {"format_version": FORMAT_VERSION, "digest": digest, "files": named}
    _put_once(store, f"{folder}/manifest.json", seal(manifest))
    return digest


def get_code(store: ObjectStore, environment: str, digest: str) -> tuple[SourceFile, ...]:
    """The sources with that digest, in path order; LakeError LW516 unless exactly those."""
    folder = paths.code(environment, digest)
    try:
        named = unseal(store.get(f"{folder}/manifest.json"), f"{folder}/manifest.json")["files"]
        files = tuple(
            SourceFile(path, store.get(f"{folder}/{name}").decode())
            for path, name in sorted(named.items())
        )
    except (NotFoundError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise _spoilt(folder) from error
    if digest_files(files) != digest:
        raise _spoilt(folder)
    return files


def _is_whole(store: ObjectStore, environment: str, digest: str) -> bool:
    try:
        get_code(store, environment, digest)
    except LakeError as error:
        if error.code in {"LW513", "LW516"}:
            return False
        raise
    return True


def _put_once(store: ObjectStore, path: str, data: bytes) -> None:
    """Files are named by their content, so another run's bytes are these bytes unless spoilt."""
    try:
        store.put_new(path, data)
    except AlreadyExistsError:
        if store.get(path) != data:
            store.put(path, data)


def _spoilt(folder: str) -> LakeError:
    return LakeError(
        "LW516",
        f"the released code in {folder} is not what was released",
        hint="find out who changed it; then `lakewright apply --full -s TABLE` stores it again",
    )
