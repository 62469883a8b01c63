"""The values of `:now`, `:today` and `:vars.x` as SQL literals: splicing is the only binding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from lakewright.graph import Step, literal


def render_parameters(
    step: Step, now: datetime, today: date, variables: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Parameter name (without the colon) -> literal, for all that `step` may name.

    `variables` stand in for the project's own.
    """
    named = step.vars if variables is None else variables
    values = {f"vars.{name}": literal(value) for name, value in named.items()}
    values.update({f"each.{name}": literal(value) for name, value in step.each.items()})
    return {"now": literal(now), "today": literal(today), **values}


def clock_values(step: Step, now: datetime, today: date) -> dict[str, str]:
    """What the entry remembers of the clock it was built with."""
    values = {"now": now.isoformat(), "today": today.isoformat()}
    return {name: values[name] for name in step.clock}
