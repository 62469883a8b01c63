"""Counts taken in the pass that writes the rows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Counts = tuple[tuple[str, str], ...]  # name -> SQL condition of the rows that count; true: all
ALL = "true"


@dataclass(frozen=True, slots=True)
class Counted:
    """A frame whose one complete execution counts its rows.

    `numbers` gives the counts; only after an action on `frame` has succeeded.
    """

    frame: DataFrame
    numbers: Callable[[], Mapping[str, int]]


def aggregates(counts: Counts) -> tuple[tuple[str, str], ...]:
    """Name and SQL aggregate of each count."""
    return tuple(
        (name, "count(1)" if condition == ALL else f"count_if({condition})")
        for name, condition in counts
    )


def read_numbers(frame: DataFrame) -> Mapping[str, int]:
    """The only row of a frame of counts; NULL counts nothing."""
    # Collected, because `toArrow` asks for the schema first: one more trip to the engine.
    row = frame.collect()[0].asDict()
    return {name: int(value or 0) for name, value in row.items()}


def counted(frame: DataFrame, counts: Counts, *, observe: bool) -> AbstractContextManager[Counted]:
    """`frame`, ready to be executed once within the block; `observe`: the engine itself can count.

    Nothing but the counts differs: rows, columns and order are those of `frame`.
    """
    return nullcontext(_observed(frame, counts)) if observe else _tallied(frame, counts)


def _observed(frame: DataFrame, counts: Counts) -> Counted:
    """`frame`, counted by the engine while it is executed."""
    # Importing PySpark loads a large library: only where an engine is running already.
    from pyspark.sql import Observation
    from pyspark.sql import functions as f

    observation = Observation(f"lw_{uuid.uuid4().hex}")
    columns = [f.expr(sql).alias(name) for name, sql in aggregates(counts)]

    def numbers() -> Mapping[str, int]:
        return {name: int(value or 0) for name, value in observation.get.items()}

    return Counted(frame.observe(observation, *columns), numbers)


@contextmanager
def _tallied(frame: DataFrame, counts: Counts) -> Iterator[Counted]:
    """`frame`, counted by a function of ours while it is executed, each task by itself.

    For an engine whose tasks run on this machine, once each: a task leaves its numbers in a folder
    when it has given out its last row.
    """
    schema = frame.schema
    marks = [f"{condition} AS _lw_mark_{at}" for at, (_, condition) in enumerate(counts)]
    with TemporaryDirectory(prefix="lakewright-tally-") as folder:
        count = _tally(folder, len(schema), len(counts))

        def numbers() -> Mapping[str, int]:
            tallies = [json.loads(file.read_text()) for file in Path(folder).iterdir()]
            return {name: sum(it[at] for it in tallies) for at, (name, _) in enumerate(counts)}

        yield Counted(frame.selectExpr("*", *marks).mapInArrow(count, schema), numbers)


def _tally(
    folder: str, width: int, count: int
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Passes the first `width` columns on, and counts the true ones of `count` behind them."""

    def tally(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        totals = [0] * count
        for batch in batches:
            for at in range(count):
                totals[at] += batch.column(width + at).true_count
            yield batch.select(range(width))
        Path(folder, uuid.uuid4().hex).write_text(json.dumps(totals))

    tally.__module__ = "__main__"  # travels by value: workers need nothing of Lakewright's
    return tally
