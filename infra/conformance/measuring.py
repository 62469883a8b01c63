"""Run every case on one engine, the way the project opens it, and write down what came.

One engine a process: `python -m infra.conformance measure sail <data folder> <out.json>`.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.conformance.cases import Case
from infra.conformance.expressions import all_cases

from lakewright.engines import open_engine
from lakewright.lake import Pin
from lakewright.names import TableName

QUERIES = Path(__file__).parent / "queries"
QUERY_AREA = "Analytical queries"
WIDE = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """The type and the sorted rows, or the error, as text that both engines can be compared by."""

    type: str = ""
    rows: tuple[Any, ...] = ()
    error: str = ""


def query_cases() -> tuple[Case, ...]:
    """The analytical queries."""
    return tuple(
        Case(QUERY_AREA, path.stem, "query", path.read_text(encoding="utf-8"))
        for path in sorted(QUERIES.glob("*.sql"))
    )


def measure(engine_name: str, data: Path, out: Path) -> None:
    """Evaluate everything on one engine; the result is JSON at `out`."""
    # PySpark logs every failed query with its JVM trace; here failing is an answer.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    engine = open_engine(engine_name)
    session = engine.session()
    try:
        spark: Any = session.spark  # type: ignore[attr-defined]
        for table in sorted(path.name for path in data.iterdir()):
            name = TableName("data", table)
            session.bind(name, Pin(str(data / table), "", 0))
            spark.table(session.relation(name)).createOrReplaceTempView(table)
        outcomes = dict(_outcomes(spark, engine_name == "spark"))
        functions = [row[0] for row in spark.sql("SHOW FUNCTIONS").collect()]
        packages = dict(engine.packages)
    finally:
        session.close()
        engine.close()
    document = {
        "packages": packages,
        "functions": sorted(name for name in functions if re.fullmatch(r"[a-z_0-9]+", name)),
        "outcomes": {key: [o.type, list(o.rows), o.error] for key, o in outcomes.items()},
    }
    out.write_text(json.dumps(document), encoding="utf-8")


def _outcomes(spark: Any, wide: bool) -> Iterator[tuple[str, Outcome]]:
    """Sail answers a small query in milliseconds; Spark is asked many expressions at once."""
    cases = [*all_cases(), *query_cases()]
    wide_shapes = ("row", "aggregate") if wide else ()
    batches = [[case] for case in cases if case.shape not in wide_shapes]
    for shape in wide_shapes:
        many = [case for case in cases if case.shape == shape]
        batches += [many[start : start + WIDE] for start in range(0, len(many), WIDE)]
    with ThreadPoolExecutor(2) as pool:
        for answers in pool.map(lambda batch: list(_together(spark, batch)), batches):
            yield from answers


def _statement(case: Case) -> str:
    match case.shape:
        case "row":
            return f"SELECT id AS _key, {case.sql} AS _0 FROM t"
        case "aggregate":
            return f"SELECT g AS _key, {case.sql} AS _0 FROM t GROUP BY g"
        case "edge":
            return f"SELECT {case.sql} AS _0 FROM edge"
        case "query":
            return case.sql


def _run(spark: Any, sql: str) -> Outcome:
    try:
        frame = spark.sql(sql)
        kind = ", ".join(field.dataType.simpleString() for field in frame.schema)
        table = frame.toArrow()
    except Exception as error:  # noqa: BLE001 - whatever an engine throws is its answer
        return Outcome(error=_said(error))
    return Outcome(kind, _rows(table.columns))


def _together(spark: Any, cases: Sequence[Case]) -> Iterator[tuple[str, Outcome]]:
    """One query for all; when it fails, two of half the size."""
    if len(cases) == 1:
        yield cases[0].key, _run(spark, _statement(cases[0]))
        return
    key, grouped = ("g", " GROUP BY g") if cases[0].shape == "aggregate" else ("id", "")
    columns = ", ".join(f"{case.sql} AS _{index}" for index, case in enumerate(cases))
    try:
        frame = spark.sql(f"SELECT {key} AS _key, {columns} FROM t{grouped}")
        kinds = [field.dataType.simpleString() for field in frame.schema]
        table = frame.toArrow()
    except Exception:  # noqa: BLE001 - the halves tell who it was
        middle = len(cases) // 2
        yield from _together(spark, cases[:middle])
        yield from _together(spark, cases[middle:])
        return
    for index, case in enumerate(cases):
        kind = f"{kinds[0]}, {kinds[index + 1]}"
        rows = _rows([table.column(0), table.column(index + 1)])
        yield case.key, Outcome(kind, rows)


def _rows(columns: Sequence[Any]) -> tuple[Any, ...]:
    lists = [[_read(scalar) for scalar in column] for column in columns]
    return tuple(sorted(([*row] for row in zip(*lists, strict=True)), key=_order))


def _read(scalar: Any) -> Any:
    """Python has no day after 9999 and no text that is not UTF-8; engines have both."""
    try:
        return plain(scalar.as_py())
    except UnicodeDecodeError:
        return {"bytes": scalar.as_buffer().to_pybytes().hex()}
    except (OverflowError, ValueError):
        return {"out of range": getattr(scalar, "value", repr(scalar.type))}


def _order(row: Sequence[Any]) -> list[str]:
    """Floats are close, not equal: they order rows by six digits only."""
    return [f"{value:.6g}" if isinstance(value, float) else repr(value) for value in row]


def plain(value: Any) -> Any:
    """A value as JSON holds it; what JSON cannot tell apart gets a tag."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"float": str(value)}
        case Decimal():
            return {"decimal": format(value, "f")}
        case datetime():
            return {"instant": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case timedelta():
            return {"interval": value // timedelta(microseconds=1)}
        case bytes():
            return {"bytes": value.hex()}
        case Mapping():
            return {"struct": [[key, plain(inner)] for key, inner in value.items()]}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return {"other": str(value)}


def _said(error: Exception) -> str:
    condition = getattr(error, "getCondition", lambda: None)() or ""
    found = re.search(r"Exception: (\[[A-Z][A-Z_.0-9]+\].*)", str(error))
    if found:
        return found.group(1)[:160]
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    first = re.sub(r"\s+", " ", lines[0].split("JVM stacktrace")[0])[:160]
    return first if condition and f"[{condition}]" in first else f"{condition} {first}".strip()
