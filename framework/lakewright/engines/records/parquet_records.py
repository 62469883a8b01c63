"""Parquet files, some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakewright.engines.records.casts import cast_values
from lakewright.engines.records.rows import Rows, unlocated
from lakewright.engines.records.sources import seekable
from lakewright.engines.records.types import arrow_type, spark_type
from lakewright.engines.records.values import Reading, RecordFileError

_BATCH = 65_536


def parquet_records(reading: Reading) -> Iterator[Rows]:
    """Rows in file order; a value that does not fit a declared type makes a bad record."""
    with _opened(reading) as file:
        names = {name.lower(): name for name in file.schema_arrow.names}
        wanted = [names.get(name.lower()) for name, _ in reading.fields]
        present = [name for name in wanted if name is not None]
        for batch in file.iter_batches(batch_size=_BATCH, columns=present):
            yield _rows(reading, batch, wanted)


def parquet_columns(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Names and Spark types as the file has them."""
    with _opened(reading) as file:
        try:
            return tuple((field.name, spark_type(field.type)) for field in file.schema_arrow)
        except ValueError as error:
            raise RecordFileError("LW708", reading.path, str(error)) from error


def _rows(reading: Reading, batch: pa.RecordBatch, wanted: list[str | None]) -> Rows:
    count = batch.num_rows
    columns, bad = [], pa.repeat(pa.scalar(False), count)
    for (_, kind), name in zip(reading.fields, wanted, strict=True):
        type_ = arrow_type(kind)
        if name is None:
            columns.append(pa.nulls(count, type_))
            continue
        column, mask = cast_values(_plain(batch.column(name)), type_)
        columns.append(column)
        bad = bad if mask is None else pc.or_(bad, mask)
    rows = unlocated(columns, count)
    return Rows(rows.columns, bad, rows.lines, rows.raws)


def _plain(column: pa.Array) -> pa.Array:
    """Without what only Parquet has: dictionaries, and nanoseconds below a microsecond."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return column


@contextmanager
def _opened(reading: Reading) -> Iterator[pq.ParquetFile]:
    with seekable(reading) as source:
        try:
            file = pq.ParquetFile(source)
            yield file
        except (pa.ArrowInvalid, OSError) as error:
            raise RecordFileError(
                "LW703", reading.path, "it is not a whole Parquet file"
            ) from error
