"""Clients are known by a lock that ends with their process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakewright.engines.warm.clients import Client, dead_client, dead_clients, live_clients
from lakewright.engines.warm.places import make_private

KILLED = """
import os, signal, sys
from pathlib import Path
from lakewright.engines.warm.clients import Client
client = Client.enter(Path(sys.argv[1]))
client.note("one")
client.note("two")
print(client.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_private(tmp_path / "engine")
    return tmp_path / "engine"


def test_a_client_lives_until_it_leaves(folder: Path) -> None:
    client = Client.enter(folder)
    assert live_clients(folder) == (os.getpid(),)
    with dead_client(client.path) as sessions:
        assert sessions is None
    client.leave()
    assert live_clients(folder) == ()
    with dead_client(client.path) as sessions:
        assert sessions == ()


def test_a_killed_client_leaves_the_names_of_its_sessions(folder: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)], capture_output=True, text=True, check=False
    )
    path = Path(told.stdout.strip())
    assert (live_clients(folder), dead_clients(folder)) == ((), (path,))
    with dead_client(path) as sessions:
        assert sessions == ("one", "two")
        with dead_client(path) as others:
            assert others is None  # somebody ends its work already
