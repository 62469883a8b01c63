"""`rollback`, `hold` and `resume`: verbs that need no engine."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.programs import Cli, run_program
from goldens import Golden
from lakewright.lake import open_lake

NEW_FILE = "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n10,Ada,2024-02-02,-1\n"
BACK = ("rollback", "--reason", "bad file")


@pytest.fixture(scope="session")
def twice_once(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with release 2, which loaded another file. Copy it, never change it."""
    folder = tmp_path_factory.mktemp("twice") / "shop"
    shutil.copytree(built_once, folder)
    (folder / "incoming/orders/orders_2024_02.csv").write_text(NEW_FILE)
    done = run_program("refresh", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def twice(
    twice_once: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    folder = tmp_path / "shop"
    shutil.copytree(twice_once, folder)
    monkeypatch.chdir(folder)
    return Cli(folder, capsys)


def latest(cli: Cli) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("status", "--json").out)
    return found


def steady(text: str) -> str:
    """Without what differs from run to run: times, code, runs, bytes."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ| UTC)", "TIME", text)
    text = re.sub(r"code \w{7}", "code CODE", text)
    text = re.sub(r"[\d.]+ k?B( -> [\d.]+ k?B)?", "BYTES", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}, [\d.]+ s", "RUN, TIME", text)


def columns(text: str) -> str:
    """With one space for many: widths follow the figures."""
    return re.sub(r"(?<=\S) {2,}", "  ", text)


def test_a_plan_shows_what_goes_back_and_changes_nothing(twice: Cli, golden: Golden) -> None:
    before = sorted(twice.folder.rglob("*"))
    done = twice(*BACK, "--plan")
    assert (done.code, done.err) == (0, "")
    golden("cli/rollback_plan.txt", columns(steady(done.out)))
    assert sorted(twice.folder.rglob("*")) == before


def test_a_plan_as_json(twice: Cli, golden: Golden) -> None:
    document = json.loads(twice(*BACK, "--plan", "--json").out)
    for change in document["changes"]:
        change["bytes_before"] = change["bytes_after"] = "BYTES"
    golden("cli/rollback_plan.json", steady(json.dumps(document, indent=2)) + "\n")


def test_off_a_terminal_it_shows_the_plan_and_changes_nothing(twice: Cli) -> None:
    done = twice(*BACK)
    assert done.code == 4
    assert "<   bronze.orders" in done.out
    assert "LW302" in done.err
    assert latest(twice)["release"] == 2


def test_with_yes_readers_go_back_and_the_reason_is_kept(twice: Cli, golden: Golden) -> None:
    done = twice(*BACK, "--yes")
    assert done.code == 0, done.err
    golden("cli/rollback.txt", columns(steady(done.out)))
    release = json.loads(twice("releases", "--json").out)[0]
    assert (release["release"], release["kind"], release["reason"]) == (3, "rollback", "bad file")
    rows = {table["table"]: table["rows"] for table in latest(twice)["tables"]}
    assert (rows["bronze.orders"], rows["silver.orders"]) == (4, 3)


def test_the_report_is_that_of_an_apply(twice: Cli) -> None:
    report = json.loads(twice(*BACK, "--yes", "--json").out)
    assert (report["ok"], report["release"], report["error"]) == (True, 3, None)
    assert {table["action"] for table in report["tables"]} == {"restore"}
    assert {held["by"] for held in report["held"]} == {"rollback"}
    stored = open_lake(str(twice.folder / ".lake")).get_run(report["run_id"], "report.json")
    assert json.loads(stored)["release"] == 3


def test_a_rollback_that_changes_nothing_asks_nothing(twice: Cli) -> None:
    assert twice(*BACK, "--yes").code == 0
    done = twice(*BACK, "--to", "1")
    assert done.code == 0
    assert "Nothing to change: everything is as in release 1" in done.out
    assert latest(twice)["release"] == 3


def test_a_part_goes_back_with_what_reads_it(twice: Cli) -> None:
    done = twice(*BACK, "-s", "silver.orders", "--plan", "--json")
    document = json.loads(done.out)
    assert [change["table"] for change in document["changes"]] == [
        "silver.orders",
        "gold.customer_totals",
    ]
    assert document["rollback"]["along"] == ["gold.customer_totals"]


def test_what_is_excluded_stays(twice: Cli) -> None:
    done = twice(*BACK, "--exclude", "silver.orders+", "--plan", "--json")
    # what reads bronze.orders goes back with it, and the plan says so
    assert json.loads(done.out)["rollback"]["along"] == ["gold.customer_totals", "silver.orders"]
    done = twice(*BACK, "--exclude", "bronze.orders", "--plan", "--json")
    tables = [change["table"] for change in json.loads(done.out)["changes"]]
    assert tables == ["silver.orders", "gold.customer_totals"]


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("rollback",), "LW303", 2),
        (("rollback", "--reason", " "), "LW303", 2),
        ((*BACK, "--to", "0"), "LW303", 2),
        ((*BACK, "--to", "9"), "LW514", 5),
        ((*BACK, "-s", "silver.ordrs"), "LW301", 2),
        ((*BACK, "-s", "silver.orders", "--exclude", "silver.orders"), "LW301", 2),
        ((*BACK, "--hold", "--replay"), "LW355", 2),
        (("hold", "silver.ordrs", "--reason", "x"), "LW357", 2),
        (("hold", "silver.orders", "--reason", ""), "LW303", 2),
        (("hold", "--reason", "x"), "LW303", 2),
        (("resume", "silver.orders", "--reason", "x"), "LW356", 2),
        (("resume", "--reason", "x"), "LW356", 2),
    ],
)
def test_mistakes_are_told(
    twice: Cli, arguments: tuple[str, ...], code: str, exit_code: int
) -> None:
    done = twice(*arguments)
    assert (done.code, code in done.err) == (exit_code, True), done.err
    assert latest(twice)["release"] == 2


def test_the_first_release_has_nothing_before_it(built: Cli) -> None:
    done = built(*BACK, "--yes")
    assert (done.code, "LW351" in done.err) == (2, True)


def test_a_protected_environment_asks_what_happens_next(twice: Cli) -> None:
    open_lake(str(twice.folder / ".lake")).protect("dev_ana")
    done = twice(*BACK, "--yes")
    assert done.code == 4
    assert "LW354" in done.err
    assert all(mode in done.err for mode in ("--hold", "--replay", "--keep-ingest"))
    assert latest(twice)["release"] == 2
    assert twice(*BACK, "--plan").code == 0


@pytest.mark.parametrize(
    ("mode", "moved", "held"),
    [("--hold", 3, 3), ("--replay", 3, 0), ("--keep-ingest", 2, 0)],
)
def test_on_a_protected_environment_each_word_is_enough(
    twice: Cli, mode: str, moved: int, held: int
) -> None:
    open_lake(str(twice.folder / ".lake")).protect("dev_ana")
    report = json.loads(twice(*BACK, "--yes", mode, "--json").out)
    assert (report["ok"], len(report["tables"]), len(report["held"])) == (True, moved, held)


def test_files_that_are_gone_are_refused_with_what_is_possible(twice: Cli) -> None:
    lake = open_lake(str(twice.folder / ".lake"))
    entry = next(
        it for it in lake.release("dev_ana", 1).tables.values() if str(it.table) == "silver.orders"
    )
    table = Path(lake.location_uri(entry.location))
    log = (table / "_delta_log" / f"{entry.version:020d}.json").read_text()
    added = [json.loads(line)["add"]["path"] for line in log.splitlines() if '"add"' in line]
    (table / added[0]).unlink()
    done = twice(*BACK, "--yes")
    assert done.code == 4
    assert "LW353" in done.err
    assert "--exclude 'silver.orders+'" in done.err
    assert latest(twice)["release"] == 2


def test_hold_and_resume_say_what_is_held_afterwards(twice: Cli, golden: Golden) -> None:
    told = [
        twice("hold", "silver.orders", "bronze.orders", "--reason", "rates are checked").out,
        twice("resume", "bronze.orders", "--reason", "loads again").out,
        twice("resume", "--reason", "rates are right").out,
    ]
    golden("cli/hold_and_resume.txt", steady("\n".join(told)))


def test_hold_as_json_and_in_the_status(twice: Cli) -> None:
    done = twice("hold", "silver.orders", "--reason", "rates are checked", "--json")
    (held,) = json.loads(done.out)["held"]
    assert (held["table"], held["by"], held["who"]) == ("silver.orders", "person", "ana")
    assert [it["table"] for it in latest(twice)["held"]] == ["silver.orders"]
    assert "`lakewright resume silver.orders`" in twice("status").out


def test_resume_names_near_tables(twice: Cli) -> None:
    twice(*BACK, "--yes")
    done = twice("resume", "silver.ordrs", "--reason", "x")
    assert done.code == 2
    assert "did you mean `silver.orders`" in done.err


def test_resume_as_json_names_what_is_held_still(twice: Cli) -> None:
    twice(*BACK, "--yes")
    done = json.loads(twice("resume", "silver.orders", "--reason", "x", "--json").out)
    assert done["tables"] == ["silver.orders"]
    assert [it["table"] for it in done["held"]] == ["bronze.orders", "gold.customer_totals"]


def serve(cli: Cli) -> None:
    file = cli.folder / "lakewright.yml"
    text = file.read_text()
    assert "{lake: .lake, engine: sail" in text
    file.write_text(text.replace("{lake: .lake, engine: sail", "{lake: .lake, serve: view"))


def test_an_engine_without_a_catalog_is_refused_before_readers_go_back(twice: Cli) -> None:
    serve(twice)
    done = twice(*BACK, "--yes")
    assert (done.code, "LW391" in done.err) == (4, True)
    assert latest(twice)["release"] == 2


def test_a_plan_to_go_back_says_what_is_served(twice: Cli) -> None:
    serve(twice)
    done = twice(*BACK, "--plan", "--engine", "spark")
    assert "Serves: spark_catalog." in done.out
    document = json.loads(twice(*BACK, "--plan", "--json", "--engine", "spark").out)
    assert document["serve"]["objects"] > 0
