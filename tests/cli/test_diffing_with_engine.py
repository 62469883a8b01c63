"""`diff` and times over rows, by the embedded engine."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import lakewright
from cli.programs import run_program
from lakewright.lake import open_lake

VIEW = "SELECT order_id, amount FROM silver.orders WHERE amount > 10\n"
MORE = "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,11.00\n10,Ada,2024-02-02,1.00\n"


@pytest.fixture(scope="module")
def shop(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A view in release 2; in release 3 new rows, and another query for the view."""
    shop = Path(shutil.copytree(built_once, tmp_path_factory.mktemp("moved") / "shop"))
    spec = shop / "pipelines/shop/gold/big_orders.yml"
    spec.write_text("table: gold.big_orders\nkind: view\n")
    query = shop / "sql/shop/gold/big_orders.sql"
    query.write_text(VIEW)
    apply(shop)
    (shop / "incoming/orders/orders_2024_02.csv").write_text(MORE)
    query.write_text(VIEW.replace("order_id, amount", "amount AS total, order_id"))
    apply(shop)
    return shop


def apply(shop: Path) -> None:
    done = run_program("apply", "--yes", cwd=shop)
    assert done.code == 0, done.err


def at(shop: Path, number: int) -> datetime:
    return open_lake(str(shop / ".lake")).release("dev_ana", number).created_at


def diff(shop: Path, *arguments: str) -> dict[str, Any]:
    done = run_program("diff", *arguments, "--json", cwd=shop)
    assert done.code == 0, done.err
    return {table["table"]: table for table in json.loads(done.out)["tables"]}


def test_rows_of_releases_are_compared(shop: Path) -> None:
    found = diff(shop, "2..3")
    orders = found["silver.orders"]["rows"]
    assert (orders["key"], orders["left_only"], orders["right_only"]) == (["order_id"], 0, 2)
    assert (orders["changed"], orders["same"]) == (0, 3)
    assert found["gold.big_orders"]["columns"]["added"][0]["name"] == "total"
    assert found["gold.big_orders"]["columns"]["removed"][0]["name"] == "amount"
    view = found["gold.big_orders"]["rows"]
    assert (view["left_rows"], view["right_rows"]) == (2, 3)


def test_versions_of_a_table_are_compared(shop: Path) -> None:
    rows = diff(shop, "v1..", "silver.orders")["silver.orders"]["rows"]
    assert (rows["left_rows"], rows["right_rows"], rows["right_only"]) == (3, 5, 2)


def test_a_key_that_is_not_one_is_said_and_rows_are_compared_whole(shop: Path) -> None:
    found = diff(shop, "2..3", "silver.orders", "--key", "customer")["silver.orders"]
    assert found["rows"]["key"] == []
    assert found["rows"]["right_only"] == 2
    assert "more than once" in found["notes"][0]


def test_a_view_as_of_a_time_has_its_query_and_inputs_of_then(shop: Path) -> None:
    query = "SELECT count(*) AS n, sum(amount) AS s FROM gold.big_orders"
    then = run_program("sql", query, "--as-of", at(shop, 2).isoformat(), "--json", cwd=shop)
    numbered = run_program("sql", query, "--release", "2", "--json", cwd=shop)
    assert then.code == 0, then.err
    assert json.loads(then.out) == json.loads(numbered.out)
    assert json.loads(then.out)[0]["n"] == 2
    now = run_program("sql", query.replace("amount", "total"), "--json", cwd=shop)
    assert json.loads(now.out)[0]["n"] == 3
    before = run_program("sql", query, "--as-of", at(shop, 1).isoformat(), cwd=shop)
    assert (before.code, "gold.big_orders" in before.err) == (2, True)


def test_read_takes_a_time(shop: Path) -> None:
    def rows(**when: Any) -> int:
        return int(
            lakewright.read("silver.orders", project=shop, environment="dev_ana", **when).num_rows
        )

    assert [rows(as_of=at(shop, 1)), rows(as_of=at(shop, 3).isoformat()), rows()] == [3, 5, 5]


def test_rows_of_a_branch_are_compared_with_those_of_its_base(shop: Path, tmp_path: Path) -> None:
    """The branch has its lake: tables of the base are read where they are, views by their code."""
    branch = Path(shutil.copytree(shop, tmp_path / "branch"))
    settings = branch / "lakewright.yml"
    base = f"{{lake: {branch / '.lake'}, environment: dev_ana}}"
    line = f"targets:\n  pr: {{lake: .pr, engine: sail, environment: pr, base: {base}}}\n"
    settings.write_text(settings.read_text().replace("targets:\n", line))
    done = run_program("apply", "--yes", "-t", "pr", cwd=branch)
    assert done.code == 0, done.err
    found = diff(branch, "dev_ana@2..pr", "silver.orders", "gold.big_orders", "-t", "pr")
    assert {name: table["rows"]["right_only"] for name, table in found.items()} == {
        "gold.big_orders": 1,
        "silver.orders": 2,
    }
