"""A run killed by SIGKILL, with real engines and real processes."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest

from lakewright.engines import Engine
from proof.shops import JANUARY, Shop, kill_at, left_of, run_child, wait_for_the_end_of

TABLES = ("bronze.orders", "silver.orders", "gold.totals")
STEPS = (
    "1 claimed",
    "2 settled",
    *(f"3 written {table}" for table in TABLES),
    *(f"4 checked {table}" for table in TABLES),
    "5 verified",
    "6 put",
)
MOMENTS = [
    *(pytest.param("sail", step, id=f"sail-{step}") for step in STEPS),
    *(
        pytest.param("spark", step, id=f"spark-{step}", marks=pytest.mark.spark)
        for step in ("3 written silver.orders", "5 verified", "6 put")
    ),
]


@pytest.mark.parametrize(("engine", "step"), MOMENTS, indirect=["engine"])
def test_a_run_killed_at_a_step_leaves_one_release_and_a_rerun_converges(
    changed: Shop, engine: Engine, built_once: Shop, converged: dict[str, Any], step: str
) -> None:
    kill_at(changed, step, engine.name)
    put = step == "6 put"
    assert changed.number == (2 if put else 1)
    assert changed.rows() == (converged if put else built_once.rows())
    again = changed.apply(engine)
    assert again.ok, again.problems
    assert changed.number == 2
    assert changed.rows() == converged
    assert changed.plan().empty


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.15, 0.3])
def test_a_run_killed_in_the_middle_of_a_step_leaves_one_release_and_a_rerun_converges(
    changed: Shop,
    engine: Engine,
    built_once: Shop,
    converged: dict[str, Any],
    seconds: float,
) -> None:
    go = changed.home / "go"
    child = run_child(changed, ready="2 settled", go=str(go))
    while not list(changed.home.glob("go.ready.*")):
        assert child.poll() is None, child.communicate()
        time.sleep(0.005)
    go.touch()
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    assert changed.rows() == (converged if changed.number == 2 else built_once.rows())
    assert changed.apply(engine).ok
    assert changed.number == 2
    assert changed.rows() == converged
    assert changed.plan().empty


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_a_first_build_killed_twice_doubles_no_file(changed: Shop, engine: Engine) -> None:
    first = Shop.make(changed.home / "first")
    kill_at(first, "3 written silver.orders")
    kill_at(first, "5 verified")
    assert first.number == 0
    assert first.apply(engine).ok
    found = first.rows()
    good = JANUARY.count("\n") - 2  # without the header and the record that cannot be read
    assert [row["id"] for row in found["bronze.orders"]] == list(range(1, good + 1))
    assert [row["path"] for row in found["bronze.orders__ledger"]] == ["incoming/2024_01.csv"]
    assert len(found["bronze.orders__quarantine"]) == 1


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
def test_a_refresh_goes_on_after_a_killed_apply(changed: Shop, engine: Engine) -> None:
    kill_at(changed, "4 checked gold.totals")
    report = changed.refresh(engine)
    assert report.ok, report.problems
    found = changed.rows()
    assert len(found["bronze.orders"]) == 7
    assert {row["orders"] for row in found["gold.totals"]} == {1, 2}


@pytest.mark.parametrize("engine", [pytest.param("spark", marks=pytest.mark.spark)], indirect=True)
def test_nobody_takes_a_table_while_the_jvm_of_a_killed_run_lives(
    changed: Shop, engine: Engine
) -> None:
    go = changed.home / "go"
    child = run_child(changed, "spark", ready="3 written bronze.orders", go=str(go))
    while not list(changed.home.glob("go.ready.*")):
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    (jvm,) = (process for process in left_of(child) if process.name() == "java")
    jvm.suspend()
    child.kill()
    child.wait(timeout=60)
    refused = changed.apply(engine)
    jvm.resume()
    child.communicate(timeout=60)
    wait_for_the_end_of(child)
    assert (refused.exit_code, refused.problems[0].code) == (4, "LW520")
    assert changed.apply(engine).release == 2
