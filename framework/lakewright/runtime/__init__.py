"""Applies a plan and nothing but the plan."""

from lakewright.runtime.values import Event, Outcome, Report, TableReport, Watch

__all__ = ["Event", "Outcome", "Report", "TableReport", "Watch"]
