"""Engines of this process, and shops that were built once and are copied by tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakewright.engines import Engine, open_engine
from proof.shops import FEBRUARY, Shop


@pytest.fixture(scope="session")
def sail() -> Iterator[Engine]:
    engine = open_engine("sail")
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    engine = open_engine("spark")
    yield engine
    engine.close()


@pytest.fixture(scope="session", params=["sail", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn; Spark's turn is in a process of its own."""
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def built_once(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Release 1. Copy it, never change it."""
    shop = Shop.make(tmp_path_factory.mktemp(f"built-{engine.name}") / "shop")
    assert shop.apply(engine).ok
    return shop


@pytest.fixture
def built(built_once: Shop, tmp_path: Path) -> Shop:
    """A copy of the shop with release 1."""
    return built_once.copy(tmp_path / "shop")


@pytest.fixture
def changed(built: Shop) -> Shop:
    """Release 1, and what the next release will bring: a new file and a new query."""
    built.land("2024_02", FEBRUARY)
    built.edit("sql/gold/totals.sql", "count(*)", "count(*) + 100")
    return built


@pytest.fixture(scope="session")
def converged(
    built_once: Shop, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, object]]]:
    """The rows of release 2 when nothing goes wrong."""
    shop = built_once.copy(tmp_path_factory.mktemp(f"expected-{engine.name}") / "shop")
    shop.land("2024_02", FEBRUARY)
    shop.edit("sql/gold/totals.sql", "count(*)", "count(*) + 100")
    assert shop.apply(engine).ok
    return shop.rows()
