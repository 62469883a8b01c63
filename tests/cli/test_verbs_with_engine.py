"""Verbs that run the embedded engine: a process each, with and without a terminal."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import lakewright
from cli.programs import CLEAN, PROGRAM, Cli, best_seconds, run_on_terminal, run_program
from goldens import Golden

NEW_FILE = "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n10,Ada,2024-02-02,-1\n"


@pytest.fixture
def shop(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the built project."""
    return Path(shutil.copytree(built_once, tmp_path / "shop"))


def land(shop: Path) -> None:
    (shop / "incoming/orders/orders_2024_02.csv").write_text(NEW_FILE)


def edit_gold(shop: Path, to: str = "count(customer)") -> None:
    query = shop / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace("count(*)", to))


def latest(shop: Path) -> int:
    return json.loads(run_program("status", "--json", cwd=shop).out)["release"]


def test_apply_off_a_terminal_shows_the_plan_and_changes_nothing(shop: Path) -> None:
    edit_gold(shop)
    done = run_program("apply", cwd=shop)
    assert done.code == 4
    assert "~ gold.customer_totals" in done.out
    assert "LW302" in done.err
    assert latest(shop) == 1


def test_apply_with_yes_publishes_and_a_second_plan_is_empty(shop: Path) -> None:
    edit_gold(shop)
    done = run_program("apply", "--yes", "--reason", "count names", cwd=shop)
    assert done.code == 0
    assert "Release 2 of dev_ana: 1 table published" in done.out
    assert "built   gold.customer_totals" in done.err
    assert run_program("plan", "--detailed-exitcode", cwd=shop).code == 0
    assert json.loads(run_program("releases", "--json", cwd=shop).out)[0]["reason"] == "count names"


def test_apply_json_prints_one_report(shop: Path) -> None:
    land(shop)
    done = run_program("apply", "--yes", "--json", cwd=shop)
    report = json.loads(done.out)
    assert (report["ok"], report["release"], report["error"]) == (True, 2, None)
    silver = next(table for table in report["tables"] if table["table"] == "silver.orders")
    counts = [silver[f"rows_{part}"] for part in ("produced", "kept", "quarantined", "dropped")]
    assert counts == [6, 4, 2, 0]


@pytest.mark.parametrize(("answer", "code", "release"), [("y\n", 0, 2), ("n\n", 4, 1)])
def test_apply_on_a_terminal_asks(shop: Path, answer: str, code: int, release: int) -> None:
    edit_gold(shop)
    done = run_on_terminal("apply", cwd=shop, answer=answer)
    assert done.code == code, done.out
    assert "Apply these changes to dev_ana? [y/N]" in done.out
    assert latest(shop) == release


def test_refresh_never_asks_and_runs_released_code(shop: Path) -> None:
    edit_gold(shop)  # not deployed: a refresh must not see it
    land(shop)
    done = run_program("refresh", "--json", cwd=shop)
    report = json.loads(done.out)
    assert done.code == 0, done.err
    assert {table["action"] for table in report["tables"]} == {"refresh"}
    plan = json.loads(run_program("plan", "--json", cwd=shop).out)
    assert [change["table"] for change in plan["changes"]] == ["gold.customer_totals"]


def test_refresh_needs_no_checkout(shop: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    shutil.copytree(shop / "incoming", away / "incoming")
    (away / "incoming/orders/orders_2024_02.csv").write_text(NEW_FILE)
    done = run_program("refresh", "--lake", str(shop / ".lake"), "-e", "dev_ana", cwd=away)
    assert done.code == 0, done.err
    assert latest(shop) == 2


def test_a_saved_plan_folds_new_data_in_unless_exact(shop: Path) -> None:
    edit_gold(shop)
    assert run_program("plan", "--out", "plan.json", cwd=shop).code == 0
    land(shop)
    exact = run_program("apply", "plan.json", "--exact", "--yes", cwd=shop)
    assert (exact.code, latest(shop)) == (4, 1)
    assert "LW343" in exact.err
    folded = run_program("apply", "plan.json", "--yes", cwd=shop)
    assert (folded.code, latest(shop)) == (0, 2)


def test_a_saved_plan_is_stale_when_the_code_is_another(shop: Path) -> None:
    edit_gold(shop)
    assert run_program("plan", "--out", "plan.json", cwd=shop).code == 0
    query = shop / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace("count(customer)", "count(amount)"))
    done = run_program("apply", "plan.json", "--yes", cwd=shop)
    assert (done.code, latest(shop)) == (4, 1)
    assert "LW343" in done.err


def test_a_failed_rule_publishes_nothing_and_exits_1(shop: Path) -> None:
    spec = shop / "pipelines/shop/silver/orders.yml"
    spec.write_text(spec.read_text().replace("on_fail: quarantine", "on_fail: fail"))
    done = run_program("apply", "--yes", cwd=shop)
    assert done.code == 1
    assert "LW401" in done.err
    assert "nothing was published" in done.out
    assert latest(shop) == 1


def test_sql_reads_a_release_and_not_the_head(shop: Path) -> None:
    land(shop)
    assert run_program("apply", "--yes", cwd=shop).code == 0
    count = "SELECT count(*) AS n FROM bronze.orders"
    old = run_program("sql", count, "--release", "1", "--format", "json", cwd=shop)
    new = run_program("sql", count, "--json", cwd=shop)
    assert (json.loads(old.out), json.loads(new.out)) == ([{"n": 4}], [{"n": 6}])


def test_sql_as_csv_and_with_a_limit(shop: Path) -> None:
    query = "SELECT order_id, customer FROM silver.orders ORDER BY order_id"
    done = run_program("sql", query, "--format", "csv", "--limit", "1", cwd=shop)
    assert done.out == "order_id,customer\n1,Ada\n"


def test_sql_needs_no_names_for_columns(shop: Path) -> None:
    assert run_program("sql", "SELECT count(*) FROM silver.orders", cwd=shop).code == 0


def test_quarantined_rows_can_be_queried(shop: Path) -> None:
    done = run_program("sql", "SELECT * FROM silver.orders__quarantine", "--json", cwd=shop)
    assert [row["_failed_rules"] for row in json.loads(done.out)] == [["positive_amount"]]


def test_preview_shows_an_edit_and_writes_nothing(shop: Path) -> None:
    edit_gold(shop, to="sum(3)")
    done = run_program("preview", "gold.customer_totals", "--format", "json", cwd=shop)
    rows = sorted(json.loads(done.out), key=lambda row: row["customer"])
    assert [row["orders"] for row in rows] == [6, 3]
    assert latest(shop) == 1


def test_a_guard_stops_sql_before_an_engine_starts(built: Cli) -> None:
    done = built("sql", "SELECT reflect('java.lang.System', 'exit') AS x FROM silver.orders")
    assert done.code == 2
    assert "LW210" in done.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_with_130_and_publishes_nothing(shop: Path, number: int) -> None:
    process = subprocess.Popen(
        [PROGRAM, "apply", "--yes", "--full"],
        cwd=shop,
        env=CLEAN,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = process.stderr.readline()
    assert told.startswith("Starting sail")
    os.kill(process.pid, number)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert told.splitlines()[-1] == "interrupted: nothing was published"
    assert latest(shop) == 1
    assert run_program("apply", "--yes", "--full", cwd=shop).code == 0


def test_read_gives_arrow_rows_of_a_release(shop: Path) -> None:
    rows = lakewright.read("silver.orders", project=shop, environment="dev_ana")
    assert sorted(rows.column("order_id").to_pylist()) == [1, 2, 3]
    first = lakewright.read(
        "silver.orders", lake=str(shop / ".lake"), environment="dev_ana", release=1
    )
    assert first.equals(rows)


def test_read_of_an_unknown_table_says_what_there_is(shop: Path) -> None:
    with pytest.raises(lakewright.LakewrightError) as caught:
        lakewright.read("silver.nothing", project=shop, environment="dev_ana")
    assert caught.value.code == "LW304"


def test_read_needs_no_engine(shop: Path) -> None:
    program = (
        "import sys, lakewright\n"
        "rows = lakewright.read('silver.orders', environment='dev_ana')\n"
        "assert rows.num_rows == 3\n"
        "assert not {'pyspark', 'pysail'} & set(sys.modules)\n"
    )
    python = str(Path(PROGRAM).with_name("python"))
    assert subprocess.run([python, "-c", program], cwd=shop, env=CLEAN, check=False).returncode == 0


def test_an_empty_plan_takes_less_than_a_second(shop: Path) -> None:
    assert best_seconds("plan", cwd=shop) <= 1.0


def test_validate_takes_less_than_a_second(shop: Path) -> None:
    assert best_seconds("validate", cwd=shop) <= 1.0


class Recorder:
    """A session that remembers what it was asked to read."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.read = self

    def format(self, name: str) -> Recorder:
        self.asked.append(name)
        return self

    def option(self, name: str, value: int) -> Recorder:
        self.asked.append((name, value))
        return self

    def load(self, location: str) -> str:
        self.asked.append(location)
        return "a frame"


def test_read_with_a_session_reads_the_released_version(shop: Path) -> None:
    session = Recorder()
    frame = lakewright.read("silver.orders", project=shop, environment="dev_ana", spark=session)
    location = str(shop / ".lake/dev_ana/silver/orders")
    assert frame == "a frame"
    assert session.asked == ["delta", ("versionAsOf", 1), location]


def test_apply_makes_the_lake_that_is_missing(shop: Path, tmp_path: Path) -> None:
    lake = tmp_path / "fresh"
    done = run_program("apply", "--yes", "--lake", str(lake), cwd=shop)
    assert done.code == 0, done.err
    assert json.loads((lake / "_lakewright/lake.json").read_text())["project"] == "shop"


def test_a_selection_deploys_only_what_it_names(shop: Path) -> None:
    edit_gold(shop)
    spec = shop / "pipelines/shop/silver/orders.yml"
    spec.write_text(spec.read_text().replace("amount > 0", "amount > 10"))
    done = run_program("apply", "--yes", "-s", "gold.customer_totals", "--json", cwd=shop)
    assert done.code == 0, done.err
    assert [t["table"] for t in json.loads(done.out)["tables"]] == ["gold.customer_totals"]
    rest = json.loads(run_program("plan", "--json", cwd=shop).out)["changes"]
    assert rest[0]["table"] == "silver.orders"
    assert rest[0]["action"] == "rebuild"


def test_a_dropped_table_leaves_the_release_and_stays_on_disk(shop: Path) -> None:
    for path in ("sql/shop/gold/customer_totals.sql", "pipelines/shop/gold/customer_totals.yml"):
        (shop / path).unlink()
    done = run_program(
        "apply", "--yes", "--allow-destructive", "gold.customer_totals", "--json", cwd=shop
    )
    assert done.code == 0, done.err
    assert run_program("sql", "SELECT * FROM gold.customer_totals", cwd=shop).code == 2
    assert (shop / ".lake/dev_ana/gold/customer_totals").exists()
    old = run_program("sql", "SELECT * FROM gold.customer_totals", "--release", "1", cwd=shop)
    assert old.code == 0, old.err


def test_views_are_read_like_tables(shop: Path) -> None:
    (shop / "pipelines/shop/gold/big_orders.yml").write_text("table: gold.big_orders\nkind: view\n")
    query = "SELECT order_id, amount FROM silver.orders WHERE amount > 10\n"
    (shop / "sql/shop/gold/big_orders.sql").write_text(query)
    assert run_program("apply", "--yes", cwd=shop).code == 0
    done = run_program("sql", "SELECT count(*) AS n FROM gold.big_orders", "--json", cwd=shop)
    assert json.loads(done.out) == [{"n": 2}]


def test_progress_on_a_terminal_names_every_table(shop: Path) -> None:
    done = run_on_terminal("apply", "--yes", "--full", cwd=shop)
    assert done.code == 0, done.out
    for table in ("bronze.orders", "silver.orders", "gold.customer_totals"):
        assert f"built\x1b[0m   {table}" in done.out or f"{table}  " in done.out


def test_validate_analyze_finds_what_only_an_engine_knows_at_its_place(cli: Cli) -> None:
    done = cli("validate", "--analyze")
    assert (done.code, done.err) == (0, "")
    assert "sail analysed 3 tables" in done.out
    document = json.loads(cli("validate", "--analyze", "--json").out)
    assert document["analysed"]["gold.customer_totals"][0]["name"] == "customer"
    assert document["not_analysed"] == {}
    query = cli.folder / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace("sum(amount)", "sum(ordered_on)"))
    broken = cli("validate", "--analyze")
    assert (broken.code, broken.out) == (2, "")
    assert "LW610" in broken.err
    assert "customer_totals.sql:4:8" in broken.err
    assert cli("validate").code == 0


UNIT_TEST = """\
table: silver.orders
tests:
  - name: bad amounts are set apart
    given:
      bronze.orders:
        - {order_id: 1, customer: Ada, amount: 5}
        - {order_id: 2, customer: Bob, amount: -1}
    expect: [{order_id: 1, amount: 5}]
    expect_quarantine: [{order_id: 2, _failed_rules: [positive_amount]}]
  - name: wrong on purpose
    given: {bronze.orders: [{order_id: 1, customer: Ada, amount: 5}]}
    expect: [{order_id: 1, customer: Eve}]
"""


def test_unit_tests_tell_what_was_expected_and_what_came(cli: Cli, golden: Golden) -> None:
    file = cli.folder / "tests/shop/orders.yml"
    file.parent.mkdir(parents=True)
    file.write_text(UNIT_TEST)
    done = cli("test")
    assert (done.code, done.err) == (1, "")
    golden("cli/unit_tests.txt", re.sub(r"in [0-9.]+ s", "in 0.0 s", done.out))
    document = json.loads(cli("test", "-s", "silver.orders", "--json").out)
    assert [test["passed"] for test in document["tests"]] == [True, False]
    assert document["ok"] is False
    file.write_text(UNIT_TEST.partition("  - name: wrong")[0])
    assert cli("test").code == 0


def test_a_project_without_tests_is_told(cli: Cli) -> None:
    done = cli("test")
    assert (done.code, done.out) == (2, "")
    assert "LW301" in done.err


def test_a_project_below_a_folder_with_a_strange_name_works(tmp_path: Path) -> None:
    folder = tmp_path / "my data é" / "9 lives"
    folder.mkdir(parents=True)
    assert run_program("init", ".", cwd=folder).code == 0
    done = run_program("apply", "--yes", "--json", cwd=folder)
    assert (done.code, json.loads(done.out)["ok"]) == (0, True)
    query = "SELECT * FROM gold.customer_totals"
    rows = json.loads(run_program("sql", query, "--format", "json", cwd=folder).out)
    assert [row["customer"] for row in rows] == ["Ada", "Grace"]
    assert [path.name for path in tmp_path.iterdir()] == ["my data é"]


def test_a_folder_that_delta_would_misread_is_refused(tmp_path: Path) -> None:
    done = run_program("status", "--lake", "50%25", cwd=tmp_path)
    assert done.code == 5
    assert "LW506" in done.err
