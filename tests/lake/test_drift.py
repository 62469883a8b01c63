"""Which commits behind a release still count, and how definitions differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lake.samples import NOW
from lakewright.lake import Commit, Definition, Field, compare_definitions, look_ahead

OURS = "lw:run:silver.t"
BEFORE = Definition((Field("a", "int", "one"), Field("b", "string")), {"r": "a > 0"}, "t")


def commit(version: int, token: str | None = None, **more: Any) -> Commit:
    return replace(Commit(version, "WRITE", token, True, 1, 10, NOW), **more)


def versions(commits: tuple[Commit, ...]) -> list[int]:
    return [one.version for one in commits]


def test_nothing_behind_a_version_is_equal_to_it() -> None:
    ahead = look_ahead(5, [])
    assert (ahead.equal, ahead.touched, ahead.last) == (True, False, 5)


def test_commits_that_change_no_data_keep_a_version_equal() -> None:
    assert look_ahead(5, [commit(6, changes_data=False), commit(7, OURS, changes_data=False)]).equal


def test_rows_of_others_and_of_a_dead_run_are_told_apart() -> None:
    ahead = look_ahead(5, [commit(6, OURS), commit(7), commit(8)])
    assert (versions(ahead.ours), versions(ahead.strange), ahead.last) == ([6], [7, 8], 8)


@pytest.mark.parametrize("target", [5, 6])
def test_a_restore_of_ours_to_an_equal_version_makes_the_head_equal(target: int) -> None:
    commits = [commit(6, changes_data=False), commit(7), commit(8, OURS, restores=target)]
    assert look_ahead(5, commits).equal


def test_a_restore_to_a_version_with_rows_of_others_brings_them_back() -> None:
    ahead = look_ahead(5, [commit(6), commit(7, OURS), commit(8, OURS, restores=6)])
    assert (versions(ahead.strange), ahead.ours) == ([6], ())


def test_a_restore_to_before_the_release_counts_as_rows_of_ours() -> None:
    assert versions(look_ahead(5, [commit(6, OURS, restores=3)]).ours) == [6]


def test_a_restore_by_others_is_trusted_by_nobody() -> None:
    assert versions(look_ahead(5, [commit(6), commit(7, restores=5)]).strange) == [6, 7]


def test_what_a_release_named_once_is_nobodys_drift() -> None:
    ahead = look_ahead(5, [commit(6), commit(7)], published=6)
    assert (versions(ahead.ours), versions(ahead.strange)) == ([6], [7])


def test_only_others_redefine_and_anybody_touches() -> None:
    ours = look_ahead(5, [commit(6, OURS, changes_data=False, changes_definition=True)])
    assert (ours.redefining, ours.touched) == ((), True)
    theirs = look_ahead(5, [commit(6, changes_data=False, changes_definition=True)])
    assert (versions(theirs.redefining), theirs.touched) == ([6], True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"fields": (*BEFORE.fields, Field("c", "int"))}, (("c",), (), (), ())),
        ({"fields": BEFORE.fields[:1]}, ((), ("b",), (), ())),
        (
            {"fields": (replace(BEFORE.fields[0], type="bigint"), BEFORE.fields[1])},
            ((), (), ("a int -> bigint",), ()),
        ),
        (
            {"fields": (replace(BEFORE.fields[0], comment="other"), BEFORE.fields[1])},
            ((), (), (), ("comment of a",)),
        ),
        ({"fields": BEFORE.fields[::-1]}, ((), (), (), ("order of columns",))),
        ({"constraints": {}}, ((), (), (), ("constraint r dropped",))),
        ({"constraints": {"r": "a > 1"}}, ((), (), (), ("constraint r changed",))),
        ({"constraints": {"r": "a > 0", "s": "b > ''"}}, ((), (), (), ("constraint s added",))),
        ({"description": "other"}, ((), (), (), ("description",))),
        ({"properties": {"owner": "eve"}}, ((), (), (), ("property owner added",))),
        (
            {"properties": {"delta.logRetentionDuration": ""}},
            ((), (), (), ("property delta.logRetentionDuration dropped",)),
        ),
        ({"properties": {"delta.enableDeletionVectors": "true"}}, ((), (), (), ())),
    ],
    ids=str,
)
def test_what_is_declared_otherwise_is_told(changes: dict[str, Any], told: Any) -> None:
    found = compare_definitions(BEFORE, replace(BEFORE, **changes))
    assert (found.added, found.removed, found.retyped, found.others) == told
    assert bool(found) == any(told)
    assert found.only_adds == (not told[1] and not told[2])
