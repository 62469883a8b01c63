"""What commands may cost, in processor time, the best of three; and what they never load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest

from cli.programs import CLEAN, best_seconds, run_program
from demo.warehouses import ROOT, copy_demo
from lakewright.engines import Capabilities, engine_capabilities
from lakewright.engines.port import BuildJob, BuildResult, Rows, SqlRows
from lakewright.graph import compile_project
from lakewright.lake import Field, Pin, open_lake
from lakewright.names import TableName
from lakewright.plans import make_plan
from lakewright.runtime import apply_plan
from lakewright.specs import load_project

NEVER = ("pyspark", "pysail", "pandas", "delta")
TABLES = 300
SILVER = 100


class OneRow:
    """An engine whose every table has one row, written without an engine."""

    name = "sail"
    packages: Mapping[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        return engine_capabilities("sail")

    def session(self) -> OneRow:
        return self

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        """All fit."""

    def bind(self, table: TableName, pin: Pin) -> None:
        """Nothing is read."""

    def bind_view(self, table: TableName, rows: SqlRows) -> None:
        """Nothing is read."""

    def relation(self, table: TableName) -> str:
        return str(table)

    def analyse(self, rows: Rows) -> tuple[Field, ...]:
        return (Field("id", "bigint"), Field("amount", "bigint"))

    def build(self, job: BuildJob) -> BuildResult:
        one = pa.table({"id": [1], "amount": [2]})
        token = deltalake.CommitProperties(custom_metadata={"userMetadata": job.target.token})
        deltalake.write_deltalake(job.target.location, one, mode="append", commit_properties=token)
        return BuildResult(1, 1, 0, 0)

    def measure(self, expressions: Mapping[str, str]) -> Mapping[str, int]:
        return dict.fromkeys(expressions, 0)

    def fetch(self, sql: str, limit: int | None = None) -> pa.Table:
        return pa.table({})

    def close(self) -> None:
        """Nothing was started."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of this repository with its fixture built, so that its plan is empty."""
    warehouse = copy_demo(tmp_path_factory.mktemp("demo"), "sail")
    settings = warehouse.home / "lakewright.yml"
    text = settings.read_text()
    settings.write_text(text.replace("engine: sail}", "engine: sail, environment: prod}"))
    done = run_program("apply", "--yes", cwd=warehouse.home)
    assert done.code == 0, done.err
    return warehouse.home


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 300 tables over one source, released."""
    home = tmp_path_factory.mktemp("wide")
    (home / "pipelines").mkdir()
    for layer in ("silver", "gold"):
        (home / "sql" / layer).mkdir(parents=True)
    (home / "lakewright.yml").write_text(
        "name: wide\nschemas: {raw: bronze, silver: silver, gold: gold}\n"
        "targets: {here: {lake: .lake, engine: sail, environment: prod}}\ndefault_target: here\n"
    )
    (home / "pipelines/base.yml").write_text(
        "table: raw.base\nkind: source\nlocation: base\n"
        "columns: {id: {type: bigint}, amount: {type: bigint}}\n"
    )
    deltalake.write_deltalake(str(home / "base"), pa.table({"id": [1], "amount": [2]}))
    for number in range(SILVER):
        (home / f"sql/silver/s{number}.sql").write_text(
            f"SELECT id, amount + {number} AS amount FROM raw.base WHERE id > {number}\n"
        )
    for number in range(TABLES - SILVER):
        one, other = number % SILVER, (number * 7 + 1) % SILVER
        (home / f"sql/gold/g{number}.sql").write_text(
            "SELECT a.id, sum(b.amount) AS amount\n"
            f"FROM silver.s{one} AS a JOIN silver.s{other} AS b ON b.id = a.id GROUP BY a.id\n"
        )
    lake = open_lake(str(home / ".lake"))
    now = datetime.now(UTC)
    lake.create("wide", "0" * 32, now)
    graph = compile_project(load_project(home))
    state = lake.state("prod", graph.inputs, resolve=lambda written: str(home / written))
    engine: Any = OneRow()
    report = apply_plan(make_plan(graph, state, now), lake, engine)
    assert report.ok, report.problems[:3]
    return home


def loaded(home: Path, *arguments: str) -> set[str]:
    """The modules in memory when a command has ended."""
    program = (
        "import sys\n"
        "from lakewright.cli.main import run_command\n"
        f"code = run_command({list(arguments)!r})\n"
        "print('MODULES', code, *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=home,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stdout.rpartition("MODULES")[2].split()
    assert code == "0", done.stdout + done.stderr
    return {module.partition(".")[0] for module in modules}


def test_help_costs_at_most_300_ms(tmp_path: Path) -> None:
    assert best_seconds("--help", cwd=tmp_path) <= 0.3


def test_validate_of_this_project_costs_at_most_a_second() -> None:
    assert best_seconds("validate", cwd=ROOT) <= 1.0


def test_an_empty_plan_of_this_project_costs_at_most_a_second(demo: Path) -> None:
    assert run_program("plan", "--detailed-exitcode", cwd=demo).code == 0
    assert best_seconds("plan", cwd=demo) <= 1.0


def test_an_empty_plan_of_300_tables_costs_at_most_two_seconds(wide: Path) -> None:
    assert run_program("plan", "--detailed-exitcode", cwd=wide).code == 0
    assert best_seconds("plan", cwd=wide) <= 2.0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["validate"],
        ["ls"],
        ["plan"],
        ["show", "silver.flights"],
        ["status"],
        ["releases"],
        ["history"],
        ["explain", "LW401"],
    ],
    ids=" ".join,
)
def test_a_command_that_runs_nothing_loads_no_engine(demo: Path, arguments: list[str]) -> None:
    assert not loaded(demo, *arguments).intersection(NEVER)


def test_importing_the_library_loads_no_engine_and_configures_no_logger(tmp_path: Path) -> None:
    program = (
        "import logging, sys, threading\n"
        "import lakewright\n"
        "for name in lakewright.__all__: getattr(lakewright, name)\n"
        "assert not logging.root.handlers and threading.active_count() == 1\n"
        f"assert not set({NEVER!r}) & set(sys.modules), sys.modules.keys()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
