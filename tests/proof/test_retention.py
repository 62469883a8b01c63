"""A collection on real tables: living releases keep their rows, the dead give their bytes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakewright.engines import Engine
from lakewright.errors import LakewrightError, RefusedError
from lakewright.lake import ReleasePin, decode_release, encode_release
from lakewright.lake.control import refuse_collected
from lakewright.runtime.collecting import Collecting, CollectReport, collect
from lakewright.runtime.pinning import put_pin
from lakewright.runtime.surveying import Order, plan_collection
from proof.doomed import kill
from proof.shops import ENVIRONMENT, FEBRUARY, HEADER, Shop, read_by_engine

RUN = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture(scope="module")
def aged_once(built_once: Shop, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Releases 1 to 4, made 40 days ago, and 5 of today. Copy it, never change it."""
    shop = built_once.copy(tmp_path_factory.mktemp(f"aged-{engine.name}") / "shop")
    shop.land("2024_02", FEBRUARY)
    assert shop.apply(engine).ok
    for before, after in (("count(*)", "count(*) + 1"), ("count(*) + 1", "count(*) + 2")):
        shop.edit("sql/gold/totals.sql", before, after)
        assert shop.apply(engine).ok
    releases = shop.home / ".lake/_lakewright/env" / ENVIRONMENT / "releases"
    for path in releases.glob("*.json"):
        made = decode_release(path.read_bytes(), path.name)
        then = made.created_at - timedelta(days=40)
        path.write_bytes(encode_release(replace(made, created_at=then)))
    shop.edit("sql/gold/totals.sql", "count(*) + 2", "count(*) + 3")
    assert shop.apply(engine).ok
    return shop


@pytest.fixture
def aged(aged_once: Shop, tmp_path: Path) -> Shop:
    return aged_once.copy(tmp_path / "shop")


def gc(shop: Shop) -> CollectReport:
    order = Order(ENVIRONMENT, datetime.now(UTC))
    return collect(plan_collection(shop.lake, order), Collecting(RUN, shop.lake, order, by="ana"))


def bytes_of(shop: Shop, table: str) -> int:
    folder = shop.home / ".lake" / ENVIRONMENT / table
    return sum(
        path.stat().st_size for path in folder.rglob("*.parquet") if "_delta" not in str(path)
    )


def test_living_releases_keep_their_rows_and_dead_ones_give_their_bytes_back(
    aged: Shop, engine: Engine
) -> None:
    living = {number: aged.rows(aged.lake.release(ENVIRONMENT, number)) for number in (4, 5)}
    before = bytes_of(aged, "gold/totals")
    report = gc(aged)
    assert (report.release, report.expired) == (6, (1, 2, 3))
    freed = {one.location: one.freed for one in report.locations}
    assert before - bytes_of(aged, "gold/totals") == freed[f"{ENVIRONMENT}/gold/totals"] > 0
    for number in (4, 5):
        assert aged.rows(aged.lake.release(ENVIRONMENT, number)) == living[number]
    assert aged.rows() == living[5]
    for table in ("gold.totals", "silver.orders", "bronze.orders"):
        for number in (4, 5, 6):
            found = aged.lake.release(ENVIRONMENT, number)
            assert read_by_engine(engine, aged.lake, found, table) == living[min(number, 5)][table]
    records = aged.lake.control(ENVIRONMENT)
    old = aged.lake.release(ENVIRONMENT, 3)
    with pytest.raises(RefusedError) as error:
        refuse_collected(records, old, old.tables, datetime.now(UTC))
    assert error.value.code == "LW373"
    with pytest.raises(LakewrightError):
        aged.rows(old)


def test_runs_go_on_after_a_collection_as_if_there_was_none(aged: Shop, engine: Engine) -> None:
    gc(aged)
    assert aged.plan().empty
    aged.land("2024_03", HEADER + "20,ann,1.00,2024-03-01 10:00:00\n")
    report = aged.apply(engine)
    assert report.ok, report.problems
    assert (aged.number, aged.lake.release(ENVIRONMENT, 6).kind) == (7, "maintenance")
    totals = {row["customer"]: row for row in aged.rows()["gold.totals"]}
    assert totals["ann"]["last_at"].month == 3
    assert plan_collection(aged.lake, Order(ENVIRONMENT, datetime.now(UTC))).empty


def test_costs_that_runs_add_up_are_what_storage_holds(aged: Shop) -> None:
    entry = next(e for n, e in aged.latest.tables.items() if str(n) == "gold.totals")
    assert entry.bytes is not None
    kept = bytes_of(aged, "gold/totals") - entry.bytes
    assert entry.costs["retained_bytes"] == kept
    gc(aged)
    entry = next(e for n, e in aged.latest.tables.items() if str(n) == "gold.totals")
    assert entry.costs["retained_bytes"] == bytes_of(aged, "gold/totals") - (entry.bytes or 0)
    assert 0 < entry.costs["retained_bytes"] < kept


def test_a_pinned_release_is_read_after_a_collection_around_it(aged: Shop, engine: Engine) -> None:
    second = aged.lake.release(ENVIRONMENT, 2)
    before = aged.rows(second)
    pin = ReleasePin("audit", 2)
    put_pin(aged.lake, ENVIRONMENT, pin, by="ana", now=datetime.now(UTC))
    gc(aged)
    assert aged.rows(second) == before
    assert read_by_engine(engine, aged.lake, second, "gold.totals") == before["gold.totals"]
    with pytest.raises(LakewrightError):
        aged.rows(aged.lake.release(ENVIRONMENT, 3))


@pytest.mark.parametrize("engine", ["sail"], indirect=True)
@pytest.mark.parametrize(
    "step", ["2 expired", "5 deleted", *(pytest.param(it, marks=pytest.mark.slow) for it in "14")]
)
def test_a_killed_collection_harms_no_living_release_and_the_same_again_ends_it(
    aged: Shop, engine: Engine, step: str
) -> None:
    living = {number: aged.rows(aged.lake.release(ENVIRONMENT, number)) for number in (4, 5)}
    kill(aged, "gc", step)
    for number, rows in living.items():
        assert aged.rows(aged.lake.release(ENVIRONMENT, number)) == rows
    assert aged.rows() == living[5]
    gc(aged)
    assert aged.rows() == living[5]
    assert plan_collection(aged.lake, Order(ENVIRONMENT, datetime.now(UTC))).empty
    with pytest.raises(LakewrightError):
        aged.rows(aged.lake.release(ENVIRONMENT, 2))
