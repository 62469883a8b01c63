"""The fixtures: one engine a process, a lake and Delta tables in a folder of each test's own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lakewright.engines import Engine
from lakewright.lake import Definition, Field, Lake, from_arrow, open_lake
from lakewright.specs import find_root
from lakewright.testing.comparing import Table, assert_rows, typed_table
from lakewright.testing.running import ProjectRunner
from lakewright.testing.sharing import shared_engine

DeltaTableFactory = Callable[..., str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", default="sail", choices=("sail", "spark"), help="what runs the tables (sail)"
    )


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of `--engine`, started once for all tests."""
    return shared_engine(request.config)


@pytest.fixture(scope="session")
def lakewright_project(request: pytest.FixtureRequest) -> Path:
    """The project's folder: the one that pytest runs in, or above it."""
    return find_root(Path(request.config.rootpath))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake of the test's own."""
    made = open_lake(str(tmp_path / "lake"))
    made.create("test", uuid.uuid4().hex, datetime.now(UTC))
    return made


@pytest.fixture
def delta_table(lake: Lake, tmp_path: Path) -> DeltaTableFactory:
    """`delta_table(rows)` writes a small Delta table and returns its path.

    `types` (column -> Spark's type, such as `decimal(10,2)`) where values do not say it.
    """

    def write(
        rows: Sequence[Mapping[str, Any]], types: Mapping[str, str] | None = None, name: str = ""
    ) -> str:
        location = str(tmp_path / "tables" / (name or uuid.uuid4().hex[:8]))
        seen = pa.Table.from_pylist([dict(row) for row in rows]).schema
        known = {item.name: str(from_arrow(item.type)) for item in seen} | dict(types or {})
        table = typed_table(rows, known)
        fields = tuple(Field(column, kind) for column, kind in known.items())
        lake.tables.define(
            location, Definition(fields), "test", table_id=str(uuid.uuid4()), now=datetime.now(UTC)
        )
        lake.tables.append(location, table, "test")
        return location

    return write


@pytest.fixture(scope="session")
def run_table(engine: Engine, lakewright_project: Path) -> ProjectRunner:
    """`run_table("silver.orders", {"bronze.orders": [{...}]})`: see ProjectRunner."""
    return ProjectRunner(lakewright_project, engine)


@pytest.fixture(scope="session")
def assert_table(engine: Engine) -> Iterator[Callable[[Table, Sequence[Mapping[str, Any]]], None]]:
    """`assert_table(table, rows)`: a result, DataFrame or Delta path holds exactly these rows."""
    session: Any = engine.session()
    yield lambda table, rows: assert_rows(table, rows, session.spark)
    session.close()
