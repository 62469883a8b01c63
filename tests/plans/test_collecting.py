"""What leaves storage, given listings and needs."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lakewright.lake import Collected
from lakewright.lake.storage import StoredRun, StoredTable
from lakewright.names import TableName
from lakewright.plans.collecting import (
    CollectPlan,
    Trim,
    collect_runs,
    group_needs,
    make_collect_plan,
)
from lakewright.plans.retaining import Chain, Need, Promise, decide_expiry, find_needs
from plans.chains import DAY, chain, day, entry, promise, release

A, B = TableName("s", "a"), TableName("s", "b")
NOW = day(100)


def stored(location: str, age: float = 50, **files: int) -> StoredTable:
    parts = location.split("/")
    table = TableName(parts[1], parts[2].partition("-")[0])
    named = {f"{name}.parquet": size for name, size in files.items()}
    return StoredTable(location, table, {**named, "_delta_log/0.json": 1}, NOW - age * DAY)


def plan(
    one: Chain, *listed: StoredTable, given: Promise | None = None, others: list[Need] | None = None
) -> CollectPlan:
    """Trims as a table would give them where file `vN` belongs to version N alone."""
    expiry = decide_expiry(one, given or promise(30), NOW, DAY)
    needs = group_needs([*find_needs(one, expiry, expiry), *(others or [])], "prod")
    trims = {
        it.location: Trim(
            frozenset(
                path
                for path in it.data
                if path.removesuffix(".parquet").removeprefix("v")
                not in {str(need.version) for need in needs[it.location]}
            )
        )
        for it in listed
        if it.location in needs
    }
    return make_collect_plan(one, expiry, needs, listed, trims, now=NOW, grace=DAY)


TWO = chain(release(1, 0, entry("s.a", 1)), release(2, 10, entry("s.a", 2)))


def test_versions_that_nobody_needs_are_trimmed_and_their_bytes_told() -> None:
    found = plan(TWO, stored("prod/s/a", v1=5, v2=7))
    (one,) = found.dropping
    assert (one.action, one.files, one.keep, found.freed) == ("trim", {"v1.parquet": 5}, (2,), 5)
    assert found.expires == (((), 1),)
    assert found.unrestorable == (1,)


def test_where_everything_is_needed_nothing_is_done() -> None:
    found = plan(TWO, stored("prod/s/a", v1=5, v2=7), given=promise(365))
    assert (found.empty, found.expires, found.unrestorable) == (True, (), ())


def test_what_a_fork_needs_stays() -> None:
    need = Need("prod/s/a", 1, "fork", "dev release 1")
    found = plan(TWO, stored("prod/s/a", v0=3, v1=5, v2=7), others=[need])
    (one,) = found.dropping
    assert (one.files, one.keep) == ({"v0.parquet": 3}, (1, 2))


def test_a_location_that_nobody_needs_is_removed_with_its_log() -> None:
    moved = chain(release(1, 0, entry("s.a", 1)), release(2, 10, entry("s.a", 0, "prod/s/a-1")))
    found = plan(moved, stored("prod/s/a", v1=5), stored("prod/s/a-1", v0=1))
    (one,) = found.dropping
    assert (one.location, one.action) == ("prod/s/a", "remove")
    assert set(one.files) == {"v1.parquet", "_delta_log/0.json"}


def test_a_dead_runs_location_is_spared_while_it_is_young() -> None:
    old, young = stored("prod/s/a-00000001", v0=1), stored("prod/s/a-00000002", age=0.5, v0=1)
    found = plan(TWO, stored("prod/s/a", v2=1), old, young)
    assert [one.location for one in found.dropping] == ["prod/s/a-00000001"]


def test_a_location_that_was_named_is_removed_though_its_files_are_young() -> None:
    moved = chain(release(1, 0, entry("s.a", 1)), release(2, 10, entry("s.a", 0, "prod/s/a-1")))
    found = plan(moved, stored("prod/s/a", age=0, v1=5), stored("prod/s/a-1", v0=1))
    assert [one.location for one in found.dropping] == ["prod/s/a"]


def test_a_table_that_expires_sooner_gets_a_record_of_its_own() -> None:
    both = chain(*(release(n, 30 * n, entry("s.a", n), entry("s.b", n)) for n in (1, 2, 3)))
    listed = [stored(f"prod/s/{t}", v1=1, v2=1, v3=1) for t in "ab"]
    found = plan(both, *listed, given=promise(30, tables={"s.b": 5}))
    assert found.expires == (((), 1), ((B,), 2))
    assert found.unrestorable == (1, 2)


def test_a_record_that_is_there_is_not_put_again() -> None:
    again = chain(
        release(2, 10, entry("s.a", 2)), release(3, 11, entry("s.a", 3)), collected=Collected(2)
    )
    found = plan(again, stored("prod/s/a", v1=1, v2=1, v3=1))
    assert ([one.action for one in found.dropping], found.expires) == (["trim"], ())


def test_an_ended_environment_is_removed_but_for_what_others_borrow() -> None:
    ended = chain(release(1, 0, entry("s.a", 1), entry("s.b", 1)), ended=True)
    need = Need("prod/s/a", 1, "fork", "dev release 1")
    found = plan(
        ended, stored("prod/s/a", v0=1, v1=1), stored("prod/s/b", age=0, v1=1), others=[need]
    )
    assert [(one.location, one.action) for one in found.dropping] == [
        ("prod/s/a", "trim"),
        ("prod/s/b", "remove"),
    ]
    assert found.expires == (((), 1),)


def run(name: str, age: float, *files: str) -> StoredRun:
    return StoredRun(name, dict.fromkeys(files, 1), NOW - age * DAY)


def test_staged_files_of_ended_runs_go_and_reports_stay_until_they_are_old() -> None:
    runs = [
        run("ended", 2, "report.json", "staged/s.a/1"),
        run("going", 2, "plan.json", "staged/s.a/1"),
        run("fresh", 0.5, "report.json", "staged/s.a/1"),
        run("theirs", 2, "report.json", "staged/s.a/1"),
        run("old", 40, "report.json", "plan.json"),
        run("living", 40, "report.json", "plan.json"),
    ]
    ours = {"ended", "going", "fresh", "old", "living"}
    found = collect_runs(runs, ours, {"living"}, now=NOW, grace=DAY, kept=30 * DAY)
    assert [(one.folder, sorted(one.files)) for one in found] == [
        ("_lakewright/runs/ended", ["staged/s.a/1"]),
        ("_lakewright/runs/old", ["plan.json", "report.json"]),
    ]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_needed_version_ever_loses_a_file(data: st.DataObject) -> None:
    """Over random chains, forks, borrows and pins: a needed file is in no list of deletions."""
    count = data.draw(st.integers(1, 6))
    made = sorted(data.draw(st.lists(st.integers(0, 99), min_size=count, max_size=count)))
    places = data.draw(
        st.lists(st.sampled_from(["prod/s/a", "prod/s/a-1"]), min_size=count, max_size=count)
    )
    releases = [
        release(n + 1, at, entry("s.a", n + 1, place))
        for n, (at, place) in enumerate(zip(made, places, strict=True))
    ]
    pins = data.draw(st.frozensets(st.integers(1, count)))
    forked = data.draw(st.sets(st.integers(1, count)))
    others = [Need(places[n - 1], n, "fork", f"dev release {n}") for n in sorted(forked)]
    kept_days = data.draw(st.integers(1, 60))
    one = chain(*releases, kept=pins)
    listed = [
        stored(place, **{f"v{n + 1}": 1 for n in range(count) if places[n] == place})
        for place in sorted(set(places))
    ]
    found = plan(one, *listed, given=promise(kept_days), others=others)
    lost = {(it.location, path) for it in found.dropping for path in it.files}
    for n, place in enumerate(places):
        replaced = made[n + 1] if n + 1 < count else None
        alive = replaced is None or 100 - replaced < kept_days or n + 1 in pins or n + 1 in forked
        if alive:
            assert (place, f"v{n + 1}.parquet") not in lost
    for one_location in found.dropping:
        assert one_location.location.startswith("prod/")


def test_grace_is_told_of_what_is_spared_for_it() -> None:
    young = stored("prod/s/a-00000002", age=0.5, v0=4)
    found = plan(TWO, stored("prod/s/a", v2=1), young)
    spared = next(one for one in found.locations if one.location == young.location)
    assert (spared.action, spared.kept, spared.retained) == ("keep", {"grace": 4}, 4)


def test_the_grace_period_may_be_none() -> None:
    expiry = decide_expiry(TWO, promise(0), NOW, timedelta())
    assert expiry.everything == 1
