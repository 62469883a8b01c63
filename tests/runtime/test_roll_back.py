"""A rollback is one record with old entries; heads follow, and refreshes leave it alone."""

from __future__ import annotations

import pytest

from fakes.engine import FakeEngine
from lakewright.errors import RefusedError
from lakewright.lake import ControlRecord
from lakewright.plans import Return
from lakewright.runtime import Report, plan_rollback, roll_back
from runtime.shop import DAY_ONE, DAY_TWO, ENVIRONMENT, FILES, NOW, Shop, name


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    shop.orders(DAY_TWO)
    assert shop.refresh().ok
    return shop


def back(shop: Shop, to: int, process: str = "a", select=None, mode="hold") -> Report:
    lake = shop.world.lake(process)
    ask = Return(lake.release(ENVIRONMENT, to), mode, reason="bad rows")
    plan = plan_rollback(lake, ENVIRONMENT, ask, NOW, choose=lambda _a, _b: select)
    return roll_back(plan, lake, FakeEngine(shop.world.tables), reason="bad rows")


def test_x(shop: Shop) -> None:
    first = shop.contents(shop.world.lake().release(ENVIRONMENT, 1))
    report = back(shop, 1)
    print(report)
    assert report.ok
    assert shop.latest().release == 3
    assert shop.contents(shop.latest()) == first
    again = shop.refresh()
    print(again)
    assert shop.contents(shop.latest()) == first
    assert False
