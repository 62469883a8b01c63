"""Counts taken in the pass that writes the rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class Observed:
    """A frame whose one complete execution counts its rows."""

    frame: DataFrame
    observation: Any

    def numbers(self) -> Mapping[str, int]:
        """The counts; only after an action on `frame` has succeeded."""
        return {name: int(value or 0) for name, value in self.observation.get.items()}


def observed(frame: DataFrame, counts: tuple[tuple[str, str], ...]) -> Observed:
    """`frame`, counted while it is executed."""
    # Importing PySpark loads a large library: only where an engine is running already.
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    observation = Observation(f"lw_{uuid.uuid4().hex}")
    aggregates = [f.expr(sql).alias(name) for name, sql in counts]
    return Observed(frame.observe(observation, *aggregates), observation)
