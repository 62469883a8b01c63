"""Who writes a group now: one claim per group and environment, lost claims are noticed.

On local disk a claim is an OS lock, which dies with its process and with nothing else. In an object
store it is the highest of numbered objects, put if absent, with an expiry that its holder renews.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from lakewright.errors import RefusedError
from lakewright.lake import paths
from lakewright.lake.ports import AlreadyExistsError, NotFoundError, ObjectStore
from lakewright.lake.processes import process_started
from lakewright.lake.stores import storage_error
from lakewright.names import TableName

LEASE = timedelta(minutes=5)


class Claim(Protocol):
    """The right to write one group. Given back by `release`, or when its process dies."""

    @property
    def group(self) -> TableName: ...

    @property
    def run_id(self) -> str: ...

    def verify(self) -> None:
        """RefusedError LW521 when the claim is no longer ours."""

    def renew(self, now: datetime) -> None:
        """Hold on for another lease; RefusedError LW521 when it is too late."""

    def record_jvm(self, pid: int, work: str | None = None) -> None:
        """While that JVM lives nobody takes the group, even when this process is gone.

        `work` is this process's part in a JVM that serves several: it is enough that it has ended.
        """

    def release(self) -> None:
        """Give it back; twice is once."""


class Claims(Protocol):
    """Where claims are taken."""

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> Claim:
        """RefusedError LW520, which names the holder, when the group is taken."""


def never_ended(_work: str) -> bool:
    """Nothing is known of a JVM but that it lives."""
    return False


@dataclass(frozen=True, slots=True)
class LocalClaims:
    """Locks of the operating system on files below the lake."""

    root: str
    ended: Callable[[str], bool] = never_ended  # asked of a dead run's work in a JVM that lives

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> LocalClaim:
        path = Path(self.root, paths.confine(paths.claim(environment, group) + ".lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(error, str(path)) from error
        try:
            _lock(handle, group, self.ended)
        except BaseException:
            os.close(handle)
            raise
        taken = LocalClaim(group, run_id, path, handle, now)
        taken.write(None)
        return taken


@dataclass(slots=True)
class LocalClaim:
    group: TableName
    run_id: str
    path: Path
    handle: int
    since: datetime

    def verify(self) -> None:
        try:
            there = self.path.stat()
        except OSError as error:
            raise _lost(self.group, self.run_id) from error
        mine = os.fstat(self.handle) if self.handle >= 0 else None
        if mine is None or (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
            raise _lost(self.group, self.run_id)

    def renew(self, now: datetime) -> None:  # noqa: ARG002 - an OS lock does not expire
        self.verify()

    def record_jvm(self, pid: int, work: str | None = None) -> None:
        self.verify()
        self.write(pid, work)

    def release(self) -> None:
        if self.handle < 0:
            return
        # The file stays: removing it would let two processes lock two files of one name.
        with contextlib.suppress(OSError):
            os.ftruncate(self.handle, 0)
        os.close(self.handle)
        self.handle = -1

    def write(self, jvm: int | None, work: str | None = None) -> None:
        """Say who holds the lock, for who is refused, and which JVM may be left behind."""
        holder = _holder(self.run_id, self.since) | {
            "jvm": jvm,
            "jvm_started": process_started(jvm) if jvm else None,
            "work": work,
        }
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, json.dumps(holder, sort_keys=True).encode(), 0)


@dataclass(frozen=True, slots=True)
class StoreClaims:
    """Numbered objects: `<n>.json` claims, `<n>.beat` renews, `<n>.done` gives back."""

    store: ObjectStore
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    lease: timedelta = LEASE

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> StoreClaim:
        folder = paths.claim(environment, group)
        number, holder = self._newest(folder)
        if holder is not None and datetime.fromisoformat(holder["expires_at"]) > now:
            raise _taken(group, holder)
        taken = StoreClaim(self, group, run_id, folder, number + 1)
        document = _holder(run_id, now) | {"expires_at": (now + self.lease).isoformat()}
        try:
            self.store.put_new(taken.path("json"), _bytes(document))
        except AlreadyExistsError as error:
            raise _taken(group, self._newest(folder)[1]) from error
        taken.verify()  # a slow writer may have put a number that was passed and cleared already
        for item in list(self.store.list(folder)):
            if _number(item.path) < number:
                self.store.delete(item.path)
        return taken

    def _newest(self, folder: str) -> tuple[int, dict[str, Any] | None]:
        """The highest number, and its holder unless that gave the claim back."""
        found = [item.path for item in self.store.list(folder)]
        number = max((_number(path) for path in found), default=0)
        base = f"{folder}/{number:020d}"
        if number == 0 or f"{base}.done" in found:
            return number, None
        for path in (f"{base}.beat", f"{base}.json"):
            with contextlib.suppress(NotFoundError, ValueError, RecursionError):
                return number, dict(json.loads(self.store.get(path)))
        # It was put, so it is held, also when its words cannot be read.
        until = (self.clock() + self.lease).isoformat()
        return number, {"run_id": "unknown", "host": "?", "pid": "?", "expires_at": until}


@dataclass(slots=True)
class StoreClaim:
    claims: StoreClaims
    group: TableName
    run_id: str
    folder: str
    number: int
    released: bool = False

    def path(self, suffix: str) -> str:
        return f"{self.folder}/{self.number:020d}.{suffix}"

    def verify(self) -> None:
        number, holder = self.claims._newest(self.folder)  # noqa: SLF001 - the two are one machine
        mine = number == self.number and holder is not None and holder["run_id"] == self.run_id
        if not mine:
            raise _lost(self.group, self.run_id)
        if datetime.fromisoformat(str(holder and holder["expires_at"])) <= self.claims.clock():
            raise _lost(self.group, self.run_id)

    def renew(self, now: datetime) -> None:
        self.verify()
        until = {"expires_at": (now + self.claims.lease).isoformat()}
        self.claims.store.put(self.path("beat"), _bytes(_holder(self.run_id, now) | until))
        self.verify()

    def record_jvm(self, pid: int, work: str | None = None) -> None:
        """Nothing to record: the expiry covers a JVM left behind, which cannot renew."""

    def release(self) -> None:
        if not self.released:
            self.claims.store.put(self.path("done"), b"{}")
            self.released = True


def _lock(handle: int, group: TableName, ended: Callable[[str], bool]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise _taken(group, _read(handle)) from error
    holder = _read(handle)
    jvm = (holder or {}).get("jvm")
    here = (holder or {}).get("host") == socket.gethostname()
    if jvm and here and process_started(jvm) == holder["jvm_started"] is not None:
        work = holder.get("work")
        if work is None or not ended(work):
            raise _taken(group, holder)


def _read(handle: int) -> Any:
    try:
        return json.loads(os.pread(handle, 65536, 0))
    except ValueError:
        return None  # given back, or its holder is about to write


def _holder(run_id: str, since: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": since.isoformat(),
    }


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True).encode()


def _number(path: str) -> int:
    text = path.rsplit("/", 1)[-1].partition(".")[0]
    return int(text) if text.isdigit() else 0


def _taken(group: TableName, holder: dict[str, Any] | None) -> RefusedError:
    who = (
        f"run {holder['run_id']} (process {holder['pid']} on {holder['host']})"
        if holder
        else "another run"
    )
    return RefusedError(
        "LW520",
        f"{group} is being written by {who}",
        hint="wait until that run has ended, then run the same command again",
    )


def _lost(group: TableName, run_id: str) -> RefusedError:
    return RefusedError(
        "LW521",
        f"run {run_id} lost its claim on {group}: another run may write it now",
        hint="nothing was published; run the same command again",
    )


def hold_all(
    claims: Claims, environment: str, groups: Iterable[TableName], run_id: str, now: datetime
) -> tuple[Claim, ...]:
    """Claim all groups in name order, or none: a refusal gives back what was taken."""
    taken: list[Claim] = []
    try:
        for group in sorted(set(groups)):
            claim = claims.claim(environment, group, run_id, now)
            taken.append(claim)
    except BaseException:
        for claim in taken:
            claim.release()
        raise
    return tuple(taken)
