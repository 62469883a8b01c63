"""Mistakes as a user meets them: the smallest project that makes one, and the page it prints.

A folder of `golden/errors/` is named `<code>_<mistake>`; it is laid over `base` and validated, or
the command in its `command.txt` is run. `expected.txt` is what was printed.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from goldens import Golden
from lakewright.cli.main import run_command
from lakewright.errors.pages import page_codes

FOLDER = Path(__file__).parents[1] / "golden" / "errors"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "base")


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_as_its_page_shows(
    case: str,
    golden: Golden,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = tmp_path / "shop"
    for layer in ("base", case):
        shutil.copytree(FOLDER / layer, project, dirs_exist_ok=True)
    asked = project / "command.txt"
    command = asked.read_text() if asked.exists() else "validate"
    monkeypatch.chdir(project)
    assert run_command(shlex.split(command)) != 0
    told = capsys.readouterr().err.replace(str(project), "PROJECT")
    told = told[told.find("error[") :]  # progress stands before it
    assert told.startswith(f"error[{case[:5]}]: ")
    golden(f"errors/{case}/expected.txt", told)


def test_the_pages_show_many_codes() -> None:
    codes = {case[:5] for case in CASES}
    assert codes <= set(page_codes())
    assert len(codes) >= 100
