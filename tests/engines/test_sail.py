"""Sail keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from engines.contract import LEGS, EngineContract, sql_rows
from engines.lakes import DiskPlace
from lakewright.engines import Engine
from lakewright.engines.port import Session
from lakewright.lake import Field


class TestSail(EngineContract):
    @pytest.fixture
    def lake(self, tmp_path: Path) -> DiskPlace:
        return DiskPlace(str(tmp_path / "lake"))

    @pytest.fixture
    def engine(self, sail: Engine) -> Engine:
        return sail

    def test_a_sum_beside_a_count_of_distinct_values_fits_its_recorded_type(
        self, session: Session, lake: DiskPlace
    ) -> None:
        fields = (Field("plane", "string"), Field("n", "bigint"), Field("s", "decimal(26,2)"))
        types = (pa.string(), pa.int64(), pa.decimal128(26, 2))
        named = zip((field.name for field in fields), types, strict=True)
        lake.put(f"{lake.root}/silver/legs", pa.schema(list(named)).empty_table())
        rows = sql_rows(
            "SELECT plane, count(DISTINCT id) AS n, sum(CAST(delay AS DECIMAL(16, 2))) AS s"
            f" FROM {session.relation(LEGS)} GROUP BY plane"
        )
        assert session.analyse(rows) == fields
        session.build(self.job(lake, rows, fields=fields))
        assert lake.rows(f"{lake.root}/silver/legs").num_rows == 4
