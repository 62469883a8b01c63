"""The catalog in memory keeps the contract."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from engines.catalog_contract import CatalogContract
from fakes.catalog import MemoryCatalog
from fakes.lake import World
from lakewright.engines import ObjectName

FILES = "memory://lake/prod/gold/t"


class TestMemoryCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self) -> MemoryCatalog:
        return MemoryCatalog(World())

    @pytest.fixture
    def files(self, catalog: MemoryCatalog) -> str:
        self.world = catalog.world
        self.world.tables.write(FILES, pa.table({"x": [1, 2]}), "overwrite", "put")
        return FILES

    @pytest.fixture
    def stranger(self, catalog: MemoryCatalog) -> Callable[[ObjectName], None]:
        return lambda name: catalog.foreign(name, "other")

    def rows(self, files: str) -> int:
        return self.world.tables.rows(files, 0).num_rows
