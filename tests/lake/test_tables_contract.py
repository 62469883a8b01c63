"""What Delta tables promise: the fake and the real ones."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from fakes.lake import MemoryTables
from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import (
    Definition,
    DeltaLakeTables,
    DeltaTables,
    Field,
    NotFoundError,
    arrow_schema,
    fit_rows,
    is_ours,
    matches,
)

FIRST = Definition(FIELDS, {"positive": "n > 0"}, "numbers", {"lakewright.x": "1"})


def define(
    tables: DeltaTables, location: str, wanted: Definition, token: str = "lw:d"
) -> int | None:
    return tables.define(location, wanted, token, table_id=TABLE_ID, now=NOW)


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int32())})


def test_there_is_no_head_where_no_table_is(tables: DeltaTables, location: str) -> None:
    assert tables.head(location) is None


def test_empty_folder_is_no_table(location: str) -> None:
    Path(location).mkdir(parents=True)
    assert DeltaLakeTables().head(location) is None


def test_define_creates_version_zero_with_token_and_id(tables: DeltaTables, location: str) -> None:
    assert define(tables, location, FIRST) == 0
    head = tables.head(location)
    assert head is not None
    assert (head.table_id, head.version, head.definition) == (TABLE_ID, 0, FIRST)
    (commit,) = tables.commits(location, -1)
    assert (commit.token, commit.changes_data, commit.rows) == ("lw:d", False, 0)


def test_define_of_the_same_makes_no_commit(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    assert define(tables, location, FIRST) is None
    assert tables.commits(location, 0) == ()


def test_types_are_compared_by_meaning(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition((Field("n", "bigint"),)))
    assert define(tables, location, Definition((Field("n", "LONG"),))) is None


@pytest.mark.parametrize(
    "changed",
    [
        Definition((Field("n", "int", "other"), FIELDS[1]), {"positive": "n > 0"}, "numbers"),
        Definition((*FIELDS, Field("more", "array<int>")), {"positive": "n > 0"}, "numbers"),
        Definition(FIELDS, {}, "numbers"),
        Definition(FIELDS, {"positive": "n > 0", "named": "s <> ''"}, "numbers"),
        Definition(FIELDS, {"positive": "n > 0"}, "other words"),
        Definition((FIELDS[1], FIELDS[0]), {"positive": "n > 0"}, "numbers"),
    ],
    ids=["comment", "column", "no-constraint", "constraint", "description", "order"],
)
def test_change_that_keeps_types_keeps_rows(
    tables: DeltaTables, location: str, changed: Definition
) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1, 2), "lw:rows")
    version = define(tables, location, changed, "lw:changed")
    assert version == 2
    assert matches(tables.at(location, 2).definition, changed)
    assert sorted(tables.rows(location, 2)["n"].to_pylist()) == [1, 2]
    (commit,) = tables.commits(location, 1)
    assert (commit.token, commit.changes_data) == ("lw:changed", False)


@pytest.mark.parametrize(
    "fields",
    [(Field("n", "string"), FIELDS[1]), (FIELDS[0],), (Field("n", "bigint"), FIELDS[1])],
    ids=["retyped", "removed", "widened"],
)
def test_retyping_or_removing_a_column_empties_the_table_in_the_same_commit(
    tables: DeltaTables, location: str, fields: tuple[Field, ...]
) -> None:
    define(tables, location, Definition(FIELDS))
    tables.append(location, numbers(1, 2), "lw:rows")
    assert define(tables, location, Definition(fields)) == 2
    assert tables.rows(location, 2).num_rows == 0
    assert tables.size(location, 2) == (0, 0)
    assert tables.rows(location, 1).num_rows == 2
    assert tables.commits(location, 1)[0].changes_data


def test_versions_keep_their_own_definition(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    define(tables, location, Definition(FIELDS))
    assert tables.at(location, 0).definition == FIRST


def test_append_counts_rows_and_carries_the_token(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    assert tables.append(location, numbers(1, 2, 3), "lw:a") == 1
    commit = tables.commit(location, 1)
    assert (commit.token, commit.changes_data, commit.rows) == ("lw:a", True, 3)
    assert tables.size(location, 1)[0] == 3
    assert tables.size(location, 1)[1] > 0


def test_append_of_no_rows_makes_no_commit(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    assert tables.append(location, numbers(), "lw:a") == 0
    assert tables.commits(location, 0) == ()


def test_rows_are_read_as_of_a_version(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    tables.append(location, numbers(1), "lw:a")
    tables.append(location, numbers(2), "lw:b")
    assert tables.rows(location, 1, ["n"]).to_pylist() == [{"n": 1}]
    assert tables.rows(location, 1).column_names == ["n", "s"]


def test_commits_behind_the_head_are_none(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    assert tables.commits(location, 0) == ()
    assert tables.commits(location, 7) == ()


def test_commit_that_never_was_is_not_found(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    with pytest.raises(NotFoundError):
        tables.commit(location, 5)


def test_version_that_never_was_is_an_error(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    with pytest.raises(LakeError) as error:
        tables.at(location, 5)
    assert error.value.code == "LW530"


def test_restore_brings_rows_and_definition_back(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1, 2), "lw:a")
    define(tables, location, Definition((Field("n", "string"),)))
    assert tables.restore(location, 1, "lw:back") == 3
    assert sorted(tables.rows(location, 3)["n"].to_pylist()) == [1, 2]
    assert tables.at(location, 3).definition == FIRST
    assert tables.commit(location, 3).token == "lw:back"


def test_restore_to_the_head_makes_no_commit(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1, 2), "lw:a")
    assert tables.restore(location, 1, "lw:back") == 1
    assert tables.commits(location, 1) == ()


def test_a_restore_over_a_version_that_is_not_the_head_is_refused(
    tables: DeltaTables, location: str
) -> None:
    define(tables, location, FIRST)
    for number in (1, 2):
        tables.append(location, numbers(number), "lw:rows")
    with pytest.raises(LakeError) as caught:
        tables.restore(location, 0, "lw:back", over=1)
    assert caught.value.code == "LW535"
    assert tables.restore(location, 0, "lw:back", over=2) == 3
    assert tables.commits(location, 2)[0].restores == 0


def test_commits_tell_whether_they_changed_the_definition(
    tables: DeltaTables, location: str
) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:rows")
    define(tables, location, Definition(FIRST.fields, {}, "numbers"))
    told = [commit.changes_definition for commit in tables.commits(location, -1)]
    assert told == [True, False, True]


def test_restore_of_a_restore(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:a")
    tables.append(location, numbers(2), "lw:b")
    tables.restore(location, 1, "lw:back")
    assert tables.restore(location, 2, "lw:forth") == 4
    assert sorted(tables.rows(location, 4)["n"].to_pylist()) == [1, 2]


def overwrites(tables: DeltaTables, location: str, *values: int) -> None:
    """A table whose version n holds the n-th of these values alone."""
    define(tables, location, Definition(FIELDS))
    for value in values:
        overwrite(tables, location, numbers(value))


def overwrite(tables: DeltaTables, location: str, rows: pa.Table) -> None:
    if isinstance(tables, MemoryTables):
        tables.write(location, rows, "overwrite", "lw:o")
    else:
        fitted = fit_rows(rows, arrow_schema(FIELDS))
        write_deltalake(location, fitted, mode="overwrite")


def stray(tables: DeltaTables, location: str, name: str, *, hours_old: int) -> None:
    """A file that no version names."""
    if isinstance(tables, MemoryTables):
        then = tables.world.now - timedelta(hours=hours_old)
        tables.world.files[location][name] = (1, then)
    else:
        path = Path(location) / name
        path.write_bytes(b"x")
        os.utime(path, (time.time() - hours_old * 3600,) * 2)


def readable(tables: DeltaTables, location: str, version: int) -> list[int] | None:
    try:
        return sorted(tables.rows(location, version)["n"].to_pylist())
    except LakeError:
        return None


def test_vacuum_keeps_the_head_and_the_versions_it_is_told(
    tables: DeltaTables, location: str
) -> None:
    overwrites(tables, location, 1, 2, 3, 4)
    gone = tables.vacuum(location, [2], untracked_hours=24, dry_run=False)
    assert len(gone) == 2
    assert [readable(tables, location, n) for n in (1, 2, 3, 4)] == [None, [2], None, [4]]


def test_vacuum_keeps_what_kept_versions_share(tables: DeltaTables, location: str) -> None:
    define(tables, location, Definition(FIELDS))
    tables.append(location, numbers(1), "lw:a")
    tables.append(location, numbers(2), "lw:b")
    overwrite(tables, location, numbers(3))
    assert tables.vacuum(location, [2], untracked_hours=24, dry_run=False) == ()
    assert readable(tables, location, 1) == [1]
    assert len(tables.vacuum(location, [1], untracked_hours=24, dry_run=False)) == 1
    assert (readable(tables, location, 1), readable(tables, location, 2)) == ([1], None)


def test_vacuum_keeps_what_a_restore_took_back(tables: DeltaTables, location: str) -> None:
    overwrites(tables, location, 1, 2, 3)
    tables.restore(location, 1, "lw:back")
    tables.append(location, numbers(9), "lw:a")
    tables.vacuum(location, [], untracked_hours=24, dry_run=False)
    assert readable(tables, location, 5) == [1, 9]
    assert readable(tables, location, 2) is None


def test_vacuum_without_deleting_says_the_same_and_changes_nothing(
    tables: DeltaTables, location: str
) -> None:
    overwrites(tables, location, 1, 2, 3)
    told = tables.vacuum(location, [], untracked_hours=24, dry_run=True)
    assert readable(tables, location, 1) == [1]
    assert tables.commits(location, 3) == ()
    assert tables.vacuum(location, [], untracked_hours=24, dry_run=False) == told
    assert (len(told), told) == (2, tuple(sorted(told)))


def test_vacuum_commits_nothing_that_looks_like_drift_or_like_ours(
    tables: DeltaTables, location: str
) -> None:
    overwrites(tables, location, 1, 2)
    tables.vacuum(location, [], untracked_hours=24, dry_run=False)
    made = tables.commits(location, 2)
    assert not any(commit.changes_data or is_ours(commit) for commit in made)


def test_vacuum_of_files_that_no_version_names_goes_by_their_age(
    tables: DeltaTables, location: str
) -> None:
    overwrites(tables, location, 1)
    stray(tables, location, "young.parquet", hours_old=1)
    stray(tables, location, "old.parquet", hours_old=30)
    assert tables.vacuum(location, [1], untracked_hours=24, dry_run=True) == ("old.parquet",)
    assert tables.vacuum(location, [1], untracked_hours=24, dry_run=False) == ("old.parquet",)
    assert tables.vacuum(location, [1], untracked_hours=24, dry_run=True) == ()
    assert readable(tables, location, 1) == [1]


def test_vacuum_for_a_version_that_never_was_is_an_error(
    tables: DeltaTables, location: str
) -> None:
    overwrites(tables, location, 1)
    with pytest.raises(LakeError) as error:
        tables.vacuum(location, [9], untracked_hours=24, dry_run=True)
    assert error.value.code == "LW530"


def test_sync_of_what_commits_wrote(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:a")
    tables.sync(location, -1)


def test_versions_of_the_same_files_hold_the_same_rows(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:one")
    tables.append(location, numbers(2), "lw:two")
    tables.restore(location, 1, "lw:back")
    define(tables, location, Definition(FIELDS, {}, "other words"))
    assert tables.same_rows(location, 1, 3)
    assert tables.same_rows(location, 1, 4)
    assert tables.same_rows(location, 2, 2)
    assert not tables.same_rows(location, 1, 2)


def test_nothing_is_missing_of_whole_versions(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:one")
    tables.append(location, numbers(2), "lw:two")
    assert [tables.missing(location, version) for version in (0, 1, 2)] == [(), (), ()]


def test_files_that_are_gone_are_missing_of_the_versions_that_name_them(location: str) -> None:
    tables = DeltaLakeTables()
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:one")
    (first,) = Path(location).glob("*.parquet")
    tables.append(location, numbers(2), "lw:two")
    first.unlink()
    assert tables.missing(location, 0) == ()
    assert tables.missing(location, 2) == tables.missing(location, 1) == (first.name,)


def test_a_version_that_the_log_does_not_have_is_an_error(
    tables: DeltaTables, location: str
) -> None:
    define(tables, location, FIRST)
    with pytest.raises(LakeError):
        tables.missing(location, 7)
