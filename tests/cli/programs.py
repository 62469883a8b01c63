"""Runs the command line: inside this process where it can, as a program where it must."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakewright.cli.main import run_command

PROGRAM = str(Path(sys.executable).with_name("lakewright"))
# An installed program has its bytecode; without it every start would compile all modules.
_UNSET = {"CI", "NO_COLOR", "PYTHONDONTWRITEBYTECODE"}
CLEAN = {
    key: value
    for key, value in os.environ.items()
    if not key.startswith("LAKEWRIGHT_") and key not in _UNSET
} | {"USER": "ana", "TERM": "xterm"}


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Cli:
    """The command line in one folder, in this process. Starts no engine."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Done:
        self.capture.readouterr()
        code = run_command(arguments)
        told = self.capture.readouterr()
        return Done(code, told.out, told.err)


def run_program(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """A process of its own, no terminal."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=cwd,
        env=CLEAN | dict(env or {}),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def best_seconds(*arguments: str, cwd: Path, tries: int = 3) -> float:
    """The least of several runs, in seconds of processor time: what a free machine would take."""
    found = []
    for _ in range(tries):
        before = os.times()
        assert run_program(*arguments, cwd=cwd).code == 0
        after = os.times()
        spent = (after.children_user, after.children_system)
        found.append(sum(spent) - before.children_user - before.children_system)
    return min(found)


def run_on_terminal(*arguments: str, cwd: Path, answer: str = "") -> Done:
    """A process whose three streams are one terminal; `answer` is typed when it asks."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [PROGRAM, *arguments], cwd=cwd, env=CLEAN, stdin=child, stdout=child, stderr=child
    )
    os.close(child)
    told, typed, ends = "", False, time.monotonic() + 120
    while time.monotonic() < ends:
        ready, _, _ = select.select([parent], [], [], 0.1)
        if ready:
            try:
                piece = os.read(parent, 65536).decode()
            except OSError:
                break
            if not piece:
                break
            told += piece
        elif process.poll() is not None:
            break
        if answer and not typed and "[y/N]" in told:
            os.write(parent, answer.encode())
            typed = True
    os.close(parent)
    return Done(process.wait(timeout=10), told.replace("\r\n", "\n"), "")
