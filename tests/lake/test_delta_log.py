"""What log entries say, and what is refused to be changed."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import Definition, DeltaLakeTables, Field, matches
from lakewright.lake.delta_log import (
    Protocol,
    changed_metadata,
    needed_protocol,
    new_metadata,
    parse_entry,
    read_commit,
)

TABLES = DeltaLakeTables()
PLAIN = Definition(FIELDS)
ADDED = {"add": {"path": "x", "size": 10, "dataChange": True, "stats": '{"numRecords":3}'}}


def define(location: str, wanted: Definition = PLAIN, token: str = "lw:x") -> int | None:
    return TABLES.define(location, wanted, token, table_id=TABLE_ID, now=NOW)


def log(location: str) -> Path:
    return Path(location) / "_delta_log"


def append_entry(location: str, *actions: dict[str, Any]) -> None:
    number = len(list(log(location).glob("*.json")))
    lines = "\n".join(json.dumps(action) for action in actions)
    (log(location) / f"{number:020d}.json").write_text(lines + "\n")


@pytest.mark.parametrize(
    ("actions", "changes"),
    [
        ([ADDED], True),
        ([{"remove": {"path": "x", "dataChange": True}}], True),
        ([{"add": {**ADDED["add"], "dataChange": False}}], False),
        ([{"metaData": {}}], False),
        ([{"commitInfo": {"operation": "VACUUM START"}}], False),
    ],
)
def test_only_files_with_data_change_rows(actions: list[dict[str, Any]], changes: bool) -> None:
    assert read_commit(3, actions, NOW).changes_data is changes


def test_rows_are_unknown_when_a_file_has_no_statistics() -> None:
    assert read_commit(1, [ADDED, {"add": {"path": "y", "size": 1}}], NOW).rows is None
    assert read_commit(1, [ADDED, ADDED], NOW).rows == 6


def test_rows_that_a_deletion_vector_hides_are_not_counted() -> None:
    added = {"add": {**ADDED["add"], "deletionVector": {"cardinality": 1}}}
    assert read_commit(1, [added], NOW).rows == 2


@pytest.mark.parametrize("data", [b"", b"\n", b'{"add":', b"[1]\n", b"\0\0\0"])
def test_damaged_entry_is_never_a_version(data: bytes) -> None:
    with pytest.raises(LakeError) as error:
        parse_entry(data, "0.json")
    assert error.value.code == "LW530"


def test_gap_in_the_log_is_told(location: str) -> None:
    define(location)
    for number in (1, 2):
        define(location, Definition(FIELDS, description=str(number)))
    (log(location) / f"{1:020d}.json").unlink()
    with pytest.raises(LakeError) as error:
        TABLES.commits(location, 0)
    assert error.value.code == "LW530"


def test_zero_byte_entry_is_told(location: str) -> None:
    define(location)
    (log(location) / f"{1:020d}.json").touch()
    with pytest.raises(LakeError) as error:
        TABLES.commits(location, 0)
    assert error.value.code == "LW530"


def test_every_table_keeps_files_and_log_for_ten_years(location: str) -> None:
    define(location)
    entry = (log(location) / f"{0:020d}.json").read_text()
    (metadata,) = [
        json.loads(line)["metaData"] for line in entry.splitlines() if "metaData" in line
    ]
    assert metadata["configuration"] == {
        "delta.deletedFileRetentionDuration": "interval 3650 days",
        "delta.logRetentionDuration": "interval 3650 days",
    }


def test_retention_that_somebody_changed_is_put_back(location: str) -> None:
    define(location)
    live = new_metadata(TABLE_ID, PLAIN, NOW)
    short = {**live.configuration, "delta.logRetentionDuration": "interval 1 days"}
    append_entry(location, {"metaData": {**live.action(), "configuration": short}})
    assert define(location) == 2
    head = TABLES.head(location)
    assert head is not None
    assert head.definition == PLAIN


def test_not_null_column_of_an_engine_becomes_nullable(location: str) -> None:
    define(location)
    action = new_metadata(TABLE_ID, PLAIN, NOW).action()
    strict = action["schemaString"].replace('"nullable":true', '"nullable":false')
    append_entry(location, {"metaData": {**action, "schemaString": strict}})
    assert define(location) == 2


def test_delta_property_of_an_engine_is_kept_and_ours_goes(location: str) -> None:
    define(location, Definition(FIELDS, properties={"delta.appendOnly": "false", "mine": "1"}))
    assert define(location) == 1
    head = TABLES.head(location)
    assert head is not None
    assert head.definition.properties == {"delta.appendOnly": "false"}
    assert matches(head.definition, PLAIN)
    assert define(location) is None


@pytest.mark.parametrize("feature", ["columnMapping", "identityColumns", "icebergCompatV2"])
def test_features_that_an_entry_could_break_are_refused(location: str, feature: str) -> None:
    define(location)
    protocol = Protocol(1, 7, (), (feature,)).action()
    if feature == "columnMapping":
        protocol = Protocol(3, 7, (feature,), (feature,)).action()
    append_entry(location, {"protocol": protocol})
    with pytest.raises(LakeError) as error:
        define(location, Definition(FIELDS, description="other"))
    assert error.value.code == "LW531"
    assert len(list(log(location).glob("*.json"))) == 2


def test_append_only_table_is_not_emptied(location: str) -> None:
    define(location, Definition(FIELDS, properties={"delta.appendOnly": "true"}))
    with pytest.raises(LakeError) as error:
        define(location, Definition((Field("n", "string"),)))
    assert error.value.code == "LW531"


def test_table_with_deletion_vectors_allowed_but_unused_is_emptied(location: str) -> None:
    define(location)
    TABLES.append(location, pa.table({"n": pa.array([1], pa.int32())}), "lw:x")
    features = ("deletionVectors",)
    append_entry(location, {"protocol": Protocol(3, 7, features, features).action()})
    assert define(location, Definition((Field("n", "string"),))) == 3
    assert TABLES.size(location, 3) == (0, 0)


def test_protocol_is_raised_only_when_needed() -> None:
    plain = new_metadata("t", PLAIN, NOW)
    ruled = changed_metadata(plain, Definition(FIELDS, {"c": "n > 0"}))
    local = changed_metadata(plain, Definition((Field("at", "array<timestamp_ntz>"),)))
    assert needed_protocol(None, ruled) == Protocol(1, 3)
    assert needed_protocol(Protocol(1, 2), plain) == Protocol(1, 2)
    assert needed_protocol(Protocol(1, 2), ruled) == Protocol(1, 3)
    assert needed_protocol(Protocol(3, 7, ("v2Checkpoint",), ()), ruled).writer_features == (
        "checkConstraints",
    )
    raised = needed_protocol(Protocol(1, 3), local)
    assert (raised.reader, raised.writer, raised.reader_features) == (3, 7, ("timestampNtz",))
    assert "checkConstraints" in raised.writer_features


def test_two_definitions_at_once_both_land_or_agree(location: str) -> None:
    define(location)
    made: list[int | None] = []

    def change(number: int) -> None:
        made.append(define(location, Definition(FIELDS, description=str(number)), f"lw:{number}"))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number in made if number) == [1, 2, 3, 4]
    assert {commit.token for commit in TABLES.commits(location, 0)} == {
        "lw:0",
        "lw:1",
        "lw:2",
        "lw:3",
    }
