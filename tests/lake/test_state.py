"""Drift, sources and ingest listings, as planning sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from fakes.lake import World
from lake.samples import NOW, TABLE, define, entry, release
from lakewright.errors import Place
from lakewright.lake import (
    LEDGER_SCHEMA,
    Definition,
    Field,
    FileListing,
    Lake,
    SourceHead,
    hash_file,
    open_lake,
    token_of,
)
from lakewright.names import TableName
from lakewright.specs import DeltaInput, FilesInput

HERE = Place("pipelines/x.yml", 1)
WEATHER = TableName("bronze", "weather")
ONE = pa.table({"n": pa.array([1], pa.int32()), "s": pa.array(["x"])})


@pytest.fixture
def disk(tmp_path: Path) -> Lake:
    lake = open_lake(str(tmp_path / "lake"))
    lake.create("flights", "id", NOW)
    return lake


def test_our_own_commits_behind_the_release_are_no_drift(disk: Lake) -> None:
    uri = define(disk)
    disk.put_release(release(1, entry()))
    disk.tables.append(uri, ONE, token_of("dead-run", TABLE))
    assert disk.state("prod", ()).drift == ()


def test_strangers_rows_at_a_head_are_drift(disk: Lake) -> None:
    uri = define(disk)
    disk.put_release(release(1, entry()))
    write_deltalake(uri, ONE, mode="append")
    (drift,) = disk.state("prod", ()).drift
    assert drift.table == TABLE
    assert [(commit.version, commit.rows, commit.token) for commit in drift.commits] == [
        (1, 1, None)
    ]


def test_maintenance_of_a_stranger_is_no_drift(disk: Lake) -> None:
    uri = define(disk)
    for _ in range(2):
        disk.tables.append(uri, ONE, token_of("r1", TABLE))
    disk.put_release(release(1, entry(2)))
    DeltaTable(uri).optimize.compact()
    DeltaTable(uri).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert disk.tables.head(uri).version > 2  # type: ignore[union-attr]
    assert disk.state("prod", ()).drift == ()


def test_views_have_no_drift() -> None:
    lake = World().lake()
    lake.create("flights", "id", NOW)
    lake.put_release(release(1, entry(location="", kind="view", version=-1)))
    assert lake.state("prod", ()).drift == ()


def test_source_tells_its_head_and_the_last_change_of_rows(disk: Lake, tmp_path: Path) -> None:
    source = str(tmp_path / "crm")
    write_deltalake(source, ONE)
    write_deltalake(source, ONE, mode="append")
    DeltaTable(source).optimize.compact()
    one = DeltaInput(TABLE, "crm", HERE)
    found = disk.state("prod", (one,), resolve=lambda text: str(tmp_path / text)).inputs[TABLE]
    assert isinstance(found, SourceHead)
    assert (found.location, found.version, found.data_version) == (source, 2, 1)
    assert [item.name for item in found.fields] == ["n", "s"]
    assert not found.missing


def test_source_whose_log_was_cleaned_counts_from_its_oldest_entry(tmp_path: Path) -> None:
    lake, source = open_lake(str(tmp_path / "lake")), str(tmp_path / "crm")
    write_deltalake(source, ONE)
    write_deltalake(source, ONE, mode="append")
    DeltaTable(source).optimize.compact()
    DeltaTable(source).create_checkpoint()
    for version in (0, 1):
        (tmp_path / "crm" / "_delta_log" / f"{version:020d}.json").unlink()
    found = lake.state("prod", (DeltaInput(TABLE, source, HERE),)).inputs[TABLE]
    assert isinstance(found, SourceHead)
    assert (found.version, found.data_version) == (2, 2)


def test_missing_source_is_told_not_raised(disk: Lake, tmp_path: Path) -> None:
    one = DeltaInput(TABLE, str(tmp_path / "nowhere"), HERE)
    found = disk.state("prod", (one,)).inputs[TABLE]
    assert isinstance(found, SourceHead)
    assert found.missing


class Landing:
    """A folder of files, and a lake whose released ledger may know some of them."""

    def __init__(self, folder: Path, lake: Lake) -> None:
        self.folder, self.lake = folder, lake
        folder.mkdir()

    def land(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def listing(self) -> FileListing:
        one = FilesInput(WEATHER, "landing/*.csv", "csv", HERE)
        state = self.lake.state("prod", (one,), resolve=lambda text: f"{self.folder.parent}/{text}")
        found = state.inputs[WEATHER]
        assert isinstance(found, FileListing)
        return found

    def load(self) -> None:
        rows = [
            (file.path, file.size, file.modified, hash_file(file.uri), "r1")
            for file in self.listing().files
        ]
        table = pa.Table.from_pylist(
            [dict(zip(LEDGER_SCHEMA.names, row, strict=True)) for row in rows], LEDGER_SCHEMA
        )
        fields = ("string", "bigint", "timestamp", "string", "string")
        schema = tuple(Field(*it) for it in zip(LEDGER_SCHEMA.names, fields, strict=True))
        location = "prod/bronze/weather__ledger"
        uri = self.lake.location_uri(location)
        self.lake.tables.define(uri, Definition(schema), "lw:r1", table_id="l", now=NOW)
        version = self.lake.tables.append(uri, table, "lw:r1")
        ledger = entry(version, WEATHER.ledger, location=location, table_id="l")
        self.lake.put_release(release(1, ledger))


@pytest.fixture(params=["memory", "delta"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    memory = request.param == "memory"
    lake = World().lake() if memory else open_lake(str(tmp_path / "lake"))
    lake.create("flights", "id", NOW)
    return Landing(tmp_path / "landing", lake)


def test_new_files_are_listed_in_path_order(landing: Landing) -> None:
    landing.land("b.csv", "x")
    landing.land("a.csv", "xy")
    landing.land("c.txt", "no")
    listing = landing.listing()
    assert [(file.path, file.size) for file in listing.files] == [
        ("landing/a.csv", 2),
        ("landing/b.csv", 1),
    ]
    assert listing.loaded == {}


def test_loaded_files_are_known_by_the_released_ledger(landing: Landing) -> None:
    landing.land("a.csv", "x")
    landing.load()
    landing.land("b.csv", "y")
    listing = landing.listing()
    assert set(listing.loaded) == {"landing/a.csv"}
    assert len(listing.files) == 2
    assert listing.altered == ()


def test_touched_file_with_the_same_content_is_not_altered(landing: Landing) -> None:
    path = landing.land("a.csv", "x")
    landing.load()
    os.utime(path, (1, 1))
    assert landing.listing().altered == ()


def test_loaded_path_with_other_content_is_altered(landing: Landing) -> None:
    landing.land("a.csv", "x")
    landing.load()
    landing.land("a.csv", "other")
    assert landing.listing().altered == ("landing/a.csv",)
