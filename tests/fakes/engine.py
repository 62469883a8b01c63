"""An engine in memory: DuckDB over the rows of `MemoryTables`, rules and counts included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot

from lakewright.engines import (
    BuildJob,
    BuildResult,
    Capabilities,
    Catalog,
    FileRows,
    Inputs,
    PythonRows,
    Rows,
    Session,
    Sink,
    SqlRows,
    TriedRows,
    ValueRows,
    no_catalog,
)
from lakewright.engines.casting import cast_columns
from lakewright.engines.files import analyse_files
from lakewright.engines.given_rows import value_table
from lakewright.engines.messages import at_place_of, broken_rule
from lakewright.engines.reading import reading_of
from lakewright.engines.records import EXTRA_TYPES, RecordFileError, read_records
from lakewright.engines.records.types import arrow_type, spark_type
from lakewright.engines.rules import READABLE, Rules
from lakewright.errors import LakeError, LakewrightError, QualityError, SpecError
from lakewright.graph import Check, KeepTest, ReferenceTest, RowTest
from lakewright.lake import Field, Pin
from lakewright.names import TableName, quote


class Tables(Protocol):
    """What the fake needs of a lake."""

    def rows(self, location: str, version: int) -> pa.Table: ...

    def write(self, location: str, rows: pa.Table, mode: Any, token: str) -> int: ...


@dataclass
class FakeEngine:
    """Implements `Engine`. `jobs` lists the tables that were built, in order."""

    tables: Tables
    name: str = "sail"
    jobs: list[BuildJob] = field(default_factory=list)
    closed: bool = False
    jvm_pid: int | None = None
    served: Catalog | None = None  # the catalog it has, if any

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            observe=True,
            clustering=False,
            change_feed=False,
            shallow_clone=False,
            restore=False,
            jvm=False,
            catalog=self.served is not None,
        )

    @property
    def packages(self) -> Mapping[str, str]:
        return {"engine": "fake"}

    def session(self) -> Session:
        return FakeSession(self)

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        pass

    def catalog(self, name: str) -> Catalog:
        if self.served is None:
            raise no_catalog(self.name, name)
        return self.served

    def close(self) -> None:
        self.closed = True


_FEW = 100
_ANSWERS: dict[tuple[str, ...], pa.Table] = {}


def _text(rows: pa.Table) -> str:
    return f"{rows.schema}{rows.to_pydict()}"


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for the process: opening one takes longer than what a test asks of it."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    return connection


@cache
def _translated(sql: str) -> str:
    return sqlglot.transpile(sql, read="databricks", write="duckdb")[0]


@dataclass(frozen=True)
class Judged:
    """Produced rows with the verdict of each rule and the fate of each row."""

    checks: tuple[Check, ...]
    produced: pa.Table
    shaped: pa.Table
    passes: Mapping[str, list[bool]]
    failed: list[list[str]]
    dropped: list[bool]

    @property
    def apart(self) -> list[bool]:
        return [bool(names) for names in self.failed]

    @property
    def kept(self) -> list[bool]:
        return [not away and not gone for away, gone in zip(self.apart, self.dropped, strict=True)]

    def counts(self, *checks: Check) -> dict[str, int]:
        """Of `fail` and `warn` rules among kept rows, of the others among all."""
        return {
            check.name: sum(
                not ok and (keeps or check.on_fail not in {"fail", "warn"})
                for ok, keeps in zip(self.passes[check.name], self.kept, strict=True)
            )
            for check in checks
        }


class FakeSession:
    """Implements `Session` over one DuckDB connection."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._duck = _database().cursor()
        self._bound: dict[TableName, str] = {}
        self._known: dict[str, pa.Table] = {}  # view -> rows
        self._registered: set[str] = set()  # those that DuckDB knows already

    def bind(self, table: TableName, pin: Pin) -> None:
        self._register(table, self._engine.tables.rows(pin.location, pin.version))

    def bind_view(self, table: TableName, rows: SqlRows) -> None:
        self._register(table, self._table(rows))

    def relation(self, table: TableName) -> str:
        return quote(self._bound[table])

    def analyse(self, rows: Rows) -> tuple[Field, ...]:
        if isinstance(rows, FileRows):
            ours = (Field("_ingested_at", "timestamp"), Field("_source_file", "string"))
            return (*analyse_files(rows).fields, *ours)
        if isinstance(rows, ValueRows):
            return rows.fields
        return _fields(self._table(rows, empty=True).schema)

    def build(self, job: BuildJob) -> BuildResult:
        self._engine.jobs.append(job)
        judged = self._judge(job)
        checks, passes, kept = judged.checks, judged.passes, judged.kept
        _stop_on_failures(job, checks, passes, kept)
        self._write(job.target, judged.shaped.filter(pa.array(kept, pa.bool_())))
        if job.quarantine is not None and (job.quarantine.mode == "overwrite" or any(judged.apart)):
            apart = _quarantine(job, judged.shaped, judged.produced, judged.failed)
            self._write(job.quarantine, apart.filter(pa.array(judged.apart, pa.bool_())))
        return BuildResult(
            produced=judged.shaped.num_rows,
            kept=sum(kept),
            quarantined=sum(judged.apart),
            dropped=sum(judged.dropped),
            failed=judged.counts(*(check for check in checks if check.on_fail != "fail")),
        )

    def try_rows(
        self, rows: Rows, fields: Sequence[Field], checks: Sequence[Check], now: datetime
    ) -> TriedRows:
        sink, name = Sink("", "overwrite", ""), TableName("tried", "rows")
        job = BuildJob(
            name,
            rows,
            tuple(fields),
            tuple(checks),
            sink,
            None,
            True,
            staging="",
            run_id="",
            now=now,
        )
        judged = self._judge(job)
        kept, apart, dropped = (
            judged.shaped.filter(pa.array(mask, pa.bool_()))
            for mask in (judged.kept, judged.apart, judged.dropped)
        )
        names = [names for names in judged.failed if names]
        apart = apart.append_column("_failed_rules", pa.array(names, pa.list_(pa.string())))
        return TriedRows(kept, apart, dropped, judged.counts(*judged.checks))

    def _judge(self, job: BuildJob) -> Judged:
        rules = Rules.of(job.checks, reads_files=isinstance(job.rows, FileRows))
        produced = self._produced(job)
        shaped = _shape(job, produced)
        bad = _flags(produced, "_lw_bad")
        passes = {
            check.name: [
                ok or unread
                for ok, unread in zip(self._passes(job, shaped, check), bad, strict=True)
            ]
            for check in rules.checks
        }
        failed = _failed_rules(rules.checks, passes, bad)
        dropped = [
            not names
            and not all(
                passes[check.name][row] for check in rules.checks if check.on_fail == "drop"
            )
            for row, names in enumerate(failed)
        ]
        return Judged(rules.checks, produced, shaped, passes, failed, dropped)

    def measure(self, expressions: Mapping[str, str]) -> Mapping[str, int]:
        return {name: self._scalar(sql) for name, sql in expressions.items()}

    def count_rows(self, table: TableName, conditions: Mapping[str, str]) -> Mapping[str, int]:
        relation = self.relation(table)
        return {
            name: self._scalar(f"SELECT count(*) FROM {relation} WHERE {sql}")
            for name, sql in conditions.items()
        }

    def fetch(self, sql: str, limit: int | None = None) -> pa.Table:
        rows = self._table(SqlRows(sql))
        return rows if limit is None else rows.slice(0, limit)

    def close(self) -> None:
        self._bound.clear()
        self._duck.close()

    def _register(self, table: TableName, rows: pa.Table) -> None:
        view = f"lw__{table.schema}__{table.table}"
        self._let_know(view, rows)
        self._bound[table] = view

    def _let_know(self, view: str, rows: pa.Table) -> None:
        self._known[view] = rows
        self._registered.discard(view)

    def _write(self, sink: Sink, rows: pa.Table) -> None:
        if rows.num_rows or sink.mode == "overwrite":
            self._engine.tables.write(sink.location, rows, sink.mode, sink.token)

    def _scalar(self, sql: str) -> int:
        found = self._query(f"SELECT ({sql}) AS found").column(0)[0].as_py()
        return int(found or 0)

    def _query(self, sql: str) -> pa.Table:
        """The rows; those of a query over few rows are remembered, for tests ask the same often."""
        read = {view: rows for view, rows in self._known.items() if view in sql}
        few = sum(rows.num_rows for rows in read.values()) <= _FEW
        asked = (sql, *(f"{view}: {_text(rows)}" for view, rows in sorted(read.items())))
        if few and asked in _ANSWERS:
            return _ANSWERS[asked]
        for view in read.keys() - self._registered:
            self._duck.register(view, read[view])
            self._registered.add(view)
        found = _plain(self._duck.sql(_translated(sql)).to_arrow_table())
        if few:
            _ANSWERS[asked] = found
        return found

    def _table(self, rows: Rows, *, empty: bool = False) -> pa.Table:
        """The rows; errors as an engine of ours reports them."""
        try:
            match rows:
                case SqlRows(sql=sql):
                    return self._query(f"SELECT * FROM ({sql}) LIMIT 0" if empty else sql)
                case PythonRows():
                    return self._python(rows)
                case FileRows():
                    return _files(rows)
                case ValueRows():
                    return value_table(rows)
        except LakewrightError:
            raise
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            raise QualityError("LW403", "the query fails on a row", at_place_of(rows)) from error
        except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
            raise SpecError("LW610", str(error).splitlines()[0], at_place_of(rows)) from error

    def _python(self, rows: PythonRows) -> pa.Table:
        tables: dict[TableName, Any] = {
            name: self._duck.from_arrow(self._known[self._bound[name]]) for name in rows.reads
        }
        spark: Any = self._duck
        now, today = rows.now, rows.today
        inputs = Inputs(
            spark=spark, tables=tables, vars=rows.vars, now=now, today=today, each=rows.each
        )
        made = rows.function(inputs)
        return made if isinstance(made, pa.Table) else _plain(made.to_arrow_table())

    def _produced(self, job: BuildJob) -> pa.Table:
        table = self._table(job.rows)
        if isinstance(job.rows, FileRows):
            stamp = pa.repeat(pa.scalar(job.now, arrow_type("timestamp")), table.num_rows)
            table = table.append_column("_ingested_at", stamp)
        return table

    def _passes(self, job: BuildJob, shaped: pa.Table, check: Check) -> list[bool]:
        match check.test:
            case RowTest(ok=ok):
                return self._ask(shaped, f"({ok})")
            case KeepTest() as test:
                return self._first_of_keys(shaped, test)
            case ReferenceTest() as test:
                inside = self._ask(shaped, test.only_where) if test.only_where else None
                known = (
                    shaped
                    if test.to == job.table
                    else self._query(f"SELECT * FROM {self.relation(test.to)}")
                )
                return _found(shaped, known, test, inside)
        raise AssertionError(check.test)

    def _ask(self, shaped: pa.Table, sql: str) -> list[bool]:
        numbered = shaped.append_column("_lw_row", pa.array(range(shaped.num_rows), pa.int64()))
        self._let_know("_lw_rows", numbered)
        return self._query(f"SELECT {sql} AS ok, _lw_row FROM _lw_rows ORDER BY _lw_row")[
            "ok"
        ].to_pylist()

    def _first_of_keys(self, shaped: pa.Table, test: KeepTest) -> list[bool]:
        inside = f"({test.only_where})" if test.only_where else "true"
        columns = ", ".join(quote(column) for column in test.columns)
        absent = " OR ".join(f"{quote(column)} IS NULL" for column in test.columns)
        rank = f"row_number() OVER (PARTITION BY {columns}, {inside} ORDER BY {test.order_by})"
        return self._ask(shaped, f"({rank} = 1 OR {absent} OR NOT {inside})")


def _shape(job: BuildJob, produced: pa.Table) -> pa.Table:
    """The table's columns, cast; the engines' own errors where that cannot be."""
    place = at_place_of(job.rows)
    cast_columns(job.table, _fields(produced.schema), job.fields, place)
    names = {name.lower(): name for name in produced.column_names}
    columns = []
    for item in job.fields:
        try:
            columns.append(produced[names[item.name.lower()]].cast(arrow_type(item.type)))
        except pa.ArrowInvalid as error:
            raise QualityError("LW402", f"`{item.name}` does not fit {item.type}", place) from error
    return pa.Table.from_arrays(columns, names=[item.name for item in job.fields])


def _failed_rules(
    checks: Sequence[Check], passes: Mapping[str, list[bool]], bad: list[bool]
) -> list[list[str]]:
    names = [check.name for check in checks if check.on_fail == "quarantine"]
    return [
        [READABLE] if unread else [name for name in names if not passes[name][row]]
        for row, unread in enumerate(bad)
    ]


def _stop_on_failures(
    job: BuildJob, checks: Sequence[Check], passes: Mapping[str, list[bool]], kept: list[bool]
) -> None:
    counted = {
        check: sum(keeps and not ok for ok, keeps in zip(passes[check.name], kept, strict=True))
        for check in (check for check in checks if check.on_fail == "fail")
    }
    problems = [
        broken_rule(job.table, check, rows, len(kept)) for check, rows in counted.items() if rows
    ]
    if problems:
        raise QualityError.of(problems)


def _found(
    shaped: pa.Table, known: pa.Table, test: ReferenceTest, inside: list[bool] | None
) -> list[bool]:
    keys = set(zip(*(known[column].to_pylist() for column in test.to_columns), strict=True))
    rows = zip(*(shaped[column].to_pylist() for column in test.columns), strict=True)
    return [
        None in row or row in keys or (inside is not None and not inside[number])
        for number, row in enumerate(rows)
    ]


def _quarantine(
    job: BuildJob, shaped: pa.Table, produced: pa.Table, failed: list[list[str]]
) -> pa.Table:
    count = shaped.num_rows
    table = shaped.append_column("_failed_rules", pa.array(failed, pa.list_(pa.string())))
    stamp = pa.repeat(pa.scalar(job.now, arrow_type("timestamp")), count)
    table = table.append_column("_quarantined_at", stamp)
    table = table.append_column("_run_id", pa.repeat(pa.scalar(job.run_id), count))
    for name in ("_source_line", "_raw") if isinstance(job.rows, FileRows) else ():
        table = table.append_column(name, produced[name])
    return table


def _files(rows: FileRows) -> pa.Table:
    types = [*((item.name, item.type) for item in rows.fields), *EXTRA_TYPES]
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in types])
    try:
        batches = [
            batch
            for file in rows.files
            for batch in read_records(reading_of(rows.input, file, rows.fields))
        ]
    except RecordFileError as error:
        code, path = str(error).split(" ", 1)
        kind = LakeError if code in ("LW701", "LW702") else QualityError
        raise kind(code, path, notes=(path[1 : path.index("}")],)) from error
    return pa.Table.from_batches(batches, schema)


def _flags(table: pa.Table, name: str) -> list[bool]:
    return table[name].to_pylist() if name in table.column_names else [False] * table.num_rows


def _fields(schema: pa.Schema) -> tuple[Field, ...]:
    return tuple(
        Field(item.name, "void" if pa.types.is_null(item.type) else spark_type(item.type))
        for item in schema
    )


def _plain(table: pa.Table) -> pa.Table:
    """DuckDB adds integers up in 128 bits; Spark in 64."""
    for at, item in enumerate(table.schema):
        if item.type == pa.decimal128(38, 0):
            table = table.set_column(at, item.name, pc.cast(table.column(at), pa.int64()))
    return table
