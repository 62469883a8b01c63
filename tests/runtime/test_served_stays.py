"""What a catalog shows is not collected, and what has ended is not shown."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import pytest

from fakes.catalog import MemoryCatalog
from fakes.engine import FakeEngine
from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from lakewright.engines import ObjectName
from lakewright.errors import LakeError, Place
from lakewright.lake import list_served
from lakewright.lake.forks import NewFork, Origin, end_environment, fork_environment
from lakewright.runtime import Server, ServeReport, serve_release, withdraw_environment
from lakewright.specs import ServeSpec
from runtime.old_shop import DAY, OldShop, everything, with_a_past
from runtime.shop import NOW

SPEC = ServeSpec("spark_catalog", "{environment}_{schema}", Place("lakewright.yml", 5))
TODAY = 75  # releases 1 and 2 are dead, 3 and 4 live
BY = Server("00000000-0000-0000-0000-00000000ffff", lambda: NOW + TODAY * DAY, patience=())


@dataclass
class Served:
    """A shop with a past, and a catalog."""

    shop: OldShop
    catalog: MemoryCatalog

    def serve(self, number: int, environment: str = "prod") -> ServeReport:
        lake = self.shop.world.lake("a")
        return serve_release(lake, lake.release(environment, number), SPEC, self.catalog)

    def drop(self, environment: str) -> ServeReport:
        """`env drop`, without its command line."""
        lake, now = self.shop.world.lake("ana"), NOW + TODAY * DAY
        end_environment(lake, environment, now=now, by="ana", reason="done")
        engine = FakeEngine(self.shop.world.tables, served=self.catalog)
        return withdraw_environment(lake, environment, "spark_catalog", engine, by=BY)

    def shown(self, environment: str) -> tuple[int, ...]:
        note = list_served(self.shop.reader().store, environment).get("spark_catalog")
        return note.shown if note else ()

    def schemas(self) -> set[str]:
        return {name.schema for name in self.catalog.standing}


@pytest.fixture(scope="module")
def past() -> OldShop:
    return with_a_past()


@pytest.fixture
def served(past: OldShop) -> Served:
    shop = copy.deepcopy(past)
    return Served(shop, MemoryCatalog(shop.world))


@pytest.fixture
def forked(served: Served) -> Served:
    """dev is a fork of release 4, and is served."""
    lake = served.shop.world.lake("ana")
    fork = NewFork("dev", "0" * 32, NOW + 71 * DAY, "ana")
    fork_environment(lake, lake, Origin("prod", 4), fork)
    assert served.serve(1, "dev").exit_code == 0
    return served


def test_a_collection_leaves_what_served_views_read(served: Served) -> None:
    assert served.serve(2).exit_code == 0
    before = everything(served.shop, served.shop.reader().release("prod", 2))
    report = served.shop.gc(TODAY)
    assert report.expired == (1, 2)
    assert everything(served.shop, served.shop.reader().release("prod", 2)) == before
    needs = {need for one in served.shop.plan_gc(TODAY).locations for need in one.needs}
    assert "spark_catalog of prod" in {need.who for need in needs if need.by == "served"}


def test_once_the_views_moved_on_it_is_collected(served: Served) -> None:
    served.serve(2)
    served.shop.gc(TODAY)
    served.serve(served.shop.latest().release)
    assert served.shop.gc(TODAY).freed > 0
    with pytest.raises(LakeError):
        everything(served.shop, served.shop.reader().release("prod", 2))


def test_a_view_that_could_not_be_moved_keeps_its_release(served: Served) -> None:
    served.serve(2)
    served.catalog.broken.add(ObjectName("prod_gold", "totals"))
    assert served.serve(4).exit_code == 1
    assert served.shown("prod") == (2, 4)
    served.catalog.broken.clear()
    assert served.serve(4).exit_code == 0
    assert served.shown("prod") == (4,)


def test_whatever_kills_a_serving_both_releases_are_known_to_be_shown(served: Served) -> None:
    served.serve(2)
    world, calm = served.shop.world, copy.deepcopy(served)
    world.hook = counted = CrashAt(0)
    served.serve(4)
    changes = [at for at, point in enumerate(counted.points, 1) if point[0] == "put_view"]
    for at in changes:
        trial = copy.deepcopy(calm)
        trial.shop.world.hook = CrashAt(at)
        with pytest.raises(Crash):
            trial.serve(4)
        trial.shop.world.hook = None
        assert set(trial.shown("prod")) == {2, 4}


def test_dropping_an_environment_takes_its_views_away_and_no_others(forked: Served) -> None:
    forked.serve(4)
    assert forked.schemas() == {"prod_silver", "prod_gold", "dev_silver", "dev_gold"}
    report = forked.drop("dev")
    assert (report.exit_code, len(report.withdrawn)) == (0, 4)
    assert forked.schemas() == {"prod_silver", "prod_gold"}
    assert forked.shown("dev") == ()
    assert forked.drop("dev").withdrawn == ()


def test_killed_while_it_withdraws_the_same_again_ends_it(forked: Served) -> None:
    lake = forked.shop.world.lake("ana")
    end_environment(lake, "dev", now=NOW + TODAY * DAY, by="ana", reason="done")
    points = _points_of_drop(forked)
    for at in range(1, points + 1):
        trial = copy.deepcopy(forked)
        trial.shop.world.hook = CrashAt(at)
        with pytest.raises(Crash):
            trial.drop("dev")
        trial.shop.world.hook = None
        trial.shop.world.kill("ana")
        assert trial.drop("dev").exit_code == 0
        assert "dev_gold" not in trial.schemas()
        assert trial.shown("dev") == ()


def _points_of_drop(served: Served) -> int:
    trial = copy.deepcopy(served)
    trial.shop.world.hook = counted = CrashAt(0)
    trial.drop("dev")
    return len(counted.points)


def test_a_view_that_cannot_be_withdrawn_is_told_and_still_noted(forked: Served) -> None:
    forked.catalog.stuck.add(ObjectName("dev_gold", "totals"))
    report = forked.drop("dev")
    assert [problem.code for problem in report.problems] == ["LW637"]
    assert forked.shown("dev") == (1,)


def test_an_ended_environment_is_not_collected_while_it_is_shown(forked: Served) -> None:
    """It may have expired: nobody was there to take its views away."""
    lake = forked.shop.world.lake("ana")
    end_environment(lake, "dev", now=NOW + 72 * DAY, by="ana", reason="expired")
    plan = forked.shop.plan_gc(TODAY, environment="dev")
    assert plan.empty
    assert "lakewright env drop dev" in plan.notes[0]
    before = everything(forked.shop, forked.shop.reader().release("prod", 4))
    forked.shop.sell(7)
    forked.shop.apply_on(TODAY)
    forked.shop.gc(TODAY + 60)
    assert everything(forked.shop, forked.shop.reader().release("prod", 4)) == before

    forked.drop("dev")
    assert not forked.shop.plan_gc(TODAY, environment="dev").empty
    assert forked.shop.gc(TODAY + 60).freed > 0


def test_a_fork_that_nobody_uses_any_more_is_told_with_what_it_keeps(forked: Served) -> None:
    forked.drop("dev")  # and its views
    lake = forked.shop.world.lake("ana")
    fork_environment(lake, lake, Origin("prod", 4), NewFork("old", "1" * 32, NOW + 72 * DAY, "ana"))
    forked.shop.sell(7)
    forked.shop.apply_on(73)
    told = [note for note in forked.shop.plan_gc(140).notes if note.startswith("old,")]
    assert len(told) == 1
    assert f"unchanged since {NOW + 72 * DAY:%Y-%m-%d}, keeps " in told[0]
    assert "lakewright env drop old" in told[0]
    assert not [note for note in forked.shop.plan_gc(80).notes if note.startswith("old,")]
