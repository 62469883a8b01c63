"""The private space of one running table, over the public PySpark API of every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from lakewright.engines.building import build, columns_of
from lakewright.engines.calling import call_transform
from lakewright.engines.counting import read_numbers
from lakewright.engines.files import analyse_files
from lakewright.engines.given_rows import value_frame
from lakewright.engines.inputs import Inputs
from lakewright.engines.messages import at_place_of, explaining
from lakewright.engines.port import (
    INGEST_FIELDS,
    BuildJob,
    BuildResult,
    Capabilities,
    FileRows,
    PythonRows,
    Rows,
    Sink,
    SqlRows,
    TriedRows,
    ValueRows,
)
from lakewright.engines.reading import file_frame
from lakewright.engines.trying import try_rows
from lakewright.errors import InternalError, SpecError
from lakewright.graph import Check
from lakewright.lake import Field, Pin
from lakewright.names import TableName, quote

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class FrameSession:
    """Implements `Session`; several may work at the same time, each from its own thread."""

    def __init__(
        self,
        spark: SparkSession,
        capabilities: Capabilities,
        end: Callable[[], None] | None = None,
        reach: Callable[[str], str] = str,
    ) -> None:
        """`end` ends a session of its own, and its views with it; else they are dropped.

        `reach` turns a location into one that the engine takes as it is.
        """
        self.spark = spark
        self.capabilities = capabilities
        self._end = end
        self._reach = reach
        self._bound: dict[TableName, str] = {}
        self._analysed: tuple[Rows, DataFrame] | None = None

    def bind(self, table: TableName, pin: Pin) -> None:
        with explaining():
            self._register(table, self.version(self._reach(pin.location), pin.version))

    def bind_view(self, table: TableName, rows: SqlRows) -> None:
        with explaining(rows):
            self._register(table, self.spark.sql(rows.sql))

    def relation(self, table: TableName) -> str:
        if table not in self._bound:
            raise InternalError("LW901", f"{table} is not bound in this session")
        return quote(self._bound[table])

    def analyse(self, rows: Rows) -> tuple[Field, ...]:
        if isinstance(rows, FileRows):
            return (*analyse_files(rows).fields, *INGEST_FIELDS)
        if isinstance(rows, ValueRows):
            return rows.fields
        with explaining(rows):
            frame = self.frame(rows)
            fields = columns_of(frame)
        self._analysed = rows, frame
        _refuse_unstorable(fields, rows)
        return fields

    def build(self, job: BuildJob) -> BuildResult:
        return build(self, self._reached(job))

    def try_rows(
        self, rows: Rows, fields: Sequence[Field], checks: Sequence[Check], now: datetime
    ) -> TriedRows:
        sink = Sink("", "overwrite", "")
        job = BuildJob(
            table=TableName("tried", "rows"),
            rows=rows,
            fields=tuple(fields),
            checks=tuple(checks),
            target=sink,
            quarantine=None,
            deterministic=True,
            staging="",
            run_id="",
            now=now,
        )
        return try_rows(self, job)

    def measure(self, expressions: Mapping[str, str]) -> Mapping[str, int]:
        if not expressions:
            return {}
        names = list(expressions)
        columns = ", ".join(
            f"coalesce(cast(({expressions[name]}) AS bigint), 0) AS `_{index}`"
            for index, name in enumerate(names)
        )
        with explaining():
            frame = self.spark.sql(f"SELECT {columns}")
        with explaining(running=frame):
            values = read_numbers(frame)
        return {name: values[f"_{index}"] for index, name in enumerate(names)}

    def count_rows(self, table: TableName, conditions: Mapping[str, str]) -> Mapping[str, int]:
        counts = [f"count_if({sql}) AS `_{at}`" for at, sql in enumerate(conditions.values())]
        with explaining():
            frame = self.spark.sql(f"SELECT {', '.join(counts)} FROM {self.relation(table)}")
        with explaining(running=frame):
            values = read_numbers(frame)
        return {name: values[f"_{at}"] for at, name in enumerate(conditions)}

    def fetch(self, sql: str, limit: int | None = None) -> pa.Table:
        with explaining(SqlRows(sql)):
            frame = self.spark.sql(sql)
        with explaining(SqlRows(sql), frame):
            return (frame if limit is None else frame.limit(limit)).toArrow()

    def close(self) -> None:
        views = list(self._bound.values())
        self._bound.clear()
        if self._end is not None:
            self._end()
            return
        for view in views:
            self.spark.catalog.dropTempView(view)

    def frame(self, rows: Rows) -> DataFrame:
        """The rows as a DataFrame; nothing is executed. Those analysed last need no second look."""
        if self._analysed is not None and self._analysed[0] is rows:
            return self._analysed[1]
        match rows:
            case SqlRows(sql=sql):
                return self.spark.sql(sql)
            case PythonRows():
                return self._python_frame(rows)
            case FileRows():
                return file_frame(self.spark, rows)
            case ValueRows():
                return value_frame(self.spark, rows)

    def version(self, location: str, version: int) -> DataFrame:
        """A Delta table as it was."""
        reader = self.spark.read.format("delta")
        return reader.option("versionAsOf", version).load(location)

    def table(self, table: TableName) -> DataFrame:
        """A bound table."""
        return self.spark.table(self.relation(table))

    def explaining(self, rows: Rows) -> AbstractContextManager[None]:
        return explaining(rows)

    def _reached(self, job: BuildJob) -> BuildJob:
        apart = job.quarantine
        return replace(
            job,
            target=replace(job.target, location=self._reach(job.target.location)),
            quarantine=apart and replace(apart, location=self._reach(apart.location)),
            staging=self._reach(job.staging),
        )

    def _register(self, table: TableName, frame: DataFrame) -> None:
        view = f"lw__{table.schema}__{table.table}"
        frame.createOrReplaceTempView(view)
        self._bound[table] = view

    def _python_frame(self, rows: PythonRows) -> DataFrame:
        inputs = Inputs(
            spark=self.spark,
            tables={name: self.table(name) for name in rows.reads},
            vars=rows.vars,
            now=rows.now,
            today=rows.today,
            each=rows.each,
        )
        frame = call_transform(rows, inputs)
        if not hasattr(frame, "selectExpr"):
            raise SpecError(
                "LW615",
                f"the transform returned {type(frame).__name__}, not a DataFrame",
                at_place_of(rows),
                hint="return the DataFrame that holds the table's rows",
            )
        return frame


def _refuse_unstorable(fields: tuple[Field, ...], rows: Rows) -> None:
    seen: set[str] = set()
    for field in fields:
        if field.type == "void":
            raise SpecError(
                "LW613",
                f"`{field.name}` has no type: it is always NULL",
                at_place_of(rows),
                hint=f"write cast(NULL AS string) AS {field.name}, with the type you mean",
            )
        if field.name.lower() in seen:
            raise SpecError(
                "LW614",
                f"two columns are called `{field.name}`",
                at_place_of(rows),
                hint="give one of them another name with AS",
            )
        seen.add(field.name.lower())
