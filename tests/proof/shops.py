"""A small shop on disk: files land, a quarantine, a gold table, a view; run here or in a child."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from lakewright.engines import Engine
from lakewright.graph import compile_project
from lakewright.lake import Lake, Release, open_lake
from lakewright.plans import Plan, make_plan
from lakewright.runtime import Report, apply_plan, plan_refresh
from lakewright.specs import load_project

ENVIRONMENT = "prod"
TESTS = Path(__file__).parents[1]

SETTINGS = """\
name: shop
schemas: {bronze: bronze, silver: silver, gold: gold}
targets:
  here: {lake: .lake, engine: sail, environment: prod}
default_target: here
"""
FILES = {
    "lakewright.yml": SETTINGS,
    "pipelines/bronze/orders.yml": """\
table: bronze.orders
kind: ingest
from: {files: "incoming/*.csv", format: csv, header: true}
columns:
  id: {type: bigint}
  customer: {type: string}
  amount: {type: "decimal(10,2)"}
  at: {type: timestamp}
""",
    "pipelines/silver/orders.yml": """\
table: silver.orders
description: One row per order.
key: [id]
expect:
  - {not_null: [customer]}
  - {expression: "amount > 0", on_fail: quarantine, name: positive}
  - {expression: "customer <> 'test'", on_fail: drop, name: not_a_test}
""",
    "sql/silver/orders.sql": """\
SELECT id, customer, amount, at, amount * 2 AS twice, length(customer) AS letters
FROM bronze.orders
""",
    "pipelines/gold/totals.yml": "table: gold.totals\nexpect: [{row_count: {min: 1}}]\n",
    "sql/gold/totals.sql": """\
SELECT customer, count(*) AS orders, sum(amount) AS amount, max(at) AS last_at
FROM silver.orders GROUP BY customer
""",
    "pipelines/gold/large.yml": "table: gold.large\nkind: view\n",
    "sql/gold/large.sql": "SELECT id, amount FROM silver.orders WHERE amount >= 10\n",
}
HEADER = "id,customer,amount,at\n"
JANUARY = (
    HEADER
    + "1,ann,5.00,2024-01-03 10:00:00\n2,bob,20.50,2024-01-04 11:30:00\n"
    + "3,bob,-1.00,2024-01-05 12:00:00\n4,test,9.99,2024-01-06 13:00:00\n"
    + "5,ann,not a number,2024-01-07 14:00:00\n"
)
FEBRUARY = (
    HEADER
    + "6,ann,7.25,2024-02-01 10:00:00\n7,cai,11.00,2024-02-02 11:00:00\n"
    + "8,cai,-3.00,2024-02-03 12:00:00\n9,short\n"
)

Rows = list[dict[str, Any]]
Stop = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shop:
    """What an operator does with one folder, one line each."""

    home: Path

    @classmethod
    def make(cls, home: Path) -> Shop:
        """The project, January landed, an empty lake."""
        for path, text in FILES.items():
            cls(home).write(path, text)
        cls(home).land("2024_01", JANUARY)
        open_lake(str(home / ".lake")).create("shop", "0" * 32, datetime.now(UTC))
        return cls(home)

    def copy(self, home: Path) -> Shop:
        return Shop(Path(shutil.copytree(self.home, home)))

    def write(self, path: str, text: str) -> None:
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.home / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def land(self, name: str, text: str) -> None:
        self.write(f"incoming/{name}.csv", text)

    @property
    def lake(self) -> Lake:
        return open_lake(str(self.home / ".lake"))

    def locate(self, written: str) -> str:
        return os.path.normpath(self.home / written)

    def plan(self, **options: Any) -> Plan:
        graph = compile_project(load_project(self.home))
        state = self.lake.state(ENVIRONMENT, graph.inputs, resolve=self.locate)
        return make_plan(graph, state, datetime.now(UTC), **options)

    def apply(self, engine: Engine, stop_at: Stop = lambda _: None, **options: Any) -> Report:
        return apply_plan(self.plan(**options), self.lake, engine, stop_at=stop_at)

    def refresh(self, engine: Engine) -> Report:
        plan = plan_refresh(self.lake, ENVIRONMENT, datetime.now(UTC), resolve=self.locate)
        return apply_plan(plan, self.lake, engine)

    @property
    def latest(self) -> Release:
        release = self.lake.latest(ENVIRONMENT)
        assert release is not None
        return release

    @property
    def number(self) -> int:
        release = self.lake.latest(ENVIRONMENT)
        return release.release if release else 0

    def rows(self, release: Release | None = None) -> dict[str, Rows]:
        """All stored tables of a release as its readers see them; by default the latest."""
        found = release or self.latest
        lake = self.lake
        return {
            str(name): ordered(lake.read_table(lake.verify_pin(entry)))
            for name, entry in found.tables.items()
            if entry.location
        }

    def schemas(self) -> dict[str, pa.Schema]:
        """The schema of every stored table, as the files of the latest release have it."""
        lake = self.lake
        return {
            str(name): lake.read_table(lake.verify_pin(entry)).schema
            for name, entry in self.latest.tables.items()
            if entry.location
        }


def ordered(table: pa.Table) -> Rows:
    """Rows without what differs from run to run, in one order."""
    varying = {"_run_id", "_quarantined_at", "_ingested_at", "run_id", "modified"}
    kept = table.select([name for name in table.column_names if name not in varying])
    return sorted(kept.to_pylist(), key=repr)


def read_by_engine(engine: Engine, lake: Lake, release: Release, table: str) -> Rows:
    """The rows of one table of a release, read by an engine at the released version."""
    entry = next(entry for name, entry in release.tables.items() if str(name) == table)
    session = engine.session()
    try:
        session.bind(entry.table, lake.verify_pin(entry))
        return ordered(session.fetch(f"SELECT * FROM {session.relation(entry.table)}"))
    finally:
        session.close()


CHILD = """
import os, signal, sys, time
from pathlib import Path
from lakewright.engines import open_engine
from lakewright.runtime import apply_plan
from proof.shops import Shop
home, engine, doomed, ready, go = sys.argv[1:]

def stop_at(step):
    if step == doomed:
        os.kill(os.getpid(), signal.SIGKILL)
    if step == ready:
        Path(go + ".ready." + str(os.getpid())).touch()
        while not Path(go).exists():
            time.sleep(0.001)

shop = Shop(Path(home))
started = open_engine(engine)
plan = shop.plan()
stop_at("planned")
report = apply_plan(plan, shop.lake, started, stop_at=stop_at)
started.close()
print(report.exit_code, report.release, *(problem.code for problem in report.problems))
"""


def run_child(
    shop: Shop, engine: str = "sail", *, doomed: str = "", ready: str = "", go: str = ""
) -> subprocess.Popen[str]:
    """Start an apply in a process of its own, which kills itself when it reaches step `doomed`.

    At step `ready` (`planned`: before the first) it waits for the file `go`.
    """
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(shop.home), engine, doomed, ready, go],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def left_of(child: subprocess.Popen[str]) -> list[psutil.Process]:
    """Processes that the child started and that still run: Spark's JVM, for a while."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = os.getsid(process.pid) == child.pid and process.pid != child.pid
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_for_the_end_of(child: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 60
    while left_of(child):
        assert time.monotonic() < ends, left_of(child)
        time.sleep(0.05)


def kill_at(shop: Shop, step: str, engine: str = "sail") -> None:
    """An apply that dies by SIGKILL when it reaches the step."""
    child = run_child(shop, engine, doomed=step)
    told = child.communicate(timeout=180)
    assert child.returncode == -signal.SIGKILL, told
    wait_for_the_end_of(child)
