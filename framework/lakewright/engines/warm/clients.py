"""Who works with the warm server: one file a client, locked while it lives.

A file names the sessions of its client, each before it is opened. The lock ends with the process
and with nothing else, so a file without a lock is that of a client that died.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from lakewright.engines.warm.places import make_private


@dataclass(slots=True)
class Client:
    """This process, as the server's other users and its keeper see it."""

    path: Path
    handle: int
    _writing: Lock

    @classmethod
    def enter(cls, folder: Path) -> Client:
        clients = folder / "clients"
        make_private(clients)
        name = uuid.uuid4().hex
        draft = clients / f".{name}"
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        os.write(handle, f"{os.getpid()}\n".encode())
        draft.rename(clients / name)  # seen only once it is locked
        return cls(clients / name, handle, Lock())

    def note(self, session: str) -> None:
        """Write a session down; call it before the session is opened."""
        with self._writing:
            os.write(self.handle, f"{session}\n".encode())

    def leave(self) -> None:
        """All sessions have ended. Twice is once."""
        if self.handle >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self.handle)
            self.handle = -1


def live_clients(folder: Path) -> tuple[int, ...]:
    """The processes that work with the server now, in order."""
    found = []
    for path in _files(folder):
        with suppress(OSError, ValueError), path.open() as file:
            if not _free(file.fileno(), fcntl.LOCK_SH):
                found.append(int(file.readline()))
    return tuple(sorted(found))


@contextmanager
def dead_client(path: Path) -> Iterator[tuple[str, ...] | None]:
    """The sessions that a dead client may have left, locked meanwhile; None while it lives.

    Nothing when it is written down no more: it left, or somebody ended its work.
    """
    try:
        file = path.open()
    except FileNotFoundError:
        yield ()
        return
    with file:
        if not _free(file.fileno(), fcntl.LOCK_EX):
            yield None
            return
        _, *sessions = file.read().split() or [""]
        yield tuple(sessions)


def dead_clients(folder: Path) -> tuple[Path, ...]:
    """Files of clients that died."""
    found = []
    for path in _files(folder):
        with suppress(OSError), path.open() as file:
            if _free(file.fileno(), fcntl.LOCK_SH):
                found.append(path)
    return tuple(found)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "clients").glob("*") if path.name[0] != ".")


def _free(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
