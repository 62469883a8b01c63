"""Each verb as a person sees it at a terminal, and as a program does in a pipe.

A verb without an entry here fails: what is added is tried in both.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cli.programs import Cli, Done
from lakewright.cli.main import run_command
from lakewright.cli.verbs import NAMES, VERBS

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Visit:
    """A command line and how it ends. `asks`: a person; off a terminal it is refused."""

    words: str
    code: int = 0
    asks: bool = False
    colors: bool = False  # it has something to paint
    json: bool = True


EDIT = "count(*)", "count(customer)"
VISITS: dict[str, tuple[Visit, ...]] = {
    "init": (Visit("init other", json=True), Visit("init .", 4, colors=True)),
    "doctor": (Visit("doctor"),),
    "validate": (Visit("validate"),),
    "ls": (Visit("ls"), Visit("ls -s nothing", 2, colors=True)),
    "show": (Visit("show silver.orders"),),
    "lineage": (Visit("lineage gold.customer_totals"),),
    "preview": (Visit("preview --sql 'SELECT 1 AS one'"),),
    "test": (Visit("test", 2, colors=True),),
    "schema": (Visit("schema table"),),
    "plan": (Visit("plan", colors=True),),
    "apply": (Visit("apply", 4, asks=True, colors=True),),
    "refresh": (Visit("refresh"),),
    "adopt": (Visit("adopt silver.orders --location /nowhere", 4, colors=True),),
    "rollback": (Visit("rollback --reason x", 2, colors=True),),
    "hold": (Visit("hold silver.orders --reason x"),),
    "resume": (Visit("resume silver.orders --reason x", 2, colors=True),),
    "pin": (Visit("pin"), Visit("pin audit 1"), Visit("pin audit --drop", 4, colors=True)),
    "gc": (Visit("gc --dry-run"), Visit("gc", 0)),
    "bundle": (Visit("bundle -o nowhere/b.zip", 5, colors=True),),
    "submit": (Visit("submit -- main.py status", 2, colors=True),),
    "status": (Visit("status"),),
    "releases": (Visit("releases"),),
    "history": (Visit("history"), Visit("history silver.orders")),
    "diff": (Visit("diff", 2, colors=True), Visit("diff 1..1")),
    "sql": (Visit("sql 'SELECT count(*) AS n FROM gold.customer_totals'"),),
    "env": (
        Visit("env ls"),
        Visit("env create other --from dev_ana"),
        Visit("env drop dev_ana", 4, asks=True, colors=True),
    ),
    "engine": (Visit("engine status"),),
    "explain": (Visit("explain LW204", json=False), Visit("explain LW000", 2, colors=True)),
}
EVERY = [(visit.words, visit) for name in NAMES for visit in VISITS.get(name, ())]


def each_visit(*, only: Callable[[Visit], bool] = lambda _: True) -> pytest.MarkDecorator:
    chosen = [(words, visit) for words, visit in EVERY if only(visit)]
    return pytest.mark.parametrize("visit", [v for _, v in chosen], ids=[w for w, _ in chosen])


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal of this process, so wide; what is typed waits until it is read."""

    monkeypatch: pytest.MonkeyPatch

    def run(self, words: list[str], *, width: int, term: str = "xterm", typed: str = "n\n") -> Done:
        parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        told: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(parent, told))
        reader.start()
        os.write(parent, typed.encode())
        with self.monkeypatch.context() as patch:
            patch.setenv("TERM", term)
            streams = [os.fdopen(os.dup(child), mode) for mode in ("r", "w", "w")]
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            code = run_command(words)
            for stream in streams:
                stream.close()
        os.close(child)
        reader.join(timeout=10)
        os.close(parent)
        return Done(code, b"".join(told).decode(), "")


def _read_all(parent: int, told: list[bytes]) -> None:
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # the other end is closed
            return
        if not piece:
            return
        told.append(piece)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)


@pytest.fixture
def edited(built: Cli) -> Cli:
    """The built project with an edit, so that there is something to plan and to ask."""
    query = built.folder / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace(*EDIT))
    return built


def words_of(visit: Visit) -> list[str]:
    import shlex

    return shlex.split(visit.words)


def test_every_verb_is_visited() -> None:
    assert set(VISITS) == set(NAMES)
    assert all(visit.words.split()[0] == name for name in VISITS for visit in VISITS[name])


@each_visit()
def test_in_a_pipe_a_verb_asks_nothing_and_paints_nothing(edited: Cli, visit: Visit) -> None:
    done = edited(*words_of(visit))
    assert done.code == visit.code, done.err
    assert not ESCAPE.search(done.out + done.err)
    assert "[y/N]" not in done.err
    assert "\r" not in done.out + done.err
    assert ("LW302" in done.err) == visit.asks


@each_visit()
def test_at_a_terminal_a_verb_paints_and_asks_where_it_must(
    edited: Cli, terminal: Terminal, visit: Visit
) -> None:
    done = terminal.run(words_of(visit), width=40)
    assert done.code == visit.code, done.out
    assert ("[y/N]" in done.out) == visit.asks
    assert bool(ESCAPE.search(done.out)) >= visit.colors


@each_visit(only=lambda visit: visit.colors)
@pytest.mark.parametrize(("term", "no_color"), [("dumb", ""), ("xterm", "1")])
def test_a_terminal_that_wants_no_colour_gets_none(
    edited: Cli,
    terminal: Terminal,
    visit: Visit,
    term: str,
    no_color: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    done = terminal.run(words_of(visit), width=200, term=term)
    assert done.code == visit.code
    assert not ESCAPE.search(done.out)


@each_visit(only=lambda visit: visit.json)
def test_with_json_stdout_is_one_document(edited: Cli, visit: Visit) -> None:
    words = words_of(visit)
    if words[0] == "schema":
        words = ["schema", "table"]
    done = edited(*words, "--json")
    assert done.code == visit.code, done.err
    json.loads(done.out)
    assert not ESCAPE.search(done.out)


@pytest.mark.parametrize("width", [40, 200])
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_begins_with_an_example_at_any_width(
    terminal: Terminal, verb: object, width: int
) -> None:
    done = terminal.run([verb.name, "--help"], width=width)
    lines = [line.strip() for line in done.out.replace("n\r\n", "", 1).splitlines()]
    at = next(i for i, line in enumerate(lines) if line.startswith("Example:"))
    assert " ".join(lines[at : at + 3]).startswith(f"Example: lakewright {verb.name}")
    assert lines[0].startswith("Usage:")
    assert done.code == 0
