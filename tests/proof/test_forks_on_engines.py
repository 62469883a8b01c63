"""A fork on real engines: it reads its parent's tables, writes its own, and touches no other file.

For Spark the lake's folder has a space in its name: paths in a Delta log are percent-encoded, and
a shallow clone names whole paths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from lakewright.engines import Engine
from lakewright.graph import compile_project
from lakewright.lake import Release
from lakewright.lake.forks import NewFork, Origin, fork_environment
from lakewright.plans import Plan, make_plan
from lakewright.runtime import apply_plan
from lakewright.specs import load_project
from proof.shops import FEBRUARY, HEADER, Shop, ordered, read_by_engine

MARCH = HEADER + "20,dan,1.00,2024-03-01 10:00:00\n"


@pytest.fixture
def forked(built_once: Shop, engine: Engine, tmp_path: Path) -> Iterator[Shop]:
    """prod as it was built, and dev forked from it. At the end prod's files are as they were."""
    shop = built_once.copy(tmp_path / ("the shop" if engine.name == "spark" else "shop"))
    before = bytes_of(shop, "prod")
    fork = NewFork("dev", str(uuid4()), datetime.now(UTC), "ana")
    fork_environment(shop.lake, shop.lake, Origin("prod", 1), fork)
    yield shop
    assert bytes_of(shop, "prod") == before


def bytes_of(shop: Shop, environment: str) -> dict[str, str]:
    """Every file of an environment with its digest; locks of claims are not its content."""
    home = shop.home / ".lake"
    folders = home / environment, home / "_lakewright" / "env" / environment
    return {
        str(file.relative_to(home)): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".lock"
    }


def plan_in(shop: Shop, environment: str) -> Plan:
    graph = compile_project(load_project(shop.home))
    state = shop.lake.state(environment, graph.inputs, resolve=shop.locate)
    return make_plan(graph, state, datetime.now(UTC))


def last(shop: Shop, environment: str) -> Release:
    release = shop.lake.latest(environment)
    assert release is not None
    return release


def log_of(shop: Shop, location: str, version: int) -> list[dict[str, dict[str, object]]]:
    path = shop.home / ".lake" / location / "_delta_log" / f"{version:020d}.json"
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_fork_is_read_by_an_engine_as_its_parent_is(forked: Shop, engine: Engine) -> None:
    assert forked.rows(last(forked, "dev")) == forked.rows(last(forked, "prod"))
    for table in ("bronze.orders", "silver.orders", "gold.totals"):
        dev = read_by_engine(engine, forked.lake, last(forked, "dev"), table)
        assert dev == read_by_engine(engine, forked.lake, last(forked, "prod"), table)


def test_first_writes_of_a_fork(forked: Shop, engine: Engine) -> None:
    """New files, then new code, then more files: ingest goes on, tables begin anew."""
    old = forked.rows(last(forked, "prod"))
    forked.land("2024_02", FEBRUARY)
    forked.edit("sql/gold/totals.sql", "count(*)", "count(*) + 100")
    report = apply_plan(plan_in(forked, "dev"), forked.lake, engine)
    assert report.ok, report.problems
    dev = last(forked, "dev")
    assert all(entry.location.startswith("dev/") for entry in dev.tables.values() if entry.location)
    ids = [row["id"] for row in forked.rows(dev)["bronze.orders"]]
    assert sorted(ids) == [1, 2, 3, 4, 6, 7, 8]
    assert forked.rows(last(forked, "prod")) == old

    forked.land("2024_03", MARCH)
    report = apply_plan(plan_in(forked, "dev"), forked.lake, engine)
    assert report.ok, report.problems
    dev = last(forked, "dev")
    for table, rows in forked.rows(dev).items():
        assert read_by_engine(engine, forked.lake, dev, table) == rows
    assert plan_in(forked, "dev").empty
    assert dev.tables[next(name for name in dev.tables if str(name) == "bronze.orders")].rows == 8


def test_an_engine_gets_what_it_can_read(forked: Shop, engine: Engine) -> None:
    """A clone names the parent's files; a copy has files of its own."""
    forked.land("2024_02", FEBRUARY)
    assert apply_plan(plan_in(forked, "dev"), forked.lake, engine).ok
    entry = next(e for n, e in last(forked, "dev").tables.items() if str(n) == "bronze.orders")
    first = [
        action["add"]["path"] for action in log_of(forked, entry.location, 0) if "add" in action
    ]
    clones = engine.capabilities.shallow_clone
    assert all(str(path).startswith("file:///") == clones for path in first)
    assert bool(entry.borrows) == clones


def test_altered_table_of_a_fork(forked: Shop, engine: Engine) -> None:
    """A rule becomes a CHECK of the fork's own table; the next rows must keep to it."""
    forked.edit("pipelines/gold/totals.yml", "{min: 1}}", "{min: 1}}, {not_null: [customer]}")
    plan = plan_in(forked, "dev")
    assert [(str(change.table), change.action) for change in plan.changes] == [
        ("gold.totals", "alter")
    ]
    report = apply_plan(plan, forked.lake, engine)
    assert report.ok, report.problems
    dev = last(forked, "dev")
    entry = next(e for n, e in dev.tables.items() if str(n) == "gold.totals")
    head = forked.lake.tables.head(forked.lake.entry_uri(entry))
    assert head is not None
    assert len(head.definition.constraints) == 1
    there = ordered(forked.lake.read_table(forked.lake.verify_pin(entry)))
    assert there == read_by_engine(engine, forked.lake, last(forked, "prod"), "gold.totals")
    assert there == read_by_engine(engine, forked.lake, dev, "gold.totals")
    assert plan_in(forked, "dev").empty
    forked.land("2024_02", FEBRUARY)
    assert apply_plan(plan_in(forked, "dev"), forked.lake, engine).ok
