"""The columns a file has, before it is loaded."""

from __future__ import annotations

from lakewright.engines.records.csv_records import csv_columns
from lakewright.engines.records.json_records import json_columns
from lakewright.engines.records.lines import read_lines
from lakewright.engines.records.parquet_records import parquet_columns
from lakewright.engines.records.values import Reading


def read_header(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Names and types of the file's columns, in order; text formats have only strings.

    `fields` of the reading name the columns of a CSV file without a header.
    """
    match reading.format:
        case "parquet":
            return parquet_columns(reading)
        case "json":
            return tuple((name, "string") for name in json_columns(reading))
        case _:
            return tuple((name, "string") for name in csv_columns(reading, read_lines(reading)))
