"""One engine a process: Spark's tests run on their own, by `pytest -m spark`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lakewright.engines import Engine, open_engine


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
