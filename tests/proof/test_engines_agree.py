"""One project on two engines, each in a process of its own: equal tables, schemas and counts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from demo.warehouses import Warehouse, copy_demo
from lakewright.engines import Engine
from lakewright.lake import Release, open_lake
from proof.shops import FEBRUARY, Shop, ordered, run_child

pytestmark = pytest.mark.spark

COUNTS = ("action", "rows_produced", "rows_kept", "rows_quarantined", "rows_dropped")


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Warehouse, Any]]:
    """The fixture project built by the command line, with the report of each engine."""
    built = {}
    for engine in ("sail", "spark"):
        warehouse = copy_demo(tmp_path_factory.mktemp(engine), engine)
        built[engine] = warehouse, warehouse.ask("apply", "--yes")
    return built


def release_of(warehouse: Warehouse) -> Release:
    release = open_lake(str(warehouse.home / ".lake")).latest("test")
    assert release is not None
    return release


def tables_of(warehouse: Warehouse) -> dict[str, pa.Table]:
    lake = open_lake(str(warehouse.home / ".lake"))
    return {
        str(name): lake.read_table(lake.verify_pin(entry))
        for name, entry in release_of(warehouse).tables.items()
        if entry.location
    }


def assert_close(left: pa.Table, right: pa.Table, told: str) -> None:
    """Equal rows in any order; floats at 1e-9 relative."""
    ours, theirs = ordered(left), ordered(right)
    assert len(ours) == len(theirs), told
    if ours == theirs:
        return
    floats = [f.name for f in left.schema if pa.types.is_floating(f.type)]
    exact = [f for f in (ours[0] if ours else {}) if f not in floats]
    order = lambda row: repr([row[name] for name in exact])  # noqa: E731 - one sort key, used twice
    for one, other in zip(sorted(ours, key=order), sorted(theirs, key=order), strict=True):
        assert [one[name] for name in exact] == [other[name] for name in exact], told
        for name in floats:
            a, b = one[name], other[name]
            assert a == b or math.isclose(a, b, rel_tol=1e-9), f"{told}.{name}: {a} {b}"


def test_both_engines_release_the_same_tables_with_equal_rows(demos: Any) -> None:
    sail, spark = tables_of(demos["sail"][0]), tables_of(demos["spark"][0])
    assert sail.keys() == spark.keys()
    assert len(sail) > 15
    for name, table in sail.items():
        assert_close(table, spark[name], name)


def test_both_engines_record_and_store_the_same_schemas(demos: Any) -> None:
    sail, spark = release_of(demos["sail"][0]), release_of(demos["spark"][0])
    assert {n: e.schema for n, e in sail.tables.items()} == {
        n: e.schema for n, e in spark.tables.items()
    }
    stored = [{n: t.schema for n, t in tables_of(demos[e][0]).items()} for e in ("sail", "spark")]
    assert stored[0] == stored[1]


def test_both_engines_report_the_same_counts_and_checks(demos: Any) -> None:
    told = [
        {
            table["table"]: (
                [table[count] for count in COUNTS],
                [(c["name"], c["verdict"], c["failed_rows"], c["rows"]) for c in table["checks"]],
            )
            for table in report["tables"]
        }
        for _, report in (demos["sail"], demos["spark"])
    ]
    assert told[0] == told[1]


def test_both_engines_read_views_alike(demos: Any) -> None:
    views = [str(n) for n, e in release_of(demos["sail"][0]).tables.items() if e.kind == "view"]
    for view in views:
        answers = [
            sorted(map(repr, demos[engine][0].ask("sql", f"SELECT * FROM {view}")))
            for engine in ("sail", "spark")
        ]
        assert answers[0] == answers[1], view


def test_an_engine_reads_what_the_other_released_with_an_empty_plan(demos: Any) -> None:
    for engine, other in (("sail", "spark"), ("spark", "sail")):
        crossed = Warehouse(demos[engine][0].home, other)
        done = crossed.run("plan", "--detailed-exitcode")
        assert done.returncode == 0, done.stdout + done.stderr


def by_sail(shop: Shop) -> None:
    """Apply on Sail, which cannot live in a process that runs Spark."""
    child = run_child(shop, "sail")
    told = child.communicate(timeout=120)
    assert told[0].split()[0] == "0", told


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two releases of the shop, both by Sail."""
    shop = Shop.make(tmp_path_factory.mktemp("alone") / "shop")
    by_sail(shop)
    shop.land("2024_02", FEBRUARY)
    by_sail(shop)
    assert shop.number == 2
    return shop


@pytest.mark.parametrize("first", ["sail", "spark"])
def test_a_table_refreshed_by_the_other_engine_keeps_schema_and_rows(
    alone: Shop, spark: Engine, tmp_path: Path, first: str
) -> None:
    shop = Shop.make(tmp_path / "shop")
    if first == "sail":
        by_sail(shop)
    else:
        assert shop.apply(spark).ok
    stored = shop.schemas()
    recorded = {name: entry.schema for name, entry in shop.latest.tables.items()}
    shop.land("2024_02", FEBRUARY)
    if first == "sail":
        assert shop.apply(spark).ok
    else:
        by_sail(shop)
    assert shop.number == 2
    assert shop.latest.engine == ("spark" if first == "sail" else "sail")
    assert shop.schemas() == stored
    assert {name: entry.schema for name, entry in shop.latest.tables.items()} == recorded
    if first == "sail":  # what is not declared has the type that the first engine found
        assert shop.schemas() == alone.schemas()
    assert shop.rows() == alone.rows()
