"""A plan as people read it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from goldens import Golden
from lakewright.lake import Commit, Drift, Held, ListedFile, Redefined
from lakewright.observe import render_json
from lakewright.observe.plans import plan_document, render_plan
from lakewright.plans import AlterTable, BuildTable, ColumnChanges, DropTable, Plan, Spared
from observe.builders import (
    NOW,
    entry,
    ingest_step,
    name,
    plan,
    reason,
    release,
    sql_step,
    state,
)

FILES = tuple(
    ListedFile(f"landing/weather/{day}.csv", f"/data/{day}.csv", 400_000, datetime.now(UTC))
    for day in (1, 2, 3)
)
OLD_REPORT = DropTable(
    name("gold.old_report"), (reason("removed", "spec removed"),), entry("gold.old_report")
)


@pytest.fixture
def mixed() -> Plan:
    """One change of each sort, over release 41."""
    released = release(41, entry("silver.flights", 7), entry("bronze.weather", 12))
    flights = BuildTable(
        sql_step("silver.flights", "SELECT 1", "bronze.flights"),
        "rebuild",
        "breaking",
        "full",
        (
            reason("code", "code: arr_delay double -> int (breaking), dep_delay"),
            reason("metadata", "description, owner or checks changed"),
        ),
        ColumnChanges(retyped={"arr_delay": ("double", "int")}),
        before=entry("silver.flights", 7),
    )
    month = BuildTable(
        sql_step("gold.carrier_month", "SELECT 1", "silver.flights"),
        "rebuild",
        "additive",
        "full",
        (reason("upstream", "reads silver.flights.arr_delay"),),
    )
    load = BuildTable(
        sql_step("gold.airport_load", "SELECT 1", "silver.flights"),
        "create",
        "new",
        "full",
        (reason("new", "new"),),
    )
    weather = BuildTable(
        ingest_step("bronze.weather"),
        "refresh",
        "data",
        "incremental",
        (reason("files", "3 new files, 1.2 MB: 1.csv, 2.csv, 3.csv"),),
        files=FILES,
    )
    delay = BuildTable(
        sql_step("gold.weather_delay", "SELECT 1", "bronze.weather"),
        "refresh",
        "data",
        "incremental",
        (reason("input", "bronze.weather 12 -> 13"),),
    )
    planes = AlterTable(
        sql_step("silver.planes", "SELECT 1"),
        (reason("metadata", "description, owner or checks changed"),),
        entry("silver.planes"),
    )
    return plan(
        (flights, month, load, weather, delay, planes),
        over=state(released, restorable_from=12),
        pending=(OLD_REPORT,),
        unchanged=tuple(f"silver.t{number}" for number in range(14)),
        reads_bytes=310_000_000,
        held=(Held(name("gold.fares"), "check", 40, "positive_fare", "12 rows failed"),),
        notes=("bround is unverified on sail",),
        spared=(Spared(sql_step("gold.fleet_age", "SELECT 1"), (name("silver.flights"),)),),
    )


def many(number: int) -> Plan:
    changes = tuple(
        BuildTable(
            sql_step(f"gold.t{index:03}", "SELECT 1"),
            "create",
            "new",
            "full",
            (reason("new", "new"),),
        )
        for index in range(number)
    )
    return plan(changes, over=state(None), pending=(OLD_REPORT,), reads_bytes=0)


def test_a_plan_shows_every_sort_of_change(mixed: Plan, golden: Golden) -> None:
    golden("observe/plan.txt", render_plan(mixed, retention_days=30))


def test_a_plan_in_colour(mixed: Plan, golden: Golden) -> None:
    golden("observe/plan_colour.txt", render_plan(mixed, color=True))


def test_a_first_plan_has_no_base(golden: Golden) -> None:
    golden("observe/plan_first.txt", render_plan(many(2)))


def test_a_long_plan_is_folded_and_drops_are_not(golden: Golden) -> None:
    golden("observe/plan_folded.txt", render_plan(many(60)))


def test_verbose_folds_nothing() -> None:
    assert render_plan(many(60), verbose=True).count("gold.t") == 60


def test_an_empty_plan_says_so(golden: Golden) -> None:
    empty = plan((), over=state(release(3, entry("gold.a"))), unchanged=("gold.a",))
    golden("observe/plan_empty.txt", render_plan(empty))


def test_what_needs_a_scan_is_unknown() -> None:
    change = many(1).changes
    assert "Reads: unknown." in render_plan(plan(change, over=state(None), reads_bytes=None))


def test_many_reasons_are_folded_after_three() -> None:
    reasons = tuple(reason("input", f"silver.input_number_{i} 1 -> 2") for i in range(6))
    change = BuildTable(sql_step("gold.a", "SELECT 1"), "refresh", "data", "full", reasons)
    text = render_plan(plan((change,), over=state(None)))
    assert text.count("silver.input_number") == 3
    assert "... and 3 more reasons; -v lists all" in text


def test_the_document_of_a_plan(mixed: Plan, golden: Golden) -> None:
    from lakewright.observe import render_json

    golden("observe/plan.json", render_json(plan_document(mixed)))


def test_pending_drops_leave_a_plan_empty() -> None:
    document = plan_document(plan((), over=state(None), pending=(OLD_REPORT,)))
    assert document["empty"] is True
    assert [change["table"] for change in document["pending"]] == ["gold.old_report"]


def test_a_table_that_is_not_held_any_more_is_told() -> None:
    freed = Held(name("gold.fares"), "check", 40, "positive_fare", "12 rows failed")
    shown = render_plan(plan((), over=state(release(41)), freed=(freed,)))
    assert "  * gold.fares   free      was held; nothing is left to do\n" in shown
    assert "1 freed" in shown


STRANGE = tuple(
    Commit(version, operation, None, data, rows, 10, NOW, changes_definition=not data)
    for version, operation, data, rows in (
        (13, "WRITE", True, 3),
        (14, "DELETE", True, 0),
        (15, "MERGE", True, 1),
        (16, "ADD CONSTRAINT", False, 0),
        (17, "WRITE", True, 2),
    )
)


@pytest.fixture
def drifted() -> Plan:
    """Tables that others wrote to: written by the plan or not, growing or made by a query."""
    released = release(41, entry("silver.flights", 7), entry("bronze.weather", 12, kind="ingest"))
    flights = BuildTable(
        sql_step("silver.flights", "SELECT 1"),
        "refresh",
        "data",
        "full",
        (reason("drift", "overwrites 1 commit of others (WRITE 13)"),),
        before=entry("silver.flights", 7),
    )
    load = BuildTable(
        ingest_step("bronze.weather"),
        "refresh",
        "data",
        "incremental",
        (reason("files", "3 new files, 1.2 MB"),),
        files=FILES,
        before=entry("bronze.weather", 12),
    )
    redefined = Redefined(added=("note",), others=("constraint sane dropped",))
    found = (
        Drift(name("bronze.weather"), STRANGE, redefined),
        Drift(name("bronze.weather__ledger"), STRANGE[:1], mixed=True),
        Drift(name("gold.other"), STRANGE[:1]),
        Drift(name("silver.flights"), STRANGE[:1]),
    )
    return plan((load, flights), over=state(released, drift=found))


def test_what_others_wrote_has_a_section_of_its_own(drifted: Plan, golden: Golden) -> None:
    golden("observe/plan_drift.txt", render_plan(drifted))


def test_verbose_lists_every_commit_of_others(drifted: Plan) -> None:
    assert "version 17: WRITE" not in render_plan(drifted)
    assert "version 17: WRITE" in render_plan(drifted, verbose=True)


def test_the_document_tells_of_every_commit_of_others(drifted: Plan, golden: Golden) -> None:
    golden("observe/plan_drift.json", render_json(plan_document(drifted)["drift"]))
