"""What deltalake's vacuum does to tables as they are found in a lake."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.lake import Definition, DeltaLakeTables, arrow_schema, fit_rows

TABLES = DeltaLakeTables()


def numbers(*values: int) -> pa.Table:
    return fit_rows(pa.table({"n": pa.array(values, pa.int32())}), arrow_schema(FIELDS))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Version 1 holds 1, version 2 holds 2."""
    place = tmp_path / "prod" / "s" / "t"
    TABLES.define(str(place), Definition(FIELDS), "lw:d", table_id=TABLE_ID, now=NOW)
    for value in (1, 2):
        write_deltalake(str(place), numbers(value), mode="overwrite")
    return place


def clone(source: Path, version: int, place: Path) -> None:
    """One entry: the definition, and the files of a version by their absolute paths."""
    first = (source / "_delta_log" / f"{0:020d}.json").read_text().splitlines()
    kept = [line for line in first if "protocol" in json.loads(line) or "metaData" in line]
    entry = (source / "_delta_log" / f"{version:020d}.json").read_text().splitlines()
    adds = [action for line in entry if "add" in (action := json.loads(line))]
    for action in adds:
        action["add"]["path"] = f"file://{source}/{action['add']['path']}"
    log = place / "_delta_log"
    log.mkdir(parents=True)
    lines = [*kept, *(json.dumps(action) for action in adds)]
    (log / f"{0:020d}.json").write_text("\n".join(lines) + "\n")


def files(place: Path) -> set[str]:
    return {path.name for path in place.glob("*.parquet")}


def values(place: Path, version: int) -> list[int]:
    return sorted(TABLES.rows(str(place), version)["n"].to_pylist())


@pytest.mark.parametrize("keep", [[0], [1], []], ids=["borrowed", "appended", "none"])
def test_vacuum_of_a_clone_touches_no_file_of_its_source(
    source: Path, tmp_path: Path, keep: list[int]
) -> None:
    place = tmp_path / "dev" / "s" / "t"
    clone(source, 1, place)
    write_deltalake(str(place), numbers(3), mode="append")
    write_deltalake(str(place), numbers(4), mode="overwrite")
    before = files(source)
    told = TABLES.vacuum(str(place), keep, untracked_hours=0, dry_run=True)
    assert TABLES.vacuum(str(place), keep, untracked_hours=0, dry_run=False) == told
    assert all("://" not in path and not path.startswith(("/", "file:")) for path in told)
    assert files(source) == before
    assert values(place, 2) == [4]
    if keep == [1]:
        assert values(place, 1) == [1, 3]
    if keep == [0]:
        assert values(place, 0) == [1]


def test_vacuum_finds_files_removed_before_a_checkpoint(source: Path) -> None:
    DeltaTable(str(source)).create_checkpoint()
    write_deltalake(str(source), numbers(3), mode="overwrite")
    TABLES.vacuum(str(source), [2], untracked_hours=24, dry_run=False)
    assert (values(source, 2), values(source, 3)) == ([2], [3])
    assert len(files(source)) == 2


def test_vacuum_leaves_folders_alone_that_begin_with_an_underscore(source: Path) -> None:
    (source / "_notes").mkdir()
    (source / "_notes" / "a.txt").write_text("kept")
    TABLES.vacuum(str(source), [], untracked_hours=0, dry_run=False)
    assert (source / "_notes" / "a.txt").exists()
    assert (source / "_delta_log" / f"{0:020d}.json").exists()


def test_vacuum_again_deletes_nothing_more(source: Path) -> None:
    TABLES.vacuum(str(source), [], untracked_hours=24, dry_run=False)
    left = files(source)
    TABLES.vacuum(str(source), [], untracked_hours=24, dry_run=False)
    assert (files(source), len(left)) == (left, 1)
