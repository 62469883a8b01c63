"""Finding releases without reading all of their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.samples import NOW, TABLE, entry, release
from lakewright.lake import Lake, Release, first_number, trace_table
from lakewright.lake.walking import newest_first, release_at

Versions = Sequence[int | None]


def made(number: int, version: int | None) -> Release:
    """A release that names the table at `version`, or does not have it; an hour after the last."""
    entries = [] if version is None else [entry(version)]
    return replace(release(number, *entries), created_at=NOW + timedelta(hours=number))


def chain(versions: Versions, first: int = 1) -> list[Release]:
    return [made(number, version) for number, version in enumerate(versions, first)]


@dataclass
class Counting:
    """A chain that makes its records when they are read, and counts them."""

    versions: Versions
    first: int = 1
    read: int = 0

    def numbers(self, environment: str) -> Iterator[int]:
        return iter(range(self.first, self.first + len(self.versions)))

    def latest(self, environment: str) -> Release | None:
        number = self.first + len(self.versions) - 1
        return made(number, self.versions[-1]) if self.versions else None

    def release(self, environment: str, number: int) -> Release:
        self.read += 1
        return made(number, self.versions[number - self.first])


def hour(number: float) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.mark.parametrize(
    ("moment", "number"), [(0.9, None), (1, 1), (1.5, 1), (2, 2), (3.99, 3), (4, 4), (99, 4)]
)
def test_a_time_finds_what_readers_saw_then(lake: Lake, moment: float, number: int | None) -> None:
    for one in chain([0, 1, 2, 3]):
        lake.put_release(one)
    found = lake.release_at("prod", hour(moment))
    assert (found.release if found else None) == number


def test_no_time_finds_a_release_where_there_is_none(lake: Lake) -> None:
    assert lake.release_at("prod", NOW) is None


def test_a_time_is_found_after_the_first_records_are_gone() -> None:
    assert release_at(Counting([4, 5, 6], first=7), "prod", hour(8.5)).release == 8  # type: ignore[union-attr]
    assert release_at(Counting([4, 5, 6], first=7), "prod", hour(6)) is None


@pytest.mark.parametrize("moment", [1, 17, 5_000.5, 9_998, 9_999.5])
def test_a_time_is_found_with_few_reads(moment: float) -> None:
    many = Counting([0] * 10_000)
    found = release_at(many, "prod", hour(moment))
    assert found is not None
    assert found.release == int(moment)
    assert many.read <= 15


def test_releases_come_newest_first_and_only_as_asked(lake: Lake) -> None:
    for one in chain([0, 1, 2]):
        lake.put_release(one)
    assert [it.release for it in lake.newest_first("prod")] == [3, 2, 1]
    assert first_number(lake, "prod") == 1


def test_the_newest_releases_of_many_are_read_alone() -> None:
    many = Counting([0] * 10_000)
    assert len(list(islice(newest_first(many, "prod"), 20))) == 20
    assert many.read == 19


def spans(found: Counting, known: list[int] | None = None) -> list[tuple[int, int, int | None]]:
    return [
        (span.first, span.last, span.entry.version if span.entry else None)
        for span in trace_table(found, "prod", TABLE, known or [])
    ]


def test_a_table_is_traced_span_by_span() -> None:
    assert spans(Counting([None, 0, 0, 1, 1, 1, None, 2])) == [
        (8, 8, 2), (7, 7, None), (4, 6, 1), (2, 3, 0), (1, 1, None),
    ]  # fmt: skip


def test_a_change_that_was_taken_back_is_found_where_it_is_known() -> None:
    back = [0] * 40 + [1] + [0] * 40
    assert spans(Counting(back), [41]) == [(42, 81, 0), (41, 41, 1), (1, 40, 0)]


def test_a_table_that_rarely_moves_is_traced_with_few_reads() -> None:
    many = Counting([0] * 4_000 + [1] * 4_000 + [2] * 2_000)
    assert spans(many) == [(8_001, 10_000, 2), (4_001, 8_000, 1), (1, 4_000, 0)]
    assert many.read < 100


def test_the_newest_spans_of_a_table_that_always_moves_cost_a_read_each() -> None:
    many = Counting(list(range(10_000)))
    assert len(list(islice(trace_table(many, "prod", TABLE), 20))) == 20
    assert many.read <= 20


@given(st.lists(st.sampled_from([None, 0, 1, 2]), min_size=1, max_size=40), st.integers(1, 5))
def test_spans_are_exactly_the_chain_when_every_move_is_known(
    versions: list[int | None], first: int
) -> None:
    found = Counting(versions, first)
    numbered = list(enumerate(versions, first))
    moved = [number for (_, before), (number, after) in pairwise(numbered) if before != after]
    expected: list[tuple[int, int, int | None]] = []
    for number, version in reversed(numbered):
        if expected and expected[-1][2] == version:
            expected[-1] = (number, expected[-1][1], version)
        else:
            expected.append((number, number, version))
    assert spans(found, moved) == expected
