"""Where engines keep what they make once: Java wrappers, jars, class archives."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """`LAKEWRIGHT_CACHE`, else the user's cache folder; made by whoever writes below it."""
    if environ.get("LAKEWRIGHT_CACHE"):
        return Path(environ["LAKEWRIGHT_CACHE"])
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "lakewright"
    return Path(environ.get("HOME") or Path.home()) / ".cache" / "lakewright"


def put_whole(path: Path, text: str, *, executable: bool = False) -> None:
    """Write a small file so that others see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).chmod(0o755 if executable else 0o644)
    Path(name).replace(path)
