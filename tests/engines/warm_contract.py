"""The contract on a warm server that is up. Run by warm_spark_soak, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.contract import EngineContract
from engines.lakes import DiskPlace
from lakewright.engines import Engine
from lakewright.engines.warm.joining import WarmSpark, join_warm


@pytest.fixture(scope="session")
def warm() -> Iterator[Engine]:
    engine = join_warm({}, os.environ)
    assert isinstance(engine, WarmSpark), engine
    yield engine
    engine.close()


class TestWarmSpark(EngineContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> DiskPlace:
        return DiskPlace(str(tmp_path / "lake"))

    @pytest.fixture
    def engine(self, warm: Engine) -> Engine:
        return warm
