"""Reading the command line, errors and exit codes. No project, no engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.programs import CLEAN, PROGRAM, Cli, best_seconds, run_on_terminal, run_program
from goldens import Golden
from lakewright.cli import commands
from lakewright.cli.main import run_command
from lakewright.cli.verbs import VERBS

HEAVY = ("pyarrow", "deltalake", "sqlglot", "ruamel", "pyspark", "pysail", "rich")
NO_ENGINE = {"pyspark", "delta", "pysail"}


def modules_loaded(arguments: list[str], cwd: Path) -> set[str]:
    """Top-level modules in memory when a command has ended."""
    code = (
        "import sys\n"
        "from lakewright.cli.main import run_command\n"
        f"run_command({arguments!r})\n"
        "print('MODULES', *sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=CLEAN, capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("MODULES")[2].split())


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    assert run_command(["--help"]) == 0
    golden("cli/help.txt", capsys.readouterr().out)


def test_no_verb_prints_help_and_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([]) == 2
    assert "lakewright VERB" in capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_is_declared_and_its_help_begins_with_an_example(
    verb: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(getattr(commands, verb.name))
    assert run_command([verb.name, "--help"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[2].strip().startswith(f"Example: lakewright {verb.name}")


def test_help_takes_less_than_300_ms(tmp_path: Path) -> None:
    assert best_seconds("--help", cwd=tmp_path) <= 0.3


def test_the_help_of_a_verb_takes_less_than_300_ms(tmp_path: Path) -> None:
    assert best_seconds("apply", "--help", cwd=tmp_path) <= 0.3


@pytest.mark.parametrize("arguments", [["--help"], ["apply", "--help"], ["explain", "LW303"]])
def test_help_and_explain_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert not modules_loaded(arguments, tmp_path).intersection(HEAVY)


def test_an_unknown_verb_names_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["plam"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "LW303" in told.err
    assert "lakewright plan" in told.err


def test_run_asks_whether_apply_or_refresh_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["run"]) == 2
    told = capsys.readouterr().err
    assert "did you mean `lakewright apply`" in told
    assert "`lakewright refresh`" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--targt", "x"],
        ["plan", "--drift", "maybe"],
        ["show"],
        ["sql", "SELECT 1", "--limit", "0"],
        ["sql", "SELECT 1", "--format", "xml", "--lake", "nowhere"],
        ["apply", "--exact"],
        ["apply", "plan.json", "-s", "gold.x"],
        ["preview"],
        ["explain", "LW0"],
    ],
    ids=" ".join,
)
def test_bad_usage_exits_2_and_prints_no_answer(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert capsys.readouterr().out == ""


def test_json_errors_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["plan", "--project", "/", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["format_version"] == "1.0"
    assert document["exit_code"] == 2
    assert document["error"][0]["code"] == "LW110"


def test_a_bug_is_70_and_says_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(common: object) -> int:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(commands, "status", broken)
    assert run_command(["status"]) == 70
    told = capsys.readouterr().err
    assert "LW901" in told
    assert "Traceback" not in told
    assert run_command(["status", "--debug"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(common: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "status", stopped)
    assert run_command(["status"]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was published\n"


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    piped = f"'{PROGRAM}' explain | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", piped],
        cwd=tmp_path,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 141}
    assert done.stderr == ""


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lakewright 0.")


def test_every_code_that_the_command_line_raises_has_a_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for code in ("LW302", "LW303", "LW304", "LW305", "LW306", "LW307", "LW309", "LW901"):
        assert run_command(["explain", code]) == 0
    for number in (0, 1, 2, 3, 4, 5, 6):
        assert run_command(["explain", f"lw34{number}"]) == 0
    assert capsys.readouterr().err == ""


def test_explain_without_a_code_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["explain"]) == 0
    assert "LW303  the command line is not understood\n" in capsys.readouterr().out


def test_colour_is_for_terminals(tmp_path: Path) -> None:
    assert "\x1b[" in run_on_terminal("plam", cwd=tmp_path).out
    assert "\x1b[" not in run_program("plam", cwd=tmp_path).err


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("CI", "true"), ("TERM", "dumb")])
def test_surroundings_can_switch_colour_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import StringIO

    from lakewright.cli.streams import wants_color

    terminal = StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    assert wants_color(None, terminal, {})
    assert not wants_color(None, terminal, {name: value})
    assert wants_color("always", terminal, {name: value})


def test_light_verbs_never_import_an_engine(built: Cli) -> None:
    for arguments in (["validate"], ["ls"], ["plan"], ["status"], ["releases"], ["history"]):
        assert not modules_loaded(arguments, built.folder).intersection(NO_ENGINE), arguments


def test_an_empty_apply_starts_no_engine(built: Cli) -> None:
    assert not modules_loaded(["apply"], built.folder).intersection(NO_ENGINE)
