"""Folders whose names Sail writes otherwise, under names that it takes as they are.

Sail 0.7 percent-encodes a space, and what else is not plain in a URL, twice: it would write beside
the folder that was meant. A link in a folder of the engine's own leads there instead.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from threading import Lock

_PLAIN = re.compile(r"[A-Za-z0-9_.,=@+-]+\Z")


class PlainPaths:
    """Local paths to paths that mean the same place; what is plain or a URI stays as it is."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._links: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, location: str) -> str:
        path = location.removeprefix("file://")
        if "://" in path or not path.startswith("/"):
            return location
        parts = path.split("/")
        strange = [at for at, part in enumerate(parts) if part and not _PLAIN.match(part)]
        if not strange:
            return location
        cut = strange[-1] + 1
        return "/".join([self._link("/".join(parts[:cut])), *parts[cut:]])

    def close(self) -> None:
        """Remove the links; what they led to stays."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self._links.clear()

    def _link(self, folder: str) -> str:
        with self._lock:
            if folder not in self._links:
                if self._folder is None:
                    self._folder = tempfile.mkdtemp(prefix="lakewright-")
                link = str(Path(self._folder, str(len(self._links))))
                Path(folder).mkdir(parents=True, exist_ok=True)
                Path(link).symlink_to(folder, target_is_directory=True)
                self._links[folder] = link
            return self._links[folder]
