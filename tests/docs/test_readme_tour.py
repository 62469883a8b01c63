"""The five minutes of the README, run as they stand: what is shown is what is printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
MORE = "…"  # any number of lines
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "<moment>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<run>"),
    (re.compile(r"(?<=<moment>, )code [0-9a-f]{7}\b"), "<code>"),
    (re.compile(r"(?<= )[0-9a-f]{7} +[0-9a-f]{8}$"), "<code and run>"),
    (re.compile(r"\d+(\.\d+)? s\b"), "<seconds>"),
    (re.compile(r"Reads about [\d.]+ k?B"), "Reads <bytes>"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of the page and the lines below it."""

    command: str
    lines: tuple[str, ...]


def commands() -> Iterator[Shown]:
    section = README.read_text(encoding="utf-8").split("\n## Five minutes\n")[1].split("\n## ")[0]
    for block in BLOCK.findall(section):
        parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
        for part in parts[1:]:
            command, _, output = part.partition("\n")
            yield Shown(command, tuple(output.splitlines()))


def plain(line: str) -> str:
    """A line without what is another in every run, and without its alignment."""
    for pattern, word in VARIES:
        line = pattern.sub(word, line)
    return line.strip()


def fits(shown: list[str], printed: list[str]) -> bool:
    """Whether the shown lines are the printed ones, `…` standing for any."""
    runs = [list(lines) for more, lines in groupby(shown, lambda line: line == MORE) if not more]
    at = 0
    for number, lines in enumerate(runs):
        first = number == 0 and shown[0] != MORE
        starts = [at] if first else range(at, len(printed) - len(lines) + 1)
        found = next((s for s in starts if printed[s : s + len(lines)] == lines), None)
        if found is None:
            return False
        at = found + len(lines)
    return bool(shown and shown[-1] == MORE) or at == len(printed)


def test_the_page_shows_what_its_commands_print(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LAKEWRIGHT_")}
    folder = tmp_path
    for shown in commands():
        if shown.command.startswith("cd "):
            folder = folder / shown.command.removeprefix("cd ")
            continue
        done = subprocess.run(
            ["bash", "-c", shown.command],
            cwd=folder,
            env=kept | {"PATH": path, "USER": "ana", "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        expected = [plain(line) for line in shown.lines]
        printed = [plain(line) for line in done.stdout.splitlines()]
        assert fits(expected, printed), f"$ {shown.command}\n{done.stdout}"


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", MORE], ["a", "b"], True),
        ([MORE, "b"], ["a", "b"], True),
        ([MORE, "b"], ["a", "b", "c"], False),
        (["a", MORE, "c"], ["a", "b", "b", "c"], True),
        ([], ["a"], False),
        ([], [], True),
    ],
)
def test_three_dots_stand_for_any_lines(shown: list[str], printed: list[str], fit: bool) -> None:
    assert fits(shown, printed) is fit
