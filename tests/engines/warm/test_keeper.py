"""The keeper ends the server in time, and never alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lakewright.engines.warm import keeper
from lakewright.engines.warm.clients import Client
from lakewright.engines.warm.places import make_private, put_private
from lakewright.lake.processes import process_started

Start = Callable[[float], tuple[subprocess.Popen[bytes], int]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_private(tmp_path / "engine")
    return tmp_path / "engine"


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a keeper of a program that only sleeps; the keeper and the number of its program."""
    kept: list[subprocess.Popen[bytes]] = []

    def start_keeper(idle: float) -> tuple[subprocess.Popen[bytes], int]:
        scratch = folder / "scratch"
        scratch.mkdir()
        job: dict[str, Any] = {
            "folder": str(folder),
            "command": ["sleep", "60"],
            "idle_seconds": idle,
            "scratch": str(scratch),
            "java": "/no/java",
            "archive": str(folder / "classes.jsa"),
        }
        process = subprocess.Popen(
            [sys.executable, "-I", str(keeper.__file__)], stdin=subprocess.PIPE
        )
        kept.append(process)
        assert process.stdin is not None
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        assert soon(lambda: (scratch / "jvm").exists() and (scratch / "jvm").read_text())
        pid = int((scratch / "jvm").read_text())
        put_private(folder / "server.json", json.dumps({"pid": pid}))
        return process, pid

    yield start_keeper
    for process in kept:
        process.kill()
        process.wait()


def soon(holds: Callable[[], object]) -> bool:
    ends = time.monotonic() + 20
    while not holds() and time.monotonic() < ends:
        time.sleep(0.02)
    return bool(holds())


def gone(pid: int) -> bool:
    return process_started(pid) is None


def test_an_idle_server_ends_and_is_forgotten(folder: Path, start: Start) -> None:
    process, pid = start(0.4)
    assert process.wait(20) == 0
    assert (gone(pid), (folder / "server.json").exists()) == (True, False)


def test_a_server_with_a_client_goes_on_until_that_has_left(folder: Path, start: Start) -> None:
    client = Client.enter(folder)
    process, pid = start(0.2)
    time.sleep(1.0)
    assert (process.poll(), gone(pid)) == (None, False)
    client.leave()
    assert process.wait(20) == 0


def test_a_server_that_is_written_down_no_more_ends(folder: Path, start: Start) -> None:
    process, pid = start(3600)
    assert soon((folder / "busy").exists)
    (folder / "server.json").unlink()
    assert process.wait(20) == 0
    assert gone(pid)


def test_the_keeper_ends_its_server_when_it_is_told_to_end(start: Start) -> None:
    process, pid = start(3600)
    process.terminate()
    assert process.wait(20) == 0
    assert gone(pid)


def test_the_server_ends_with_a_keeper_that_is_killed(start: Start) -> None:
    process, pid = start(3600)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert soon(lambda: gone(pid))
