"""Time the way to a first Delta commit on Spark: cold, with an archive of classes, and warm.

    python -m infra.bench.spark_start [--rounds 3] [--demo]

Every run is a process of its own, timed from its start to the end of its first commit, and the
median of each kind counts; kinds alternate. Processor seconds are those of the process and its
children, or of the server meanwhile: on a busy machine they tell more, so the load is shown too.
With `--demo` the demo build is timed on a cold and on a warm Spark as well. The server that is
measured is one of its own, ended afterwards. Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil
from infra.bench.build import BIN, ROOT, look

COLD, WARM, HALF = 8.0, 3.0, 0.5
PACKAGES = ("lakewright", "pyspark", "delta-spark", "deltalake")
FIRST_COMMIT = """
import sys
from lakewright.engines import find_engine
engine = find_engine("spark", conf={}, tell=sys.stderr.write)
spark = engine.session().spark
spark.range(3).write.format("delta").save(sys.argv[1])
print("committed", flush=True)
engine.close()
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds until it was done, of the processor meanwhile, and what it printed."""

    seconds: float
    processor: float
    answer: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {java()}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    print(f"load before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="lakewright-bench-") as folder:
        missed = compare(Path(folder), options.rounds, demo=options.demo)
    for text in missed:
        print(f"MISSED  {text}")
    return 1 if missed else 0


def compare(folder: Path, rounds: int, *, demo: bool) -> list[str]:
    """Print all kinds; what limits they miss."""
    plain = surroundings(folder / "plain", folder / "none")
    cold = surroundings(folder / "archived", folder / "none")
    warm = surroundings(folder / "archived", folder / "state")
    first_commit(plain, folder / "jars")  # so that each cache has Delta's jars
    up = engine("up", warm)
    print(f"\nengine up, which starts and warms it: {up:.1f} s")
    try:
        wait_for_archive(folder / "archived")
        runs: dict[str, list[Run]] = {"cold": [], "cold, archive": [], "warm": []}
        for turn in range(rounds):
            for kind, env in zip(runs, (plain, cold, warm), strict=True):
                runs[kind].append(first_commit(env, folder / f"{kind}{turn}"))
        middles = {kind: show(f"first commit, {kind}", found) for kind, found in runs.items()}
        limits = [("cold, archive", COLD), ("warm", WARM)]
        missed = [
            f"{kind}: {middles[kind]:.1f} s, limit {limit:.0f} s"
            for kind, limit in limits
            if middles[kind] > limit
        ]
        if demo:
            missed += compare_demo(cold, warm, rounds)
        return missed
    finally:
        print(f"engine down: {engine('down', warm, '--force'):.1f} s")
        print(f"load after {os.getloadavg()[0]:.1f}")


def compare_demo(cold: Mapping[str, str], warm: Mapping[str, str], rounds: int) -> list[str]:
    subprocess.run([sys.executable, ROOT / "infra" / "demo" / "land.py"], cwd=ROOT, check=True)
    runs: dict[str, list[Run]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        for kind, env in zip(runs, (cold, warm), strict=True):
            runs[kind].append(demo_build(env))
    if rows_of(runs["cold"][0]) != rows_of(runs["warm"][0]):
        return ["demo build: the two builds differ"]
    middles = {kind: show(f"demo build, {kind}", found) for kind, found in runs.items()}
    ratio = middles["warm"] / middles["cold"]
    print(f"  ratio {ratio:.2f}")
    return [] if ratio <= HALF else [f"demo build: ratio {ratio:.2f}, limit {HALF:.2f}"]


def show(name: str, runs: list[Run]) -> float:
    middle = median(run.seconds for run in runs)
    processor = median(run.processor for run in runs)
    every = " ".join(f"{run.seconds:.1f}" for run in runs)
    print(f"  {name:<28} {middle:6.1f} s  processor {processor:5.1f} s  ({every})")
    return middle


def first_commit(env: Mapping[str, str], table: Path) -> Run:
    return timed([sys.executable, "-c", FIRST_COMMIT, str(table)], env, until="committed")


def demo_build(env: Mapping[str, str]) -> Run:
    with tempfile.TemporaryDirectory(prefix="lakewright-bench-") as lake:
        where = ["--engine", "spark", "--lake", lake, "-e", "bench"]
        return timed([str(BIN / "lakewright"), "apply", "--yes", "--json", *where], env)


def rows_of(build: Run) -> dict[str, int | None]:
    return {it["table"]: it["rows_kept"] for it in json.loads(build.answer)["tables"]}


def timed(command: list[str], env: Mapping[str, str], until: str = "") -> Run:
    """Run a command until it prints a line that begins so, or to its end."""
    server = server_seconds(env)
    start = time.perf_counter()
    process = psutil.Popen(
        command, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    processor: dict[int, float] = {}
    answer = []
    for line in process.stdout:
        answer.append(line)
        if until and line.startswith(until):
            break
    look(process, processor)
    seconds = time.perf_counter() - start
    spent = sum(processor.values()) + server_seconds(env) - server
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{errors}")
    return Run(seconds, spent, "".join(answer))


def server_seconds(env: Mapping[str, str]) -> float:
    """Of the processor, by the warm server so far; 0 without one."""
    told = subprocess.run(
        [BIN / "lakewright", "engine", "status", "--json"],
        env=dict(env),
        cwd="/",
        capture_output=True,
        check=True,
    )
    pid = json.loads(told.stdout).get("pid")
    times = psutil.Process(pid).cpu_times() if pid else None
    return times.user + times.system if times else 0.0


def engine(word: str, env: Mapping[str, str], *options: str) -> float:
    start = time.perf_counter()
    command = [BIN / "lakewright", "engine", word, *options]
    subprocess.run(command, cwd="/", env=dict(env), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def wait_for_archive(cache: Path) -> None:
    ends = time.monotonic() + 600
    while not list(cache.glob("classes/*.jsa")):
        if time.monotonic() > ends:
            raise SystemExit("no archive of classes was made")
        time.sleep(1)


def surroundings(cache: Path, state: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "LAKEWRIGHT_CACHE": str(cache), "XDG_STATE_HOME": str(state)}


def java() -> str:
    from lakewright.engines.java import find_java

    found = find_java(os.environ)
    return f"Java {found.major} at {found.program}"


if __name__ == "__main__":
    sys.exit(main())
