"""Owns the JVM of a warm server, and ends it when nobody needs it any more.

Started as a program of its own, with the standard library alone so that it stays small: it gets a
job as JSON on stdin and the server's surroundings as its own. The JVM ends with it, whatever way.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
_TO_COME_UP = 180.0  # seconds in which the one that started it writes it down
_TO_END = 15.0
_BEFORE_ARCHIVE = 10.0  # idle seconds: a run that begins at once has the machine for itself


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    ended = _Ended()
    jvm = subprocess.Popen(  # noqa: S603 - the command that `starting` composed
        job["command"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stdout,
        stderr=sys.stderr,
        cwd="/",
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - there are no threads here
    )
    Path(job["scratch"], "jvm").write_text(str(jvm.pid))
    archiving = _Archiving(job, jvm.pid)
    try:
        _watch(jvm, folder, job["idle_seconds"], ended, archiving)
    finally:
        archiving.stop()
        _end(jvm)
        shutil.rmtree(job["scratch"], ignore_errors=True)


class _Ended:
    """Set by a signal that asks this process to end."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class _Archiving:
    """Makes the archive of classes, once, when the server has nothing to do: see `engines.archive`.

    A JVM of its own reads the list that the server writes of the classes it loads.
    """

    def __init__(self, job: dict[str, Any], jvm: int) -> None:
        self._java: str = job["java"]
        self._classes = Path(job["scratch"], "classes.list")
        self._archive = Path(job["archive"])
        self._draft = self._classes.with_suffix(".jsa")
        self._jvm = jvm
        self._process: subprocess.Popen[bytes] | None = None
        self._done = self._archive.exists()

    def go_on(self, idle: float) -> None:
        """Begin when the server was idle for a while; put a finished archive in place."""
        if self._done:
            return
        if self._process is None and idle > _BEFORE_ARCHIVE:
            self._begin()
        elif self._process is not None and self._process.poll() is not None:
            self._done = True
            if self._process.returncode == 0 and self._draft.exists():
                self._archive.parent.mkdir(parents=True, exist_ok=True)
                self._draft.replace(self._archive)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _begin(self) -> None:
        words = _command_line(self._jvm)
        if "-cp" not in words or not self._classes.exists():
            self._done = True
            return
        listed = self._classes.with_suffix(".now")
        shutil.copy(self._classes, listed)
        self._process = subprocess.Popen(  # noqa: S603 - the Java that runs the server
            [
                self._java,
                "-Xshare:dump",
                "-XX:TieredStopAtLevel=1",
                f"-XX:SharedClassListFile={listed}",
                f"-XX:SharedArchiveFile={self._draft}",
                "-Xlog:disable",
                *("-cp", words[words.index("-cp") + 1]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_last_of_all,  # noqa: PLW1509 - there are no threads here
        )


def _watch(
    jvm: subprocess.Popen[bytes],
    folder: Path,
    idle_seconds: float,
    ended: _Ended,
    archiving: _Archiving,
) -> None:
    """Return when the server is asked to end, has ended, is not wanted or was idle for too long."""
    began = busy = time.monotonic()
    known = False
    while jvm.poll() is None and not ended.asked:
        now = time.monotonic()
        if _named(folder) != jvm.pid:
            if known or now - began > _TO_COME_UP:
                return  # nobody finds it: what was written down is gone, or never came
        elif not known or _in_use(folder):
            known, busy = True, now
            (folder / "busy").touch()
        elif now - busy > idle_seconds and _forgotten(folder):
            return
        archiving.go_on(now - busy if known else 0.0)
        time.sleep(min(1.0, idle_seconds / 4))


def _named(folder: Path) -> int | None:
    try:
        found: Any = json.loads((folder / "server.json").read_text())["pid"]
    except (OSError, ValueError, KeyError):
        return None
    return int(found)


def _in_use(folder: Path) -> bool:
    """Whether a client lives: one that holds the lock of its file."""
    for path in (folder / "clients").glob("*"):
        try:
            with path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            continue
    return False


def _forgotten(folder: Path) -> bool:
    """Take the server's name away so that no client finds it; False when one just came."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if _in_use(folder):
            return False
        for name in ("server.json", "token", "spark.conf"):
            (folder / name).unlink(missing_ok=True)
        return True


def _end(jvm: subprocess.Popen[bytes]) -> None:
    jvm.terminate()
    try:
        jvm.wait(_TO_END)
    except subprocess.TimeoutExpired:
        jvm.kill()
        jvm.wait()


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def _last_of_all() -> None:
    os.nice(19)
    _end_with_parent()


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)


if __name__ == "__main__":
    main()
