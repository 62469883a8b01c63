"""Files as a frame: one file a task, parsed by the same function on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from lakewright.engines.port import FileRows, FileToLoad
from lakewright.lake import Field
from lakewright.names import quote
from lakewright.specs import FilesInput

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from lakewright.engines.records import Reading

BatchReader = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def file_frame(spark: SparkSession, rows: FileRows) -> DataFrame:
    """The records of the files: the data columns, then EXTRA_TYPES."""
    # Only where PySpark is loaded already; the readers load Arrow's, which few commands need.
    from pyspark import cloudpickle

    from lakewright.engines import records

    # Workers of a cluster have no Lakewright, so the functions that read travel with the task.
    cloudpickle.register_pickle_by_value(records)
    readings = tuple(reading_of(rows.input, file, rows.fields) for file in rows.files)
    types = [(field.name, field.type) for field in rows.fields]
    schema = ", ".join(f"{quote(name)} {kind}" for name, kind in (*types, *records.EXTRA_TYPES))
    files = max(len(readings), 1)
    numbers = spark.range(0, len(readings), 1, files)
    return numbers.mapInArrow(_pickled_once(_reader(readings)), schema)


def reading_of(given: FilesInput, file: FileToLoad, fields: tuple[Field, ...] = ()) -> Reading:
    """How a file of an input is read."""
    # The readers load Arrow's, which few commands need.
    from lakewright.engines.records import Reading

    return Reading(
        path=file.path,
        uri=file.uri,
        digest=file.digest,
        format=given.format,
        fields=tuple((field.name, field.type) for field in fields),
        header=given.header,
        delimiter=given.delimiter,
        encoding=given.encoding,
        null_values=given.null_values,
        ignores_new_columns=given.on_new_column == "ignore",
    )


def _reader(readings: tuple[Reading, ...]) -> BatchReader:
    # A local name, so that the task carries the function and not this module; loaded already.
    from lakewright.engines.records import read_records as read

    def read_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from read(readings[number])

    read_files.__module__ = "__main__"  # this function too travels by value
    return read_files


def _pickled_once(read: BatchReader) -> BatchReader:
    """`read`, as cheap to send as its bytes: each look at a frame sends its functions again."""
    from pyspark import cloudpickle  # loaded already

    parcel = cloudpickle.dumps(read)

    def read_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pickle import loads  # on the worker, which has nothing of this module

        yield from loads(parcel)(batches)  # noqa: S301 - ours, sent beside it

    read_batches.__module__ = "__main__"
    return read_batches
