"""The released code on a cluster of a master and two workers, with nothing but the bundle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from proof.shops import ENVIRONMENT, FILES, Rows
from submit.clusters import Cluster, await_true, end_all, started_cluster, words_of
from submit.conftest import Site

pytestmark = pytest.mark.spark
Told = Callable[[], dict[str, Any]]


def test_a_cluster_makes_the_rows_that_are_made_here(
    site: Site, cluster: Cluster, told: Told
) -> None:
    before = site.shop.rows()
    code = site.refresh(cluster.master, "--full", "-s", "gold.totals")
    end = told()
    assert (code, end["ok"], end["release"]) == (0, True, 2)
    assert [table["table"] for table in end["tables"]] == ["gold.totals"]
    assert site.shop.rows() == before
    packages = site.shop.latest.packages
    assert (packages["engine"], packages["delta"]) == ("spark 4.2.0", "4.4.0")


@pytest.mark.slow
def test_a_cluster_loads_files_with_what_the_bundle_holds(
    site: Site, cluster: Cluster, wanted: dict[str, Rows], told: Told
) -> None:
    site.land()
    assert site.refresh(cluster.master) == 0
    assert told()["release"] == 2
    assert site.shop.rows() == wanted


@pytest.mark.slow
def test_one_process_deploys_a_project(site: Site, wanted: dict[str, Rows], told: Told) -> None:
    for path, text in FILES.items():
        site.shop.write(f"project/{path}", text)
    site.shop.edit("project/lakewright.yml", "lake: .lake", "lake: ../.lake")
    site.land()
    (site.home / "project" / "incoming").symlink_to(site.home / "incoming")
    assert site.submit("local[2]", "apply", "--project", "project", "--yes") == 0
    assert (told()["release"], site.shop.latest.kind) == (2, "apply")
    assert site.shop.rows() == wanted


@pytest.mark.slow
def test_a_run_lands_though_a_worker_is_killed(
    site: Site, wanted: dict[str, Rows], told: Told
) -> None:
    site.land()
    with started_cluster(site.place) as cluster:

        def kill() -> None:
            await_true((site.table_log / f"{2:020d}.json").exists, "bronze is written")
            end_all(os.getsid(cluster.executors()[0].pid))

        killer = threading.Thread(target=kill)
        killer.start()
        code = site.refresh(cluster.master)
        killer.join()
        alive = [worker for worker in cluster.workers if psutil.pid_exists(worker)]
        alive = [pid for pid in alive if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]
    assert len(alive) == 1
    end = told()
    assert (code, end["ok"], end["release"]) == (0, True, 2)
    assert site.shop.rows() == wanted


@pytest.mark.slow
def test_a_run_whose_driver_is_killed_is_told_and_the_next_one_converges(
    site: Site,
    cluster: Cluster,
    wanted: dict[str, Rows],
    capfd: pytest.CaptureFixture[str],
) -> None:
    site.land()
    before = site.shop.rows()

    def kill() -> None:
        await_true((site.table_log / f"{2:020d}.json").exists, "bronze is written")
        drivers = [
            child
            for child in psutil.Process().children(recursive=True)
            if "main.py refresh" in words_of(child)
        ]
        for driver in drivers:
            driver.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    code = site.refresh(cluster.master)
    killer.join()
    assert (code, "LW641" in capfd.readouterr().err) == (5, True)
    assert (site.shop.number, site.shop.rows()) == (1, before)
    assert site.refresh(cluster.master) == 0
    assert (site.shop.number, site.shop.rows()) == (2, wanted)


@pytest.mark.slow
def test_without_deltas_extension_the_run_is_refused_with_what_to_say(
    site: Site, told: Told
) -> None:
    site.land()
    none = {"spark.sql.extensions": "", "spark.sql.catalog.spark_catalog": ""}
    code = site.submit("local[1]", "refresh", "--lake", ".lake", "-e", ENVIRONMENT, **none)
    assert (code, [problem["code"] for problem in told()["error"]]) == (5, ["LW640"])


CONNECTED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from lakewright.engines import open_engine
from proof.shops import Shop
engine = open_engine("spark", conf={"remote": sys.argv[2]})
report = Shop(Path(sys.argv[1])).refresh(engine)
engine.close()
assert report.ok, report.problems
"""


@pytest.mark.slow
def test_a_connect_server_makes_the_rows_that_are_made_here(
    site: Site, connect: str, wanted: dict[str, Rows]
) -> None:
    site.land()
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", CONNECTED, str(site.home), connect]
    subprocess.run(words, env=surroundings, check=True)
    assert (site.shop.number, site.shop.rows()) == (2, wanted)
