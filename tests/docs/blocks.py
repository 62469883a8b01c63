"""The fenced blocks of a page, and commands with what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]))
MORE = "…"  # any number of lines
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]*?) -->\n\n?)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "<moment>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<run>"),
    (re.compile(r"(?<=<moment>, )code [0-9a-f]{7}\b"), "<code>"),
    (re.compile(r"(?<= )[0-9a-f]{7} +[0-9a-f]{8}$"), "<code and run>"),
    (re.compile(r"\d+(\.\d+)? s\b"), "<seconds>"),
    (re.compile(r"Reads about [\d.]+ k?B"), "Reads <bytes>"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `reason`: why nothing runs it, from the comment above it."""

    page: str
    line: int
    kind: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A command of a page and the lines below it."""

    command: str
    lines: tuple[str, ...]


def blocks_of(page: Path) -> tuple[Block, ...]:
    """All fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    return tuple(
        Block(
            page.name,
            text.count("\n", 0, found.start("kind")) + 1,
            found["kind"],
            found["text"],
            (found["reason"] or "").strip(),
        )
        for found in _BLOCK.finditer(text)
    )


def commands(block: Block) -> Iterator[Shown]:
    """The commands of a `console` block, each with what it prints."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield Shown(command, tuple(output.splitlines()))


def run_commands(found: Iterator[Shown], folder: Path) -> None:
    """Run them one after another as a reader would; AssertionError where one prints other lines."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LAKEWRIGHT_")}
    for shown in found:
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


def plain(line: str) -> str:
    """A line without what is another in every run, and without its alignment."""
    for pattern, word in _VARIES:
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
