"""One file as record batches: its columns, then what is known of each record."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from lakewright.engines.records.casts import cast_text
from lakewright.engines.records.csv_records import csv_records
from lakewright.engines.records.json_records import json_records
from lakewright.engines.records.parquet_records import parquet_records
from lakewright.engines.records.rows import Rows
from lakewright.engines.records.types import arrow_type
from lakewright.engines.records.values import Reading

# The columns behind the file's own: Spark types, in order.
EXTRA_TYPES = (
    ("_source_file", "string"),
    ("_source_line", "bigint"),
    ("_raw", "string"),
    ("_lw_bad", "boolean"),
)


def read_records(reading: Reading) -> Iterator[pa.RecordBatch]:
    """Every record of the file exactly once, in order, in bounded memory.

    Columns: the reading's fields, then EXTRA_TYPES. A record that makes no row has NULL in all
    fields,
    `_lw_bad` true, its text in `_raw` and its first line in `_source_line` where the format has
    lines. Raises RecordFileError for a file that is not what was listed, or not of its format.
    """
    sources = {"csv": csv_records, "json": json_records, "parquet": parquet_records}
    schema = _schema(reading)
    for rows in sources[reading.format](reading):
        yield _batch(reading, rows, schema)


def _schema(reading: Reading) -> pa.Schema:
    return pa.schema([(name, arrow_type(kind)) for name, kind in (*reading.fields, *EXTRA_TYPES)])


def _batch(reading: Reading, rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    """Typed columns; rows whose values do not fit their types become bad records."""
    columns, bad = [], rows.bad
    for (_, kind), column in zip(reading.fields, rows.columns, strict=True):
        typed = column.type == arrow_type(kind)
        cast, mask = (column, None) if typed else cast_text(column, kind)
        columns.append(cast)
        bad = bad if mask is None else pc.or_(bad, mask)
    if bad.true_count and rows.again is not None:
        return _batch(reading, rows.again(), schema)
    if bad.true_count:
        columns = [pc.if_else(bad, pa.scalar(None, item.type), item) for item in columns]
    extras = [
        pa.repeat(pa.scalar(reading.path), len(bad)),
        pc.if_else(bad, rows.lines, pa.scalar(None, pa.int64())),
        pc.if_else(bad, rows.raws, pa.scalar(None, pa.string())),
        bad,
    ]
    return pa.RecordBatch.from_arrays([*columns, *extras], schema=schema)
