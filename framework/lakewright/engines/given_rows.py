"""Rows that are known as values, as a DataFrame: nothing is read, so no engine reads otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from lakewright.engines.port import ValueRows
from lakewright.names import quote

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def value_table(rows: ValueRows) -> pa.Table:
    """The rows in Arrow, with exactly the types of their fields."""
    # The readers load Arrow's, which few commands need.
    from lakewright.engines.records.types import arrow_type

    columns = list(zip(*rows.rows, strict=True)) if rows.rows else [()] * len(rows.fields)
    arrays = [
        pa.array(column, arrow_type(field.type))
        for column, field in zip(columns, rows.fields, strict=True)
    ]
    return pa.Table.from_arrays(arrays, names=[field.name for field in rows.fields])


def value_frame(spark: SparkSession, rows: ValueRows) -> DataFrame:
    """The rows as a frame of this session."""
    if rows.rows:
        return spark.createDataFrame(value_table(rows))
    # PySpark takes no empty table for its schema alone.
    columns = (f"CAST(NULL AS {field.type}) AS {quote(field.name)}" for field in rows.fields)
    return spark.sql(f"SELECT {', '.join(columns)} WHERE false")
