"""Ctrl-C and SIGTERM while tables are built: nothing is published, and the next run converges."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any

import pytest

from cli.programs import CLEAN, PROGRAM
from lakewright.engines import Engine, open_engine
from proof.shops import Shop

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def interrupt(shop: Shop, number: int, line: str, seconds: float) -> tuple[int, str]:
    """Apply, and send a signal some time after the first line that begins with `line`."""
    process = subprocess.Popen(
        [PROGRAM, "apply", "--yes"],
        cwd=shop.home,
        env=CLEAN,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stderr is not None
    told = []
    for text in process.stderr:
        told.append(text)
        if text.startswith(line):
            time.sleep(seconds)
            process.send_signal(number)
            break
    told.append(process.communicate(timeout=60)[1])
    return process.returncode, "".join(told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("line", "seconds"),
    [("Starting", 0.0), ("Starting", 0.2), ("Starting", 0.6), ("built   bronze.orders", 0.0)],
)
def test_a_signal_during_a_build_publishes_nothing_and_says_so(
    changed: Shop,
    engine: Engine,
    built_once: Shop,
    converged: dict[str, Any],
    number: int,
    line: str,
    seconds: float,
) -> None:
    code, told = interrupt(changed, number, line, seconds)
    assert "Traceback" not in told
    assert code == 130, told
    assert told.splitlines()[-1] == "interrupted: nothing was published"
    assert (changed.number, changed.rows()) == (1, built_once.rows())
    assert changed.apply(engine).release == 2
    assert changed.rows() == converged
    assert changed.plan().empty


def test_heads_are_put_back_by_the_run_that_was_interrupted(
    changed: Shop, engine: Engine, built_once: Shop
) -> None:
    def stop(step: str) -> None:
        if step == "5 verified":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        changed.apply(engine, stop)
    lake, old = changed.lake, built_once.rows()
    for name, entry in changed.latest.tables.items():
        if entry.location:
            uri = lake.location_uri(entry.location)
            head = lake.tables.head(uri)
            assert head is not None
            assert lake.tables.rows(uri, head.version).num_rows == len(old[str(name)]), name


def test_two_signals_in_a_row_end_the_run_and_publish_nothing(
    changed: Shop, engine: Engine, built_once: Shop, converged: dict[str, Any]
) -> None:
    process = subprocess.Popen(
        [PROGRAM, "apply", "--yes"],
        cwd=changed.home,
        env=CLEAN,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(0.5)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    told = process.communicate(timeout=60)[1]
    assert process.returncode in {130, -signal.SIGINT}, told
    assert (changed.number, changed.rows()) == (1, built_once.rows())
    assert changed.apply(engine).release == 2
    assert changed.rows() == converged


def test_a_run_whose_engine_is_gone_ends_within_seconds(changed: Shop, engine: Engine) -> None:
    doomed: Any = open_engine("sail")

    def stop(step: str) -> None:
        if step == "3 written bronze.orders":
            doomed._server.stop()

    began = time.monotonic()
    report = changed.apply(doomed, stop)
    assert time.monotonic() - began < 30
    assert (report.ok, changed.number) == (False, 1)
    doomed.close()
    assert changed.apply(engine).release == 2
