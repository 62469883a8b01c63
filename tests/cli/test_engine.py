"""An engine that starts when it is needed, and says what is missing."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from fakes.engine import FakeEngine
from fakes.lake import MemoryTables
from lakewright.cli.engine import OnDemand
from lakewright.engines import Engine
from lakewright.errors import LakeError


def test_an_engine_starts_once_at_its_first_use() -> None:
    started: list[Engine] = []

    def open_it() -> Engine:
        started.append(FakeEngine(MemoryTables()))
        return started[-1]

    engine = OnDemand("sail", open_it)
    assert started == []
    assert engine.start() is engine.start()
    assert len(started) == 1


def test_a_missing_package_is_named_with_what_to_install() -> None:
    def open_it() -> Engine:
        raise PackageNotFoundError("delta-spark")

    with pytest.raises(LakeError) as caught:
        OnDemand("spark", open_it).start()
    assert caught.value.code == "LW602"
    assert "delta-spark" in str(caught.value)
