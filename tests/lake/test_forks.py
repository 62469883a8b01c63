"""Forking an environment and ending it: with collections, crashes and others in between."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from fakes.lake import Crash, Moment, StopAt, World
from lake.samples import NOW, TABLE, entry, release
from lakewright.errors import LakeError, LakewrightError, RefusedError
from lakewright.lake import ControlRecord, Held, Lake
from lakewright.lake.control import active_holds, ends_at, resumed_at
from lakewright.lake.environments import forked_from, list_environments
from lakewright.lake.forks import (
    NewFork,
    Origin,
    end_environment,
    fork_environment,
    has_ended,
    refuse_ended,
)
from lakewright.names import TableName
from lakewright.specs import SourceFile

PROD = Origin("prod", 2)
VIEW = TableName("gold", "large")
FILES = (SourceFile("sql/a.sql", "SELECT 1"),)


def seeded(lake: Lake) -> Lake:
    """prod with two releases: a table with its ledger, a view, and code."""
    lake.create("flights", "0" * 32, NOW)
    digest = lake.put_code("prod", FILES)
    tables = (
        entry(1, code=digest, introduced=1),
        entry(1, TABLE.ledger),
        entry(1, VIEW, code=digest, location="", table_id="", token="", introduced=2),
    )
    lake.put_release(release(1, *tables))
    held = Held(VIEW, "rollback", 1, reason="bad")
    lake.put_release(replace(release(2, *tables, run_id="r2"), held=(held,)))
    return lake


def fork(
    lake: Lake, name: str = "dev", origin: Origin = PROD, run_id: str = "f1", **told: object
) -> None:
    wish = NewFork(name, run_id, NOW, "ana", **told)  # type: ignore[arg-type]
    fork_environment(lake, lake, origin, wish)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(LakewrightError) as error:
        act()
    return error.value.code


def collect(lake: Lake, number: int) -> bool:
    """What a collection does before it deletes: says so, then looks who needs the rows.

    Whether it may delete what release `number` of prod names.
    """
    lake.put_control("prod", ControlRecord("expire", "gc", "gc", NOW, release=number))
    for name in lake.environments():
        latest = lake.latest(name)
        if name != "prod" and latest is not None and not has_ended(lake.control(name), NOW):
            return False
    return True


# What a fork is


def test_fork_names_the_tables_where_they_are(lake: Lake) -> None:
    fork(seeded(lake))
    first, theirs = lake.release("dev", 1), lake.release("prod", 2)
    assert (first.kind, first.parent, first.environment) == ("fork", 0, "dev")
    for name, item in theirs.tables.items():
        introduced = 1 if item.code else 0
        assert first.tables[name] == replace(item, introduced=introduced)
    assert first.tables[TABLE].is_foreign("dev")
    assert not theirs.tables[TABLE].is_foreign("prod")
    assert not theirs.tables[VIEW].is_foreign("dev")


def test_name_that_begins_alike_is_another_environment() -> None:
    assert entry(location="dev_ana/silver/flights").is_foreign("dev")
    assert entry(location="dev/silver/flights", base="/other").is_foreign("dev")


def test_fork_tells_where_it_came_from(lake: Lake) -> None:
    fork(seeded(lake), reason="to try")
    assert lake.release("dev", 1).reason == "prod@2: to try"
    assert forked_from(lake, "dev") == PROD
    assert forked_from(lake, "prod") is None


def test_base_is_told_as_it_is_written(lake: Lake) -> None:
    seeded(lake)
    far = replace(PROD, base="${env:LAKE_URI}")
    fork(lake, origin=far)
    assert forked_from(lake, "dev") == far
    first = lake.release("dev", 1)
    assert first.tables[TABLE].base == "${env:LAKE_URI}"
    assert first.tables[VIEW].base == ""


def test_what_a_tables_past_costs_stays_with_its_owner(lake: Lake) -> None:
    lake.create("flights", "0" * 32, NOW)
    costs = {"retained_bytes": 10.0, "seconds": 1.5}
    lake.put_release(release(1, entry(1, costs=costs)))
    fork(lake, origin=Origin("prod", 1))
    assert lake.release("dev", 1).tables[TABLE].costs == {"seconds": 1.5}


def test_code_is_copied(lake: Lake) -> None:
    fork(seeded(lake))
    assert lake.code("dev", lake.release("dev", 1).tables[TABLE].code) == FILES


def test_holds_are_copied(lake: Lake) -> None:
    seeded(lake)
    hold = ControlRecord("hold", "wait", "bob", NOW, tables=(TABLE,), release=2)
    lake.put_control("prod", hold)
    fork(lake)
    assert [(h.table, h.reason) for h in active_holds(lake.control("dev"))] == [(TABLE, "wait")]


def test_hold_by_a_rollback_lasts_until_a_resume_in_the_fork(lake: Lake) -> None:
    """Numbers of the fork begin at 1: a resume there must be able to reach it, and none has."""
    fork(seeded(lake))
    (held,) = lake.release("dev", 1).held
    assert (held.table, held.by, held.since_release) == (VIEW, "rollback", 1)
    assert all(number < 1 for number in resumed_at(lake.control("dev")).values())


def test_end_is_on_record(lake: Lake) -> None:
    ends = NOW + timedelta(days=7)
    fork(seeded(lake), expires_at=ends)
    assert ends_at(lake.control("dev")) == ends
    refuse_ended(lake, "dev", ends - timedelta(seconds=1))
    assert refusal(lambda: refuse_ended(lake, "dev", ends)) == "LW361"


def test_fork_of_a_fork(lake: Lake) -> None:
    fork(seeded(lake))
    fork(lake, "dev2", Origin("dev", 1), "f2")
    assert lake.release("dev2", 1).tables[TABLE].location == "prod/silver/flights"
    assert forked_from(lake, "dev2") == Origin("dev", 1)


# What is refused


def test_name_that_has_releases_is_refused(lake: Lake) -> None:
    fork(seeded(lake))
    assert refusal(lambda: fork(lake, run_id="f2")) == "LW360"
    assert refusal(lambda: fork(lake, "prod", run_id="f2")) == "LW360"
    refuse_ended(lake, "dev", NOW)
    refuse_ended(lake, "prod", NOW)


def test_name_that_was_dropped_is_refused(lake: Lake) -> None:
    fork(seeded(lake))
    assert end_environment(lake, "dev", now=NOW, by="ana", reason="")
    assert refusal(lambda: fork(lake, run_id="f2")) == "LW361"


def test_collected_release_is_refused_before_anything_is_written(lake: Lake) -> None:
    seeded(lake)
    collect(lake, 1)
    assert refusal(lambda: fork(lake, origin=Origin("prod", 1))) == "LW362"
    assert lake.control("dev") == ()
    fork(lake)


def test_release_that_never_was_is_refused(lake: Lake) -> None:
    seeded(lake)
    assert refusal(lambda: fork(lake, origin=Origin("prod", 3))) == "LW514"
    assert refusal(lambda: fork(lake, origin=Origin("prd", 1))) == "LW514"
    assert lake.control("dev") == ()


def test_protected_environment_is_not_dropped(lake: Lake) -> None:
    seeded(lake).protect("prod")
    drop = {"now": NOW, "by": "ana", "reason": ""}
    assert refusal(lambda: end_environment(lake, "prod", **drop)) == "LW364"  # type: ignore[arg-type]


def test_unknown_environment_is_not_dropped(lake: Lake) -> None:
    seeded(lake)
    with pytest.raises(LakeError) as error:
        end_environment(lake, "dev", now=NOW, by="ana", reason="")
    assert error.value.code == "LW514"


def test_dropping_twice_is_dropping_once(lake: Lake) -> None:
    fork(seeded(lake))
    assert end_environment(lake, "dev", now=NOW, by="ana", reason="")
    assert not end_environment(lake, "dev", now=NOW, by="ana", reason="")


# The list


def test_list_of_environments(lake: Lake) -> None:
    seeded(lake).protect("prod")
    lake.store.put("prod/silver/flights/part-0.parquet", b"12345")
    fork(lake, expires_at=NOW + timedelta(days=1))
    fork(lake, "gone", run_id="f2")
    end_environment(lake, "gone", now=NOW, by="ana", reason="")
    dev, gone, prod = list_environments(lake, NOW)
    assert (dev.name, dev.state, dev.releases, dev.latest, dev.bytes) == ("dev", "live", 1, 1, 0)
    assert (dev.forked_from, dev.expires_at) == (PROD, NOW + timedelta(days=1))
    assert (gone.name, gone.state) == ("gone", "ended")
    assert (prod.name, prod.releases, prod.bytes, prod.protected) == ("prod", 2, 5, True)
    assert (prod.forked_from, prod.expires_at) == (None, None)


# Crashes and others in between


def memory() -> World:
    world = World()
    seeded(world.lake())
    hold = ControlRecord("hold", "wait", "bob", NOW, tables=(TABLE,), release=2)
    world.lake().put_control("prod", hold)
    return world


def theirs(world: World) -> dict[str, bytes]:
    own = "dev/", "_lakewright/env/dev/"
    return {path: data for path, (data, _) in world.objects.items() if not path.startswith(own)}


def outcome(world: World) -> tuple[object, ...]:
    """What a finished fork is, whatever was tried before."""
    lake = world.lake()
    refuse_ended(lake, "dev", NOW)
    first, records = lake.release("dev", 1), lake.control("dev")
    holds = tuple((hold.table, hold.reason) for hold in active_holds(records))
    return first.tables, first.held, first.reason, holds, ends_at(records)


def test_crash_anywhere_leaves_a_fork_or_none_and_a_rerun_converges() -> None:
    start, ends = memory(), NOW + timedelta(days=7)
    done = copy.deepcopy(start)
    fork(done.lake(), expires_at=ends)
    wanted, point, crashed = outcome(done), 0, True
    while crashed:
        point += 1
        world = copy.deepcopy(start)
        crashed = crash(world, point, lambda lake: fork(lake, expires_at=ends))
        assert theirs(world) == theirs(start), f"point {point}"
        exists = is_usable(world)
        if exists:
            assert outcome(world) == wanted, f"point {point}"
            assert refusal(lambda w=world: fork(w.lake(), run_id="f2")) == "LW360"
        else:
            fork(world.lake("b"), run_id="f2", expires_at=ends)
        assert outcome(world) == wanted, f"point {point}"
        assert theirs(world) == theirs(start), f"point {point}"
    assert point > 30


def test_rerun_without_an_end_takes_back_the_end_of_a_dead_try() -> None:
    for point in range(1, 80):
        world = memory()
        died = crash(world, point, lambda lake: fork(lake, expires_at=NOW + timedelta(days=7)))
        if not died or is_usable(world):
            continue
        fork(world.lake("b"), run_id="f2")
        assert ends_at(world.lake().control("dev")) is None, f"point {point}"


def test_unfinished_fork_of_another_release_is_not_mixed_up() -> None:
    met = False
    for point in range(1, 80):
        world = memory()
        if not crash(world, point, fork):
            break
        if next(world.lake().numbers("dev"), None) is None or is_usable(world):
            continue
        met = True
        assert refusal(lambda w=world: fork(w.lake("b"), "dev", Origin("prod", 1), "f2")) == "LW363"
        assert refusal(lambda w=world: refuse_ended(w.lake(), "dev", NOW)) == "LW365"
        assert next(iter(list_environments(world.lake(), NOW))).state == "unfinished"
        assert end_environment(world.lake(), "dev", now=NOW, by="ana", reason="")
    assert met


def crash(world: World, point: int, act: Callable[[Lake], None]) -> bool:
    world.hook = StopAt(point)
    try:
        act(world.lake("a"))
    except Crash:
        return True
    finally:
        world.hook = None
    return False


def is_usable(world: World) -> bool:
    try:
        refuse_ended(world.lake(), "dev", NOW)
    except RefusedError:
        return False
    return next(world.lake().numbers("dev"), None) is not None


@dataclass
class At:
    """A hook that lets somebody else act once, at one point."""

    point: int
    act: Callable[[], None]
    points: int = 0
    acted: bool = field(default=False)

    def __call__(self, operation: str, path: str, moment: Moment) -> None:
        self.points += 1
        if self.points == self.point:
            self.acted = True
            self.act()


def test_a_collection_at_any_point_either_sees_the_fork_or_the_fork_is_refused() -> None:
    """The two may also both give way; never may both go on."""
    seen = set()
    point = 0
    while True:
        point += 1
        world, deletes = memory(), list[bool]()

        def act(world: World = world, deletes: list[bool] = deletes) -> None:
            hook, world.hook = world.hook, None
            deletes.append(collect(world.lake("gc"), 2))
            world.hook = hook

        world.hook = At(point, act)
        assert tried(world.lake("a"), "f1") in ([], ["LW362"]), f"point {point}"
        hook, world.hook = world.hook, None
        assert isinstance(hook, At)
        if not hook.acted:
            break
        made = is_usable(world)
        assert not (made and deletes == [True]), f"point {point}"
        if not made and next(world.lake().numbers("dev"), None) is not None:
            assert refusal(lambda w=world: refuse_ended(w.lake(), "dev", NOW)) == "LW361"
        seen.add((made, deletes[0]))
    assert seen == {(False, True), (False, False), (True, False)}


def test_a_collection_between_a_crash_and_the_rerun_is_noticed() -> None:
    seen = set()
    for point in range(1, 80):
        world = memory()
        if not crash(world, point, fork):
            break
        deletes = collect(world.lake("gc"), 2)
        if is_usable(world):
            assert not deletes, f"point {point}"
            continue
        code = refusal(lambda w=world: fork(w.lake("b"), run_id="f2"))
        assert code == "LW362", f"point {point}"
        assert not is_usable(world)
        seen.add(deletes)
    assert seen == {True, False}


def test_of_two_makers_one_makes_the_fork_and_it_stays_usable() -> None:
    point = 0
    while True:
        point += 1
        world, refused = memory(), list[str]()

        def act(world: World = world, refused: list[str] = refused) -> None:
            hook, world.hook = world.hook, None
            refused += tried(world.lake("b"), "f2")
            world.hook = hook

        world.hook = At(point, act)
        refused += tried(world.lake("a"), "f1")
        hook, world.hook = world.hook, None
        assert isinstance(hook, At)
        if not hook.acted:
            break
        assert is_usable(world), f"point {point}"
        assert refused in ([], ["LW360"]), f"point {point}"


def tried(lake: Lake, run_id: str) -> list[str]:
    """The code of the refusal, when there was one."""
    try:
        fork(lake, run_id=run_id)
    except RefusedError as error:
        return [error.code]
    return []
