"""`submit`: what it gives to spark-submit, and that the report alone says how the run ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cli.programs import Cli
from lakewright.cli.options import Common
from lakewright.cli.submitting import read_submission
from lakewright.errors import UsageError

RUN = "0f0e0d0c-0b0a-4009-8807-060504030201"
PROD = ("--lake", "/lake", "-e", "prod")


def test_a_run_id_is_added_behind_the_options_of_the_verb() -> None:
    given = ("--master", "local[*]", "main.py", "refresh", *PROD)
    submission = read_submission(given, Common())
    assert submission.words == (*given, "--run-id", submission.run_id)


def test_a_run_id_that_was_given_is_used() -> None:
    given = ("main.py", "refresh", *PROD, "--run-id", RUN)
    submission = read_submission(given, Common())
    assert (submission.words, submission.run_id) == (given, RUN)


def test_options_before_the_dashes_reach_the_run_unless_it_has_its_own() -> None:
    common = Common(lake="/other", environment="test")
    submission = read_submission(("main.py", "refresh", "--lake", "/lake"), common)
    assert submission.words[:6] == ("main.py", "refresh", "--lake", "/lake", "-e", "test")
    assert (submission.common.lake, submission.common.environment) == ("/lake", "test")


def test_the_main_file_is_what_follows_the_options_of_spark_submit() -> None:
    given = ("--verbose", "--conf", "a=refresh", "--deploy-mode=cluster", "main.py", "apply")
    submission = read_submission((*given, *PROD), Common())
    assert (submission.words[:6], submission.elsewhere) == (given, True)


@pytest.mark.parametrize("words", [("main.py",), ("main.py", "status"), ("--conf", "a=b")])
def test_what_is_no_run_is_not_submitted(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        read_submission(words, Common())
    assert caught.value.code == "LW315"


def test_an_option_that_the_verb_has_not_is_told_before_spark_starts() -> None:
    with pytest.raises(UsageError) as caught:
        read_submission(("main.py", "refresh", "--lakes", "/lake"), Common())
    assert caught.value.code == "LW303"


def spark_that(cli: Cli, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A spark-submit that is a shell script; `$run` starts the verb as main.py does."""
    program = cli.folder / "spark" / "bin" / "spark-submit"
    program.parent.mkdir(parents=True)
    run = f'"{sys.executable}" -m lakewright.cli'
    program.write_text(f"#!/bin/sh\nshift\n{script.replace('$run', run)}\n")
    program.chmod(0o755)
    monkeypatch.setenv("SPARK_HOME", str(program.parents[1]))
    monkeypatch.setenv("JAVA_HOME", "/java")


def test_the_end_of_a_run_is_that_of_its_report(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_that(built, monkeypatch, '$run "$@"; exit 3')
    done = built("submit", "--wait", "--json", "--", "main.py", "refresh")
    end = json.loads(done.out)
    assert (done.code, end["ok"], end["exit_code"]) == (0, True, 0)


def test_a_refused_run_ends_as_refused_though_spark_submit_is_content(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_that(cli, monkeypatch, '$run "$@" </dev/null; exit 0')
    done = cli("submit", "--wait", "--", "main.py", "apply")
    assert (done.code, "error[LW302]" in done.out) == (4, True)


def test_a_run_without_a_report_is_an_error_whatever_spark_submit_says(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_that(built, monkeypatch, "exit 0")
    monkeypatch.setattr("lakewright.cli.submitting._SETTLING", 0.0)
    done = built("submit", "--wait", "--", "main.py", "refresh")
    assert (done.code, "LW641" in done.err) == (5, True)
    assert "nothing of it was published" in done.err


def test_a_run_that_died_after_its_release_is_told_with_the_release(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = f"rm -r .lake/_lakewright/runs/{RUN}"
    spark_that(built, monkeypatch, f'$run "$@"; {forget}; kill -9 $$')
    monkeypatch.setattr("lakewright.cli.submitting._SETTLING", 0.0)
    words = ("main.py", "refresh", "--full", "--run-id", RUN)
    done = built("submit", "--wait", "--", *words)
    assert (done.code, "it published release 2" in done.err) == (5, True)


def test_without_wait_the_place_of_the_report_is_told(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_that(built, monkeypatch, "exit 0")
    done = built("submit", "--json", "--", "main.py", "refresh", "--run-id", RUN)
    told = json.loads(done.out)
    assert (done.code, told["report"]) == (0, f"_lakewright/runs/{RUN}/report.json")


def test_without_wait_a_failed_spark_submit_is_an_error(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_that(built, monkeypatch, "exit 7")
    done = built("submit", "--", "main.py", "refresh")
    assert (done.code, "LW644" in done.err) == (5, True)


def test_a_machine_without_spark_submit_is_told_so(
    built: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("lakewright.engines.spark_programs.find_spec", lambda name: None)
    done = built("submit", "--wait", "--", "main.py", "refresh")
    assert (done.code, "LW642" in done.err) == (5, True)
