"""Applies a plan and nothing but the plan."""

from lakewright.runtime.analysing import Analysis, analyse_graph
from lakewright.runtime.applying import apply_plan
from lakewright.runtime.planning_back import earlier_release, plan_rollback
from lakewright.runtime.reading import clock_parameters, read_query
from lakewright.runtime.refreshing import plan_refresh, refresh, released_graph
from lakewright.runtime.reporting import put_report, report_document
from lakewright.runtime.rolling_back import roll_back
from lakewright.runtime.rowdiff import RowDiff
from lakewright.runtime.serving import (
    Server,
    serve_latest,
    serve_release,
    withdraw_environment,
)
from lakewright.runtime.unit_tests import (
    UnitTestFailure,
    UnitTestResult,
    run_unit_test,
    try_table,
)
from lakewright.runtime.values import Event, Outcome, Report, ServeReport, TableReport, Watch

__all__ = [
    "Analysis",
    "Event",
    "Outcome",
    "Report",
    "RowDiff",
    "ServeReport",
    "Server",
    "TableReport",
    "UnitTestFailure",
    "UnitTestResult",
    "Watch",
    "analyse_graph",
    "apply_plan",
    "clock_parameters",
    "earlier_release",
    "plan_refresh",
    "plan_rollback",
    "put_report",
    "read_query",
    "refresh",
    "released_graph",
    "report_document",
    "roll_back",
    "run_unit_test",
    "serve_latest",
    "serve_release",
    "try_table",
    "withdraw_environment",
]
