"""When a warm server is used, and when not. Nothing listens here."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from engines.warm.test_places import this_process
from lakewright.engines.warm.clients import Client, live_clients
from lakewright.engines.warm.joining import end_work, join_warm
from lakewright.engines.warm.places import (
    Versions,
    make_private,
    put_private,
    state_folder,
    write_server,
)
from lakewright.engines.warm.starting import settings_digest, take_down


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    found = {"XDG_STATE_HOME": str(tmp_path)}
    make_private(state_folder(found))
    put_private(state_folder(found) / "token", "secret")
    return found


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_without_a_server_there_is_none(surroundings: dict[str, str]) -> None:
    assert join_warm({}, surroundings) is None


def test_a_server_that_ended_is_none(surroundings: dict[str, str]) -> None:
    write_server(state_folder(surroundings), this_process(started="1"))
    assert join_warm({}, surroundings) is None


def test_a_server_of_other_versions_is_not_used(surroundings: dict[str, str]) -> None:
    other = Versions("4.1.0", "4.0.0", "3.11 in /elsewhere")
    write_server(state_folder(surroundings), this_process(versions=other))
    assert join_warm({}, surroundings) == f"it has {other}"


def test_a_port_where_something_else_is_or_nothing_is_not_used(
    surroundings: dict[str, str],
) -> None:
    server = this_process(versions=Versions.here(), port=closed_port())
    write_server(state_folder(surroundings), server)
    why = join_warm({}, surroundings)
    assert isinstance(why, str)
    assert "does not answer" in why
    assert live_clients(state_folder(surroundings)) == ()


def test_work_of_a_live_client_has_not_ended(surroundings: dict[str, str]) -> None:
    folder = state_folder(surroundings)
    write_server(folder, this_process())
    client = Client.enter(folder)
    assert not end_work(f"{os.getpid()} {client.path}", surroundings)
    client.leave()
    assert end_work(f"{os.getpid()} {client.path}", surroundings)


@pytest.mark.parametrize("work", ["1 {clients}/x", "{pid} /elsewhere/clients/x", "", "{pid}"])
def test_work_in_another_server_is_not_known_to_have_ended(
    surroundings: dict[str, str], work: str
) -> None:
    folder = state_folder(surroundings)
    write_server(folder, this_process())
    written = work.format(pid=os.getpid(), clients=folder / "clients")
    assert not end_work(written, surroundings)


def test_settings_that_a_start_must_set_are_told_apart_and_not_kept() -> None:
    conf = {"spark.driver.memory": "8g", "spark.sql.ansi.enabled": "false"}
    digest = settings_digest(conf, frozenset({"spark.sql.ansi.enabled"}))
    assert digest == settings_digest({"spark.driver.memory": "8g"}, frozenset())
    assert settings_digest({}, frozenset()) == ""
    assert "8g" not in json.dumps(digest)


def test_what_is_left_of_a_dead_server_is_cleared(surroundings: dict[str, str]) -> None:
    folder = state_folder(surroundings)
    write_server(folder, this_process(started="1", keeper_started="1"))
    assert take_down(folder, force=False) is None
    assert sorted(file.name for file in folder.iterdir()) == ["lock"]
