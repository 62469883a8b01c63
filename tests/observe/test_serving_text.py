"""What is served, as people read it in plans and reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goldens import Golden
from lakewright.errors import Problem
from lakewright.observe.plans import plan_document, render_plan
from lakewright.observe.reports import render_report
from lakewright.plans import Serving
from lakewright.runtime import Report, ServeReport, report_document
from observe.builders import RUN, entry, plan, release, state

GOLD = Serving("spark_catalog", "view", ("gold",), 12, 3, 42)
SERVED = ServeReport("spark_catalog", 42, ("gold.a", "gold.b"), ("gold.old",), 9)
REFUSED = Problem("LW464", "spark_catalog.gold.c is not ours", hint="rename it")


def test_a_plan_ends_with_what_is_served(golden: Golden) -> None:
    empty = plan((), over=state(release(42, entry("gold.a"))), unchanged=("gold.a",))
    golden("observe/plan_serves.txt", render_plan(empty, serving=GOLD))


@pytest.mark.parametrize(
    ("serving", "line"),
    [
        (replace(GOLD, behind=0), "Serves: spark_catalog.gold (12 views).\n"),
        (
            replace(GOLD, objects=1, behind=0, schemas=("a", "b")),
            "Serves: spark_catalog.a, spark_catalog.b (1 view).\n",
        ),
        (
            replace(GOLD, behind=0, schemas=tuple("abcde")),
            "Serves: spark_catalog.a, spark_catalog.b, spark_catalog.c and 2 more (12 views).\n",
        ),
        (
            replace(GOLD, mode="table", behind=0),
            "Serves: spark_catalog.gold (12 tables, at their heads: ahead of the release while a"
            " run writes).\n",
        ),
    ],
)
def test_a_line_says_where_and_how_many(serving: Serving, line: str) -> None:
    assert render_plan(plan((), over=state(None)), serving=serving).endswith(line)


def test_views_that_are_behind_leave_a_plan_empty() -> None:
    document = plan_document(plan((), over=state(release(42))), GOLD)
    assert document["empty"] is True
    assert document["serve"] == {
        "catalog": "spark_catalog",
        "as": "view",
        "schemas": ["gold"],
        "objects": 12,
        "behind": 3,
        "release": 42,
    }


def test_a_report_says_what_was_served(golden: Golden) -> None:
    told = replace(SERVED, notes=("gold.d is not served: it is borrowed",), problems=(REFUSED,))
    report = Report(RUN, "prod", 42, False, (), seconds=1.2, served=told, exit_code=4)
    golden("observe/report_served.txt", render_report(report))


def test_the_document_of_a_report_says_what_was_served() -> None:
    report = Report(RUN, "prod", 42, True, (), served=SERVED)
    assert report_document(report)["serve"] == {
        "catalog": "spark_catalog",
        "release": 42,
        "put": ["gold.a", "gold.b"],
        "withdrawn": ["gold.old"],
        "unchanged": 9,
        "notes": [],
        "error": None,
    }
    assert report_document(replace(report, served=None))["serve"] is None
