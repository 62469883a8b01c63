"""Time the demo build beside the same work written by hand, on each engine.

    python infra/bench/build.py [--engine sail] [--rounds 3]

Every run is a process of its own with an empty lake, landed files and all set-up done, bytecode as
an installed package has it included: its seconds count from start to end of the process, its memory
is the most that the process and its children held together. Rounds alternate, and the median of
each side counts. Processor seconds are shown beside: on a busy machine they tell more.
Exit code 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SECONDS = {"sail": 15.0, "spark": 60.0}
MEMORY = 4 * 2**30
RATIO = 1.10
PACKAGES = ("lakewright", "pyspark", "pysail", "delta-spark", "deltalake", "pyarrow")


@dataclass(frozen=True, slots=True)
class Run:
    """One build: seconds from start to end, of the processor, bytes at the peak, rows by table.

    `building` are the seconds of the build alone: without start, project, plan and end.
    """

    seconds: float
    processor: float
    memory: int
    rows: dict[str, int]
    building: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", choices=tuple(SECONDS), action="append")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    subprocess.run([sys.executable, ROOT / "infra" / "demo" / "land.py"], cwd=ROOT, check=True)
    for sources in ("framework", "infra/bench"):
        compileall.compile_dir(ROOT / sources, quiet=1)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    engines = options.engine or list(SECONDS)
    missed = [text for engine in engines for text in compare(engine, options.rounds)]
    for text in missed:
        print(f"MISSED  {text}")
    return 1 if missed else 0


def compare(engine: str, rounds: int) -> list[str]:
    """Print both sides of one engine; what limits they miss."""
    ours, twins = [], []
    for _ in range(rounds):
        ours.append(build_by_lakewright(engine))
        twins.append(build_by_hand(engine))
    if ours[0].rows != twins[0].rows:
        return [f"{engine}: the two builds differ: {ours[0].rows} and {twins[0].rows}"]
    our, twin = middle(ours), middle(twins)
    ratio = our.seconds / twin.seconds
    print(f"\n{engine}, {len(ours)} rounds each, medians (all)")
    for name, run, runs in (("lakewright", our, ours), ("by hand", twin, twins)):
        every = " ".join(f"{it.seconds:.1f}" for it in runs)
        print(
            f"  {name:<11} {run.seconds:6.1f} s  {run.memory / 2**30:5.2f} GiB"
            f"  processor {run.processor:.1f} s  build alone {run.building:.1f} s  ({every})"
        )
    alone, processor = our.building / twin.building, our.processor / twin.processor
    print(
        f"  ratio {ratio:.2f}  (of the build alone {alone:.2f}, of the processor {processor:.2f})"
    )
    limits = [
        (our.seconds <= SECONDS[engine], f"{our.seconds:.1f} s, limit {SECONDS[engine]:.0f} s"),
        (our.memory <= MEMORY, f"{our.memory / 2**30:.2f} GiB, limit {MEMORY / 2**30:.0f} GiB"),
        (ratio <= RATIO, f"ratio {ratio:.2f}, limit {RATIO:.2f}"),
    ]
    return [f"{engine}: {text}" for holds, text in limits if not holds]


def middle(runs: list[Run]) -> Run:
    """The medians of runs that built the same rows; of memory the most."""
    return Run(
        seconds=median(run.seconds for run in runs),
        processor=median(run.processor for run in runs),
        memory=max(run.memory for run in runs),
        rows=runs[0].rows,
        building=median(run.building for run in runs),
    )


def build_by_lakewright(engine: str) -> Run:
    with tempfile.TemporaryDirectory(prefix="lakewright-bench-") as lake:
        where = ["--engine", engine, "--lake", lake, "-e", "bench"]
        command = [str(BIN / "lakewright"), "apply", "--yes", "--json", *where]
        run, answer = measure(command)
    report = json.loads(answer)
    rows = {it["table"]: it["rows_kept"] for it in report["tables"]}
    kept = {name: count for name, count in rows.items() if count is not None}
    return replace(run, rows=kept, building=report["seconds"])


def build_by_hand(engine: str) -> Run:
    lake = Path(tempfile.mkdtemp(prefix="lakewright-bench-"))
    try:
        twin = [sys.executable, "-m", "infra.bench.twin"]
        command = [*twin, "--engine", engine, "--lake", str(lake)]
        run, answer = measure(command)
    finally:
        shutil.rmtree(lake)
    told = json.loads(answer)
    rows = {
        name: it["produced"] - it["quarantined"] - it["dropped"]
        for name, it in told["counts"].items()
        if it
    }
    return replace(run, rows=rows, building=told["seconds"])


def measure(command: list[str]) -> tuple[Run, str]:
    """Run a command to its end: what it took, without rows, and what it printed."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = psutil.Popen(command, cwd=ROOT, stdout=output, stderr=errors)
        memory = 0
        processor: dict[int, float] = {}
        while process.poll() is None:
            memory = max(memory, look(process, processor))
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()}\n{output.read()}")
        return Run(seconds, sum(processor.values()), memory, {}), output.read()


def look(process: psutil.Process, processor: dict[int, float]) -> int:
    """Bytes that the process tree holds now; notes the processor seconds of each of its parts."""
    total = 0
    try:
        for part in (process, *process.children(recursive=True)):
            times = part.cpu_times()
            processor[part.pid] = times.user + times.system
            total += part.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended while being looked at
    return total


if __name__ == "__main__":
    sys.exit(main())
