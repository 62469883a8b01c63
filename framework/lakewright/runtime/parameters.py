"""The values of `:now`, `:today` and `:vars.x` as SQL literals: splicing is the only binding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from lakewright.graph import Step, sql_literal


def render_parameters(step: Step, now: datetime, today: date) -> dict[str, str]:
    """Parameter name (without the colon) -> literal, for all that `step` may name."""
    instant = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    values: dict[str, str] = {
        "now": f"TIMESTAMP '{instant}'",
        "today": f"DATE '{today.isoformat()}'",
    }
    values.update({f"vars.{name}": sql_literal(value) for name, value in _vars(step).items()})
    return values


def clock_values(step: Step, now: datetime, today: date) -> dict[str, str]:
    """What the entry remembers of the clock it was built with."""
    values = {"now": now.isoformat(), "today": today.isoformat()}
    return {name: values[name] for name in step.clock}


def _vars(step: Step) -> Mapping[str, Any]:
    return step.vars
