"""A Hive metastore needs a Spark of its own: its cases, and the program, run in other processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.programs import run_program
from proof.doomed import kill
from proof.shops import Shop

pytestmark = pytest.mark.spark
MORE = "order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,11.00\n"
CASES = Path(__file__).with_name("hive_cases.py")
SETTINGS = """\
name: shop
targets:
  prod:
    lake: .lake
    engine: spark
    environment: prod
    serve: {{schema: "shop_{{schema}}", layers: [silver, gold], grants: {{select: [analysts]}}}}
    conf:
      spark.sql.catalogImplementation: hive
      spark.sql.warehouse.dir: {root}/warehouse
      spark.hadoop.javax.jdo.option.ConnectionURL: "{derby}"
"""


def test_releases_are_served_in_a_hive_metastore(tmp_path: Path) -> None:
    arguments = ["-q", "--no-header", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'cases'}"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, str(CASES)],
        cwd=CASES.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "passed" in ran.stdout


@pytest.mark.slow
def test_a_serving_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    derby = f"jdbc:derby:;databaseName={tmp_path}/metastore;create=true"
    assert run_program("init", str(shop), cwd=tmp_path).code == 0
    quiet = "  quiet: {lake: .lake, engine: sail, environment: prod}\n"
    (shop / "lakewright.yml").write_text(SETTINGS.format(root=tmp_path, derby=derby) + quiet)
    done = run_program("apply", "--yes", "-t", "prod", cwd=shop)
    assert done.code == 0, done.err
    (shop / "incoming/orders/orders_2024_02.csv").write_text(MORE)
    done = run_program("refresh", "-t", "quiet", cwd=shop)
    assert done.code == 0, done.err

    kill(Shop(shop), "serve", "write 2", "spark")
    assert "2 views behind release 2" in run_program("plan", "-t", "prod", cwd=shop).out
    note = json.loads((shop / ".lake/_lakewright/env/prod/served/spark_catalog.json").read_text())
    assert (note["shown"], note["done"]) == ([1, 2], False)

    done = run_program("refresh", "--json", "-t", "prod", cwd=shop)
    assert done.code == 0, done.err
    served = json.loads(done.out)["serve"]
    assert (served["release"], served["put"]) == (2, ["shop_silver.orders"])
    note = json.loads((shop / ".lake/_lakewright/env/prod/served/spark_catalog.json").read_text())
    assert (note["shown"], note["done"]) == ([2], True)


def test_a_serving_that_was_missed_is_made_up_by_a_refresh_with_nothing_to_publish(
    tmp_path: Path,
) -> None:
    shop = tmp_path / "shop"
    derby = f"jdbc:derby:;databaseName={tmp_path}/metastore;create=true"
    assert run_program("init", str(shop), cwd=tmp_path).code == 0
    (shop / "lakewright.yml").write_text(SETTINGS.format(root=tmp_path, derby=derby))
    done = run_program("apply", "--yes", "--json", cwd=shop)
    assert done.code == 0, done.err
    served = json.loads(done.out)["serve"]
    assert served["put"] == ["shop_gold.customer_totals", "shop_silver.orders"]
    assert served["notes"][0].startswith("LW465")
    assert not (shop / "derby.log").exists()
    assert "(2 views).\n" in run_program("plan", cwd=shop).out

    (shop / ".lake/_lakewright/env/prod/served/spark_catalog.json").unlink()
    assert "2 views behind release 1" in run_program("plan", cwd=shop).out
    done = run_program("refresh", cwd=shop)
    assert done.code == 0, done.err
    assert "Served release 1 into spark_catalog: 2 unchanged." in done.out
    assert "behind" not in run_program("plan", cwd=shop).out
