"""Group 14 on real tables: what a shallow clone needs of its source is missed, never read short."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lake.samples import NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import Definition, DeltaLakeTables, Field, Pin

TABLES = DeltaLakeTables()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two files of a row each."""
    folder = tmp_path / "prod" / "t"
    fields = (Field("n", "int"),)
    TABLES.define(str(folder), Definition(fields), "lw:d", table_id=TABLE_ID, now=NOW)
    for number in (1, 2):
        TABLES.append(str(folder), pa.table({"n": pa.array([number], pa.int32())}), "lw:a")
    return folder


@pytest.fixture
def clone(source: Path, tmp_path: Path) -> str:
    target = str(tmp_path / "dev" / "t")
    pin = Pin(str(source), TABLE_ID, 2)
    TABLES.clone(pin, target, "lw:clone", table_id="c" * 36, now=NOW, mode="shallow")
    assert rows(target) == [1, 2]
    return target


def rows(location: str) -> list[int]:
    return sorted(TABLES.rows(location, 0)["n"].to_pylist())


def test_a_clone_whose_source_lost_a_file_is_refused_and_never_read_short(
    source: Path, clone: str
) -> None:
    """A stranger's vacuum of the source knows of no clone."""
    lost = sorted(source.glob("*.parquet"))[0]
    lost.unlink()
    assert [Path(path).name for path in TABLES.missing(clone, 0)] == [lost.name]
    with pytest.raises(LakeError):
        rows(clone)


def test_a_clone_whose_source_moved_is_refused_and_reads_again_when_it_is_back(
    source: Path, clone: str
) -> None:
    away = source.rename(source.with_name("away"))
    assert len(TABLES.missing(clone, 0)) == 2
    with pytest.raises(LakeError):
        rows(clone)
    away.rename(source)
    assert rows(clone) == [1, 2]
