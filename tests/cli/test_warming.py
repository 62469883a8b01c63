"""`engine up|down|status` without a server; warm_spark_soak has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.programs import Cli, run_on_terminal


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_help_begins_with_an_example(cli: Cli) -> None:
    assert "Example: lakewright engine up --idle 2h" in cli("engine", "--help").out


def test_status_without_a_server(cli: Cli) -> None:
    done = cli("engine", "status")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Down: ")
    assert json.loads(cli("engine", "--json").out) == {"format_version": "1.0", "state": "down"}


def test_down_without_a_server(cli: Cli) -> None:
    done = cli("engine", "down")
    assert (done.code, done.out) == (0, "No warm Spark was up.\n")
    told = json.loads(cli("engine", "down", "--json").out)
    assert (told["state"], told["ended"]) == ("down", None)


@pytest.mark.parametrize(
    "words",
    [("start",), ("up", "--idle", "soon"), ("up", "--engine", "sail"), ("up", "--idle", "0m")],
)
def test_words_that_are_not_there_are_usage(cli: Cli, words: tuple[str, ...]) -> None:
    done = cli("engine", *words)
    assert done.code == 2
    assert "LW303" in done.err


def test_up_needs_a_folder_of_its_own(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "state" / "lakewright").mkdir(parents=True)
    (tmp_path / "state" / "lakewright" / "engine").write_text("in the way")
    done = cli("engine", "up")
    assert (done.code, "LW670" in done.err) == (5, True)


def test_status_on_a_terminal(cli: Cli) -> None:
    done = run_on_terminal("engine", "status", cwd=cli.folder)
    assert done.code == 0
    assert "engine up" in done.out or "process" in done.out
