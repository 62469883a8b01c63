"""Where the warm server of a user is written down, readable and writable by that user alone."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from lakewright.errors import LakeError
from lakewright.lake.processes import process_started

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Versions:
    """What a client and its server must have in common."""

    pyspark: str
    delta: str
    python: str  # the surroundings that run functions on rows

    @classmethod
    def here(cls) -> Versions:
        number = platform.python_version()
        python = f"{number} in {Path(sys.prefix).resolve()}"
        return cls(version("pyspark"), version("delta-spark"), python)

    def __str__(self) -> str:
        return f"PySpark {self.pyspark}, Delta {self.delta}, Python {self.python}"


@dataclass(frozen=True, slots=True)
class Server:
    """A Connect server on the loopback address. `keeper` started it and ends it when it is idle."""

    pid: int
    started: str  # as the kernel says it: tells the process from a later one of that number
    keeper: int
    keeper_started: str
    port: int
    versions: Versions
    java: str
    since: str  # ISO, UTC
    idle_seconds: int
    log: str
    settings: str = ""  # digest of the settings that a session cannot change
    format: int = field(default=_FORMAT)

    @property
    def alive(self) -> bool:
        return process_started(self.pid) == self.started


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder of this user and machine; it need not exist."""
    home = Path(environ.get("HOME") or Path.home())
    base = Path(environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return base / "lakewright" / "engine" / socket.gethostname()


def make_private(folder: Path) -> None:
    """Make the folder, for its owner alone; LakeError LW670 when it is somebody else's or open."""
    with suppress(OSError):  # what stands in the way is told below
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_private(folder):
        raise LakeError(
            "LW670",
            f"{folder} is not a folder of yours alone, so no token can be kept there",
            hint=f"look at what is in it, then: chmod 700 {folder}",
        )


def is_private(folder: Path) -> bool:
    """Whether nobody but this user can read or write in the folder."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    others = stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not others


def read_server(folder: Path) -> Server | None:
    """What is written down, alive or not; None when there is nothing that this version reads."""
    if not is_private(folder):
        return None
    try:
        told = json.loads((folder / "server.json").read_text())
        if told.get("format") != _FORMAT:
            return None
        return Server(**{**told, "versions": Versions(**told["versions"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_server(folder: Path, server: Server) -> None:
    put_private(folder / "server.json", json.dumps(asdict(server), indent=1, sort_keys=True))


def put_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")  # 0600
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


def read_token(folder: Path) -> str:
    return (folder / "token").read_text()


@contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait until nobody starts or ends the server (`shared`: until nobody does, several may)."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
