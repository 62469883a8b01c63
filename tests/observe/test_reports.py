"""The end of a run, and its progress, as people read them."""

from __future__ import annotations

from dataclasses import replace

from goldens import Golden
from lakewright.lake import Held
from lakewright.observe.reports import render_event, render_report
from lakewright.plans import Plan
from lakewright.runtime import Event, Report, TableReport
from observe.builders import RUN, name, plan, release, result, state

FLIGHTS = TableReport(
    name("silver.flights"),
    "rebuild",
    "full",
    "published",
    version=8,
    rows_produced=336_776,
    rows_kept=335_000,
    rows_quarantined=1_700,
    rows_dropped=76,
    seconds=2.13,
    checks=(
        result("known_tailnum", "warn", "warn", 52_606),
        result("sane_delay", "quarantine", "pass", 1_700),
        result("month_between", "fail", "pass", 0),
    ),
)
VIEW = TableReport(name("gold.late"), "create", "none", "published", note="a view")
DONE = Report(RUN, "prod", 42, True, (FLIGHTS, VIEW), seconds=12.3)


def test_a_report_shows_rows_and_every_rule_that_found_some(golden: Golden) -> None:
    golden("observe/report.txt", render_report(DONE))


def test_a_report_in_colour(golden: Golden) -> None:
    golden("observe/report_colour.txt", render_report(DONE, color=True))


def test_verbose_lists_rules_that_found_nothing() -> None:
    assert "month_between" not in render_report(DONE)
    assert "month_between" in render_report(DONE, verbose=True)


def held_run() -> Report:
    """One table failed a check, two wait for it."""
    reason = "gold.fares: positive_fare failed for 12 of 900 rows"
    tables = tuple(
        TableReport(name(table), "refresh", "full", "held", seconds=seconds, note=note)
        for table, seconds, note in (
            ("gold.fares", 2.1, reason),
            ("gold.month", 0.0, "an input or a partner is held"),
            ("gold.year", 0.0, "an input or a partner is held"),
        )
    )
    held = (
        Held(name("gold.fares"), "check", 41, "positive_fare", reason),
        Held(name("gold.month"), "upstream", 41, reason="an input or a partner is held"),
        Held(name("gold.year"), "upstream", 41, reason="an input or a partner is held"),
    )
    return replace(DONE, ok=False, held=held, tables=tables, exit_code=1)


def ran(*, base: int | None = 41) -> Plan:
    return plan((), over=state(release(base) if base else None))


def test_a_held_table_is_told_once_with_what_waits_for_it(golden: Golden) -> None:
    text = render_report(held_run(), plan=ran())
    golden("observe/report_held.txt", text)
    assert text.count("positive_fare failed") == 1


def test_a_failed_run_ends_with_what_readers_keep_and_where_to_look() -> None:
    table = TableReport(name("gold.fares"), "rebuild", "full", "failed", note="12 rows failed")
    failed = replace(DONE, release=None, ok=False, tables=(table,), exit_code=1)
    assert render_report(failed, plan=ran()).splitlines()[-2:] == [
        "Readers keep release 41.",
        "To look: lakewright show gold.fares",
    ]


def test_a_failed_first_run_says_that_there_is_still_no_release() -> None:
    failed = replace(DONE, release=None, ok=False, tables=(), exit_code=1)
    last = render_report(failed, plan=ran(base=None)).splitlines()[-1]
    assert last == "Readers still see no release."


def test_a_failed_run_says_that_nothing_was_published() -> None:
    failed = replace(DONE, release=None, ok=False, tables=())
    assert render_report(failed) == (
        f"No release in prod: nothing was published. Run {RUN}, 12.3 s.\n"
    )


def test_an_unknown_release_is_called_unknown() -> None:
    text = render_report(replace(DONE, release="unknown", ok=False, tables=()))
    assert text.startswith("Release unknown in prod")


def test_a_finished_table_is_one_line() -> None:
    event = Event("finished", name("silver.flights"), "", 335_000, 2.13, FLIGHTS.checks)
    assert render_event(event) == (
        "built   silver.flights  335,000 rows  2 of 3 checks passed  2.1 s"
    )


def test_a_step_needs_no_line() -> None:
    assert render_event(Event("step", None, "5 verified")) == ""
