"""Where a warm server is written down, and who may read it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lakewright.engines.warm.places import (
    Server,
    Versions,
    make_private,
    put_private,
    read_server,
    state_folder,
    write_server,
)
from lakewright.errors import LakeError
from lakewright.lake.processes import process_started


def this_process(**changes: object) -> Server:
    """A server that is said to be this very process."""
    started = process_started(os.getpid())
    assert started is not None
    server = Server(
        pid=os.getpid(),
        started=started,
        keeper=os.getpid(),
        keeper_started=started,
        port=1,
        versions=Versions("4.2.0", "4.4.0", "3.11 in /venv"),
        java="17 at /java",
        since="2026-01-02T03:04:05+00:00",
        idle_seconds=1800,
        log="/log",
    )
    return replace(server, **changes)  # type: ignore[arg-type]


def test_what_is_written_down_is_read_again(tmp_path: Path) -> None:
    make_private(tmp_path / "engine")
    write_server(tmp_path / "engine", this_process())
    found = read_server(tmp_path / "engine")
    assert found == this_process()
    assert found is not None
    assert found.alive


def test_a_later_process_of_the_same_number_is_another_one() -> None:
    assert not this_process(started="1").alive


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write_server(tmp_path, this_process())
    with pytest.raises(LakeError) as caught:
        make_private(tmp_path)
    assert caught.value.code == "LW670"
    assert read_server(tmp_path) is None


def test_a_link_to_a_private_folder_is_refused(tmp_path: Path) -> None:
    make_private(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(LakeError):
        make_private(tmp_path / "link")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}', '{"format": 1}'])
def test_what_this_version_cannot_read_is_nothing(tmp_path: Path, text: str) -> None:
    make_private(tmp_path / "engine")
    put_private(tmp_path / "engine" / "server.json", text)
    assert read_server(tmp_path / "engine") is None


def test_a_token_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    put_private(tmp_path / "token", "secret")
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


def test_the_folder_is_one_of_user_and_machine(tmp_path: Path) -> None:
    assert state_folder({"XDG_STATE_HOME": str(tmp_path)}).parent == (
        tmp_path / "lakewright" / "engine"
    )
