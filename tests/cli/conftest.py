"""A small project, before and after its first release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.programs import CLEAN, Cli, run_program
from lakewright.cli.main import run_command


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests reaches them."""
    for name in ("LAKEWRIGHT_TARGET", "LAKEWRIGHT_ENVIRONMENT", "LAKEWRIGHT_LAKE", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("USER", CLEAN["USER"])


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line inside a project that `init` made."""
    folder = tmp_path / "shop"
    assert run_command(["init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    return Cli(folder, capsys)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with release 1, built by the embedded engine. Copy it, never change it."""
    folder = tmp_path_factory.mktemp("built") / "shop"
    assert run_program("init", str(folder), cwd=folder.parent).code == 0
    done = run_program("apply", "--yes", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def built(
    built_once: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """The command line inside a copy of the built project."""
    folder = tmp_path / "shop"
    shutil.copytree(built_once, folder)
    monkeypatch.chdir(folder)
    return Cli(folder, capsys)
