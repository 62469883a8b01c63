"""A RESTORE that the lake wrote without an engine is what Spark reads, writes on and restores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakewright.engines import Engine
from lakewright.lake import DeltaLakeTables

pytestmark = pytest.mark.spark
TABLES = DeltaLakeTables()


@pytest.fixture
def sql(spark: Engine) -> Any:
    return spark.session().spark.sql  # type: ignore[attr-defined]


def numbers(sql: Any, location: str) -> list[int]:
    return sorted(row["n"] for row in sql(f"SELECT n FROM delta.`{location}`").collect())


def test_a_clustered_table_goes_back_with_its_clustering_columns(sql: Any, tmp_path: Path) -> None:
    location = str(tmp_path / "clustered")
    sql(f"CREATE TABLE delta.`{location}` (n INT, s STRING) USING delta CLUSTER BY (n)")
    sql(f"INSERT INTO delta.`{location}` VALUES (1, 'a'), (2, 'b')")
    sql(f"ALTER TABLE delta.`{location}` CLUSTER BY (s)")
    sql(f"INSERT OVERWRITE delta.`{location}` VALUES (3, 'c')")
    made = TABLES.restore(location, 1, "lw:back")
    assert numbers(sql, location) == [1, 2]
    (detail,) = sql(f"DESCRIBE DETAIL delta.`{location}`").collect()
    assert detail["clusteringColumns"] == ["n"]
    (newest, *_) = sql(f"DESCRIBE HISTORY delta.`{location}`").collect()
    told = (newest["version"], newest["operation"], newest["userMetadata"])
    assert told == (made, "RESTORE", "lw:back")
    sql(f"INSERT INTO delta.`{location}` VALUES (4, 'd')")
    assert numbers(sql, location) == [1, 2, 4]
    sql(f"RESTORE TABLE delta.`{location}` TO VERSION AS OF {made - 1}")
    assert numbers(sql, location) == [3]


def test_rows_that_a_deletion_vector_hid_come_back_and_go_again(sql: Any, tmp_path: Path) -> None:
    location = str(tmp_path / "vectors")
    on = "TBLPROPERTIES (delta.enableDeletionVectors = true)"
    sql(f"CREATE TABLE delta.`{location}` (n INT) USING delta {on}")
    sql(f"INSERT INTO delta.`{location}` SELECT /*+ COALESCE(1) */ id FROM range(10)")
    sql(f"DELETE FROM delta.`{location}` WHERE n < 4")
    assert not TABLES.same_rows(location, 1, 2)
    assert TABLES.restore(location, 1, "lw:back") == 3
    assert numbers(sql, location) == list(range(10))
    assert TABLES.same_rows(location, 1, 3)
    assert TABLES.restore(location, 2, "lw:forth") == 4
    assert numbers(sql, location) == [4, 5, 6, 7, 8, 9]
    assert TABLES.same_rows(location, 2, 4)
