"""Files that a pattern matches now, and the digest of a file's content."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from lakewright.errors import LakeError, RefusedError
from lakewright.lake.ports import NotFoundError
from lakewright.lake.stores import storage_error
from lakewright.lake.values import FileListing, ListedFile, LoadedFile

_WILD = re.compile(r"[*?\[]")
_DOT = re.compile("%2e", re.IGNORECASE)  # an address may write a dot so
_BLOCK = 1 << 20


def list_files(written: str, resolved: str) -> tuple[ListedFile, ...]:
    """Files matching `resolved` (absolute path or URI), sorted by path.

    `*` and `?` stay within a folder, `**` crosses folders; names that start with a dot are left
    out. `path` is told in the words of `written`, so that neither a secret in an address nor the
    place of a checkout is recorded.
    """
    tail = _tail(written)
    segments = resolved.split("/")
    base, last = "/".join(segments[: -len(tail)]), segments[-len(tail) :]
    _confine(written)
    told = "/".join(written.split("/")[: -len(tail)])
    found = _list_cloud(base, last) if "://" in base else _list_local(base, last)
    prefix = f"{told}/" if told or written.startswith("/") else ""
    return tuple(
        ListedFile(prefix + inner, f"{base}/{inner}", size, modified)
        for inner, size, modified in sorted(found)
    )


def compare_files(files: tuple[ListedFile, ...], ledger: Iterable[LoadedFile]) -> FileListing:
    """The listing beside the ledger. Only files whose size or time moved are read and hashed.

    A path may have been loaded with several contents (`on_change: append`): none is new again.
    """
    known: dict[str, list[LoadedFile]] = {}
    for loaded in ledger:
        known.setdefault(loaded.path, []).append(loaded)
    suspects = [file for file in files if file.path in known and _moved(file, known[file.path])]
    with ThreadPoolExecutor(max_workers=4) as pool:
        digests = pool.map(lambda file: hash_file(file.uri), suspects)
        altered = tuple(
            file.path
            for file, digest in zip(suspects, digests, strict=True)
            if digest not in {loaded.digest for loaded in known[file.path]}
        )
    return FileListing(files, {path: every[-1] for path, every in known.items()}, altered)


def _moved(file: ListedFile, known: Iterable[LoadedFile]) -> bool:
    return all((file.size, file.modified) != (one.size, one.modified) for one in known)


def hash_file(uri: str) -> str:
    """SHA-256, hex, of a file's bytes, read in blocks; LakeError LW54x when it cannot be read."""
    total = hashlib.sha256()
    for block in read_blocks(uri):
        total.update(block)
    return total.hexdigest()


def read_blocks(uri: str) -> Iterator[bytes]:
    """The bytes of a file, a block at a time."""
    if "://" in uri and not uri.startswith("file://"):
        yield from _cloud_blocks(uri)
        return
    try:
        with Path(uri.removeprefix("file://")).open("rb") as file:
            while block := file.read(_BLOCK):
                yield block
    except FileNotFoundError as error:
        raise _gone(uri) from error
    except OSError as error:
        raise storage_error(error, uri) from error


def _tail(written: str) -> list[str]:
    """The part of a pattern from its first wildcard on; at least the last segment."""
    segments = written.split("/")
    wild = next((at for at, part in enumerate(segments) if _WILD.search(part)), len(segments) - 1)
    return segments[wild:]


def _confine(written: str) -> None:
    segments = written.partition("://")[2] or written.removeprefix("/")
    segments = _DOT.sub(".", segments)
    if ".." in segments.split("/") or "" in segments.split("/") or "\0" in written:
        raise RefusedError(
            "LW540",
            f"`{written}` is not a pattern of files to load",
            hint="write a path below the project, an absolute path or a URI, without `..`",
        )


def _list_local(base: str, tail: list[str]) -> Iterator[tuple[str, int, datetime]]:
    root = Path(base.removeprefix("file://") or "/")
    real = os.path.realpath(root)
    for inner, entry in _walk(root, "", tail):
        if entry.is_symlink() and not os.path.realpath(entry.path).startswith(f"{real}/"):
            raise RefusedError(
                "LW540",
                f"{entry.path} is a link out of {base}",
                hint="copy the file there, or name its real folder in the pattern",
            )
        try:
            stat = entry.stat()
        except FileNotFoundError:
            continue  # gone since the folder was read
        yield inner, stat.st_size, datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1e6, UTC)


def _walk(folder: Path, path: str, tail: list[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files below `folder` that match the segments; each file once."""
    first, rest = tail[0], tail[1:]
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise storage_error(error, str(folder)) from error
    if first == "**":
        yield from _walk_deep(found, path, rest or ["*"])
        return
    for entry in found:
        if not _segment(first).match(entry.name):
            continue
        if rest and entry.is_dir():
            yield from _walk(Path(entry.path), f"{path}{entry.name}/", rest)
        elif not rest and entry.is_file():
            yield f"{path}{entry.name}", entry


def _walk_deep(
    found: list[os.DirEntry[str]], path: str, rest: list[str]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """`**`: every file below whose path from some folder on matches `rest`."""
    matcher = _path_pattern(("**", *rest))
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            for inner, file in _everything(Path(entry.path), f"{entry.name}/"):
                if matcher.match(inner):
                    yield path + inner, file
        elif entry.is_file() and matcher.match(entry.name):
            yield path + entry.name, entry


def _everything(folder: Path, path: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except OSError as error:
        raise storage_error(error, str(folder)) from error
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _everything(Path(entry.path), f"{path}{entry.name}/")
        elif entry.is_file():
            yield f"{path}{entry.name}", entry


@lru_cache(maxsize=256)
def _segment(pattern: str) -> re.Pattern[str]:
    """One segment of a pattern as a regular expression; a wildcard matches no leading dot."""
    hidden = "" if pattern.startswith(".") else r"(?!\.)"
    text = "".join(_translated(pattern))
    return re.compile(f"{hidden}{text}\\Z")


@lru_cache(maxsize=256)
def _path_pattern(tail: tuple[str, ...]) -> re.Pattern[str]:
    text = ""
    for at, part in enumerate(tail):
        if part == "**":
            text += r"(?:(?!\.)[^/]+/)*"
        else:
            hidden = "" if part.startswith(".") else r"(?!\.)"
            text += hidden + "".join(_translated(part)) + ("/" if at < len(tail) - 1 else "")
    return re.compile(text + (r"(?!\.)[^/]+\Z" if tail[-1] == "**" else r"\Z"))


def _translated(pattern: str) -> Iterator[str]:
    for part in re.findall(r"\[!?\]?[^\]]*\]|.", pattern, re.DOTALL):
        if part == "*":
            yield "[^/]*"
        elif part == "?":
            yield "[^/]"
        elif len(part) > 1:
            inner = part[1:-1].replace("\\", "\\\\")
            yield f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
        else:
            yield re.escape(part)


def _list_cloud(base: str, tail: list[str]) -> Iterator[tuple[str, int, datetime]]:
    from lakewright.lake.cloud import open_cloud  # obstore loads only for object stores

    matcher = _path_pattern(tuple(tail))
    for item in open_cloud(base).list_all():
        if matcher.match(item.path):
            yield item.path, item.size, item.modified


def _cloud_blocks(uri: str) -> Iterator[bytes]:
    from lakewright.lake.cloud import open_cloud  # obstore loads only for object stores

    folder, _, name = uri.rpartition("/")
    try:
        yield from open_cloud(folder).stream(name, _BLOCK)
    except NotFoundError as error:
        raise _gone(uri) from error


def _gone(uri: str) -> LakeError:
    return LakeError(
        "LW541",
        f"{uri} was listed and is gone",
        hint="put the file back, or plan again without it",
    )
