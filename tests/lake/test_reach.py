"""A lake that a command gets writes in one environment; a base lake is written by nobody."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from lake.samples import FIELDS, NOW, TABLE, TABLE_ID, define, entry, release
from lakewright.errors import LakeError, RefusedError
from lakewright.lake import ControlRecord, Definition, Lake, Pin

PATHS = [
    "dev/silver/flights/part-0.parquet",
    "_lakewright/env/dev/releases/00000000000000000001.json",
    "_lakewright/runs/r1/plan.json",
    "_lakewright/history/runs/part-0.parquet",
]
ELSEWHERE = [
    "prod/silver/flights/part-0.parquet",
    "dev_ana/silver/flights/part-0.parquet",
    "dev",
    "_lakewright/env/prod/control/00000000000000000001.json",
    "_lakewright/env/dev_ana/LATEST",
    "_lakewright/lake.json",
    "landing/file.csv",
]


@pytest.fixture
def dev(lake: Lake) -> Lake:
    lake.create("flights", "0" * 32, NOW)
    define(lake)
    return lake.confined("dev")


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as error:
        act()
    return error.value.code


@pytest.mark.parametrize("path", PATHS)
def test_own_folders_and_shared_ones_are_written(dev: Lake, path: str) -> None:
    dev.store.put_new(path, b"1")
    dev.store.put(path, b"2")
    assert dev.store.get(path) == b"2"
    dev.store.delete(path)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_every_other_path_is_refused(dev: Lake, path: str) -> None:
    assert refused(lambda: dev.store.put_new(path, b"1")) == "LW542"
    assert refused(lambda: dev.store.put(path, b"1")) == "LW542"
    assert refused(lambda: dev.store.delete(path)) == "LW542"


def test_no_path_leaves_its_folder(dev: Lake) -> None:
    for path in ("dev/../prod/x", "/dev/x", "dev//x"):
        with pytest.raises(LakeError) as error:
            dev.store.put(path, b"1")
        assert error.value.code == "LW504"


def test_tables_of_another_environment_are_only_read(dev: Lake) -> None:
    there = dev.location_uri("prod/silver/flights")
    head = dev.tables.head(there)
    assert head is not None
    rows = pa.table({"n": pa.array([1], pa.int32())})
    pin, wanted = Pin(there, TABLE_ID, 0), Definition(FIELDS, description="mine")

    def write_definition() -> object:
        return dev.tables.define(there, wanted, "lw:x", table_id="t", now=NOW)

    def begin_clone() -> object:
        return dev.tables.clone(pin, there + "2", "lw:x", table_id="t", now=NOW, mode="copy")

    assert refused(write_definition) == "LW542"
    assert refused(begin_clone) == "LW542"
    assert refused(lambda: dev.tables.append(there, rows, "lw:x")) == "LW542"
    assert refused(lambda: dev.tables.restore(there, 0, "lw:x")) == "LW542"
    assert refused(lambda: dev.check_sink(there)) == "LW542"
    assert dev.tables.head(there) == head


def test_tables_of_another_lake_are_only_read(dev: Lake) -> None:
    assert refused(lambda: dev.check_sink(f"{dev.uri}2/dev/silver/flights")) == "LW542"
    assert refused(lambda: dev.check_sink("s3://elsewhere/dev/silver/flights")) == "LW542"


def test_own_tables_are_written_cloned_and_claimed(dev: Lake) -> None:
    source = Pin(dev.location_uri("prod/silver/flights"), TABLE_ID, 0)
    target = dev.location_uri("dev/silver/flights")
    dev.check_sink(target)
    dev.tables.clone(source, target, "lw:x", table_id="t", now=NOW, mode="copy")
    dev.claim("dev", TABLE, "r1", NOW).release()
    assert refused(lambda: dev.claim("prod", TABLE, "r1", NOW)) == "LW542"


def test_releases_and_words_of_another_environment_are_refused(dev: Lake) -> None:
    assert refused(lambda: dev.put_release(release(1, entry()))) == "LW542"
    said = ControlRecord("stop", "", "ana", NOW)
    assert refused(lambda: dev.put_control("prod", said)) == "LW542"


def test_only_create_and_protect_write_the_lakes_own_file(dev: Lake) -> None:
    dev.protect("prod")
    assert dev.info().protected == ("prod",)


def test_confined_lake_can_be_turned_to_another_environment(dev: Lake) -> None:
    prod = dev.confined("prod")
    assert prod.put_release(release(1, entry())) == "stored"
    assert refused(lambda: prod.store.put("dev/x", b"")) == "LW542"


def test_base_lake_is_never_written(dev: Lake) -> None:
    base = dev.read_only()
    assert refused(lambda: base.store.put("prod/x", b"")) == "LW543"
    assert refused(lambda: base.put_run("r", "plan.json", b"")) == "LW543"
    assert refused(lambda: base.protect("prod")) == "LW543"
    assert refused(lambda: base.claim("prod", TABLE, "r", NOW)) == "LW543"
    assert refused(lambda: base.check_sink(base.location_uri("prod/x"))) == "LW543"
    assert refused(lambda: base.confined("prod").store.put("prod/x", b"")) == "LW543"
    assert base.info().protected == ()


def test_place_of_a_base_must_be_known(dev: Lake) -> None:
    far = entry(base="${env:BASE}")
    with pytest.raises(LakeError) as error:
        dev.pin(far)
    assert error.value.code == "LW181"
