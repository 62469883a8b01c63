"""What a listing of storage says, on every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.samples import NOW, TABLE, define
from lakewright.lake import Lake, LocalStore, ObjectStore, paths
from lakewright.lake.storage import delete_files, give_up, list_runs, list_tables
from lakewright.names import TableName


def test_tables_are_found_with_their_files_companions_and_later_locations(
    store: ObjectStore,
) -> None:
    for path in (
        "prod/s/t/_delta_log/00000000000000000000.json",
        "prod/s/t/part.parquet",
        "prod/s/t-0a1b2c3d/part.parquet",
        "prod/s/t-0a1b2c3d-2/part.parquet",
        "prod/s/t__ledger/part.parquet",
        "dev/s/t/part.parquet",
    ):
        store.put(path, b"1234")
    found = list_tables(store, "prod")
    assert {one.location: one.table for one in found} == {
        "prod/s/t": TableName("s", "t"),
        "prod/s/t-0a1b2c3d": TableName("s", "t"),
        "prod/s/t-0a1b2c3d-2": TableName("s", "t"),
        "prod/s/t__ledger": TableName("s", "t__ledger"),
    }
    plain = next(one for one in found if one.location == "prod/s/t")
    assert plain.data == {"part.parquet"}
    assert plain.bytes_of(plain.data) == 4


@pytest.mark.parametrize("path", ["prod/notes.txt", "prod/s/notes.txt", "prod/s/My Notes/a.txt"])
def test_what_no_run_named_is_not_found(store: ObjectStore, path: str) -> None:
    store.put(path, b"")
    assert list_tables(store, "prod") == ()


def test_a_location_that_was_given_up_is_marked_once_and_for_all(store: ObjectStore) -> None:
    store.put("prod/s/t/part.parquet", b"")
    give_up(store, "prod", "prod/s/t")
    give_up(store, "prod", "prod/s/t")
    assert [one.gone for one in list_tables(store, "prod")] == [True]


def test_runs_are_found_with_what_they_left(store: ObjectStore) -> None:
    store.put(paths.run("r1", "plan.json"), b"{}")
    store.put(paths.run("r1", "staged/s.t/part.parquet"), b"12")
    store.put(paths.run("r2", "report.json"), b"{}")
    first, second = list_runs(store)
    assert (first.run_id, first.ended, dict(first.files)) == (
        "r1",
        False,
        {"plan.json": 2, "staged/s.t/part.parquet": 2},
    )
    assert (second.run_id, second.ended) == ("r2", True)


def test_files_are_deleted_and_those_of_others_are_not(store: ObjectStore) -> None:
    store.put("prod/s/t/a.parquet", b"")
    store.put("prod/s/t2/a.parquet", b"")
    (one, _) = list_tables(store, "prod")
    delete_files(store, one.location, one.files)
    delete_files(store, one.location, one.files)
    assert [item.path for item in store.list("prod")] == ["prod/s/t2/a.parquet"]


def test_a_location_that_was_given_up_is_never_used_again(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    uri = define(lake)
    stored = list_tables(lake.store, "prod")
    give_up(lake.store, "prod", stored[0].location)
    delete_files(lake.store, stored[0].location, stored[0].files)
    assert lake.tables.head(uri) is None
    assert lake.new_location("prod", TABLE, "run") != "prod/silver/flights"
    if isinstance(lake.store, LocalStore):
        assert not list(Path(uri).rglob("*.json"))
