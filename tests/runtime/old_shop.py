"""A shop with a past: releases made on different days, and what a collection does to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa

from fakes.engine import FakeEngine
from lakewright.lake import Lake, Release
from lakewright.plans.collecting import CollectPlan
from lakewright.runtime import Report, apply_plan
from lakewright.runtime.collecting import Collecting, CollectReport, collect
from lakewright.runtime.run import StopAt
from lakewright.runtime.surveying import Order, plan_collection
from runtime.shop import DAY_ONE, NOW, Shop, name, ordered

DAY = timedelta(days=1)
RETENTION = 30
Contents = dict[str, list[dict[str, Any]]]


def _go_on(step: str) -> None:
    del step


@dataclass
class OldShop(Shop):
    """A shop whose clock is told with every act."""

    def apply_on(
        self, day: float, process: str = "a", stop_at: StopAt = _go_on, **options: Any
    ) -> Report:
        """Apply what the files say, on a day counted from NOW."""
        at = NOW + day * DAY
        self.world.now = max(self.world.now, at)
        self.runs += 1
        return apply_plan(
            self.plan(process, now=at, **options),
            self.world.lake(process),
            FakeEngine(self.world.tables),
            run_id=str(UUID(int=self.runs)),
            stop_at=stop_at,
            workers=1,
            clock=lambda: at,
        )

    def sell(self, amount: int) -> None:
        """Another order than the day before: orders and totals are rebuilt."""
        self.orders([*DAY_ONE, {"id": 100 + amount, "customer": "ann", "amount": amount}])

    def order(self, day: float, environment: str = "prod", **options: Any) -> Order:
        return Order(environment, NOW + day * DAY, **options)

    def plan_gc(self, day: float, process: str = "gc", **options: Any) -> CollectPlan:
        return plan_collection(self.world.lake(process), self.order(day, **options))

    def gc(
        self, day: float, process: str = "gc", stop_at: StopAt = _go_on, **options: Any
    ) -> CollectReport:
        self.runs += 1
        order = self.order(day, **options)
        self.world.now = max(self.world.now, order.now)
        lake = self.world.lake(process)
        work = Collecting(
            str(UUID(int=self.runs)),
            lake,
            order,
            by="gc",
            stop_at=stop_at,
            clock=lambda: order.now,
        )
        return collect(plan_collection(lake, order), work)

    def files_of(self, environment: str = "prod") -> set[str]:
        """What is stored of an environment's tables, but for logs."""
        paths = (item.path for item in self.world.stored())
        return {it for it in paths if it.startswith(f"{environment}/") and "_delta_log" not in it}

    def reader(self) -> Lake:
        return self.world.lake("reader")


def with_a_past() -> OldShop:
    """Releases 1 to 4 of days 0, 10, 20 and 70: on day 75 the first two are dead.

    Release 3 was replaced 5 days ago. `gold.gone` was in release 1 alone.
    """
    shop = OldShop.open()
    assert isinstance(shop, OldShop)
    shop.edit("pipelines/gold/gone.yml", "table: gold.gone\n")
    shop.edit("sql/gold/gone.sql", "SELECT customer FROM silver.customers\n")
    assert shop.apply_on(0).ok
    del shop.files["pipelines/gold/gone.yml"], shop.files["sql/gold/gone.sql"]
    shop.sell(1)
    assert shop.apply_on(10, allow_destructive={name("gold.gone")}).ok
    shop.sell(2)
    assert shop.apply_on(20).ok
    shop.sell(3)
    assert shop.apply_on(70).ok
    return shop


def everything(shop: OldShop, release: Release) -> Contents:
    """Rows of all stored tables of a release; LakeError when a file of it is gone."""
    lake = shop.reader()
    return {
        str(name): ordered(lake.tables.rows(lake.location_uri(entry.location), entry.version))
        for name, entry in release.tables.items()
        if entry.location
    }


def fork(shop: OldShop, release: int, day: float = 71) -> Release:
    """The record of an environment that begins as a release of prod; its code is stored."""
    home = "_lakewright/env/prod/code/"
    for path, stored in list(shop.world.objects.items()):
        if path.startswith(home):
            shop.world.objects[path.replace("/prod/", "/dev/", 1)] = stored
    origin = shop.reader().release("prod", release)
    return replace(
        origin,
        environment="dev",
        release=1,
        parent=0,
        kind="fork",
        created_at=NOW + day * DAY,
    )


def put_stray(shop: OldShop, location: str) -> None:
    """What a dead run left at a place that no release names."""
    uri = shop.reader().location_uri(location)
    shop.world.tables.write(uri, pa.table({"id": [1]}), "append", "lw:dead")
