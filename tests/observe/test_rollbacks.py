"""A rollback's plan as people and programs read it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from goldens import Golden
from lakewright.lake import ControlRecord, Held, RewoundFile
from lakewright.observe.holds import holds_document, render_holds, told_holds
from lakewright.observe.rollbacks import render_rollback, rollback_document
from lakewright.plans import Plan, RestoreTable, Rollback
from observe.builders import NOW, entry, name, plan, reason, release, state

FILES = (
    RewoundFile("landing/weather/1.csv", 400_000, "there"),
    RewoundFile("landing/weather/2.csv", 410_000, "gone"),
    RewoundFile("landing/weather/3.csv", 90, "changed"),
)


def restore(
    table: str, before: object, after: object, *why: str, kind: str = "table"
) -> RestoreTable:
    reasons = tuple(reason("rollback", text) for text in why)
    return RestoreTable(name(table), kind, before, after, reasons)


@pytest.fixture
def back() -> Plan:
    """From release 41 to 38: every sort of change."""
    source = entry("raw.orders", 9, kind="source", location="", rows=None, bytes=None)
    view = entry("gold.large", 41, kind="view", location="", rows=None, bytes=None)
    weather = restore(
        "bronze.weather",
        entry("bronze.weather", 13),
        entry("bronze.weather", 12, rows=1100, bytes=290_000),
        kind="ingest",
    )
    changes = (
        restore("raw.orders", source, replace(source, version=8), kind="source"),
        replace(weather, files=FILES),
        restore(
            "silver.flights",
            entry("silver.flights", 7),
            entry("silver.flights", 6),
            "code of release 12",
        ),
        restore("gold.large", view, replace(view, version=38), "code of release 38", kind="view"),
        restore("gold.old", None, entry("gold.old", 3, rows=12), "comes back"),
        restore("gold.new", entry("gold.new"), None, "is not in release 38 and leaves"),
    )
    made = plan(changes, over=state(release(41)), unchanged=("silver.planes",))
    target = release(38, entry("silver.flights", 6))
    return replace(
        made,
        kind="rollback",
        state=replace(made.state, restorable_from=12),
        held=(Held(name("silver.flights"), "rollback", 42, reason="wrong rates"),),
        notes=("what goes back is held until `lakewright resume` or `lakewright apply`",),
        rollback=Rollback(target, "hold", {}, (name("gold.large"),)),
    )


def test_a_rollback_says_from_where_to_where(back: Plan, golden: Golden) -> None:
    golden("observe/rollback.txt", render_rollback(back))


def test_colour_adds_nothing_but_colour(back: Plan) -> None:
    painted = render_rollback(back, color=True)
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == render_rollback(back)


def test_a_rollback_as_json(back: Plan, golden: Golden) -> None:
    golden("observe/rollback.json", json.dumps(rollback_document(back), indent=2) + "\n")


def test_many_files_are_folded_and_counted(back: Plan) -> None:
    many = tuple(RewoundFile(f"f/{at:03}.csv", 1, "there") for at in range(30))
    changes = tuple(
        replace(change, files=(*many, FILES[1])) if change.files else change  # type: ignore[union-attr]
        for change in back.changes
    )
    folded = render_rollback(replace(back, changes=changes))
    assert "landing/weather/2.csv" in folded  # what cannot be loaded again comes first
    assert "... and 21 still there; -v lists all" in folded
    assert "f/029.csv" in render_rollback(replace(back, changes=changes), verbose=True)


def test_nothing_to_go_back_to_says_so(back: Plan) -> None:
    text = render_rollback(replace(back, changes=(), notes=()))
    assert text.endswith("Nothing to change: everything is as in release 38.\n")


RECORD = ControlRecord(
    "hold", "rates are checked", "ana", NOW, (name("silver.orders"),), 41, number=3
)
HELD = (
    Held(name("gold.totals"), "rollback", 42, reason="wrong rates"),
    Held(name("silver.orders"), "person", 41, reason="rates are checked"),
    Held(name("silver.x"), "check", 40, reason="3 rows failed"),
)


def test_holds_say_who_since_when_why_and_what_frees(golden: Golden) -> None:
    golden("observe/holds.txt", render_holds(told_holds(HELD, (RECORD,))))


def test_holds_as_json(golden: Golden) -> None:
    document = holds_document(RECORD, "prod", HELD, (RECORD,))
    golden("observe/holds.json", json.dumps(document, indent=2) + "\n")


def test_nothing_held_is_said() -> None:
    assert render_holds(()) == "Nothing is held.\n"
