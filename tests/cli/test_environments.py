"""`env create`, `env ls`, `env drop`, and targets with a base. No engine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from cli.programs import Cli, run_on_terminal
from goldens import Golden

CSV = "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n"
ALTERED = ("pipelines/shop/silver/orders.yml", "description:", "description: Truly.")


def plain(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "DATE", text)
    return re.sub(r"\d+(\.\d)? k?B", "SIZE", text)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_help_begins_with_an_example(cli: Cli) -> None:
    said = cli("env", "--help").out
    assert "Example: lakewright env create dev_ana --from prod@41 --expires 7d" in said


def test_create_forks_and_copies_no_rows(built: Cli) -> None:
    done = built("env", "create", "test", "--from", "dev_ana@1", "--reason", "to try")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Forked test from dev_ana@1: 3 tables, no rows copied.\n"
    assert not (built.folder / ".lake/test").exists()
    release = json.loads(built("releases", "-e", "test", "--json").out)[0]
    assert (release["kind"], release["reason"]) == ("fork", "dev_ana@1: to try")
    assert "Nothing to change" in built("plan", "-e", "test").out


def test_create_json(built: Cli) -> None:
    done = built("env", "create", "test", "--from", "dev_ana", "--json")
    document = json.loads(done.out)
    assert document["forked_from"] == {"environment": "dev_ana", "release": 1, "base": None}
    assert (document["environment"], document["release"]) == ("test", 1)
    assert "silver.orders" in document["tables"]


def test_ls(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana", "--expires", "7d")
    built("env", "create", "old", "--from", "test")
    built("env", "drop", "old", "--yes")
    text = plain(built("env", "ls").out)
    header, *rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    assert header == [
        "environment", "state", "releases", "latest", "bytes", "forked from", "expires"
    ]  # fmt: skip
    assert rows == [
        ["dev_ana", "live", "1", "1", "SIZE", "-", "-"],
        ["old", "ended", "1", "1", "SIZE", "test@1", "DATE"],
        ["test", "live", "1", "1", "SIZE", "dev_ana@1", "DATE"],
    ]


def test_ls_json(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana", "--expires", "7d")
    dev, test = json.loads(built("env", "ls", "--json").out)["environments"]
    assert (dev["environment"], dev["forked_from"], dev["expires_at"]) == ("dev_ana", None, None)
    assert dev["bytes"] > 0
    assert (test["state"], test["releases"], test["latest"], test["bytes"]) == ("live", 1, 1, 0)
    assert test["forked_from"] == {"environment": "dev_ana", "release": 1, "base": None}
    assert test["expires_at"] > test["changed_at"]


def test_status_and_doctor_name_where_a_fork_came_from(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana")
    assert "forked from dev_ana@1" in built("status", "-e", "test").out
    origin = json.loads(built("status", "-e", "test", "--json").out)["forked_from"]
    assert origin == {"environment": "dev_ana", "release": 1, "base": None}
    assert json.loads(built("status", "--json").out)["forked_from"] is None
    assert "test, forked from dev_ana@1" in built("doctor", "-e", "test").out


def test_drop_off_a_terminal_needs_yes(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana")
    done = built("env", "drop", "test")
    assert (done.code, done.out) == (4, "")
    assert "LW302" in done.err
    assert built("status", "-e", "test").code == 0


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 4)])
def test_drop_on_a_terminal_asks(built: Cli, answer: str, code: int) -> None:
    built("env", "create", "test", "--from", "dev_ana")
    done = run_on_terminal("env", "drop", "test", cwd=built.folder, answer=answer)
    assert done.code == code, done.out
    assert built("status", "-e", "test").code == (4 if code == 0 else 0)


def test_dropped_environment_is_refused_to_every_verb(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana")
    done = built("env", "drop", "test", "--yes", "--json")
    assert json.loads(done.out) == {
        "format_version": "1.0", "environment": "test", "dropped": True, "withdrawn": [],
        "notes": [],
    }  # fmt: skip
    for words in (
        ("plan",),
        ("apply", "--yes"),
        ("refresh",),
        ("status",),
        ("releases",),
        ("history",),
        ("sql", "SELECT 1 AS one"),
        ("preview", "silver.orders"),
    ):
        done = built(*words, "-e", "test")
        assert (done.code, "LW361" in done.err) == (4, True), words
    assert built("env", "create", "test", "--from", "dev_ana").code == 4


def test_name_with_releases_is_refused(built: Cli) -> None:
    done = built("env", "create", "dev_ana", "--from", "dev_ana")
    assert (done.code, "LW360" in done.err) == (4, True)


def test_protected_environment_is_not_dropped(built: Cli) -> None:
    from lakewright.lake import open_lake

    open_lake(str(built.folder / ".lake")).protect("dev_ana")
    done = built("env", "drop", "dev_ana", "--yes")
    assert (done.code, "LW364" in done.err) == (4, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("make", "x"), "LW303"),
        (("create",), "LW303"),
        (("create", "x"), "LW303"),
        (("create", "x", "--from", "dev_ana@last"), "LW303"),
        (("create", "x", "--from", "dev_ana", "--expires", "soon"), "LW303"),
        (("create", "a-b", "--from", "dev_ana"), "LW103"),
        (("ls", "x"), "LW303"),
        (("ls", "--from", "x"), "LW303"),
        (("drop", "x", "--expires", "1d", "--yes"), "LW303"),
    ],
)
def test_wrong_words_are_told_and_nothing_is_made(
    built: Cli, words: tuple[str, ...], code: str
) -> None:
    before = files_of(built.folder / ".lake")
    done = built("env", *words)
    assert (done.code, code in done.err) == (2, True), done.err
    assert files_of(built.folder / ".lake") == before


@pytest.mark.parametrize("words", [("create", "x", "--from", "prod"), ("drop", "prod", "--yes")])
def test_unknown_environment_is_told(built: Cli, words: tuple[str, ...]) -> None:
    assert built("env", *words).code == 5


def test_ls_without_a_lake_exits_5(cli: Cli) -> None:
    shutil.rmtree(cli.folder / ".lake")
    assert cli("env", "ls").code == 5


# plan --base


def edit(cli: Cli, path: str, before: str, after: str) -> None:
    file = cli.folder / path
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after, 1))


def test_plan_over_another_environment_writes_nothing(built: Cli) -> None:
    edit(built, *ALTERED)
    before = files_of(built.folder / ".lake")
    done = built("plan", "-e", "branch", "--base", "dev_ana", "--json")
    document = json.loads(done.out)
    assert (document["environment"], document["base"]) == ("branch", "dev_ana@1")
    assert [(c["table"], c["action"]) for c in document["changes"]] == [("silver.orders", "alter")]
    assert files_of(built.folder / ".lake") == before


def test_plan_over_an_environment_without_a_release_is_told(built: Cli) -> None:
    done = built("plan", "--base", "prod")
    assert (done.code, "LW367" in done.err) == (5, True)


# Targets with a base


@pytest.fixture
def branch(built: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A target `pr` with a lake of its own, over what the project's lake has in dev_ana."""
    line = '  pr: {lake: .pr, engine: sail, base: {lake: "${env:BASE}", environment: dev_ana}}\n'
    edit(built, "lakewright.yml", "targets:\n", f"targets:\n{line}")
    monkeypatch.setenv("BASE", str(built.folder / ".lake"))
    return built


def test_plan_over_a_base_shows_what_the_branch_changes(branch: Cli, golden: Golden) -> None:
    edit(branch, *ALTERED)
    done = branch("plan", "-t", "pr", "-e", "pr")
    golden("cli/plan_over_base.txt", plain(re.sub("code [0-9a-f]{7}", "code CODE", done.out)))
    assert not (branch.folder / ".pr").exists()


def test_first_apply_forks_the_base_and_reads_it_from_there(branch: Cli) -> None:
    """Nothing is changed here, so no engine starts: the environment exists all the same."""
    before = files_of(branch.folder / ".lake")
    done = branch("apply", "-t", "pr", "-e", "pr", "--yes")
    assert done.code == 0, done.err
    assert "Forked pr from dev_ana@1 of `${env:BASE}`" in done.err
    assert "forked from dev_ana@1 of `${env:BASE}`" in branch("status", "-t", "pr", "-e", "pr").out
    assert "Nothing to change" in branch("plan", "-t", "pr", "-e", "pr").out
    assert files_of(branch.folder / ".lake") == before


def test_first_apply_off_a_terminal_needs_yes(branch: Cli) -> None:
    assert branch("apply", "-t", "pr", "-e", "pr").code == 4
    assert not (branch.folder / ".pr").exists()


def test_program_reads_a_fork_of_a_base(branch: Cli) -> None:
    import lakewright

    branch("apply", "-t", "pr", "-e", "pr", "--yes")
    ours = lakewright.read("silver.orders", target="pr", environment="pr")
    theirs = lakewright.read("silver.orders", target="dev", environment="dev_ana")
    assert ours.equals(theirs)


def test_a_side_of_a_diff_may_lie_in_the_base(branch: Cli) -> None:
    branch("apply", "-t", "pr", "-e", "pr", "--yes")
    done = branch("diff", "dev_ana..pr", "-t", "pr", "-e", "pr", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert {table["status"] for table in document["tables"]} == {"same"}
    assert (document["left"], document["right"]) == ("dev_ana@1", "pr@1")


def test_place_of_the_base_is_never_stored(branch: Cli) -> None:
    branch("apply", "-t", "pr", "-e", "pr", "--yes")
    secret = str(branch.folder / ".lake").encode()
    stored = {
        path: data for path, data in files_of(branch.folder / ".pr").items() if secret in data
    }
    assert stored == {}


def test_place_of_the_base_must_be_known(branch: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    branch("apply", "-t", "pr", "-e", "pr", "--yes")
    monkeypatch.delenv("BASE")
    done = branch("plan", "-t", "pr", "-e", "pr")
    assert (done.code, "LW181" in done.err) == (5, True)


def test_env_create_forks_the_base(branch: Cli) -> None:
    done = branch("env", "create", "other", "-t", "pr")
    assert done.out == "Forked other from dev_ana@1 of `${env:BASE}`: 3 tables, no rows copied.\n"


def test_base_in_the_very_lake_is_an_environment_of_it(branch: Cli) -> None:
    edit(branch, "lakewright.yml", "lake: .pr,", "lake: .lake,")
    done = branch("env", "create", "other", "-t", "pr")
    assert done.out == "Forked other from dev_ana@1: 3 tables, no rows copied.\n"


def test_base_without_a_lake_exits_5(branch: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", str(branch.folder / "nowhere"))
    done = branch("plan", "-t", "pr", "-e", "pr")
    assert (done.code, "LW510" in done.err) == (5, True)


def test_base_of_another_project_is_refused(branch: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from lakewright.lake import open_lake
    from runtime.shop import NOW

    other = branch.folder / "other"
    open_lake(str(other)).create("another", "1" * 32, NOW)
    monkeypatch.setenv("BASE", str(other))
    done = branch("plan", "-t", "pr", "-e", "pr")
    assert (done.code, "LW512" in done.err) == (4, True)


def test_apply_goes_on_with_a_fork_that_was_not_finished(branch: Cli) -> None:
    """As after a kill: the record is there, and what made it never said that it is done."""
    branch("apply", "-t", "pr", "-e", "pr", "--yes")
    control = branch.folder / ".pr/_lakewright/env/pr/control"
    sorted(control.glob("*.json"))[-1].unlink()
    assert "LW365" in branch("plan", "-t", "pr", "-e", "pr").err
    assert branch("apply", "-t", "pr", "-e", "pr", "--yes").code == 0
    assert branch("plan", "-t", "pr", "-e", "pr").code == 0


def test_a_dropped_environment_is_collected_and_its_origin_is_left_alone(built: Cli) -> None:
    built("env", "create", "test", "--from", "dev_ana")
    built("env", "drop", "test", "--yes")
    before = files_of(built.folder / ".lake/dev_ana")
    done = built("gc", "-e", "test", "--yes", "--json")
    assert done.code == 0, done.err
    left = files_of(built.folder / ".lake/_lakewright/env/test")
    assert not [path for path in left if "/code/" in path]
    assert files_of(built.folder / ".lake/dev_ana") == before
    assert built("env", "create", "test", "--from", "dev_ana").code == 4
