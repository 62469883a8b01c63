"""Time of a thousand models, two joins each: from files to a valid project, and to a plan.

Whole processes, interpreter and imports included. Told is the least of several runs, because other
work on the machine only ever adds: processor seconds of the process, its clock seconds in
brackets, and its memory at most. `dbt parse` and SQLMesh's load of the same queries stand beside
it where they are installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCES = 10
QUERY = """\
WITH recent AS (
  SELECT id, a, b, at FROM {first} WHERE a > {number}
)
SELECT
  r.id,
  r.a + coalesce(y.a, 0) AS a,
  coalesce(z.b, r.b) AS b,
  max(r.at) AS at
FROM recent AS r
LEFT JOIN {second} AS y ON y.id = r.id
LEFT JOIN {third} AS z ON z.id = r.id AND z.a > 0
GROUP BY r.id, r.a + coalesce(y.a, 0), coalesce(z.b, r.b)
"""
SPEC = """\
table: silver.m{number}
description: Model number {number}.
key: [id]
columns:
  id: {{type: bigint, description: The key}}
  b: {{type: string, description: A text}}
expect:
  - {{not_null: [a]}}
  - {{expression: "a > -{number}", on_fail: quarantine, name: sane_a}}
"""
SOURCE = """\
table: bronze.s{number}
kind: ingest
from: {{files: "landing/s{number}/*.csv", format: csv}}
columns:
  id: {{type: bigint}}
  a: {{type: int}}
  b: {{type: string}}
  at: {{type: timestamp}}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: processor and clock seconds, and megabytes at most."""

    processor: float
    clock: float
    memory: float

    def __str__(self) -> str:
        return f"{self.processor:5.2f} s  ({self.clock:.2f} s)  {self.memory:4.0f} MB"


def inputs_of(number: int) -> list[str]:
    """The three tables that a model reads, all of them before it."""
    if number <= SOURCES:
        return [f"bronze.s{(number + part) % SOURCES}" for part in range(3)]
    return [f"silver.m{(number * 7 + part * 13) % number}" for part in range(3)]


def query_of(number: int, name: Callable[[str], str] = str) -> str:
    first, second, third = map(name, inputs_of(number))
    return QUERY.format(first=first, second=second, third=third, number=number)


def write_project(root: Path, models: int) -> None:
    """A project of ours."""
    specs, queries = root / "pipelines/shop", root / "sql/shop/silver"
    for folder in (specs / "bronze", specs / "silver", queries):
        folder.mkdir(parents=True)
    (root / "lakewright.yml").write_text(
        "name: shop\nschemas: {bronze: bronze, silver: silver}\n"
        "targets: {dev: {lake: .lake, engine: sail}}\ndefault_target: dev\n"
    )
    for number in range(SOURCES):
        (specs / f"bronze/s{number}.yml").write_text(SOURCE.format(number=number))
    for number in range(models):
        (specs / f"silver/m{number}.yml").write_text(SPEC.format(number=number))
        (queries / f"m{number}.sql").write_text(query_of(number))


def run(command: list[str], root: Path, cache: Path) -> Cost:
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command} failed"
    clock = time.perf_counter() - begin
    return Cost(used.ru_utime + used.ru_stime, clock, used.ru_maxrss / 1024)


def least(runs: list[Cost]) -> Cost:
    return Cost(
        *(min(getattr(it, name) for it in runs) for name in ("processor", "clock", "memory"))
    )


def measure(root: Path, models: int, repeat: int) -> dict[str, Cost]:
    """Ours: with an empty cache, with a full one, and after an edit of one query."""
    program = str(Path(sys.executable).with_name("lakewright"))
    warm = root.parent / "warm"
    found: dict[str, list[Cost]] = {}

    def take(name: str, verb: str, cache: Path) -> None:
        found.setdefault(name, []).append(run([program, verb], root, cache))

    edited = root / f"sql/shop/silver/m{models // 2}.sql"
    for turn in range(repeat):
        take("validate, nothing kept", "validate", root.parent / f"cold{turn}")
        run([program, "validate"], root, warm)
        take("validate, nothing changed", "validate", warm)
        take("plan, nothing changed", "plan", warm)
        edited.write_text(query_of(models // 2).replace("a > ", f"a > {turn} + "))
        take("plan, one query edited", "plan", warm)
    return {name: least(runs) for name, runs in found.items()}


def measure_dbt(root: Path, models: int) -> Cost | None:
    """`dbt parse` of the same queries; None where it is not installed."""
    program = shutil.which("dbt")
    if program is None:
        return None
    (root / "models").mkdir(parents=True)
    (root / "dbt_project.yml").write_text("name: shop\nversion: '1'\nprofile: shop\n")
    (root / "profiles.yml").write_text("shop: {target: a, outputs: {a: {type: duckdb}}}\n")
    tables = "".join(f"      - name: s{number}\n" for number in range(SOURCES))
    sources = f"version: 2\nsources:\n  - name: bronze\n    tables:\n{tables}"
    (root / "models/sources.yml").write_text(sources)

    def name(table: str) -> str:
        schema, _, last = table.partition(".")
        called = f"source('bronze', '{last}')" if schema == "bronze" else f"ref('{last}')"
        return "{{ " + called + " }}"

    for number in range(models):
        (root / f"models/m{number}.sql").write_text(query_of(number, name))
    command = [program, "parse", "--no-partial-parse", "--profiles-dir", str(root)]
    return run(command, root, root / "cache")


def measure_sqlmesh(root: Path, models: int) -> Cost | None:
    """SQLMesh's load of the same queries; None where it is not installed."""
    if shutil.which("sqlmesh") is None:
        return None
    (root / "models").mkdir(parents=True)
    settings = "gateways: {a: {connection: {type: duckdb}}}\nmodel_defaults: {dialect: spark}\n"
    (root / "config.yaml").write_text(settings)
    for number in range(models):
        text = f"MODEL (name silver.m{number}, kind FULL);\n{query_of(number)}"
        (root / f"models/m{number}.sql").write_text(text)
    load = f"from sqlmesh import Context; Context(paths={str(root)!r})"
    return run([sys.executable, "-c", load], root, root / "cache")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_project(root / "shop", said.models)
        print(f"{said.models} models of two joins; least of {said.repeat} runs, whole processes:")
        print("                              processor  (clock)  memory")
        costs = measure(root / "shop", said.models, said.repeat)
        for name, cost in costs.items():
            print(f"  {name:<27} {cost}")
        more = costs["plan, one query edited"].processor - costs["plan, nothing changed"].processor
        print(f"  an edited query adds        {more:5.2f} s")
        others = (
            ("dbt parse", measure_dbt(root / "dbt", said.models)),
            ("SQLMesh load", measure_sqlmesh(root / "mesh", said.models)),
        )
        for name, other in others:
            print(f"  {name:<27} {other or 'not installed'}")


if __name__ == "__main__":
    main()
