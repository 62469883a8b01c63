"""What a release names stays readable, whatever happens at the head."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lake.samples import FIELDS, NOW, TABLE, define, entry, release
from lakewright.lake import Definition, Field, Lake, open_lake, paths, token_of

TOKEN = token_of("r1", TABLE)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = open_lake(str(tmp_path / "lake"))
    lake.create("flights", "id", NOW)
    return lake


def rows(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int32()), "s": pa.nulls(len(numbers), pa.string())})


def publish(lake: Lake) -> str:
    uri = define(lake)
    lake.tables.append(uri, rows(1, 2), TOKEN)
    lake.tables.append(uri, rows(3), TOKEN)
    lake.put_release(release(1, entry(2)))
    return uri


def released(lake: Lake) -> list[int]:
    found = lake.latest("prod")
    assert found is not None
    pin = lake.verify_pin(found.tables[TABLE])
    return sorted(lake.read_table(pin, ["n"])["n"].to_pylist())


def age(uri: str, days: int) -> None:
    """Move the table's log and files into the past."""
    for path in (Path(uri) / "_delta_log").glob("*.json"):
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] -= days * 86_400_000
        path.write_text("\n".join(json.dumps(action) for action in actions) + "\n")
    for path in Path(uri).rglob("*"):
        then = path.stat().st_mtime - days * 86_400
        os.utime(path, (then, then))


def test_rows_stay_while_the_head_moves_on(lake: Lake) -> None:
    uri = publish(lake)
    lake.tables.append(uri, rows(4), TOKEN)
    assert released(lake) == [1, 2, 3]


def test_rows_stay_when_the_head_is_retyped(lake: Lake) -> None:
    uri = publish(lake)
    other = Definition((Field("n", "string"),))
    lake.tables.define(uri, other, TOKEN, table_id="", now=NOW)
    assert released(lake) == [1, 2, 3]


def test_rows_stay_after_a_strangers_maintenance_of_a_table_40_days_old(lake: Lake) -> None:
    uri = publish(lake)
    age(uri, 40)
    write_deltalake(uri, rows(9), mode="overwrite")
    DeltaTable(uri).optimize.compact()
    DeltaTable(uri).create_checkpoint()
    DeltaTable(uri).cleanup_metadata()
    DeltaTable(uri).vacuum(dry_run=False, full=True)
    assert released(lake) == [1, 2, 3]


def test_restore_follows_a_release_of_40_days_ago(lake: Lake) -> None:
    uri = publish(lake)
    age(uri, 40)
    lake.tables.append(uri, rows(4), TOKEN)
    version = lake.tables.restore(uri, 2, TOKEN)
    assert sorted(lake.tables.rows(uri, version)["n"].to_pylist()) == [1, 2, 3]


def test_log_of_many_commits_is_read_across_its_checkpoints(lake: Lake) -> None:
    uri = define(lake)
    for number in range(1, 13):
        definition = Definition(FIELDS, description=str(number))
        lake.tables.define(uri, definition, TOKEN, table_id="", now=NOW)
    DeltaTable(uri).create_checkpoint()
    assert [commit.version for commit in lake.tables.commits(uri, 9)] == [10, 11, 12]
    head = lake.tables.head(uri)
    assert head is not None
    assert head.definition.description == "12"


def test_runs_add_to_the_history_at_the_same_time(lake: Lake) -> None:
    lake.append_history("runs", pa.table({"run": ["first"]}), now=NOW)
    failures: list[BaseException] = []

    def add(number: int) -> None:
        try:
            lake.append_history("runs", pa.table({"run": [f"r{number}"]}), now=NOW)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    uri = lake.location_uri(paths.history("runs"))
    head = lake.tables.head(uri)
    assert head is not None
    assert lake.tables.rows(uri, head.version).num_rows == 7
