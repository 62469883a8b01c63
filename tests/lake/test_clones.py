"""A table begun from a version of another: the fake and the real ones, by its log and by its files.

Locations hold spaces and signs, because paths in a Delta log are percent-encoded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest

from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import Definition, DeltaLakeTables, DeltaTables, Field, Pin
from lakewright.lake.cloning import clone_mode
from lakewright.lake.ports import CloneMode

OTHER_ID = "0b0b0b0b-0000-4000-8000-000000000002"
WANTED = Definition(FIELDS, {"positive": "n > 0"}, "numbers", {"lakewright.x": "1"})


@pytest.fixture(params=["shallow", "copy"])
def mode(request: pytest.FixtureRequest) -> CloneMode:
    found: CloneMode = request.param
    return found


@pytest.fixture
def source(tables: DeltaTables, tmp_path: Path) -> Pin:
    """Two versions with rows; the pin names the first of them."""
    location = str(tmp_path / "the lake %" / "prod" / "s" / "t")
    tables.define(location, WANTED, "lw:d", table_id=TABLE_ID, now=NOW)
    tables.append(location, numbers(1, 2), "lw:a")
    tables.append(location, numbers(3), "lw:b")
    return Pin(location, TABLE_ID, 1)


@pytest.fixture
def target(tmp_path: Path) -> str:
    return str(tmp_path / "the lake %" / "dev" / "s" / "t")


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int32())})


def clone(tables: DeltaTables, source: Pin, target: str, mode: CloneMode) -> int:
    return tables.clone(source, target, "lw:clone", table_id=OTHER_ID, now=NOW, mode=mode)


def seen(tables: DeltaTables, location: str, version: int) -> list[int]:
    return sorted(tables.rows(location, version)["n"].to_pylist())


def test_clone_holds_the_rows_of_the_pinned_version(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    assert clone(tables, source, target, mode) == 0
    assert seen(tables, target, 0) == [1, 2]


def test_clone_keeps_the_definition_under_an_id_of_its_own(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    head = tables.head(target)
    assert head is not None
    assert (head.table_id, head.version, head.definition) == (OTHER_ID, 0, WANTED)


def test_clone_is_one_commit_with_our_token_and_its_rows_counted(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    (commit,) = tables.commits(target, -1)
    assert (commit.token, commit.changes_data, commit.rows) == ("lw:clone", True, 2)
    assert tables.size(target, 0) == tables.size(source.location, 1)


def test_append_to_a_clone_leaves_the_source_alone(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    assert tables.append(target, numbers(9), "lw:more") == 1
    assert seen(tables, target, 1) == [1, 2, 9]
    assert seen(tables, source.location, 2) == [1, 2, 3]
    assert tables.commits(source.location, 2) == ()


def test_clone_is_restored_to_what_it_began_with(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    tables.append(target, numbers(9), "lw:more")
    assert tables.restore(target, 0, "lw:back") == 2
    assert seen(tables, target, 2) == [1, 2]


def test_clone_of_a_clone(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode, tmp_path: Path
) -> None:
    clone(tables, source, target, mode)
    tables.append(target, numbers(9), "lw:more")
    again = str(tmp_path / "again")
    tables.clone(Pin(target, OTHER_ID, 1), again, "lw:c", table_id=TABLE_ID, now=NOW, mode=mode)
    assert seen(tables, again, 0) == [1, 2, 9]


def test_definition_of_a_clone_can_change(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    changed = Definition((*FIELDS, Field("more", "string")), {}, "other")
    assert tables.define(target, changed, "lw:e", table_id=OTHER_ID, now=NOW) == 1
    assert seen(tables, target, 1) == [1, 2]


def test_clone_onto_a_table_is_refused(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, source, target, mode)
    with pytest.raises(LakeError) as error:
        clone(tables, source, target, mode)
    assert error.value.code == "LW532"


def test_clone_of_a_table_without_rows(
    tables: DeltaTables, source: Pin, target: str, mode: CloneMode
) -> None:
    clone(tables, Pin(source.location, TABLE_ID, 0), target, mode)
    assert seen(tables, target, 0) == []
    assert tables.commit(target, 0).rows == 0


# What only the log knows


def actions(location: str, version: int = 0) -> list[dict[str, Any]]:
    path = Path(location, "_delta_log", f"{version:020d}.json")
    return [json.loads(line) for line in path.read_text().splitlines()]


def added(location: str, version: int = 0) -> list[dict[str, Any]]:
    return [action["add"] for action in actions(location, version) if "add" in action]


@pytest.fixture
def stored(tmp_path: Path) -> str:
    """A real table without rows."""
    location = str(tmp_path / "the lake %" / "prod" / "s" / "t")
    DeltaLakeTables().define(location, WANTED, "lw:d", table_id=TABLE_ID, now=NOW)
    return location


@pytest.fixture
def partitioned(tmp_path: Path) -> Pin:
    """A table of a stranger: partition values that must be encoded twice, and statistics."""
    location = str(tmp_path / "the lake" / "a b")
    rows = pa.table({"p": ["x y", "z/%", None], "n": [1, 2, 3]})
    deltalake.write_deltalake(location, rows, partition_by=["p"])
    return Pin(location, deltalake.DeltaTable(location).metadata().id, 0)


def test_partitions_and_statistics_are_kept(
    partitioned: Pin, tmp_path: Path, mode: CloneMode
) -> None:
    target, real = str(tmp_path / "c d"), DeltaLakeTables()
    clone(real, partitioned, target, mode)
    assert real.rows(target, 0).sort_by("n").to_pylist() == [
        {"p": "x y", "n": 1},
        {"p": "z/%", "n": 2},
        {"p": None, "n": 3},
    ]
    theirs = {it["stats"]: it["partitionValues"] for it in added(partitioned.location)}
    assert {it["stats"]: it["partitionValues"] for it in added(target)} == theirs


def test_log_is_replayed_from_its_checkpoint(stored: str, target: str, mode: CloneMode) -> None:
    real = DeltaLakeTables()
    for value in range(1, 6):
        real.append(stored, numbers(value), "lw:a")
    deltalake.DeltaTable(stored).create_checkpoint()
    real.append(stored, numbers(6), "lw:a")
    for version in range(3):  # what is before a checkpoint may be gone
        Path(stored, "_delta_log", f"{version:020d}.json").unlink()
    clone(real, Pin(stored, TABLE_ID, 6), target, mode)
    assert seen(real, target, 0) == [1, 2, 3, 4, 5, 6]
    assert real.commit(target, 0).rows == 6


def test_removed_files_are_not_cloned(stored: str, target: str, mode: CloneMode) -> None:
    real = DeltaLakeTables()
    for value in (1, 2):
        real.append(stored, numbers(value), "lw:a")
    real.restore(stored, 1, "lw:r")
    clone(real, Pin(stored, TABLE_ID, 3), target, mode)
    assert seen(real, target, 0) == [1]


def test_log_with_a_gap_is_refused(stored: str, target: str, mode: CloneMode) -> None:
    real = DeltaLakeTables()
    for value in (1, 2):
        real.append(stored, numbers(value), "lw:a")
    deltalake.DeltaTable(stored).create_checkpoint()
    Path(stored, "_delta_log", f"{1:020d}.json").unlink()
    with pytest.raises(LakeError) as error:
        clone(real, Pin(stored, TABLE_ID, 1), target, mode)
    assert error.value.code == "LW530"


def test_deletion_vectors_are_refused(stored: str, target: str, mode: CloneMode) -> None:
    """Such a table may be defined and rewritten, and its rows are not all of its files' rows."""
    real = DeltaLakeTables()
    real.append(stored, numbers(1, 2), "lw:a")
    (add,) = added(stored, 1)
    vector = {"storageType": "i", "pathOrInlineDv": "x", "sizeInBytes": 1, "cardinality": 1}
    entry = [
        {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7,
                      "readerFeatures": ["deletionVectors"],
                      "writerFeatures": ["deletionVectors"]}},
        {"add": {**add, "deletionVector": vector}},
    ]  # fmt: skip
    path = Path(stored, "_delta_log", f"{2:020d}.json")
    path.write_text("\n".join(json.dumps(action) for action in entry))
    with pytest.raises(LakeError) as error:
        clone(real, Pin(stored, TABLE_ID, 2), target, mode)
    assert error.value.code == "LW531"
    assert real.head(target) is None


def test_shallow_clone_names_files_and_copy_has_its_own(partitioned: Pin, tmp_path: Path) -> None:
    real, names = DeltaLakeTables(), str(tmp_path / "names")
    clone(real, partitioned, names, "shallow")
    assert all(it["path"].startswith("file:///") for it in added(names))
    assert not list(Path(names).rglob("*.parquet"))
    copies = str(tmp_path / "copies")
    clone(real, partitioned, copies, "copy")
    assert [it["path"] for it in added(copies)] == [
        it["path"] for it in added(partitioned.location)
    ]
    assert len(list(Path(copies).rglob("*.parquet"))) == 3


def test_copy_of_a_shallow_clone_needs_neither(stored: str, tmp_path: Path) -> None:
    real = DeltaLakeTables()
    real.append(stored, numbers(1), "lw:a")
    between, last = str(tmp_path / "b e"), str(tmp_path / "last")
    clone(real, Pin(stored, TABLE_ID, 1), between, "shallow")
    real.clone(Pin(between, OTHER_ID, 0), last, "lw:c", table_id=TABLE_ID, now=NOW, mode="copy")
    for file in Path(stored).rglob("*.parquet"):
        file.unlink()
    assert seen(real, last, 0) == [1]


def test_shallow_only_within_one_store() -> None:
    assert clone_mode("/lake/prod/t", "/lake/dev/t", shallow=True) == "shallow"
    assert clone_mode("/lake/prod/t", "/lake/dev/t", shallow=False) == "copy"
    assert clone_mode("s3://one/prod/t", "s3://one/dev/t", shallow=True) == "shallow"
    assert clone_mode("s3://one/prod/t", "s3://two/dev/t", shallow=True) == "copy"
    assert clone_mode("s3://one/prod/t", "/lake/dev/t", shallow=True) == "copy"
