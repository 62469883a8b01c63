"""The fake stops where it is told, and what outlives a process is what was stored before."""

from __future__ import annotations

import pytest

from fakes.lake import Crash, StopAt, World
from lake.samples import NOW, TABLE, release
from lakewright.lake import Lake, paths


def put_two(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    lake.put_release(release(1))
    lake.put_release(release(2))


def points() -> int:
    world = World()
    world.hook = counter = StopAt(0)
    put_two(world.lake())
    return len(counter.points)


@pytest.mark.parametrize("tear", [False, True])
@pytest.mark.parametrize("at", range(1, points() + 1))
def test_crash_at_any_point_leaves_whole_releases_and_a_rerun_completes(
    at: int, *, tear: bool
) -> None:
    world = World()
    world.hook = StopAt(at, tear=tear)
    with pytest.raises(Crash):
        put_two(world.lake("first"))
    world.hook = None
    world.kill("first")
    again = world.lake("second")
    before = again.latest("prod")
    assert before in (None, release(1), release(2))
    put_two(again)
    assert again.releases("prod") == (release(1), release(2))
    assert again.latest("prod") == release(2)


def test_torn_put_leaves_half_of_the_bytes() -> None:
    world = World()
    world.hook = StopAt(1, tear=True)
    with pytest.raises(Crash):
        world.lake().store.put("a", b"1234")
    world.hook = None
    assert world.lake().store.get("a") == b"12"


def test_put_new_is_never_torn() -> None:
    world = World()
    world.hook = StopAt(1, tear=True)
    with pytest.raises(Crash):
        world.lake().store.put_new("a", b"1234")
    world.hook = None
    assert list(world.lake().store.list(paths.HOME)) == []
    assert world.objects == {}


def test_claims_of_a_dead_process_are_free() -> None:
    world = World()
    world.lake("first").claim("prod", TABLE, "r1", NOW)
    world.kill("first")
    world.lake("second").claim("prod", TABLE, "r2", NOW).verify()
