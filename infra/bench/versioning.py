"""Time what works on releases, against the number of tables and the number of releases.

    python infra/bench/versioning.py [--tables 1 20 300] [--releases 10 1000 10000] [--rounds 3]

Lakes are written directly: tiny Delta tables, and records of releases of which the last differs. No
engine starts. Each figure is the median of the rounds, in one process, modules loaded: once by the
clock, once as processor time, which others on the machine disturb less and which waits for no disk.
Two bounds are held by processor time: with a thousand times the releases nothing may take more than
twice as long (and 20 ms), and a table more may cost what `PER_TABLE` says. Exit code 1 when one is
missed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

import lakewright
from lakewright.cli.looking import list_releases, show_history, show_status
from lakewright.cli.options import Common
from lakewright.graph import Graph, compile_project
from lakewright.lake import (
    Definition,
    Entry,
    Field,
    InputVersion,
    Lake,
    Release,
    encode_release,
    open_lake,
    paths,
    token_of,
)
from lakewright.names import TableName
from lakewright.plans import Return, make_plan
from lakewright.runtime import apply_plan, plan_rollback, roll_back
from lakewright.runtime.entries import entry_of
from lakewright.specs import load_project

ENVIRONMENT = "prod"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SLACK = 0.020  # seconds: what a busy machine adds to anything
GROWTH = 2.0  # with the most releases beside the fewest
PER_TABLE = {  # seconds for each table that an operation is about
    "publish": 0.030,
    "publish one": 0.004,
    "rollback": 0.010,
    "rollback heads": 0.040,
    "plan": 0.006,
    "status": 0.004,
    "releases": 0.004,
    "history": 0.004,
    "history table": 0.004,
    "read": 0.004,
}
PACKAGES = ("lakewright", "deltalake", "pyarrow", "sqlglot")


@dataclass(frozen=True, slots=True)
class Idle:
    """An engine for plans that need none."""

    name: str = "sail"
    jvm_pid: int | None = None

    @property
    def packages(self) -> Mapping[str, str]:
        return {}

    @property
    def capabilities(self) -> Any:
        raise AssertionError("no engine is needed")

    def session(self) -> Any:
        raise AssertionError("no engine is needed")

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Site:
    """A project of some tables with a lake of some releases."""

    home: Path
    tables: int
    releases: int

    @property
    def lake(self) -> Lake:
        return open_lake(str(self.home / ".lake"))

    @property
    def common(self) -> Common:
        return Common(project=str(self.home))

    def describe(self, text: str, count: int) -> None:
        """Give the first tables another description: a change that moves no row."""
        for number in range(count):
            (self.home / f"pipelines/silver/t{number:03d}.yml").write_text(
                f"table: silver.t{number:03d}\ndescription: {text}\n"
            )

    def graph(self) -> Graph:
        return compile_project(load_project(self.home))


def make_site(home: Path, tables: int, releases: int) -> Site:
    """Tables at version 2, of which release 2 to the last but one name version 1."""
    site = Site(home, tables, releases)
    _write_project(site)
    lake, graph = site.lake, site.graph()
    lake.create("bench", "0" * 32, BEGIN)
    source = str(home / "source")
    fields = (Field("id", "bigint"),)
    lake.tables.define(source, Definition(fields), "theirs", table_id="source", now=BEGIN)
    entries: list[dict[TableName, Entry]] = [{}, {}]
    for step in graph.steps.values():
        if step.kind == "source":
            for both in entries:
                both[step.name] = entry_of(step, fields, 0, table_id="source", data_version=0)
            continue
        location = lake.new_location(ENVIRONMENT, step.name, "bench")
        uri = lake.location_uri(location)
        token = token_of("bench", step.name)
        lake.tables.define(uri, Definition(fields), token, table_id=str(step.name), now=BEGIN)
        for both, at in zip(entries, (1, 2), strict=True):
            lake.tables.append(uri, pa.table({"id": [at]}), token)
            both[step.name] = entry_of(
                step,
                fields,
                at,
                location=location,
                table_id=str(step.name),
                token=token,
                data_version=at,
                introduced=1,
                inputs={TableName("raw", "source"): InputVersion("source", 0)},
                rows=at,
                bytes=500,
            )
    for step in graph.steps.values():
        lake.put_code(ENVIRONMENT, step.files)
    _write_records(site, entries[0], entries[1])
    return site


def _write_project(site: Site) -> None:
    for folder in ("pipelines/silver", "sql/silver"):
        (site.home / folder).mkdir(parents=True)
    (site.home / "lakewright.yml").write_text(
        "name: bench\nschemas: {raw: bronze, silver: silver}\n"
        "targets: {here: {lake: .lake, engine: sail, environment: prod}}\ndefault_target: here\n"
    )
    (site.home / "pipelines/source.yml").write_text(
        f"table: raw.source\nkind: source\nlocation: {site.home / 'source'}\n"
        "columns: {id: {type: bigint}}\n"
    )
    for number in range(site.tables):
        (site.home / f"sql/silver/t{number:03d}.sql").write_text("SELECT id FROM raw.source\n")
    site.describe("first", site.tables)


def _write_records(site: Site, first: dict[TableName, Entry], last: dict[TableName, Entry]) -> None:
    """Numbers 1 to n. Those in the middle name one table, so that 10,000 of them fit on a disk.

    It moves with each, to and fro between its two versions.
    """
    moving = TableName("silver", "t000")
    folder = site.home / ".lake" / paths.releases(ENVIRONMENT)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, site.releases + 1):
        ends = number in {1, 2, site.releases - 1, site.releases}
        tables = last if number == site.releases else first
        if not ends:
            tables = {moving: (first if number % 2 else last)[moving]}
        release = Release(
            environment=ENVIRONMENT,
            release=number,
            parent=number - 1,
            created_at=BEGIN + timedelta(hours=number),
            run_id=f"run{number}",
            kind="apply",
            reason="bench",
            engine="sail",
            packages={},
            tables=tables,
        )
        if number == site.releases:
            assert site.lake.put_release(release) == "stored"
        else:
            (folder / f"{number:020d}.json").write_bytes(encode_release(release))


# What is timed


def publish(site: Site, count: int) -> Callable[[], None]:
    """Claims, heads, definitions, verification and the record for `count` tables."""

    def once() -> None:
        report = apply_plan(plan, site.lake, Idle(), workers=4)  # type: ignore[arg-type]
        assert report.ok, report.problems

    site.describe(f"at {time.monotonic_ns()}", count)
    graph = site.graph()
    plan = make_plan(graph, site.lake.state(ENVIRONMENT, graph.inputs), datetime.now(UTC))
    assert len(plan.changes) == count
    return once


def plan(site: Site) -> Callable[[], None]:
    """State and plan of a project that is compiled."""
    graph = site.graph()

    def once() -> None:
        make_plan(graph, site.lake.state(ENVIRONMENT, graph.inputs), datetime.now(UTC))

    return once


def rollback(site: Site, heads: bool) -> Callable[[], None]:
    """From the last record to the one before; `heads`: until they have followed, too."""
    lake = site.lake
    latest = lake.latest(ENVIRONMENT)
    assert latest is not None
    ask = Return(lake.release(ENVIRONMENT, latest.parent), reason="bench")
    back = plan_rollback(lake, ENVIRONMENT, ask, datetime.now(UTC))

    class Flipped(BaseException):
        pass

    def stop_at(step: str) -> None:
        if step == "2 put" and not heads:
            raise Flipped

    def once() -> None:
        with contextlib.suppress(Flipped):
            report = roll_back(back, lake, Idle(), reason="bench", stop_at=stop_at)  # type: ignore[arg-type]
            assert report.ok, report.problems

    return once


def shown(act: Callable[[], int]) -> Callable[[], None]:
    def once() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            assert act() == 0

    return once


def operations(site: Site) -> Iterator[tuple[str, Callable[[], Callable[[], None]]]]:
    """Each with what prepares one round of it, which is not timed."""
    common = site.common
    yield "status", lambda: shown(lambda: show_status(common))
    yield "releases", lambda: shown(lambda: list_releases(common, 20))
    yield "history", lambda: shown(lambda: show_history(common, None, 20))
    yield "history table", lambda: shown(lambda: show_history(common, "silver.t000", 20))
    yield "read", lambda: lambda: lakewright.read("silver.t000", project=site.home)
    yield "plan", lambda: plan(site)
    yield "publish one", lambda: publish(site, 1)
    yield "publish", lambda: publish(site, site.tables)
    yield "rollback", lambda: rollback(site, heads=False)
    yield "rollback heads", lambda: rollback(site, heads=True)


def measure(site: Site, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds by the clock and of the processor."""
    waited, worked = {}, {}
    for name, prepare in operations(site):
        took = []
        for _ in range(rounds):
            once = prepare()
            began = time.perf_counter(), time.process_time()
            once()
            took.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        waited[name], worked[name] = (statistics.median(each) for each in zip(*took, strict=True))
    return waited, worked


Figures = Mapping[tuple[int, int], Mapping[str, float]]


def missed(figures: Figures) -> list[str]:
    """Bounds that do not hold, in words."""
    found = []
    tables = sorted({key[0] for key in figures})
    releases = sorted({key[1] for key in figures})
    for name in next(iter(figures.values())):
        for count in tables:
            few, many = figures[count, releases[0]][name], figures[count, releases[-1]][name]
            if many > few * GROWTH + SLACK:
                found.append(
                    f"{name}, {count} tables: {few * 1e3:.1f} ms with {releases[0]} releases,"
                    f" {many * 1e3:.1f} ms with {releases[-1]}"
                )
        least = figures[tables[0], releases[0]][name]
        for count in tables[1:]:
            each = (figures[count, releases[0]][name] - least) / (count - tables[0])
            if each > PER_TABLE[name]:
                found.append(f"{name}: {each * 1e3:.2f} ms for each of {count} tables")
    return found


def show(figures: Figures) -> None:
    names = list(next(iter(figures.values())))
    print(f"{'ms':<16}" + "".join(f"{f'{t} x {r}':>12}" for t, r in figures))
    for name in names:
        row = "".join(f"{found[name] * 1e3:>12.1f}" for found in figures.values())
        print(f"{name:<16}{row}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tables", type=int, nargs="+", default=[1, 20, 300])
    parser.add_argument("--releases", type=int, nargs="+", default=[10, 1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES))
    print("columns: tables x releases; medians")
    waited: dict[tuple[int, int], dict[str, float]] = {}
    worked: dict[tuple[int, int], dict[str, float]] = {}
    for tables in options.tables:
        for releases in options.releases:
            home = Path(tempfile.mkdtemp(prefix="versioning-"))
            try:
                site = make_site(home / "site", tables, releases)
                waited[tables, releases], worked[tables, releases] = measure(site, options.rounds)
            finally:
                shutil.rmtree(home)
    print("by the clock")
    show(waited)
    print("processor")
    show(worked)
    failures = missed(worked)
    for text in failures:
        print(f"MISSED {text}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
