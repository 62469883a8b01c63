"""A collection deletes what nobody needs, and whoever reads a living release never notices."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes.lake import Crash, Moment
from fakes.lake import StopAt as CrashAt
from lakewright.errors import LakeError, RefusedError
from lakewright.lake import Collected, ControlRecord, ReleasePin
from lakewright.lake.control import collected, refuse_collected
from lakewright.runtime.collecting import Collecting, collect
from lakewright.runtime.pinning import drop_pin, put_pin
from runtime.back import go_back
from runtime.old_shop import DAY, Contents, OldShop, everything, fork, put_stray, with_a_past
from runtime.shop import NOW, name

TODAY = 75  # releases 1 and 2 are dead, 3 and 4 live


@pytest.fixture(scope="module")
def past() -> OldShop:
    return with_a_past()


@pytest.fixture
def shop(past: OldShop) -> OldShop:
    return copy.deepcopy(past)


def contents(shop: OldShop, *numbers: int) -> dict[int, Contents]:
    lake = shop.reader()
    return {number: everything(shop, lake.release("prod", number)) for number in numbers}


def is_whole(shop: OldShop, number: int) -> bool:
    try:
        contents(shop, number)
    except LakeError:
        return False
    return True


def now_collected(shop: OldShop) -> Collected:
    return collected(shop.reader().control("prod"), NOW + TODAY * DAY)


def pin(shop: OldShop, number: int, process: str = "ana") -> None:
    put_pin(
        shop.world.lake(process), "prod", ReleasePin("audit", number), by="ana", now=NOW + 71 * DAY
    )


def test_dead_releases_lose_their_rows_and_living_ones_keep_them(shop: OldShop) -> None:
    before = contents(shop, 3, 4)
    report = shop.gc(TODAY)
    assert contents(shop, 3, 4) == before
    assert not is_whole(shop, 1)
    assert not is_whole(shop, 2)
    assert (report.expired, report.release) == ((1, 2), 5)
    assert report.freed > 0
    assert shop.plan("b").empty


def test_a_collection_says_first_what_is_refused_from_then_on(shop: OldShop) -> None:
    shop.gc(TODAY)
    lake = shop.reader()
    records, now = lake.control("prod"), NOW + TODAY * DAY
    for number in (1, 2):
        with pytest.raises(RefusedError) as error:
            refuse_collected(records, lake.release("prod", number), [name("silver.orders")], now)
        assert error.value.code == "LW373"
    for number in (3, 4, 5):
        release = lake.release("prod", number)
        refuse_collected(records, release, list(release.tables), now)
    assert lake.state("prod", ()).restorable_from == 3


def test_a_view_over_collected_rows_is_refused_as_well(shop: OldShop) -> None:
    shop.gc(TODAY)
    lake = shop.reader()
    with pytest.raises(RefusedError):
        refuse_collected(
            lake.control("prod"), lake.release("prod", 2), [name("gold.large")], NOW + 75 * DAY
        )


def test_the_record_of_a_collection_repeats_the_latest_and_tells_what_the_past_costs(
    shop: OldShop,
) -> None:
    before = shop.latest()
    plan = shop.plan_gc(TODAY)
    shop.gc(TODAY)
    after = shop.latest()
    assert (after.kind, after.parent, after.held) == ("maintenance", 4, before.held)
    without = {n: replace(e, costs={}) for n, e in after.tables.items()}
    assert without == {n: replace(e, costs={}) for n, e in before.tables.items()}
    kept = {one.location: one.retained for one in plan.locations}
    entry = after.tables[name("silver.orders")]
    assert entry.costs["retained_bytes"] == kept[entry.location] > 0


def test_a_second_collection_finds_nothing(shop: OldShop) -> None:
    shop.gc(TODAY)
    assert shop.plan_gc(TODAY).empty
    assert shop.gc(TODAY).release is None
    assert shop.latest().release == 5


def test_retention_costs_are_kept_by_every_run(shop: OldShop) -> None:
    """What runs add up is what a collection measures where nothing is left to delete."""
    entry = shop.latest().tables[name("silver.orders")]
    plan = shop.plan_gc(1)  # on day 1 everything is promised
    measured = next(one for one in plan.locations if one.location == entry.location)
    assert entry.costs["retained_bytes"] == measured.retained
    assert shop.latest().tables[name("silver.customers")].costs == {"retained_bytes": 0.0}


def test_a_dropped_table_goes_as_a_whole_its_log_last_and_its_place_is_given_up(
    shop: OldShop,
) -> None:
    hook = CrashAt(0)
    shop.world.hook = hook
    shop.gc(TODAY)
    shop.world.hook = None
    deleted = [
        path
        for what, path, when in hook.points
        if what == "delete" and when == "after" and path.startswith("prod/gold/gone/")
    ]
    assert "_delta_log" in deleted[-1]
    assert sorted(deleted, key=lambda path: "_delta_log" in path) == deleted
    lake = shop.world.lake("b")
    assert lake.new_location("prod", name("gold.gone"), "r") != "prod/gold/gone"


def test_what_a_dead_run_left_goes_once_it_is_old(shop: OldShop) -> None:
    put_stray(shop, "prod/silver/orders-0a0a0a0a")
    assert "prod/silver/orders-0a0a0a0a/part-0.parquet" in shop.files_of()
    shop.gc(70.5)
    assert "prod/silver/orders-0a0a0a0a/part-0.parquet" in shop.files_of()
    shop.gc(TODAY)
    assert "prod/silver/orders-0a0a0a0a/part-0.parquet" not in shop.files_of()


def test_a_pinned_release_stays_until_the_pin_ends(shop: OldShop) -> None:
    before = contents(shop, 1)
    pin(shop, 1)
    shop.gc(TODAY)
    assert contents(shop, 1) == before
    assert not is_whole(shop, 2)
    release = shop.reader().release("prod", 1)
    refuse_collected(
        shop.reader().control("prod"), release, list(release.tables), NOW + TODAY * DAY
    )
    drop_pin(shop.world.lake("ana"), "prod", "audit", by="ana", now=NOW + TODAY * DAY)
    shop.gc(TODAY + 1)
    assert not is_whole(shop, 1)


def test_a_fork_keeps_what_it_was_made_of(shop: OldShop) -> None:
    made = fork(shop, 1)
    shop.world.lake("ana").put_release(made)
    before = everything(shop, made)
    shop.gc(TODAY)
    assert everything(shop, made) == before


def test_a_fork_keeps_all_that_it_did_not_collect_itself(shop: OldShop) -> None:
    """Its old releases are refused to nobody, so none of their rows may go."""
    first = fork(shop, 1, day=1)
    shop.world.lake("ana").put_release(first)
    later = replace(fork(shop, 2, day=5), release=2, parent=1)
    shop.world.lake("ana").put_release(later)
    before = (everything(shop, first), everything(shop, later))
    shop.gc(TODAY)
    assert (everything(shop, first), everything(shop, later)) == before


def test_a_group_that_a_run_holds_is_left_and_said(shop: OldShop) -> None:
    held = shop.world.lake("run").claim("prod", name("silver.orders"), "r", NOW)
    before = {path for path in shop.files_of() if "/silver/orders" in path}
    report = shop.gc(TODAY)
    assert report.skipped == (name("silver.orders"),)
    assert {path for path in shop.files_of() if "/silver/orders" in path} == before
    assert report.freed > 0
    held.release()
    assert shop.gc(TODAY).skipped == ()
    assert not is_whole(shop, 1)


def test_nothing_is_collected_while_the_line_is_stopped(shop: OldShop) -> None:
    before = shop.files_of()
    lake = shop.world.lake("ana")
    lake.put_control("prod", ControlRecord("stop", "odd totals", "ana", NOW + 71 * DAY))
    with pytest.raises(RefusedError) as error:
        shop.gc(TODAY)
    assert (error.value.code, shop.files_of()) == ("LW310", before)
    lake.put_control("prod", ControlRecord("clear", "", "ana", NOW + 72 * DAY))
    assert shop.gc(TODAY).freed > 0


def test_all_claims_are_given_back(shop: OldShop) -> None:
    shop.gc(TODAY)
    assert shop.world.claimed == {}


def test_nothing_outside_the_environment_is_ever_touched(shop: OldShop) -> None:
    made = fork(shop, 2)
    shop.world.lake("ana").put_release(made)
    put_stray(shop, "dev/silver/orders")
    hook = CrashAt(0)
    shop.world.hook = hook
    shop.gc(TODAY)
    shop.world.hook = None
    changing = {"put", "put_new", "delete", "vacuum", "write", "define", "restore"}
    touched = {path for what, path, _ in hook.points if what in changing}
    homes = ("prod/", "_lakewright/env/prod/", "_lakewright/runs/")
    assert {path for path in touched if not path.startswith(homes)} == set()


def test_an_ended_environment_leaves_nothing_but_the_end_of_its_chain(shop: OldShop) -> None:
    end(shop)
    report = shop.gc(TODAY)
    lake = shop.reader()
    assert shop.files_of() == set()
    assert list(lake.numbers("prod")) == [report.release] == [5]
    assert shop.latest().tables == {}
    assert shop.plan_gc(TODAY).empty
    assert not list(lake.store.list("_lakewright/env/prod/code"))


def test_an_environment_that_has_ended_is_pointed_out_to_those_beside_it(shop: OldShop) -> None:
    made = fork(shop, 4)
    lake = shop.world.lake("ana")
    lake.put_release(made)
    assert shop.plan_gc(TODAY).notes == ()
    at = NOW + 72 * DAY
    lake.put_control("dev", ControlRecord("expire", "", "ana", at, expires_at=at))
    (note,) = shop.plan_gc(TODAY).notes
    assert "lakewright gc -e dev" in note
    shop.gc(TODAY, environment="dev")
    assert shop.plan_gc(TODAY).notes == ()


def test_an_ended_environment_keeps_what_another_borrows(shop: OldShop) -> None:
    made = fork(shop, 1)
    shop.world.lake("ana").put_release(made)
    before = everything(shop, made)
    end(shop)
    shop.gc(TODAY)
    assert everything(shop, made) == before
    assert not is_whole_record(shop, 4)


def test_a_clock_that_goes_back_behind_the_end_of_another_stops_no_collection(
    shop: OldShop,
) -> None:
    """What ended seems to live again, and its pinned record was deleted."""
    lake = shop.world.lake("ana")
    lake.put_release(fork(shop, 4))
    put_pin(lake, "dev", ReleasePin("audit", 1), by="ana", now=NOW + 71 * DAY)
    at = NOW + TODAY * DAY
    lake.put_control("dev", ControlRecord("expire", "", "ana", at, expires_at=at))
    shop.gc(TODAY, environment="dev")
    assert list(lake.numbers("dev")) == [2]
    assert shop.gc(TODAY - 1).release == 5


def end(shop: OldShop) -> None:
    at = NOW + 71 * DAY
    lake = shop.world.lake("ana")
    lake.put_control("prod", ControlRecord("expire", "", "ana", at, expires_at=at))


def is_whole_record(shop: OldShop, number: int) -> bool:
    try:
        shop.reader().release("prod", number)
    except LakeError:
        return False
    return True


@pytest.mark.parametrize("moment", ["1", "3"])
def test_an_environment_that_was_taken_up_again_meanwhile_loses_nothing(
    shop: OldShop, moment: str
) -> None:
    end(shop)
    before = shop.files_of()

    def revive(step: str) -> None:
        if step.startswith(moment):
            at = NOW + 72 * DAY
            shop.world.lake("ana").put_control("prod", ControlRecord("expire", "", "ana", at))

    with pytest.raises(RefusedError) as error:
        shop.gc(TODAY, stop_at=revive)
    assert error.value.code == "LW460"
    assert shop.files_of() == before
    assert shop.world.claimed == {}


# Whatever happens at whatever moment


@pytest.mark.parametrize("tear", [False, True], ids=["whole", "torn"])
def test_a_crash_at_any_operation_hurts_no_reader_and_a_rerun_converges(
    past: OldShop, tear: bool
) -> None:
    start = copy.deepcopy(past)
    made = fork(start, 2)
    start.world.lake("ana").put_release(made)
    put_stray(start, "prod/silver/orders-0a0a0a0a")
    before = (contents(start, 3, 4), everything(start, made))
    expected = copy.deepcopy(start)
    expected.gc(TODAY)
    wanted = expected.files_of()
    assert wanted < start.files_of()
    point, crashed = 0, True
    while crashed:
        point += 1
        shop = copy.deepcopy(start)
        crashed = crash_at(shop, point, tear=tear)
        assert (contents(shop, 3, 4), everything(shop, made)) == before, f"point {point}"
        shop.gc(TODAY, process="b")
        # A place whose files are young again is spared for a day.
        shop.gc(TODAY + 2, process="b")
        assert shop.files_of() == wanted, f"point {point}"
        assert (contents(shop, 3, 4), everything(shop, made)) == before, f"point {point}"
        assert shop.plan("c").empty, f"point {point}"
    assert point > 40


def test_a_crash_while_an_ended_environment_is_collected_hurts_no_borrower_and_a_rerun_ends_it(
    past: OldShop,
) -> None:
    start = copy.deepcopy(past)
    made = fork(start, 4)
    start.world.lake("ana").put_release(made)
    end(start)
    before = everything(start, made)
    expected = copy.deepcopy(start)
    expected.gc(TODAY)
    wanted = expected.files_of()
    point, crashed = 0, True
    while crashed:
        point += 1
        shop = copy.deepcopy(start)
        crashed = crash_at(shop, point, tear=False)
        assert everything(shop, made) == before, f"point {point}"
        shop.gc(TODAY, process="b")
        assert shop.files_of() == wanted, f"point {point}"
        assert everything(shop, made) == before, f"point {point}"
        assert shop.latest().tables == {}, f"point {point}"
        assert shop.plan_gc(TODAY).empty, f"point {point}"
    assert point > 60


class CrashAtChange(CrashAt):
    """Counts what changes something: a death before a read is one behind the last change."""

    def __call__(self, operation: str, path: str, moment: Moment) -> None:
        if operation not in {"get", "list", "sync"}:
            super().__call__(operation, path, moment)


def crash_at(shop: OldShop, point: int, *, tear: bool) -> bool:
    shop.world.hook = CrashAtChange(point, tear=tear)
    try:
        shop.gc(TODAY)
    except Crash:
        return True
    finally:
        shop.world.hook = None
        shop.world.kill("gc")
    return False


STEPS = ("1", "2", "3", "4", "5", "6")


@pytest.mark.parametrize("moment", STEPS)
def test_a_run_at_any_step_of_a_collection_lands(past: OldShop, moment: str) -> None:
    shop = copy.deepcopy(past)
    shop.edit("sql/gold/totals.sql", shop.files["sql/gold/totals.sql"].replace("sum(", "max("))
    seen: list[bool] = []

    def deploy(step: str) -> None:
        if step.startswith(moment) and not seen:
            seen.append(True)
            # gold.totals itself may be claimed: then the run is refused and changes nothing
            try:
                report = shop.apply_on(TODAY, "b", select={name("gold.totals")})
                seen.append(report.ok)
            except RefusedError:
                seen.append(False)

    shop.gc(TODAY, stop_at=deploy)
    assert shop.apply_on(TODAY, "c").ok or shop.plan("c").empty
    latest = shop.latest()
    assert everything(shop, latest)["gold.totals"]
    assert is_whole(shop, 3)
    assert is_whole(shop, 4)


@pytest.mark.parametrize("moment", ["1", "2", "3 written", "4", "5", "6"])
def test_a_collection_at_any_step_of_a_run_hurts_neither(past: OldShop, moment: str) -> None:
    shop = copy.deepcopy(past)
    shop.sell(9)
    seen: list[int] = []

    def collect_now(step: str) -> None:
        if step.startswith(moment) and not seen:
            seen.append(len(shop.gc(TODAY).skipped))

    report = shop.apply_on(TODAY, "b", collect_now)
    assert report.ok, report.problems
    assert seen
    assert seen[0] > 0  # the groups of the run are held
    totals = everything(shop, shop.latest())["gold.totals"]
    assert {row["amount"] for row in totals} == {5 + 9, 20}
    assert is_whole(shop, 3)
    assert is_whole(shop, 4)
    assert shop.plan("c").empty


@pytest.mark.parametrize("moment", STEPS)
def test_a_pin_at_any_step_of_a_collection_holds_or_is_refused(past: OldShop, moment: str) -> None:
    shop = copy.deepcopy(past)
    before, outcome = contents(shop, 2), []

    def pin_now(step: str) -> None:
        if step.startswith(moment) and not outcome:
            try:
                pin(shop, 2)
                outcome.append("pinned")
            except RefusedError as error:
                outcome.append(error.code)

    shop.gc(TODAY, stop_at=pin_now)
    assert outcome == (["pinned"] if moment == "1" else ["LW384"])
    if moment == "1":
        assert contents(shop, 2) == before
        assert not now_collected(shop).has_any(2)
    else:
        assert now_collected(shop).has_any(2)


@pytest.mark.parametrize(
    ("first", "second"),
    [(a, b) for n, a in enumerate(STEPS) for b in STEPS[n:]],
)
def test_a_fork_made_around_a_collection_is_whole_or_sees_that_it_came_too_late(
    past: OldShop, first: str, second: str
) -> None:
    """Its author puts the record at one step and looks at its origin again at another."""
    shop = copy.deepcopy(past)
    made, put, late = fork(shop, 2), [], []

    def act(step: str) -> None:
        if step.startswith(first) and not put:
            shop.world.lake("ana").put_release(made)
            put.append(step)
        if step.startswith(second) and put and not late:
            late.append(now_collected(shop).has_any(2))

    shop.gc(TODAY, stop_at=act)
    try:
        everything(shop, made)
    except LakeError:
        whole = False
    else:
        whole = True
    assert whole or late == [True]
    if first in {"1", "2", "3"}:
        assert whole


@pytest.mark.parametrize(
    ("first", "second"),
    [(a, b) for n, a in enumerate(STEPS) for b in STEPS[n:]],
)
def test_a_rollback_around_a_collection_is_whole_or_loses_its_number(
    past: OldShop, first: str, second: str
) -> None:
    """It reads what was collected at one step and puts its record at another."""
    shop = copy.deepcopy(past)
    lake = shop.world.lake("ana")
    target, seen, stored = lake.release("prod", 2), [], []

    def act(step: str) -> None:
        if step.startswith(first) and not seen:
            latest = lake.latest("prod")
            assert latest is not None
            seen.append((latest.release, now_collected(shop).has_any(2)))
        if step.startswith(second) and seen and not stored:
            number, gone = seen[0]
            record = replace(
                target, release=number + 1, parent=number, kind="rollback", run_id="back"
            )
            stored.append("refused" if gone else lake.put_release(record))

    shop.gc(TODAY, stop_at=act)
    if stored == ["stored"]:
        assert everything(shop, shop.reader().release("prod", seen[0][0] + 1))
    else:
        assert stored in (["taken"], ["refused"])


@pytest.mark.parametrize("moment", STEPS)
@pytest.mark.parametrize("target", [2, 3])
def test_a_real_rollback_at_any_step_of_a_collection_is_whole_or_refused(
    past: OldShop, target: int, moment: str
) -> None:
    shop = copy.deepcopy(past)
    before, outcome = contents(shop, target)[target], []

    def go_back_now(step: str) -> None:
        if step.startswith(moment) and not outcome:
            try:
                outcome.append(go_back(shop, target, process="ana").release)
            except RefusedError as error:
                outcome.append(error.code)

    shop.gc(TODAY, stop_at=go_back_now)
    assert is_whole(shop, 3)
    (said,) = outcome
    if isinstance(said, int):
        assert everything(shop, shop.reader().release("prod", said)) == before
        assert everything(shop, shop.latest())
    else:
        assert target == 2
        assert moment > "1"


def test_a_run_that_slept_through_a_collection_of_what_it_built_on_is_refused(
    past: OldShop,
) -> None:
    shop = copy.deepcopy(past)
    shop.sell(8)

    def sleep(step: str) -> None:
        if step.startswith("5"):
            # Its claims were lost meanwhile, others published twice, and months went by.
            shop.world.kill("b")
            for day in (80, 90):
                shop.sell(day)
                assert shop.apply_on(day, "other").ok
            shop.gc(200)
            for group in ("silver.orders", "gold.totals", "gold.large"):
                shop.world.claimed["prod", name(group)] = ("b", str(shop_run))

    shop_run = UUID(int=shop.runs + 1)
    report = shop.apply_on(TODAY, "b", sleep)
    assert not report.ok
    assert report.problems[0].code in {"LW333", "LW380", "LW330"}


def test_a_plan_that_was_shown_spares_what_came_to_be_needed_since(shop: OldShop) -> None:
    plan = shop.plan_gc(TODAY)
    made = fork(shop, 2)
    shop.world.lake("ana").put_release(made)
    before = everything(shop, made)
    work = Collecting(
        str(shop.runs),
        shop.world.lake("gc"),
        shop.order(TODAY),
        by="gc",
        clock=lambda: NOW + TODAY * DAY,
    )
    collect(plan, work)
    assert everything(shop, made) == before


def test_the_grace_period_can_be_longer_than_retention(shop: OldShop) -> None:
    before = contents(shop, 1, 2, 3, 4)
    plan = shop.plan_gc(TODAY, grace=timedelta(days=365))
    assert plan.unrestorable == ()
    shop.gc(TODAY, grace=timedelta(days=365))
    assert contents(shop, 1, 2, 3, 4) == before
