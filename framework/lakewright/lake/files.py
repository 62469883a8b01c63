"""Whether the files that a version names are still in storage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlparse

_LOCAL = ("", "file")


def missing_files(location: str, named: Iterable[str]) -> tuple[str, ...]:
    """Of `named` those that do not exist, sorted.

    Paths are relative to `location` or absolute, percent-encoded or plain. One listing per folder
    in an object store; on disk one look per file.
    """
    places = {path: _place(location, path) for path in named}
    remote = {place.rpartition("/")[0] for place in places.values() if not _is_local(place)}
    there = {path for folder in remote for path in _listed(folder)}
    return tuple(
        sorted(
            path
            for path, place in places.items()
            if not (_exists(place) if _is_local(place) else {place, unquote(place)} & there)
        )
    )


def _place(location: str, path: str) -> str:
    absolute = "://" in path or path.startswith(("/", "file:"))
    return path if absolute else f"{location.rstrip('/')}/{path}"


def _is_local(place: str) -> bool:
    return urlparse(place).scheme in _LOCAL


def _exists(place: str) -> bool:
    plain = urlparse(place).path if place.startswith("file:") else place
    return Path(plain).exists() or Path(unquote(plain)).exists()


def _listed(folder: str) -> Iterable[str]:
    from lakewright.lake.cloud import open_cloud  # obstore loads only for object stores

    return (f"{folder}/{item.path}" for item in open_cloud(folder).list_all())
