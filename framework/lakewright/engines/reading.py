"""Files as a frame: one file a task, parsed by the same function on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakewright.engines.port import FileRows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def file_frame(spark: SparkSession, rows: FileRows) -> DataFrame:
    raise NotImplementedError
