"""Applies a plan and nothing but the plan."""

from lakewright.runtime.applying import apply_plan
from lakewright.runtime.reading import clock_parameters, read_query
from lakewright.runtime.refreshing import plan_refresh, refresh, released_graph
from lakewright.runtime.reporting import report_document
from lakewright.runtime.values import Event, Outcome, Report, TableReport, Watch

__all__ = [
    "Event",
    "Outcome",
    "Report",
    "TableReport",
    "Watch",
    "apply_plan",
    "clock_parameters",
    "plan_refresh",
    "read_query",
    "refresh",
    "released_graph",
    "report_document",
]
