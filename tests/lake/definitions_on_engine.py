"""Run by `test_definitions_on_engines` in a process of its own: `python … spark|sail <folder>`.

Defines a table through the log, lets the engine write and read it at every step, and prints what
happened as one JSON object.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from decimal import Decimal
from typing import Any

from lakewright.lake import Definition, DeltaLakeTables, Field, matches

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FIELDS = (
    Field("n", "int", "a number"),
    Field("s", "string"),
    Field("d", "decimal(12,3)"),
    Field("at", "timestamp"),
    Field("day", "date"),
    Field("flag", "boolean"),
    Field("x", "double"),
    Field("tags", "array<string>"),
    Field("props", "map<string,bigint>"),
    Field("inner", "struct<a:int,b:array<string>>"),
    Field("raw", "binary"),
)
ROWS = """
    SELECT 1 AS n, 'a' AS s, CAST(1.5 AS decimal(12,3)) AS d, TIMESTAMP '2026-01-02 03:04:05' AS at,
           DATE '2026-01-02' AS day, true AS flag, CAST(0.5 AS double) AS x, array('p', 'q')
           AS tags, map('k', CAST(7 AS bigint)) AS props,
           named_struct('a', 1, 'b', array('z')) AS inner, CAST('bytes' AS binary) AS raw
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
"""


def main(engine: str, folder: str) -> dict[str, Any]:
    spark, keeps = {"spark": start_spark, "sail": start_sail}[engine]()
    try:
        return steps(spark, f"{folder}/t") | {"ntz": ntz(spark, f"{folder}/ntz")}
    finally:
        spark.stop()
        if keeps is not None:
            keeps.stop()


def steps(spark: Any, location: str) -> dict[str, Any]:
    tables, seen = DeltaLakeTables(), {}
    first = Definition(FIELDS, {"positive": "coalesce(n > 0, true)"}, "all types")
    tables.define(location, first, "lw:1", table_id="0a0a0a0a-0000-4000-8000-000000000001", now=NOW)
    seen["reads_empty"] = count(spark, location)
    write(spark.sql(ROWS), location, "append", "lw:2")
    seen["enforces"] = refuses(spark, location, "SELECT -1 AS n", FIELDS)
    seen["rows"] = count(spark, location)
    seen["token"] = tables.commits(location, 0)[-1].token
    seen["counted"] = [commit.rows for commit in tables.commits(location, 0)]
    seen["kept_definition"] = matches(tables.head(location).definition, first)
    seen["deltalake_reads"] = plain(tables.rows(location, 1).sort_by("n").to_pylist()[0])

    fields = (Field("n", "int", "another comment"), *FIELDS[1:], Field("added", "string", "late"))
    second = Definition(fields, {"short": "coalesce(length(s) < 5, true)"}, "all types")
    tables.define(location, second, "lw:3", table_id="", now=NOW)
    seen["old_rows_with_new_column"] = spark_rows(spark, location, "n, s, added")
    seen["dropped_constraint"] = not refuses(spark, location, "SELECT -1 AS n", fields)
    seen["added_constraint"] = refuses(spark, location, "SELECT 'much too long' AS s", fields)
    write(fitted(spark, "SELECT 9 AS n, 'new' AS added", fields), location, "overwrite", "lw:4")
    seen["overwrite_keeps_definition"] = matches(tables.head(location).definition, second)
    seen["after_overwrite"] = spark_rows(spark, location, "n, s, added")

    third = Definition((Field("n", "string"), Field("added", "string")), {}, "narrow")
    tables.define(location, third, "lw:5", table_id="", now=NOW)
    seen["retyped_is_empty"] = count(spark, location)
    write(spark.sql("SELECT 'text' AS n, 'x' AS added"), location, "append", "lw:6")
    seen["after_retype"] = spark_rows(spark, location, "n, added")

    tables.restore(location, 1, "lw:7")
    seen["restored"] = spark_rows(spark, location, "n, s")
    seen["restored_definition"] = matches(tables.head(location).definition, first)
    seen["restored_enforces"] = refuses(spark, location, "SELECT -1 AS n", FIELDS)
    at = tables.commits(location, -1)[1].version
    old = spark.read.format("delta").option("versionAsOf", at).load(location)
    seen["time_travel"] = old.count()
    seen["changes_data"] = [commit.changes_data for commit in tables.commits(location, -1)]
    return seen


def ntz(spark: Any, location: str) -> dict[str, Any]:
    """A table whose first constraint and timestamp_ntz column come late needs a higher protocol."""
    tables = DeltaLakeTables()
    tables.define(location, Definition((Field("n", "int"),)), "lw:1", table_id="n1", now=NOW)
    write(spark.sql("SELECT 1 AS n"), location, "append", "lw:2")
    fields = (Field("n", "int"), Field("local", "timestamp_ntz"))
    tables.define(location, Definition(fields, {"c": "n > 0"}), "lw:3", table_id="", now=NOW)
    sql = "SELECT 2 AS n, TIMESTAMP_NTZ '2026-01-02 03:04:05' AS local"
    write(spark.sql(sql), location, "append", "lw:4")
    head = tables.head(location)
    return {
        "rows": spark_rows(spark, location, "n, CAST(local AS string) AS local"),
        "enforces": refuses(spark, location, "SELECT -1 AS n", fields),
        "features": list(head.writer_features),
        "deltalake": plain(tables.rows(location, head.version).sort_by("n").to_pylist()),
    }


def write(frame: Any, location: str, mode: str, token: str) -> None:
    frame.write.format("delta").mode(mode).option("userMetadata", token).save(location)


def fitted(spark: Any, sql: str, fields: tuple[Field, ...]) -> Any:
    given = set(spark.sql(sql).columns)
    columns = [
        f"CAST({item.name if item.name in given else 'NULL'} AS {item.type}) AS {item.name}"
        for item in fields
    ]
    return spark.sql(f"SELECT {', '.join(columns)} FROM ({sql})")


def refuses(spark: Any, location: str, sql: str, fields: tuple[Field, ...]) -> bool:
    before = DeltaLakeTables().head(location).version
    try:
        write(fitted(spark, sql, fields), location, "append", "lw:bad")
    except Exception:  # noqa: BLE001 - each engine has its own; the log tells
        return bool(DeltaLakeTables().head(location).version == before)
    return False


def count(spark: Any, location: str) -> int:
    return int(spark.read.format("delta").load(location).count())


def spark_rows(spark: Any, location: str, columns: str) -> list[list[Any]]:
    spark.read.format("delta").load(location).createOrReplaceTempView("probe")
    rows = spark.sql(f"SELECT {columns} FROM probe").collect()
    return sorted([list(row) for row in rows], key=str)


def plain(value: Any) -> Any:
    """A value that JSON can carry."""
    match value:
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case Decimal() | dt.date():
            return str(value)
        case bytes():
            return value.decode()
        case _:
            return value


def start_spark() -> tuple[Any, Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from delta import configure_spark_with_delta_pip
    from pyspark.sql import SparkSession

    extension = "io.delta.sql.DeltaSparkSessionExtension"
    catalog = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    builder = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.extensions", extension)
        .config("spark.sql.catalog.spark_catalog", catalog)
    )
    return configure_spark_with_delta_pip(builder).getOrCreate(), None


def start_sail() -> tuple[Any, Any]:
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return spark, server  # the server stops when nothing holds it


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
