"""A fork of another lake, which is only ever read."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.lake import Crash, World
from fakes.lake import StopAt as CrashAt
from lakewright.errors import LakeError
from lakewright.lake import Lake
from lakewright.lake.forks import NewFork, Origin, fork_environment, is_unfinished
from runtime.estate import Estate
from runtime.shop import DAY_TWO, NOW, name, ordered

BASE = Origin("prod", 1, "${env:BASE}")
CLICKS, ORDERS = name("raw.clicks"), name("silver.orders")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """prod in the lake `memory://base`; an empty lake `memory://lake` beside it."""
    estate = Estate.build(tmp_path)
    return moved(estate)


def moved(estate: Estate) -> Estate:
    """The built lake becomes the base. Records are silent on roots, so its tables may move."""
    base = World(uri="memory://base")
    base.objects = estate.world.objects
    base.versions = {
        location.replace("memory://lake", "memory://base"): versions
        for location, versions in estate.world.versions.items()
    }
    base.files = {
        location.replace("memory://lake", "memory://base"): files
        for location, files in estate.world.files.items()
    }
    own = World(
        versions=base.versions, files=base.files
    )  # one storage: whoever has a location can read it
    own.lake().create("shop", "1" * 32, NOW)
    return replace(estate, world=own, base=base)


def source_of(estate: Estate, process: str = "base") -> Lake:
    assert estate.base is not None
    return estate.base.lake(process).read_only()


def fork(estate: Estate, process: str = "a", run_id: str = "f1") -> None:
    with estate.watched("pr"):
        fork_environment(
            estate.lake(process), source_of(estate), BASE, NewFork("pr", run_id, NOW, "ana")
        )


def base_bytes(estate: Estate) -> tuple[dict[str, bytes], dict[str, int]]:
    assert estate.base is not None
    objects = {path: data for path, (data, _) in estate.base.objects.items()}
    tables = {
        location: len(versions)
        for location, versions in estate.base.versions.items()
        if location.startswith("memory://base")
    }
    return objects, tables


def base_rows(estate: Estate) -> dict[str, object]:
    lake = source_of(estate)
    return {
        str(table): ordered(lake.read_table(lake.verify_pin(entry)))
        for table, entry in lake.release("prod", 1).tables.items()
        if entry.location
    }


def test_fork_of_a_base_is_read_there(estate: Estate) -> None:
    fork(estate)
    assert estate.last("pr").tables[ORDERS].base == "${env:BASE}"
    assert estate.lake().pin(estate.last("pr").tables[ORDERS]).location.startswith("memory://base")
    assert estate.seen("pr") == base_rows(estate)
    assert estate.plan_in("pr").empty


@pytest.mark.parametrize("clones", [False, True], ids=["copy", "clone"])
def test_first_writes_go_to_the_own_lake(estate: Estate, clones: bool) -> None:
    estate.clones = clones
    fork(estate)
    before = base_bytes(estate)
    estate.land("two", 3)
    estate.orders(DAY_TWO)
    assert estate.apply("pr").ok
    entry = estate.last("pr").tables[CLICKS]
    assert (entry.base, entry.location) == ("", "pr/raw/clicks")
    assert [row["n"] for row in estate.seen("pr")["raw.clicks"]] == [1, 2, 3]
    assert entry.borrows == {}  # the two lakes are two stores: a clone would need both rights
    assert base_bytes(estate) == before
    assert estate.refresh("pr").ok
    assert base_bytes(estate) == before


def test_fork_of_a_fork_of_a_base(estate: Estate) -> None:
    fork(estate)
    estate.fork("mine", "pr")
    assert estate.last("mine").tables[ORDERS].base == "${env:BASE}"
    estate.land("two", 3)
    assert estate.apply("mine").ok


def test_base_that_is_not_known_is_told_before_anything_is_read(estate: Estate) -> None:
    fork(estate)
    entry = estate.last("pr").tables[ORDERS]
    with pytest.raises(LakeError) as error:
        estate.world.lake().verify_pin(entry)
    assert error.value.code == "LW181"


def test_crash_anywhere_in_fork_and_first_apply(estate: Estate) -> None:
    """What the first `apply` of a target with a base does: the fork, then its own release."""
    estate.land("two", 3)
    theirs = base_bytes(estate)
    done = copy.deepcopy(estate)
    first_apply(done, "a")
    wanted, point, crashed = done.seen("pr"), 0, True
    while crashed:
        point += 1
        world = copy.deepcopy(estate)
        world.world.hook = CrashAt(point)
        try:
            first_apply(world, "a")
            crashed = False
        except Crash:
            pass
        finally:
            world.world.hook = None
            world.world.kill("a")
        assert base_bytes(world) == theirs, f"point {point}"
        first_apply(world, "b")
        assert world.seen("pr") == wanted, f"point {point}"
        assert world.plan_in("pr", "c").empty, f"point {point}"
        assert base_bytes(world) == theirs, f"point {point}"
    assert point > 100


def first_apply(estate: Estate, process: str) -> None:
    """Fork unless that was done, then apply; twice is once."""
    lake = estate.lake(process)
    if lake.latest("pr") is None or is_unfinished(lake.control("pr")):
        fork(estate, process, f"f-{process}")
    assert estate.apply("pr", process).ok
