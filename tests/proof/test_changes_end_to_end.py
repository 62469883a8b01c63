"""What is edited or delivered decides what is rebuilt, on a lake that Sail built."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.programs import run_program
from lakewright.engines import Engine
from proof.shops import FEBRUARY, JANUARY, Shop

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def actions(shop: Shop) -> dict[str, str]:
    return {str(change.table): change.action for change in shop.plan().changes}


def planned(shop: Shop) -> dict[str, Any]:
    """The plan as other programs read it, by table."""
    done = run_program("plan", "--json", cwd=shop.home)
    assert done.code == 0, done.err
    return {change["table"]: change for change in json.loads(done.out)["changes"]}


def test_a_comment_in_a_query_or_a_spec_changes_nothing(built: Shop, engine: Engine) -> None:
    query = (built.home / "sql/silver/orders.sql").read_text()
    built.write("sql/silver/orders.sql", f"-- why\n{query.replace('FROM', '/* from */ FROM')}")
    spec = (built.home / "pipelines/silver/orders.yml").read_text()
    built.write("pipelines/silver/orders.yml", f"# who\n{spec}")
    assert actions(built) == {}


def test_a_description_makes_a_release_and_writes_no_row(built: Shop, engine: Engine) -> None:
    old = built.latest
    built.edit("pipelines/silver/orders.yml", "One row per order.", "One row for each order.")
    assert actions(built) == {"silver.orders": "alter"}
    assert built.apply(engine).release == 2
    new = built.latest
    moved = {str(n) for n, e in new.tables.items() if e.data_version != old.tables[n].data_version}
    assert moved == set()
    assert built.plan().empty


def test_a_rule_that_only_warns_makes_a_release_and_writes_no_row(
    built: Shop, engine: Engine
) -> None:
    old = built.latest
    rule = '  - {expression: "letters < 4", on_fail: warn, name: short}\n'
    path = "pipelines/silver/orders.yml"
    built.write(path, (built.home / path).read_text() + rule)
    assert actions(built) == {"silver.orders": "alter"}
    assert built.apply(engine).release == 2
    assert {n: e.data_version for n, e in built.latest.tables.items()} == {
        n: e.data_version for n, e in old.tables.items()
    }


def test_a_gold_query_rebuilds_it_and_nothing_else(built: Shop, engine: Engine) -> None:
    old = built.latest
    built.edit("sql/gold/totals.sql", "count(*)", "count(*) + 1")
    assert actions(built) == {"gold.totals": "rebuild"}
    assert built.apply(engine).ok
    moved = {str(n) for n, e in built.latest.tables.items() if e != old.tables[n]}
    assert moved == {"gold.totals"}


def test_a_silver_query_rebuilds_it_and_its_descendants(built: Shop, engine: Engine) -> None:
    built.edit("sql/silver/orders.sql", "FROM bronze.orders", "FROM bronze.orders WHERE id < 9")
    assert set(actions(built)) == {"silver.orders", "gold.totals", "gold.large"}
    old = built.latest
    assert built.apply(engine).ok
    kept = [n for n in built.latest.tables if str(n.group) == "bronze.orders"]
    assert kept
    assert all(built.latest.tables[n] == old.tables[n] for n in kept)


def test_a_new_file_is_a_reason_with_its_name_and_the_versions_it_makes(
    built: Shop, engine: Engine
) -> None:
    built.land("2024_02", FEBRUARY)
    plan = planned(built)
    told = {table: json.dumps(change["reasons"]) for table, change in plan.items()}
    assert plan["bronze.orders"]["action"] == "refresh"
    assert "2024_02.csv" in told["bronze.orders"]
    before = next(e for n, e in built.latest.tables.items() if str(n) == "bronze.orders")
    assert f"bronze.orders {before.data_version} ->" in told["silver.orders"]
    assert "silver.orders" in told["gold.totals"]


def test_a_loaded_file_that_changed_fails_an_apply_and_is_held_by_a_refresh(
    built: Shop, engine: Engine
) -> None:
    built.write("pipelines/bronze/extra.yml", EXTRA)
    built.write("extra/one.csv", "id\n1\n")
    assert built.apply(engine).release == 2
    built.land("2024_01", JANUARY.replace("5.00", "6.00"))
    built.write("extra/two.csv", "id\n2\n")
    before = built.rows()
    applied = run_program("apply", "--yes", cwd=built.home)
    assert (applied.code, built.number) == (1, 2), applied.err
    assert "LW751" in applied.err
    refreshed = run_program("refresh", "--json", cwd=built.home)
    report = json.loads(refreshed.out)
    assert (refreshed.code, report["release"], built.number) == (1, 3, 3), refreshed.err
    assert "bronze.orders" in {held["table"] for held in report["held"]}
    after = built.rows()
    assert len(after["bronze.extra"]) == 2
    assert {name: rows for name, rows in after.items() if "extra" not in name} == {
        name: rows for name, rows in before.items() if "extra" not in name
    }


EXTRA = """\
table: bronze.extra
kind: ingest
from: {files: "extra/*.csv", format: csv, header: true}
columns: {id: {type: bigint}}
"""


def test_equal_content_under_another_path_is_another_file(built: Shop, engine: Engine) -> None:
    built.land("2024_01_again", JANUARY)
    built.edit("pipelines/silver/orders.yml", "key: [id]\n", "")
    assert built.apply(engine).ok
    found = built.rows()
    assert [row["id"] for row in found["bronze.orders"]] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert len(found["bronze.orders__ledger"]) == 2


def test_a_loaded_file_that_was_only_touched_is_not_loaded_again(
    built: Shop, engine: Engine
) -> None:
    (built.home / "incoming/2024_01.csv").touch()
    report = built.apply(engine)
    assert report.ok
    assert len(built.rows()["bronze.orders"]) == 4
    assert built.plan().empty
