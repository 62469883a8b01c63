"""Which releases live, per environment and table, and what they need."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lakewright.lake import Collected, InputVersion
from lakewright.names import TableName
from lakewright.plans.retaining import Chain, Promise, decide_expiry, read_promise
from lakewright.specs import load_files
from lakewright.specs.values import SourceFile
from plans.chains import DAY, chain, day, entry, needs, promise, release, versions

A, B = TableName("s", "a"), TableName("s", "b")
THREE = (
    release(1, 0, entry("s.a", 1)),
    release(2, 10, entry("s.a", 2)),
    release(3, 20, entry("s.a", 3)),
)


def upto(one: Chain, given: Promise, now: float, grace: timedelta = timedelta()) -> int:
    return decide_expiry(one, given, day(now), grace).upto(A)


def test_the_latest_lives_for_ever() -> None:
    assert upto(chain(*THREE), promise(1), 9999) == 2


def test_a_release_lives_until_retention_after_the_next_one_was_made() -> None:
    assert upto(chain(*THREE), promise(30), 39.9) == 0
    assert upto(chain(*THREE), promise(30), 40) == 1  # superseded on day 10
    assert upto(chain(*THREE), promise(30), 50) == 2


def test_a_release_that_was_live_for_months_is_kept_when_it_was_replaced_just_now() -> None:
    old = chain(release(1, 0, entry("s.a", 1)), release(2, 300, entry("s.a", 2)))
    assert upto(old, promise(30), 301) == 0


def test_a_clock_that_went_back_ends_no_release_early() -> None:
    skewed = chain(release(1, 300, entry("s.a", 1)), release(2, 10, entry("s.a", 2)))
    assert upto(skewed, promise(30), 301) == 0
    assert upto(skewed, promise(30), 330) == 1


def test_the_last_releases_are_kept_however_old() -> None:
    assert upto(chain(*THREE), promise(1, least=2), 9999) == 1
    assert upto(chain(*THREE), promise(1, least=9), 9999) == 0


def test_maintenance_releases_do_not_count_among_the_last() -> None:
    later = release(4, 30, entry("s.a", 3), kind="maintenance")
    assert upto(chain(*THREE, later), promise(1, least=2), 9999) == 1


def test_a_table_may_keep_longer_or_shorter_than_the_others() -> None:
    both = [release(n, 10 * n, entry("s.a", n), entry("s.b", n)) for n in (1, 2, 3)]
    found = decide_expiry(chain(*both), promise(15, tables={"s.b": 1}), day(36), timedelta())
    assert (found.everything, found.upto(A), found.upto(B)) == (1, 1, 2)


def test_what_was_superseded_within_the_grace_period_is_spared() -> None:
    assert upto(chain(*THREE), promise(1), 21.5) == 2
    assert upto(chain(*THREE), promise(1), 21.5, 2 * DAY) == 1
    assert versions(needs(chain(*THREE), promise(1), 21.5, 2 * DAY)) == {3: "latest", 2: "grace"}


def test_a_pinned_release_is_needed_and_those_around_it_are_not() -> None:
    found = needs(chain(*THREE, kept=frozenset({1})), promise(1), 9999)
    assert versions(found) == {1: "pin", 3: "latest"}


def test_a_version_is_needed_for_the_strongest_reason() -> None:
    same = chain(release(1, 0, entry("s.a", 1)), release(2, 10, entry("s.a", 1)))
    assert versions(needs(same, promise(30), 11)) == {1: "latest"}


def test_a_table_that_was_dropped_is_needed_while_releases_with_it_live() -> None:
    dropped = chain(
        release(1, 0, entry("s.a", 1), entry("s.b", 1)), release(2, 10, entry("s.a", 1))
    )
    assert versions(needs(dropped, promise(30), 39), "prod/s/b") == {1: "release"}
    assert versions(needs(dropped, promise(30), 41), "prod/s/b") == {}


def test_companions_live_as_long_as_their_table() -> None:
    each = [release(n, n, entry("s.a", n), entry("s.a__ledger", n)) for n in (1, 2)]
    found = needs(chain(*each), promise(1, tables={"s.a": 90}), 50)
    assert versions(found, "prod/s/a__ledger") == {1: "release", 2: "latest"}


def test_another_environment_needs_what_its_living_releases_name() -> None:
    fork = chain(
        release(1, 0, entry("s.a", 1), environment="dev"),
        release(2, 1, entry("s.a", 2), environment="dev"),
    )
    found = needs(fork, promise(30), 40, told="dev")
    assert [(need.version, need.by, need.who) for need in found] == [(2, "fork", "dev release 2")]


def test_borrowed_files_are_needed_where_they_lie() -> None:
    clone = entry("s.a", 4, "dev/s/a", borrows={"location": "prod/s/a", "version": 1})
    found = needs(chain(release(1, 0, clone, environment="dev")), promise(30), 1, told="dev")
    assert versions(found) == {1: "fork"}
    assert versions(found, "dev/s/a") == {4: "fork"}


def test_a_clone_of_a_clone_needs_the_files_of_both() -> None:
    further = {"location": "prod/s/a", "version": 1}
    borrows = {"location": "dev/s/a", "version": 0, "further": further}
    clone = entry("s.a", 4, "mine/s/a", borrows=borrows)
    found = needs(chain(release(1, 0, clone, environment="mine")), promise(30), 1, told="mine")
    assert (versions(found), versions(found, "dev/s/a")) == ({1: "fork"}, {0: "fork"})


def test_a_view_needs_what_it_reads_of_another_environment() -> None:
    left = {"s.a": {"location": "prod/s/a", "version": 3}}
    view = replace(entry("s.v", 2, kind="view", borrows=left), location="")
    found = needs(chain(release(1, 0, view, environment="dev")), promise(30), 1, told="dev")
    assert versions(found) == {3: "fork"}


def test_a_view_needs_the_versions_it_was_checked_with() -> None:
    view = entry("s.v", 2, kind="view", inputs={A: InputVersion("id of s.a", 1)}, data_version=2)
    view = replace(view, location="")
    kept = chain(release(1, 0, entry("s.a", 1)), release(2, 1, entry("s.a", 2), view))
    assert versions(needs(kept, promise(1), 9999)) == {2: "latest", 1: "latest"}


def test_a_view_lives_as_long_as_what_it_reads_though_it_promises_less() -> None:
    view = replace(
        entry("s.v", 2, kind="view", inputs={A: InputVersion("id of s.a", 1)}), location=""
    )
    old = chain(
        release(1, 0, entry("s.a", 1)),
        release(2, 1, entry("s.a", 2), view),
        release(3, 2, entry("s.a", 3)),
    )
    found = needs(old, promise(30, tables={"s.a": 90}), 60)
    assert versions(found) == {1: "release", 2: "release", 3: "latest"}


def test_an_ended_environment_needs_nothing_and_expires_as_a_whole() -> None:
    ended = chain(*THREE, kept=frozenset({1}), ended=True)
    assert needs(ended, promise(30), 21) == []
    assert decide_expiry(ended, promise(30), day(21), DAY) == Collected(3)


def test_what_is_collected_already_is_not_looked_at_again() -> None:
    rest = chain(THREE[0], *THREE[2:], collected=Collected(2, kept=frozenset({1})))
    assert upto(rest, promise(1), 9999) == 2
    assert versions(needs(rest, promise(1), 9999)) == {1: "pin", 3: "latest"}


def test_retention_is_a_tables_own_else_its_schemas_else_the_projects() -> None:
    project = load_files(
        SourceFile(path, text)
        for path, text in {
            "lakewright.yml": "name: shop\nretention: 90d\nkeep_releases: 3\n"
            "schemas: {silver: {layer: silver, retention: 7d}, gold: gold}\n",
            "pipelines/silver/a.yml": "table: silver.a\nquery: SELECT 1 AS id\n",
            "pipelines/silver/b.yml": "table: silver.b\nretention: 2d\nquery: SELECT 1 AS id\n",
            "pipelines/gold/c.yml": "table: gold.c\nquery: SELECT 1 AS id\n",
        }.items()
    )
    code = {spec.code: spec.files for spec in project.tables}
    entries = [entry(str(spec.name), 1, code=spec.code) for spec in project.tables]
    released = chain(release(1, 0, *entries))
    found = read_promise(released, code, None)
    assert {str(name): days for name, days in found.days.items()} == {
        "silver.a": 7,
        "silver.b": 2,
        "gold.c": 90,
    }
    assert (found.keep_releases, found.default_days) == (3, 90)
    today = load_files([SourceFile("lakewright.yml", "name: shop\nretention: 5d\n")])
    asked = read_promise(released, code, today)
    assert {str(name): days for name, days in asked.days.items()} == {
        "silver.a": 7,
        "silver.b": 2,
        "gold.c": 5,
    }
    assert (asked.keep_releases, asked.default_days) == (1, 5)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_nothing_that_was_promised_is_ever_unneeded(data: st.DataObject) -> None:
    """Against the words of the promise, release by release, by no shared code."""
    gaps = data.draw(st.lists(st.integers(0, 12), min_size=1, max_size=8))
    made = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    tables = [data.draw(st.lists(st.sampled_from("ab"), unique=True, min_size=1)) for _ in made]
    kinds = [data.draw(st.sampled_from(["apply", "refresh", "maintenance"])) for _ in made]
    releases = [
        release(n + 1, at, *(entry(f"s.{t}", n + 1) for t in names), kind=kind)
        for n, (at, names, kind) in enumerate(zip(made, tables, kinds, strict=True))
    ]
    days = {"s.a": data.draw(st.integers(1, 30)), "s.b": data.draw(st.integers(1, 30))}
    least = data.draw(st.integers(1, 3))
    pins = data.draw(st.frozensets(st.integers(1, len(made))))
    grace, now = data.draw(st.integers(0, 5)), made[-1] + data.draw(st.integers(0, 40))
    found = needs(chain(*releases, kept=pins), promise(9, least, days), now, grace * DAY)
    have = {(need.location, need.version) for need in found}
    counted = [n for n, kind in enumerate(kinds) if kind != "maintenance"][-least:]
    for n, names in enumerate(tables):
        for table in names:
            replaced = made[n + 1] if n + 1 < len(made) else None
            promised = (
                replaced is None
                or now - replaced < max(days[f"s.{table}"], grace)
                or n in counted
                or n + 1 in pins
            )
            if promised:
                assert (f"prod/s/{table}", n + 1) in have
