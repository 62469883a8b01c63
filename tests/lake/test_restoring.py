"""A RESTORE as an entry of ours, for tables whose features deltalake does not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import Definition, DeltaLakeTables, delta_log
from lakewright.lake.files import missing_files
from lakewright.lake.restoring import replay, restore_actions

CLUSTERED = {"domain": "delta.clustering", "configuration": '{"clusteringColumns":[["n"]]}'}


def add(path: str, vector: str = "", **more: Any) -> dict[str, Any]:
    found = {"path": path, "partitionValues": {}, "size": 7, "dataChange": True, **more}
    if vector:
        found["deletionVector"] = {"storageType": "u", "pathOrInlineDv": vector, "offset": 1}
    return {"add": found}


def remove(path: str, vector: str = "") -> dict[str, Any]:
    return {"remove": add(path, vector)["add"]}


FIRST = [{"metaData": {"id": "t"}}, add("a"), add("b")]
SECOND = [remove("a"), add("a", "dv1"), add("c"), {"domainMetadata": CLUSTERED}]


def test_replay_tells_files_apart_by_their_deletion_vector() -> None:
    assert sorted(replay([FIRST]).files) == [("a", ""), ("b", "")]
    assert sorted(replay([FIRST, SECOND]).files) == [("a", "udv1@1"), ("b", ""), ("c", "")]


def test_an_entry_removes_what_came_and_adds_what_went() -> None:
    head, wanted = replay([FIRST, SECOND]), replay([FIRST])
    info, *actions = restore_actions(head, wanted, "lw:back", NOW)
    assert info["commitInfo"]["userMetadata"] == "lw:back"
    removed = [it["remove"] for it in actions if "remove" in it]
    assert [(it["path"], "deletionVector" in it) for it in removed] == [("a", True), ("c", False)]
    assert [it["add"]["path"] for it in actions if "add" in it] == ["a"]
    assert {
        "domainMetadata": {"domain": "delta.clustering", "configuration": "", "removed": True}
    } in (actions)


def test_replaying_the_entry_gives_the_wanted_version() -> None:
    third = [{"metaData": {"id": "t", "description": "x"}}, remove("b"), add("d")]
    head, wanted = replay([FIRST, SECOND, third]), replay([FIRST, SECOND])
    assert replay([FIRST, SECOND, third, restore_actions(head, wanted, "lw:b", NOW)]) == wanted


def made(location: str, *features: str) -> DeltaLakeTables:
    """Versions 1 and 2 with a row each, then a table with features that Spark turned on."""
    tables = DeltaLakeTables()
    tables.define(location, Definition(FIELDS), "lw:d", table_id=TABLE_ID, now=NOW)
    for version, number in ((1, 10), (2, 20)):
        rows = pa.table({"n": pa.array([number], pa.int32())})
        assert tables.append(location, rows, f"lw:{number}") == version
    protocol = {
        "minReaderVersion": 1,
        "minWriterVersion": 7,
        "writerFeatures": sorted({"appendOnly", "invariants", "checkConstraints", *features}),
    }
    actions = [
        delta_log.commit_info("CLUSTER BY", "lw:c", NOW),
        {"protocol": protocol},
        {"domainMetadata": {**CLUSTERED, "removed": False}},
    ]
    path = Path(location, "_delta_log", f"{3:020d}.json")
    path.write_bytes(delta_log.entry(actions))
    return tables


def test_a_clustered_table_is_brought_back_by_an_entry_of_ours(location: str) -> None:
    tables = made(location, "domainMetadata", "clustering")
    assert tables.restore(location, 1, "lw:back") == 4
    assert tables.rows(location, 4, ["n"]).to_pylist() == [{"n": 10}]
    commit = tables.commit(location, 4)
    assert (commit.operation, commit.token, commit.changes_data) == ("RESTORE", "lw:back", True)
    assert tables.same_rows(location, 1, 4)


def test_a_table_with_features_that_only_spark_restores_says_so(location: str) -> None:
    tables = made(location, "rowTracking", "domainMetadata")
    with pytest.raises(LakeError) as caught:
        tables.restore(location, 1, "lw:back")
    assert caught.value.code == "LW454"
    assert "--engine spark" in caught.value.problems[0].hint
    head = tables.head(location)
    assert head is not None
    assert head.version == 3


def test_files_are_looked_for_where_their_path_says(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a b.parquet").touch()
    (tmp_path / "else.parquet").touch()
    named = ("a%20b.parquet", "gone.parquet", f"file://{tmp_path}/else.parquet", "/no/such.parquet")
    missing = missing_files(str(tmp_path / "here"), named)
    assert missing == ("/no/such.parquet", "gone.parquet")
