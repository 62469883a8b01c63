"""Spark compares as the other engines do."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.comparison_contract import ComparisonContract
from engines.lakes import DiskPlace
from lakewright.engines import Engine

pytestmark = pytest.mark.spark


class TestSpark(ComparisonContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> DiskPlace:
        return DiskPlace(str(tmp_path / "lake"))

    @pytest.fixture
    def engine(self, spark: Engine) -> Engine:
        return spark
