"""Spark keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.contract import EngineContract
from engines.lakes import DiskPlace
from lakewright.engines import Engine


@pytest.mark.spark
class TestSpark(EngineContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> DiskPlace:
        return DiskPlace(str(tmp_path / "lake"))

    @pytest.fixture
    def engine(self, spark: Engine) -> Engine:
        return spark
