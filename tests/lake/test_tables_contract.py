"""What Delta tables promise: the fake and the real ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lake.samples import FIELDS, NOW, TABLE_ID
from lakewright.errors import LakeError
from lakewright.lake import (
    Definition,
    DeltaLakeTables,
    DeltaTables,
    Field,
    NotFoundError,
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


def test_restore_of_a_restore(tables: DeltaTables, location: str) -> None:
    define(tables, location, FIRST)
    tables.append(location, numbers(1), "lw:a")
    tables.append(location, numbers(2), "lw:b")
    tables.restore(location, 1, "lw:back")
    assert tables.restore(location, 2, "lw:forth") == 4
    assert sorted(tables.rows(location, 4)["n"].to_pylist()) == [1, 2]


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
