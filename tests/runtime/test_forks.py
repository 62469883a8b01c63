"""Environments that read each other's tables and write their own."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.engine import FakeEngine
from fakes.lake import Crash, World
from fakes.lake import StopAt as CrashAt
from lakewright.cli.querying import compile_query
from lakewright.engines import BuildJob, Sink, SqlRows
from lakewright.errors import LakewrightError, RefusedError
from lakewright.lake import Borrowed, ControlRecord, InputVersion, borrowed_by
from lakewright.plans import compile_released
from lakewright.runtime import apply_plan, read_query
from lakewright.runtime.building import check_sinks
from lakewright.runtime.run import Run
from runtime.estate import Estate, TrespassError
from runtime.shop import DAY_TWO, FILES, NOW, name

ORDERS, TOTALS, CLICKS = name("silver.orders"), name("gold.totals"), name("raw.clicks")
MANY, SILVER_CLICKS = name("gold.many"), name("silver.clicks")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return Estate.build(tmp_path)


@pytest.fixture
def forked(estate: Estate) -> Estate:
    estate.fork("dev")
    return estate


def view_rows(estate: Estate, environment: str, view: str) -> list[dict[str, object]]:
    """A view as its readers see it: the release's own code, over the versions it pinned."""
    release, lake = estate.last(environment), estate.lake("reader")
    graph = compile_released(lake.state(environment, ()))
    query, _ = compile_query(f"SELECT * FROM {view}", release)
    engine = FakeEngine(estate.world.tables)
    rows = read_query(engine, lake, graph, release, query, inputs={}, parameters={})
    found: list[dict[str, object]] = rows.to_pylist()
    return found


# A fork


def test_fork_reads_what_its_parent_released_and_needs_nothing(forked: Estate) -> None:
    assert forked.seen("dev") == forked.seen("prod")
    assert forked.plan_in("dev").empty


def test_fork_copies_no_table(estate: Estate) -> None:
    before = set(estate.world.versions)
    estate.fork("dev")
    assert set(estate.world.versions) == before


def test_fork_carries_the_code_and_a_refresh_runs_it(forked: Estate) -> None:
    forked.files.clear()
    forked.orders(DAY_TWO)
    report = forked.refresh("dev")
    assert report.ok
    assert forked.last("dev").release == 2


def test_parent_goes_on_and_the_fork_keeps_its_rows(forked: Estate) -> None:
    before = forked.seen("dev")
    forked.orders(DAY_TWO)
    forked.land("two", 3)
    assert forked.apply("prod").ok
    assert forked.seen("dev") == before


def test_heads_of_the_parent_are_no_drift_in_the_fork(forked: Estate) -> None:
    location = forked.lake().pin(forked.last("prod").tables[ORDERS]).location
    rows = forked.world.tables.rows(location, 1)
    forked.world.tables.write(location, rows, "overwrite", "a stranger")
    assert forked.plan_in("dev").state.drift == ()
    assert [drift.table for drift in forked.plan_in("prod").state.drift] == [ORDERS]


# The first write


def test_table_begins_anew_in_the_fork(forked: Estate) -> None:
    theirs = forked.elsewhere("dev")
    forked.orders(DAY_TWO)
    theirs["tables"] |= {
        "memory://outside/orders": len(forked.world.versions["memory://outside/orders"])
    }
    assert forked.apply("dev").ok
    entry = forked.last("dev").tables[ORDERS]
    assert (entry.location, entry.borrows) == ("dev/silver/orders", {})
    assert forked.elsewhere("dev") == theirs
    assert forked.seen("prod")["silver.orders"] != forked.seen("dev")["silver.orders"]


@pytest.mark.parametrize("clones", [False, True], ids=["copy", "clone"])
def test_ingest_goes_on_from_the_parents_rows_in_a_table_of_its_own(
    forked: Estate, clones: bool
) -> None:
    forked.clones = clones
    theirs, prod = forked.elsewhere("dev"), forked.last("prod")
    forked.land("two", 3)
    assert forked.apply("dev").ok
    dev = forked.last("dev")
    main, ledger = dev.tables[CLICKS], dev.tables[CLICKS.ledger]
    assert main.location == "dev/raw/clicks"
    assert ledger.location == "dev/raw/clicks__ledger"
    assert [row["n"] for row in forked.seen("dev")["raw.clicks"]] == [1, 2, 3]
    assert len(forked.seen("dev")["raw.clicks__ledger"]) == 2
    assert main.rows == 3
    there = prod.tables[CLICKS]
    borrowed = {
        "location": there.location, "table_id": there.table_id, "version": there.version
    }  # fmt: skip
    assert main.borrows == (borrowed if clones else {})
    assert forked.elsewhere("dev") == theirs
    assert forked.plan_in("dev").empty


def test_bad_records_go_on_in_the_forks_own_quarantine(forked: Estate) -> None:
    forked.land("two", 3, "no number")
    assert forked.apply("dev").ok
    assert forked.last("dev").tables[CLICKS.quarantine].location == "dev/raw/clicks__quarantine"
    assert len(forked.seen("dev")["raw.clicks__quarantine"]) == 1
    assert forked.seen("prod")["raw.clicks__quarantine"] == []


def test_borrows_are_carried_by_later_releases_of_the_location(forked: Estate) -> None:
    forked.clones = True
    forked.land("two", 3)
    forked.apply("dev")
    first = forked.last("dev").tables[CLICKS]
    forked.land("three", 4)
    forked.apply("dev")
    second = forked.last("dev").tables[CLICKS]
    assert second.version > first.version
    assert (second.location, second.borrows) == (first.location, first.borrows)


def test_clone_of_a_clone_borrows_from_both(forked: Estate) -> None:
    forked.clones = True
    forked.land("two", 3)
    forked.apply("dev")
    forked.fork("dev2", "dev")
    forked.land("three", 4)
    forked.apply("dev2")
    borrows = forked.last("dev2").tables[CLICKS].borrows
    assert [(one.base, one.location) for one in borrowed_by(borrows)] == [
        ("", "dev/raw/clicks"),
        ("", "prod/raw/clicks"),
    ]


def test_file_is_loaded_once_in_each_environment(forked: Estate) -> None:
    forked.land("two", 3)
    forked.apply("dev")
    forked.apply("prod")
    assert forked.seen("dev")["raw.clicks"] == forked.seen("prod")["raw.clicks"]
    assert forked.plan_in("dev").empty
    assert forked.plan_in("prod").empty


@pytest.mark.parametrize("clones", [False, True], ids=["copy", "clone"])
def test_altered_table_gets_a_place_of_its_own_and_makes_nobody_stale(
    forked: Estate, clones: bool
) -> None:
    forked.clones = clones
    theirs = forked.elsewhere("dev")
    text = forked.files["pipelines/silver/orders.yml"]
    forked.edit("pipelines/silver/orders.yml", text.replace("One row per", "A row for each"))
    plan = forked.plan_in("dev")
    assert [(str(c.table), c.action) for c in plan.changes] == [("silver.orders", "alter")]
    assert forked.go(plan).ok
    dev = forked.last("dev")
    head = forked.world.tables.head("memory://lake/dev/silver/orders")
    assert head is not None
    assert head.definition.description == "A row for each order."
    assert dev.tables[ORDERS].inputs == forked.last("prod").tables[ORDERS].inputs
    used = InputVersion(dev.tables[ORDERS].table_id, 0)
    assert dev.tables[TOTALS].inputs[ORDERS] == used
    assert forked.seen("dev") == forked.seen("prod")
    assert forked.plan_in("dev").empty
    assert forked.elsewhere("dev") == theirs
    assert [row["id"] for row in view_rows(forked, "dev", "gold.large")] == [2]


def test_table_whose_owner_changes_stays_where_it_is(forked: Estate) -> None:
    """What no Delta log holds needs no table: not the owner, and not a rule that only warns."""
    forked.edit(
        "pipelines/silver/orders.yml",
        f"{forked.files['pipelines/silver/orders.yml']}owner: ana\n",
    )
    clicks = forked.files["pipelines/raw/clicks.yml"]
    warns = 'expect: [{expression: "n < 0", on_fail: warn, name: below}]\n'
    forked.edit("pipelines/raw/clicks.yml", f"{clicks}{warns}")
    plan = forked.plan_in("dev")
    assert {str(c.table): c.action for c in plan.changes} == {
        "raw.clicks": "alter",
        "silver.orders": "alter",
    }
    before = forked.last("dev").tables
    assert forked.go(plan).ok
    after = forked.last("dev").tables
    assert {n: (e.location, e.version) for n, e in after.items()} == {
        n: (e.location, e.version) for n, e in before.items()
    }
    (check,) = (one for one in after[name("raw.clicks")].checks if one.name == "below")
    assert (check.verdict, check.failed_rows) == ("warn", after[name("raw.clicks")].rows)
    assert after[ORDERS].code != before[ORDERS].code
    assert forked.plan_in("dev").empty
    forked.land("two", 3)
    assert forked.apply("dev").ok
    assert forked.last("dev").tables[name("raw.clicks")].location.startswith("dev/")


def test_view_that_stays_behind_reads_the_parents_table(forked: Estate) -> None:
    """Only the table is selected; the view keeps the version it was checked with."""
    forked.edit(
        "sql/silver/orders.sql", "SELECT id, customer, amount + 100 AS amount FROM raw.orders\n"
    )
    assert forked.apply("dev", select=[ORDERS]).ok
    dev = forked.last("dev")
    prod = forked.last("prod").tables[ORDERS]
    assert dev.tables[ORDERS].table_id != prod.table_id
    left = dev.tables[name("gold.large")].borrows["silver.orders"]
    assert left == {
        "location": prod.location, "table_id": prod.table_id, "version": prod.version
    }  # fmt: skip
    assert list(borrowed_by(dev.tables[name("gold.large")].borrows)) == [
        Borrowed("", prod.location, prod.version)
    ]
    assert view_rows(forked, "dev", "gold.large") == view_rows(forked, "prod", "gold.large")


def test_table_that_is_gone_in_the_parent_is_told(forked: Estate) -> None:
    location = forked.lake().pin(forked.last("prod").tables[CLICKS]).location
    forked.land("two", 3)
    plan = forked.plan_in("dev")
    del forked.world.versions[location]
    report = forked.go(plan)
    assert [problem.code for problem in report.problems] == ["LW455"]
    assert forked.last("dev").release == 1


def test_failed_run_in_a_fork_leaves_its_release_and_the_next_one_goes_on(forked: Estate) -> None:
    text = forked.files["pipelines/silver/clicks.yml"]
    forked.edit("pipelines/silver/clicks.yml", text + "expect: [{expression: 'n < 3'}]\n")
    forked.land("two", 3)
    assert not forked.apply("dev").ok
    assert forked.last("dev").release == 1
    forked.edit("pipelines/silver/clicks.yml", text)
    assert forked.apply("dev").ok
    assert [row["n"] for row in forked.seen("dev")["raw.clicks"]] == [1, 2, 3]


# The guard


def edited(estate: Estate) -> None:
    """Something for every kind of change: code, data, files, descriptions, a removed spec."""
    estate.orders(DAY_TWO)
    estate.land("two", 3, "no number")
    totals = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
    estate.edit("sql/gold/totals.sql", totals)
    estate.edit("pipelines/silver/customers.yml", "table: silver.customers\ndescription: who\n")
    estate.files.pop("pipelines/gold/many.yml")
    estate.files.pop("sql/gold/many.sql")


@pytest.mark.parametrize("clones", [False, True], ids=["copy", "clone"])
def test_no_run_in_a_fork_writes_elsewhere(forked: Estate, clones: bool) -> None:
    forked.clones = clones
    edited(forked)
    theirs = forked.elsewhere("dev")
    assert forked.apply("dev", allow_destructive=[MANY]).ok
    forked.land("three", 4)
    assert forked.refresh("dev").ok
    assert forked.elsewhere("dev") == theirs


def test_watchman_does_fail_on_a_write_elsewhere(estate: Estate) -> None:
    with estate.watched("dev"), pytest.raises(TrespassError):
        estate.lake().put_code("prod", ())
    with estate.watched("dev"), pytest.raises(TrespassError):
        estate.lake().claim("prod", ORDERS, "r", NOW)


def test_run_that_goes_astray_is_stopped_by_its_own_guard(forked: Estate) -> None:
    """As if the program took a foreign entry for one of its own: the lake refuses the write."""
    lake = forked.lake().confined("dev")
    pin = lake.pin(forked.last("dev").tables[ORDERS])
    with pytest.raises(RefusedError) as error:
        lake.tables.restore(pin.location, 0, "lw:x")
    assert error.value.code == "LW542"
    with pytest.raises(RefusedError) as error:
        lake.check_sink(pin.location)
    assert error.value.code == "LW542"


def test_sink_elsewhere_never_reaches_an_engine(forked: Estate) -> None:
    """As if a member of a group had been given the parent's location."""
    forked.orders(DAY_TWO)
    plan, engine = forked.plan_in("dev"), FakeEngine(forked.world.tables)
    theirs = forked.lake().pin(forked.last("prod").tables[ORDERS]).location

    lake = forked.lake().confined("dev")
    job = BuildJob(
        table=ORDERS,
        rows=SqlRows("SELECT 1"),
        fields=(),
        checks=(),
        target=Sink(theirs, "overwrite", "lw:x"),
        quarantine=None,
        deterministic=True,
        staging=lake.runs_uri("r", "staged"),
        run_id="r",
        now=NOW,
    )
    run = Run("r", plan, lake, engine, lambda event: None, lambda step: None)
    with pytest.raises(RefusedError) as error:
        check_sinks(run, job)
    assert error.value.code == "LW542"
    here = lake.location_uri("dev/silver/orders")
    check_sinks(run, replace(job, target=Sink(here, "overwrite", "lw:x")))
    apart = Sink(theirs + "__quarantine", "append", "lw:x")
    with pytest.raises(RefusedError):
        check_sinks(run, replace(job, target=Sink(here, "overwrite", "lw:x"), quarantine=apart))


# Ended environments


def test_run_in_an_environment_that_is_dropped_meanwhile_publishes_nothing(forked: Estate) -> None:
    forked.orders(DAY_TWO)

    def drop(step: str) -> None:
        if step == "2 settled":
            record = ControlRecord("expire", "dropped", "bob", NOW, expires_at=NOW)
            forked.world.lake("other").put_control("dev", record)

    report = forked.go(forked.plan_in("dev"), stop_at=drop)
    assert [problem.code for problem in report.problems] == ["LW332"]
    assert forked.last("dev").release == 1


def test_nothing_is_planned_in_an_ended_environment(forked: Estate) -> None:
    record = ControlRecord("expire", "dropped", "bob", NOW, expires_at=NOW)
    forked.lake().put_control("dev", record)
    with pytest.raises(LakewrightError) as error:
        forked.plan_in("dev")
    assert error.value.code == "LW361"


# A crash at every operation


@pytest.mark.parametrize("clones", [False, True], ids=["copy", "clone"])
def test_crash_anywhere_in_the_first_apply_of_a_fork(forked: Estate, clones: bool) -> None:
    forked.clones = clones
    edited(forked)
    theirs, old = forked.elsewhere("dev"), forked.seen("dev")
    expected = copy.deepcopy(forked)
    assert expected.apply("dev", allow_destructive=[MANY]).ok
    new = expected.seen("dev")
    point, crashed = 0, True
    while crashed:
        point += 1
        estate = copy.deepcopy(forked)
        crashed = crash_apply(estate, point)
        number = estate.last("dev").release
        assert number in {1, 2}, f"point {point}"
        assert estate.seen("dev") == (new if number == 2 else old), f"point {point}"
        assert estate.elsewhere("dev") == theirs, f"point {point}"
        allowed = [MANY] if number == 1 else []
        again = estate.apply("dev", "b", allow_destructive=allowed)
        assert again.ok, f"point {point}: {again.problems}"
        assert estate.seen("dev") == new, f"point {point}"
        assert estate.plan_in("dev", "c").empty, f"point {point}"
        assert estate.elsewhere("dev") == theirs, f"point {point}"
    assert point > 60


def crash_apply(estate: Estate, point: int) -> bool:
    plan = estate.plan_in("dev", "a", allow_destructive=[MANY])
    estate.world.hook = CrashAt(point)
    try:
        estate.go(plan, "a")
    except Crash:
        return True
    finally:
        estate.world.hook = None
        estate.world.kill("a")
    return False


def test_engine_gets_no_sink_elsewhere(forked: Estate) -> None:
    """What the runtime hands to an engine, looked at from the engine's side."""
    forked.orders(DAY_TWO)
    forked.land("two", 3)
    plan, engine = forked.plan_in("dev"), FakeEngine(World().tables)
    engine.tables = forked.world.tables
    assert apply_plan(plan, forked.lake(), engine, workers=1, clock=lambda: NOW).ok
    sinks = [sink for job in engine.jobs for sink in (job.target, job.quarantine) if sink]
    assert sinks
    assert all(sink.location.startswith("memory://lake/dev/") for sink in sinks)
