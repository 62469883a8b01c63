"""Problems, plans, reports and releases as text and JSON. Decides nothing."""

from lakewright.observe.documents import FORMAT_VERSION, error_document, render_json
from lakewright.observe.paint import Paint
from lakewright.observe.plans import code_of, plan_document, render_plan
from lakewright.observe.problems import render_problems
from lakewright.observe.releases import (
    history_document,
    moves_between,
    releases_document,
    render_history,
    render_releases,
    render_status,
    status_document,
)
from lakewright.observe.reports import (
    check_document,
    render_event,
    render_report,
    report_document,
)
from lakewright.observe.rows import RowFormat, render_rows
from lakewright.observe.steps import (
    list_document,
    readers_of,
    render_list,
    render_step,
    step_document,
)

__all__ = [
    "FORMAT_VERSION",
    "Paint",
    "RowFormat",
    "check_document",
    "code_of",
    "error_document",
    "history_document",
    "list_document",
    "moves_between",
    "plan_document",
    "readers_of",
    "releases_document",
    "render_event",
    "render_history",
    "render_json",
    "render_list",
    "render_plan",
    "render_problems",
    "render_releases",
    "render_report",
    "render_rows",
    "render_status",
    "render_step",
    "report_document",
    "status_document",
    "step_document",
]
