"""Every lake test that takes `lake`, `tables` or `store` runs against the fake and the real one."""

from __future__ import annotations

from pathlib import Path

import obstore.store
import pytest

from fakes.lake import MemoryStore, World
from lakewright.lake import DeltaLakeTables, DeltaTables, Lake, LocalStore, ObjectStore, open_lake
from lakewright.lake.cloud import CloudStore


@pytest.fixture(params=["memory", "local", "cloud"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    match request.param:
        case "memory":
            return MemoryStore()
        case "local":
            return LocalStore(str(tmp_path / "lake"))
        case _:
            return CloudStore(obstore.store.MemoryStore())


@pytest.fixture(params=["memory", "delta"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return World().lake() if request.param == "memory" else open_lake(str(tmp_path / "lake"))


@pytest.fixture(params=["memory", "delta"])
def tables(request: pytest.FixtureRequest) -> DeltaTables:
    return World().tables if request.param == "memory" else DeltaLakeTables()


@pytest.fixture
def location(tmp_path: Path) -> str:
    return str(tmp_path / "prod" / "s" / "t")
