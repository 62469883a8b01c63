"""A collection as people and programs read it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from goldens import Golden
from lakewright.lake import Collected, ReleasePin
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.collecting import (
    collect_document,
    collect_report_document,
    pins_document,
    render_collect_plan,
    render_collect_report,
    render_pins,
)
from lakewright.observe.retention import cost_text, retained_bytes
from lakewright.plans.collecting import CollectFolder, CollectLocation, CollectPlan
from lakewright.plans.retaining import Need
from lakewright.runtime.collecting import CollectReport
from observe.builders import NOW, RUN, entry, release

FLIGHTS, OLD, PLANES = (TableName("silver", name) for name in ("flights", "old", "planes"))
NEEDS = (
    Need("prod/silver/flights", 41, "latest", "release 41"),
    Need("prod/silver/flights", 30, "release", "release 33"),
    Need("prod/silver/flights", 12, "fork", "dev_ana release 2"),
    Need("prod/silver/flights", 7, "pin", "release 7"),
)
LOCATIONS = (
    CollectLocation(
        "prod/silver/flights",
        FLIGHTS,
        "trim",
        {"a.parquet": 900_000_000, "b.parquet": 310_000_000},
        (7, 12, 30, 41),
        {"latest": 310_000_000, "release": 620_000_000, "fork": 300_000_000, "pin": 290_000_000},
        NEEDS,
    ),
    CollectLocation("prod/silver/old", OLD, "remove", {"c.parquet": 12_000_000}),
    CollectLocation("prod/silver/planes", PLANES, "keep", {}, (3,), {"latest": 4_000}, NEEDS[:1]),
)
PLAN = CollectPlan(
    environment="prod",
    release=41,
    now=NOW,
    grace=timedelta(days=1),
    ended=False,
    expiry=Collected(11, kept=frozenset({7})),
    expires=(((), 11),),
    locations=LOCATIONS,
    folders=(CollectFolder(f"_lakewright/runs/{RUN}", {"staged/a": 40_000}),),
    unrestorable=(3, 4, 11),
    notes=("dev_bob has ended: lakewright gc -e dev_bob collects it",),
)
DONE = CollectReport(
    RUN, "prod", 42, (3, 4, 11), LOCATIONS[:2], PLAN.folders, (PLANES,), PLAN.notes
)


def test_a_collection_says_bytes_per_table_and_for_whom_the_rest_stays(golden: Golden) -> None:
    golden("observe/gc.txt", render_collect_plan(PLAN))
    golden("observe/gc_verbose.txt", render_collect_plan(PLAN, verbose=True))


def test_a_collection_without_work_says_so(golden: Golden) -> None:
    nothing = replace(PLAN, locations=LOCATIONS[2:], folders=(), unrestorable=(), notes=())
    golden("observe/gc_nothing.txt", render_collect_plan(nothing))


def test_the_document_of_a_collection(golden: Golden) -> None:
    golden("observe/gc.json", render_json(collect_document(PLAN, dry_run=True)))


def test_the_report_of_a_collection(golden: Golden) -> None:
    golden("observe/gc_report.txt", render_collect_report(DONE))
    golden("observe/gc_report.json", render_json(collect_report_document(DONE)))


def test_pins_are_listed_with_their_ends(golden: Golden) -> None:
    pins = [ReleasePin("audit", 7, "year end"), ReleasePin("demo", 12, "", NOW)]
    golden("observe/pins.txt", render_pins(pins, "prod"))
    assert pins_document(pins, "prod")["pins"][0]["expires_at"] is None


def test_what_retention_costs_is_the_sum_over_tables_and_unknown_where_one_is() -> None:
    known = entry("silver.a", costs={"retained_bytes": 1_200_000.0})
    more = entry("silver.b", costs={"retained_bytes": 800_000.0})
    assert retained_bytes(release(1, known, more)) == 2_000_000
    assert cost_text(2_000_000) == "which costs 2.0 MB"
    assert retained_bytes(release(1, known, entry("silver.c"))) is None
    assert cost_text(None) == "cost unknown"
    assert cost_text(0) == "which costs nothing"
    assert retained_bytes(release(1, known, entry("silver.v", location=""))) == 1_200_000
