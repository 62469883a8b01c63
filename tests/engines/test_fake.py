"""The in-memory engine keeps the contract."""

from __future__ import annotations

import pytest

from engines.contract import EngineContract
from engines.lakes import MemoryPlace
from fakes.engine import FakeEngine
from fakes.lake import World
from lakewright.engines import Engine


class TestFake(EngineContract):
    @pytest.fixture
    def lake(self) -> MemoryPlace:
        return MemoryPlace(World().tables)

    @pytest.fixture
    def engine(self, lake: MemoryPlace) -> Engine:
        return FakeEngine(lake.tables)
