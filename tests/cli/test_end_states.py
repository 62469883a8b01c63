"""A run whose name was given beforehand leaves a report under it, however it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.programs import Cli

RUN = "0f0e0d0c-0b0a-4009-8807-060504030201"


def end_of(cli: Cli, run_id: str = RUN) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report_file(cli, run_id).read_text())
    return found


def report_file(cli: Cli, run_id: str = RUN) -> Path:
    return cli.folder / ".lake" / "_lakewright" / "runs" / run_id / "report.json"


def test_a_refresh_with_nothing_to_do_leaves_a_report(built: Cli) -> None:
    assert built("refresh", "--run-id", RUN).code == 0
    end = end_of(built)
    assert (end["run_id"], end["ok"], end["release"], end["exit_code"]) == (RUN, True, None, 0)


def test_a_refused_apply_leaves_a_report_with_the_refusal(cli: Cli) -> None:
    assert cli("apply", "--run-id", RUN).code == 4
    end = end_of(cli)
    assert (end["ok"], end["exit_code"]) == (False, 4)
    assert [problem["code"] for problem in end["error"]] == ["LW302"]


def test_an_apply_of_wrong_files_leaves_a_report_with_the_mistakes(cli: Cli) -> None:
    (cli.folder / "sql/shop/silver/orders.sql").write_text("SELECT nothing FROM bronze.orders\n")
    assert cli("apply", "--yes", "--run-id", RUN).code == 2
    assert end_of(cli)["exit_code"] == 2


def test_a_refresh_of_a_lake_that_is_not_there_makes_none(cli: Cli, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    done = cli("refresh", "--lake", str(nowhere), "--run-id", RUN)
    assert done.code == 5
    assert not nowhere.exists()


def test_a_name_that_was_used_is_refused_and_its_report_stays(built: Cli) -> None:
    assert built("refresh", "--run-id", RUN).code == 0
    before = report_file(built).read_bytes()
    done = built("refresh", "--run-id", RUN)
    assert (done.code, "LW314" in done.err) == (4, True)
    assert report_file(built).read_bytes() == before


def test_a_name_that_is_no_uuid_is_refused(cli: Cli) -> None:
    done = cli("refresh", "--run-id", "../7")
    assert (done.code, "LW303" in done.err) == (2, True)
