"""A warm server as its users have it: one for two `up`, found, outliving clients, and gone.

Some minutes long, so `make soak` runs it by its name.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import deltalake
import pytest

from cli.programs import CLEAN, PROGRAM, run_program
from lakewright.lake.processes import process_started

HERE = Path(__file__).parent

PROJECT = {
    "lakewright.yml": """
name: shop
schemas: {bronze: bronze, gold: gold}
targets: {dev: {lake: .lake, engine: spark}}
default_target: dev
""",
    "pipelines/shop/bronze/orders.yml": """
table: bronze.orders
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {id: {type: bigint}, name: {type: string}}
""",
    "pipelines/shop/gold/slow.yml": """
table: gold.slow
kind: table
python: "slow:build"
reads: [bronze.orders]
expect:
  - {expression: "id < 3", on_fail: quarantine, name: small}
""",
    "pipelines/shop/gold/slow.py": """
from pathlib import Path

STOP = Path("{stop}")


def build(inputs):
    frame = inputs["bronze.orders"]

    def wait(batches):
        import time

        for batch in batches:
            STOP.with_suffix(".reached").touch()
            while STOP.exists():
                time.sleep(0.05)
            yield batch

    return frame.mapInArrow(wait, frame.schema)
""",
    "landing/orders.csv": "id,name\n1,a\n2,b\n3,c\n",
}


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """A state folder of its own, whose server is ended in any case."""
    found = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    yield found
    run_program("engine", "down", "--force", cwd=Path.home(), env=found)


@pytest.fixture(scope="module")
def ups(surroundings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What two `up` at the same time answer."""
    folder = tmp_path_factory.mktemp("nowhere")
    both = [
        subprocess.Popen(
            [PROGRAM, "engine", "up", "--json"],
            cwd=folder,
            env={**CLEAN, **surroundings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    return [json.loads(process.communicate(timeout=300)[0]) for process in both]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    stop = tmp_path / "stop"
    for name, text in PROJECT.items():
        file = tmp_path / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("{stop}", str(stop)))
    return tmp_path / "shop"


def soon(holds: Callable[[], object], seconds: float = 120) -> bool:
    ends = time.monotonic() + seconds
    while not holds() and time.monotonic() < ends:
        time.sleep(0.05)
    return bool(holds())


@pytest.mark.spark
@pytest.mark.slow
def test_two_ups_at_the_same_time_give_one_server(ups: list[dict]) -> None:
    first, second = ups
    assert first["pid"] == second["pid"]
    assert sorted([first["started_now"], second["started_now"]]) == [False, True]
    assert process_started(first["pid"]) is not None


@pytest.mark.spark
@pytest.mark.slow
def test_the_server_keeps_the_contract(ups: list[dict], surroundings: Mapping[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "warm_contract.py"],
        cwd=HERE,
        env={**os.environ, **surroundings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


@pytest.mark.spark
@pytest.mark.slow
def test_a_run_that_is_killed_while_it_writes_commits_nothing_into_the_next(
    ups: list[dict], surroundings: Mapping[str, str], project: Path
) -> None:
    stop = project.parent / "stop"
    reached = stop.with_suffix(".reached")
    assert run_program("apply", "--yes", cwd=project, env=surroundings).code == 0
    (project / "landing" / "more.csv").write_text("id,name\n0,d\n")
    reached.unlink()
    stop.touch()
    doomed = subprocess.Popen(
        [PROGRAM, "apply", "--yes"],
        cwd=project,
        env={**CLEAN, **surroundings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert soon(reached.exists)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    stop.unlink()  # what the server still does for the dead run could be committed at any time
    done = run_program("apply", "--yes", cwd=project, env=surroundings)
    assert done.code == 0, done.err
    assert f"Using the warm Spark, process {ups[0]['pid']}." in done.err
    table = str(next((project / ".lake").glob("*/gold/slow/_delta_log")).parent)
    version = deltalake.DeltaTable(table).version()
    rows = deltalake.DeltaTable(table).to_pyarrow_table()
    assert sorted(rows["id"].to_pylist()) == [0, 1, 2]
    time.sleep(2)
    assert deltalake.DeltaTable(table).version() == version
    assert "Nothing to change" in run_program("plan", cwd=project, env=surroundings).out
    told = json.loads(run_program("engine", "--json", cwd=project, env=surroundings).out)
    assert (told["pid"], told["clients"]) == (ups[0]["pid"], [])


@pytest.mark.spark
@pytest.mark.slow
def test_down_ends_the_server(ups: list[dict], surroundings: Mapping[str, str]) -> None:
    told = run_program("engine", "down", "--json", cwd=HERE, env=surroundings)
    assert json.loads(told.out)["ended"] == ups[0]["pid"]
    assert process_started(ups[0]["pid"]) is None
    assert json.loads(run_program("engine", "--json", cwd=HERE, env=surroundings).out) == {
        "format_version": "1.0",
        "state": "down",
    }
