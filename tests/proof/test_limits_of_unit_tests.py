"""What fifty unit tests may cost, start included: processor or clock, whichever is less."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from cli.programs import CLEAN, PROGRAM, best_seconds

SPEC = """\
table: silver.t{n}
key: [id]
expect:
  - {{expression: "amount >= 0", on_fail: quarantine, name: fine}}
"""
QUERY = """\
WITH x AS (SELECT * FROM bronze.a WHERE amount < {n} + 1000)
SELECT x.id, x.amount, b.label, date_trunc('day', x.at) AS day
FROM x LEFT JOIN bronze.b ON x.k = b.k
"""
TESTS = """\
table: silver.t{n}
given:
  bronze.a:
    - {{id: 1, k: x, amount: 5, at: "2024-01-01T10:00:00Z"}}
    - {{id: 2, k: y, amount: -1}}
  bronze.b: [{{k: x, label: X}}]
tests:
  - name: rows are split
    expect: [{{id: 1, amount: 5, label: X, day: "2024-01-01T00:00:00Z"}}]
    expect_quarantine: [{{id: 2, _failed_rules: [fine]}}]
  - name: nothing gives nothing
    given: {{bronze.a: []}}
    expect: []
"""
BRONZE = {
    "a": "{id: {type: bigint}, k: {type: string}, amount: {type: double}, at: {type: timestamp}}",
    "b": "{k: {type: string}, label: {type: string}}",
}


@pytest.fixture
def fifty(tmp_path: Path) -> Path:
    """A project of 25 tables with two tests each."""
    files = {"lakewright.yml": "name: fifty\ntargets: {dev: {lake: .lake}}\ndefault_target: dev\n"}
    for name, columns in BRONZE.items():
        files[f"pipelines/p/bronze/{name}.yml"] = (
            f"table: bronze.{name}\nkind: ingest\nfrom: {{files: 'in/*.csv', format: csv}}\n"
            f"columns: {columns}\n"
        )
    for n in range(25):
        files[f"pipelines/p/silver/t{n}.yml"] = SPEC.format(n=n)
        files[f"sql/p/silver/t{n}.sql"] = QUERY.format(n=n)
        files[f"tests/t{n}.yml"] = TESTS.format(n=n)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.slow
def test_fifty_tests_take_five_seconds_on_sail(fifty: Path) -> None:
    assert best_seconds("test", "--engine", "sail", cwd=fifty, tries=3) <= 5


@pytest.mark.slow
@pytest.mark.spark
def test_fifty_tests_take_twenty_five_seconds_on_spark(fifty: Path) -> None:
    assert min(spark_seconds(fifty) for _ in range(2)) <= 25


def spark_seconds(folder: Path) -> float:
    """Elapsed, or of the processor with that of the JVM: a child that nobody waits for."""
    began, spent = time.monotonic(), dict[int, float]()
    command = [PROGRAM, "test", "--engine", "spark"]
    process = psutil.Popen(command, cwd=folder, env=CLEAN, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        with suppress(psutil.Error):
            for part in (process, *process.children(recursive=True)):
                times = part.cpu_times()
                spent[part.pid] = times.user + times.system
        time.sleep(0.1)
    assert process.returncode == 0
    return min(time.monotonic() - began, sum(spent.values()))
