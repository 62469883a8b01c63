"""The in-memory engine and Sail compare alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.comparison_contract import ComparisonContract
from engines.lakes import DiskPlace, MemoryPlace
from fakes.engine import FakeEngine
from fakes.lake import World
from lakewright.engines import Engine


class TestFake(ComparisonContract):
    @pytest.fixture
    def lake(self) -> MemoryPlace:
        return MemoryPlace(World().tables)

    @pytest.fixture
    def engine(self, lake: MemoryPlace) -> Engine:
        return FakeEngine(lake.tables)


class TestSail(ComparisonContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> DiskPlace:
        return DiskPlace(str(tmp_path / "lake"))

    @pytest.fixture
    def engine(self, sail: Engine) -> Engine:
        return sail
