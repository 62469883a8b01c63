"""`test --create`: a test from released rows, without a value that is marked `pii`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli.programs import Cli, run_program
from lakewright.specs import GivenRows, read_unit_tests


@pytest.fixture
def shop(built_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built_once, tmp_path / "shop"))


def mark_customers(shop: Path) -> None:
    spec = shop / "pipelines/shop/bronze/orders.yml"
    text = spec.read_text()
    marked = text.replace("customer: {type: string}", "customer: {type: string, pii: name}")
    assert marked != text
    spec.write_text(marked)


def test_a_created_test_passes_and_holds_no_personal_value(shop: Path) -> None:
    mark_customers(shop)
    done = run_program("test", "--create", "silver.orders", "--rows", "4", "--json", cwd=shop)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["path"] == "tests/silver/orders.yml"
    assert document["given"] == {"bronze.orders": 4}
    assert (document["expect"], document["expect_quarantine"]) == (3, 1)
    text = (shop / document["path"]).read_text()
    landed = (shop / "incoming/orders/orders_2024_01.csv").read_text()
    customers = {line.split(",")[1] for line in landed.splitlines()[1:]}
    assert not any(customer in text for customer in customers)
    (test,) = read_unit_tests(str(shop))
    assert isinstance(given := next(iter(test.given.values())), GivenRows)
    assert len({row["customer"] for row in given.rows}) == len(customers)
    assert test.expect_quarantine is not None
    assert [row["_failed_rules"] for row in test.expect_quarantine] == [["positive_amount"]]
    assert run_program("test", "-s", "silver.orders", cwd=shop).code == 0


def test_it_is_told_what_was_written(shop: Path) -> None:
    done = run_program("test", "--create", "gold.customer_totals", "--rows", "1", cwd=shop)
    assert done.out.startswith(
        "Wrote tests/gold/customer_totals.yml: silver.orders 1 -> 1 rows of gold.customer_totals.\n"
    )


def test_a_file_is_never_written_over(built: Cli) -> None:
    path = built.folder / "tests/silver/orders.yml"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    done = built("test", "--create", "silver.orders")
    assert done.code == 4
    assert "LW194" in done.err
    assert path.read_text() == "mine"


def test_what_no_query_makes_is_refused(built: Cli) -> None:
    done = built("test", "--create", "bronze.orders")
    assert done.code == 2
    assert "LW491" in done.err


def test_without_a_lake_there_are_no_rows(cli: Cli) -> None:
    shutil.rmtree(cli.folder / ".lake")
    assert cli("test", "--create", "silver.orders").code == 5


def test_a_query_that_keeps_nothing_is_told(shop: Path) -> None:
    query = shop / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace("GROUP BY", "WHERE customer = 'nobody' GROUP BY"))
    done = run_program("test", "--create", "gold.customer_totals", cwd=shop)
    assert done.code == 5
    assert "LW195" in done.err
    assert not (shop / "tests").exists()
