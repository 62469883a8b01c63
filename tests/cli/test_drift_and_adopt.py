"""`--drift` and `adopt` as a person types them, with the embedded engine and a stranger."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from cli.programs import Cli, Done, run_on_terminal, run_program

BRONZE = ".lake/dev_ana/bronze/orders"
SILVER = ".lake/dev_ana/silver/orders"


@pytest.fixture
def shop(built_once: Path, tmp_path: Path) -> Path:
    """A copy of the built project."""
    return Path(shutil.copytree(built_once, tmp_path / "shop"))


def intrude(shop: Path, order: int = 77) -> None:
    """A stranger appends an order to the bronze table."""
    values = {"order_id": str(order), "customer": "Eve", "ordered_on": "2024-03-01"}
    rows = pa.table({name: [value] for name, value in {**values, "amount": "5.00"}.items()})
    write_deltalake(shop / BRONZE, rows, mode="append", schema_mode="merge")


def land(shop: Path) -> None:
    (shop / "incoming/orders/orders_2024_02.csv").write_text(
        "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n"
    )


def run(shop: Path, *arguments: str) -> Done:
    return run_program(*arguments, cwd=shop)


def document(shop: Path, *arguments: str) -> Any:
    return json.loads(run(shop, *arguments, "--json").out)


def orders(shop: Path) -> int:
    rows = document(shop, "sql", "SELECT count(*) AS n FROM bronze.orders")
    return int(rows[0]["n"])


def test_plan_and_status_name_what_others_wrote_and_what_decides(built: Cli) -> None:
    intrude(built.folder)
    for verb in ("plan", "status"):
        told = built(verb)
        assert told.code == 0
        assert "! bronze.orders   version 2: WRITE" in told.out
        assert "lakewright apply -s bronze.orders --drift adopt" in told.out
        (drift,) = json.loads(built(verb, "--json").out)["drift"]
        assert (drift["table"], drift["fate"]) == ("bronze.orders", "wait")
        assert [(one["version"], one["operation"], one["rows"]) for one in drift["commits"]] == [
            (2, "WRITE", 1)
        ]


def test_status_speaks_of_the_release_though_a_log_is_damaged(built: Cli) -> None:
    intrude(built.folder)
    (built.folder / BRONZE / f"_delta_log/{2:020d}.json").write_text("{")
    told = built("status")
    assert told.code == 0
    assert "is at release 1" in told.out
    assert "LW530" in told.err


def test_an_apply_that_would_write_there_is_refused_before_anything_runs(built: Cli) -> None:
    intrude(built.folder)
    land(built.folder)
    told = built("apply", "--yes")
    assert told.code == 4
    assert "LW320" in told.err
    assert "decide before this plan is applied" in told.out


def test_a_word_that_is_no_choice_is_bad_usage(built: Cli) -> None:
    assert built("refresh", "--drift", "keep").code == 2


def test_adopt_publishes_and_the_next_plan_is_empty(shop: Path) -> None:
    intrude(shop)
    report = document(shop, "apply", "--yes", "--drift", "adopt")
    assert (report["ok"], report["release"], orders(shop)) == (True, 2, 5)
    assert run(shop, "plan", "--detailed-exitcode").code == 0
    assert document(shop, "plan")["drift"] == []


def test_discard_by_refresh_puts_the_head_back(shop: Path) -> None:
    intrude(shop)
    assert run(shop, "refresh", "--drift", "discard").code == 0
    assert DeltaTable(shop / BRONZE).to_pyarrow_table().num_rows == orders(shop) == 4


def test_a_saved_plan_adopts_only_what_it_showed(shop: Path) -> None:
    intrude(shop)
    assert run(shop, "plan", "--drift", "adopt", "--out", "plan.json").code == 0
    intrude(shop, 78)
    refused = run(shop, "apply", "plan.json", "--yes")
    assert refused.code == 4
    assert "LW343" in refused.err
    assert run(shop, "plan", "--drift", "adopt", "--out", "plan.json").code == 0
    assert run(shop, "apply", "plan.json", "--yes").code == 0
    assert orders(shop) == 6


# The verb


@pytest.fixture
def old(shop: Path, tmp_path: Path) -> Path:
    """A project whose bronze table is released, and an old silver table somewhere else."""
    place = tmp_path / "old" / "orders"
    shutil.copytree(shop / SILVER, place)
    shutil.rmtree(shop / ".lake")
    assert run(shop, "apply", "-s", "bronze.orders", "--yes").code == 0
    return place


def versions(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "_delta_log").iterdir())


def adopt(shop: Path, place: str | Path, *more: str, table: str = "silver.orders") -> Done:
    return run(shop, "adopt", table, "--location", str(place), *more)


def test_adopt_makes_a_release_and_writes_nothing_to_the_table(shop: Path, old: Path) -> None:
    before = versions(old)
    done = adopt(shop, old, "--yes", "--reason", "from the old warehouse")
    assert done.code == 0, done.err
    assert "+ silver.orders   create    adopts" in done.out
    assert "Release 2 of dev_ana: 1 table published" in done.out
    plan = document(shop, "plan")
    assert [change["table"] for change in plan["changes"]] == ["gold.customer_totals"]
    assert run(shop, "apply", "--yes").code == 0
    assert versions(old) == before
    rows = document(shop, "sql", "SELECT count(*) AS n FROM silver.orders", "--release", "2")
    assert rows == [{"n": 3}]
    assert document(shop, "releases")[1]["reason"] == "from the old warehouse"
    assert "ana@" in run(shop, "history", "silver.orders").out


def test_adopt_json_prints_one_report(shop: Path, old: Path) -> None:
    done = adopt(shop, old, "--yes", "--json")
    report = json.loads(done.out)
    assert (report["ok"], report["release"]) == (True, 2)
    (table,) = report["tables"]
    assert (table["table"], table["action"], table["refresh"]) == (
        "silver.orders",
        "create",
        "none",
    )
    assert {check["name"] for check in table["checks"]} >= {"positive_amount"}


def test_the_first_write_leaves_the_old_place_alone(shop: Path, old: Path) -> None:
    assert adopt(shop, old, "--yes").code == 0
    before = versions(old)
    land(shop)
    assert run(shop, "apply", "--yes").code == 0
    assert versions(old) == before
    assert (shop / SILVER / "_delta_log").is_dir()
    assert run(shop, "plan", "--detailed-exitcode").code == 0


def test_a_place_is_written_with_its_secret_unresolved(shop: Path, old: Path) -> None:
    env = {"OLD_LAKE": str(old.parent)}
    arguments = ("adopt", "silver.orders", "--location", "${env:OLD_LAKE}/orders", "--yes")
    assert run_program(*arguments, cwd=shop, env=env).code == 0
    record = shop / f".lake/_lakewright/env/dev_ana/releases/{2:020d}.json"
    place = json.loads(record.read_text())["tables"]["silver.orders"]["location"]
    assert place == {"base": "${env:OLD_LAKE}", "path": "orders"}
    query = ("sql", "SELECT count(*) AS n FROM silver.orders", "--format", "csv")
    assert run_program(*query, cwd=shop, env=env).out.split() == ["n", "3"]
    for run_file in (shop / ".lake/_lakewright/runs").rglob("*.json"):
        assert str(old.parent) not in run_file.read_text()


def test_adopt_off_a_terminal_asks_for_yes(shop: Path, old: Path) -> None:
    done = adopt(shop, old)
    assert done.code == 4
    assert "LW302" in done.err
    asked = run_on_terminal(
        "adopt", "silver.orders", "--location", str(old), cwd=shop, answer="n\n"
    )
    assert asked.code == 4
    assert document(shop, "status")["release"] == 1


def test_rows_that_break_a_rule_are_refused_with_counts(shop: Path, old: Path) -> None:
    table = DeltaTable(old)
    write_deltalake(old, table.to_pyarrow_table(), mode="append")
    done = adopt(shop, old, "--yes")
    assert done.code == 1
    assert "LW431" in done.err
    assert "6 rows" in done.err
    assert document(shop, "status")["release"] == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (("silver.orders", "--location", "nowhere"), 5, "LW395"),
        (("silver.orders", "--location", ".lake/_lakewright/runs"), 4, "LW396"),
        (("bronze.orders", "--location", "nowhere", "--files", "loaded"), 5, "LW395"),
        (("bronze.orders", "--location", "nowhere"), 2, "LW397"),
        (("silver.orders", "--location", "nowhere", "--files", "loaded"), 2, "LW303"),
        (("silver.ordrs", "--location", "nowhere"), 2, "LW304"),
        (("gold.customer_totals", "--location", SILVER), 4, "LW396"),
    ],
)
def test_what_cannot_be_adopted_is_told(
    built: Cli, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    told = built("adopt", *arguments)
    assert (told.code, told.out) == (exit_code, "")
    assert code in told.err


def test_a_released_table_is_not_adopted_again(built: Cli, tmp_path: Path) -> None:
    place = shutil.copytree(built.folder / SILVER, tmp_path / "copy")
    told = built("adopt", "silver.orders", "--location", str(place))
    assert told.code == 4
    assert "LW325" in told.err
