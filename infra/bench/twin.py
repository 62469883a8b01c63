"""The demo warehouse as a good engineer would write it by hand in PySpark, for comparison.

    python -m infra.bench.twin --engine sail --lake /tmp/lake

The same session settings, files, SQL, column types, checks, splits, counts and CHECK constraints as
the project of this repository; independent tables at the same time; a ledger of loaded files. It
has no plan, no release, no claim and no second run: what Lakewright adds is what the ratio shows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jinja2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from deltalake import write_deltalake
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as sf
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
TAILNUM = "tailnum RLIKE '^N[1-9][0-9A-Z]{1,4}$'"
AIRPORT = "origin IN ('EWR', 'JFK', 'LGA')"
ARROW = {"int": pa.int32(), "double": pa.float64(), "string": pa.string()}
VARS = {"season_start": "DATE '2013-01-01'", "late_after": "15"}


@dataclass(frozen=True, slots=True)
class Reference:
    column: str
    table: str
    to: str
    action: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Row rules as SQL that a good row passes; NULL passes too."""

    key: str
    fail: tuple[str, ...] = ()
    quarantine: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    warn: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    reads: tuple[str, ...] = ()


TABLES = {
    "bronze.airlines": Rules("carrier"),
    "bronze.airports": Rules("faa"),
    "bronze.planes": Rules("tailnum"),
    "bronze.weather": Rules("origin, time_hour"),
    "bronze.flights": Rules(
        "year, month, day, carrier, flight, origin, sched_dep_time",
        fail=("month BETWEEN 1 AND 12",),
        quarantine=("sched_dep_time BETWEEN 0 AND 2400",),
    ),
    "silver.airlines": Rules(
        "carrier",
        fail=("carrier RLIKE '^[0-9A-Z]{2}$'", "name IS NOT NULL"),
        reads=("bronze.airlines",),
    ),
    "silver.airports": Rules(
        "faa",
        fail=(
            "name IS NOT NULL",
            "latitude BETWEEN -90 AND 90",
            "longitude BETWEEN -180 AND 180",
        ),
        quarantine=("tzone RLIKE '^(America|Pacific)/'",),
        warn=("tzone IS NOT NULL",),
        reads=("bronze.airports",),
    ),
    "silver.planes": Rules(
        "tailnum",
        fail=(TAILNUM, "engines BETWEEN 1 AND 4", "year_built BETWEEN 1903 AND 2013"),
        drop=("type IN ('Fixed wing multi engine', 'Fixed wing single engine')",),
        warn=("year_built IS NOT NULL", "seats >= 20"),
        reads=("bronze.planes",),
    ),
    "silver.weather": Rules(
        "origin, hour_utc",
        fail=(AIRPORT, "humidity BETWEEN 0 AND 100", "visibility BETWEEN 0 AND 10"),
        quarantine=("wind_speed BETWEEN 0 AND 231",),
        drop=("temperature IS NOT NULL", "wind_speed IS NOT NULL"),
        warn=("pressure IS NOT NULL",),
        reads=("bronze.weather",),
    ),
    "silver.flights": Rules(
        "flight_id",
        fail=(
            "carrier IS NOT NULL",
            "flight_number IS NOT NULL",
            "origin IS NOT NULL",
            "dest IS NOT NULL",
            "scheduled_departure IS NOT NULL",
            AIRPORT,
            "cancelled OR dep_delay > -120",
            "date_trunc('HOUR', scheduled_departure) = hour_utc",
            "arrived_at > departed_at",
        ),
        quarantine=("distance <= 10 * air_time",),
        drop=("distance >= 50",),
        warn=("tailnum IS NOT NULL", TAILNUM),
        references=(
            Reference("carrier", "silver.airlines", "carrier", "fail"),
            Reference("dest", "silver.airports", "faa", "quarantine"),
            Reference("tailnum", "silver.planes", "tailnum", "warn"),
        ),
        reads=("bronze.flights", "silver.airlines", "silver.airports", "silver.planes"),
    ),
    "silver.completed_flights": Rules("flight_id", reads=("silver.flights",)),
    "gold.carrier_month": Rules(
        "carrier, month",
        fail=(
            "carrier_name IS NOT NULL",
            "on_time_percent BETWEEN 0 AND 100",
            "on_time + cancelled + diverted <= flights",
        ),
        warn=("on_time_percent >= 50",),
        reads=("silver.flights", "silver.airlines"),
    ),
    "gold.route_delays": Rules(
        "origin, dest",
        fail=("dest_name IS NOT NULL", "miles IS NOT NULL"),
        warn=("flights >= 12",),
        references=(Reference("dest", "silver.airports", "faa", "fail"),),
        reads=("silver.completed_flights", "silver.airports"),
    ),
    "gold.weather_delays": Rules(
        "origin, weather",
        fail=(
            "weather IN ('fog', 'storm', 'rain', 'drizzle', 'wind', 'fair', 'unknown')",
            "cancelled + late <= departures",
        ),
        warn=("hours >= 24",),
        reads=("silver.flights", "silver.weather"),
    ),
    "gold.aircraft_use": Rules(
        "tailnum",
        fail=("days_flown <= flights", "age_years BETWEEN -1 AND 60"),
        warn=("model IS NOT NULL",),
        reads=("silver.completed_flights", "silver.planes"),
    ),
    "gold.airport_load": Rules(
        "origin, hour_utc",
        fail=(AIRPORT, "cancelled + delayed <= scheduled", "scheduled BETWEEN 1 AND 60"),
        warn=("scheduled > cancelled",),
        reads=("silver.flights", "silver.planes"),
    ),
    "gold.delay_score": Rules(
        "carrier",
        fail=(
            "carrier_name IS NOT NULL",
            "median_delay IS NOT NULL",
            "median_deviation IS NOT NULL",
            "median_deviation >= 0",
        ),
        warn=("flights >= 100",),
        reads=("silver.completed_flights", "silver.airlines"),
    ),
}


class Warehouse:
    """Builds the tables below `lake`; counts of each by name."""

    def __init__(self, spark: SparkSession, lake: Path, landing: Path, *, observe: bool) -> None:
        self.spark = spark
        self.lake = lake
        self.landing = landing
        self.observe = observe
        macros = jinja2.Environment(autoescape=False)  # SQL, not HTML
        module = macros.from_string((ROOT / "sql/_macros/values.sql").read_text()).module
        self.macros = {name: getattr(module, name) for name in ("known", "minutes", "ratio")}

    def build_all(self) -> dict[str, Any]:
        """Every table as soon as what it reads is there, four at a time."""
        done: dict[str, Future[dict[str, int]]] = {}
        with ThreadPoolExecutor(4) as pool:
            for name, rules in TABLES.items():
                done[name] = pool.submit(self.when_ready, name, [done[it] for it in rules.reads])
        return {name: future.result() for name, future in done.items()}

    def when_ready(self, name: str, waits: list[Future[dict[str, int]]]) -> dict[str, int]:
        for future in waits:
            future.result()
        return self.build(name)

    def build(self, name: str) -> dict[str, int]:
        schema, _, table = name.partition(".")
        if name == "silver.completed_flights":
            return self.view(name)
        spec = YAML(typ="safe").load(ROOT / "pipelines/flights" / schema / f"{table}.yml")
        types = {column: options["type"] for column, options in spec["columns"].items()}
        extra: dict[str, str] = {}
        if schema == "bronze":
            files = sorted((self.landing / table).glob("*.csv"))
            rows = self.records(files, types)
            extra = {"_source_line": "bigint", "_raw": "string"}
            types |= {"_ingested_at": "timestamp", "_source_file": "string"}
            self.ledger(name, files)
        else:
            rows = self.query(name)
        rows = rows.selectExpr(
            *(f"CAST(`{column}` AS {type_}) AS `{column}`" for column, type_ in types.items()),
            *([*extra, "_bad"] if extra else []),
        )
        return self.write(name, rows, types, extra)

    def write(
        self, name: str, rows: DataFrame, types: dict[str, str], extra: dict[str, str]
    ) -> dict[str, int]:
        """Flag, split, count, write, and check the key of what was written."""
        rules = TABLES[name]
        define(self.place(name), types, rules)
        apart = [f"NOT coalesce({sql}, true)" for sql in rules.quarantine]
        apart += ["_bad"] if extra else []
        counts = {f"warn_{at}": f"NOT coalesce({sql}, true)" for at, sql in enumerate(rules.warn)}
        for at, reference in enumerate(rules.references):
            found = f"_found_{at}"
            known = self.spark.table(view_name(reference.table))
            keys = known.select(sf.col(reference.to).alias(f"_to_{at}")).distinct()
            rows = rows.join(
                keys.withColumn(found, sf.lit(True)),
                rows[reference.column] == sf.col(f"_to_{at}"),
                "left",
            ).drop(f"_to_{at}")
            broken = f"({reference.column} IS NOT NULL AND {found} IS NULL)"
            if reference.action == "quarantine":
                apart.append(broken)
            else:
                counts[f"{reference.action}_reference_{at}"] = broken
        dropped = " OR ".join(f"NOT coalesce({sql}, true)" for sql in rules.drop) or "false"
        rows = rows.withColumn("_apart", sf.expr(" OR ".join(apart) or "false"))
        rows = rows.withColumn("_dropped", sf.expr(f"NOT _apart AND ({dropped})"))
        kept = "NOT _apart AND NOT _dropped"
        totals = {"produced": "true", "quarantined": "_apart", "dropped": "_dropped"} | {
            key: f"{kept} AND {sql}" for key, sql in counts.items()
        }
        sums = [sf.expr(f"count_if({sql})").alias(key) for key, sql in totals.items()]
        return self.split(name, rows, sums, list(types), [*types, *extra])

    def split(
        self, name: str, rows: DataFrame, sums: list[Any], columns: list[str], apart: list[str]
    ) -> dict[str, int]:
        rules = TABLES[name]
        separates = bool(rules.quarantine or rules.drop or "_raw" in apart)
        kept = sf.expr("NOT _apart AND NOT _dropped")
        if self.observe:
            observation = Observation(uuid4().hex)
            observed = rows.observe(observation, *sums)
            save(observed.where(kept).select(*columns), self.place(name))
            numbers = dict(observation.get)
        elif separates or rules.references:
            numbers = rows.agg(*sums).toArrow().to_pylist()[0]
            save(rows.where(kept).select(*columns), self.place(name))
        else:
            save(rows.select(*columns), self.place(name))
            flags = "false AS _apart", "false AS _dropped"
            numbers = self.read(name).selectExpr("*", *flags).agg(*sums).toArrow().to_pylist()[0]
        if numbers["quarantined"]:
            failed = rows.where("_apart").select(*apart, sf.current_timestamp().alias("_at"))
            save(failed, f"{self.place(name)}__quarantine")
        wrong = {key: count for key, count in numbers.items() if key.startswith("fail") and count}
        if wrong:
            raise SystemExit(f"{name}: {wrong}")
        self.read(name).createOrReplaceTempView(view_name(name))
        self.check_key(name)
        return numbers

    def check_key(self, name: str) -> None:
        key = TABLES[name].key
        again = f"SELECT {key} FROM {view_name(name)} GROUP BY {key} HAVING count(*) > 1"
        twice = self.spark.sql(f"SELECT count(*) AS n FROM ({again}) AS again").collect()[0][0]
        if twice:
            raise SystemExit(f"{name}: {twice} keys are there more than once")

    def view(self, name: str) -> dict[str, int]:
        self.query(name).createOrReplaceTempView(view_name(name))
        self.check_key(name)
        missing = self.spark.table(view_name(name)).where(
            "flight_id IS NULL OR departed_at IS NULL OR arrived_at IS NULL"
        )
        if missing.count():
            raise SystemExit(f"{name}: not complete")
        return {}

    def query(self, name: str) -> DataFrame:
        """The project's own SQL, with names of tables and parameters put in."""
        if name == "gold.delay_score":
            sys.path.insert(0, str(ROOT / "pipelines/flights/gold"))
            import delay_score  # on the path only now

            return delay_score.build(
                {it: self.spark.table(view_name(it)) for it in TABLES[name].reads}
            )
        path = ROOT / "sql/flights" / (name.replace(".", "/") + ".sql")
        text = jinja2.Environment(autoescape=False).from_string(path.read_text())
        sql = re.sub(r":vars\.(\w+)", lambda found: VARS[found[1]], text.render(**self.macros))
        return self.spark.sql(
            re.sub(
                r"\b(bronze|silver|gold)\.(\w+)\b( AS)?",
                lambda found: f"{found[1]}__{found[2]}" + (found[3] or f" AS {found[2]}"),
                sql,
            )
        )

    def records(self, files: list[Path], types: dict[str, str]) -> DataFrame:
        """One file a task; bad records are marked and keep their text."""
        fields = ", ".join(f"`{column}` {type_}" for column, type_ in types.items())
        schema = f"{fields}, _source_file string, _source_line bigint, _raw string, _bad boolean"
        paths = self.spark.createDataFrame([(str(path),) for path in files], "path string")
        return paths.mapInArrow(Reader(types), schema).withColumn(
            "_ingested_at", sf.current_timestamp()
        )

    def ledger(self, name: str, files: list[Path]) -> None:
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
        columns = {
            "path": [str(path) for path in files],
            "size": [path.stat().st_size for path in files],
            "digest": digests,
        }
        write_deltalake(f"{self.place(name)}__ledger", pa.table(columns), mode="append")

    def read(self, name: str) -> DataFrame:
        return self.spark.read.format("delta").load(self.place(name))

    def place(self, name: str) -> str:
        return str(self.lake / name.replace(".", "/"))


class Reader:
    """Parses CSV files block by block; sent to the engine's Python workers."""

    def __init__(self, types: dict[str, str]) -> None:
        self.types = {name: kind for name, kind in types.items() if not name.startswith("_")}

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path in batch.column(0).to_pylist():
                yield from self.file(path)

    def file(self, path: str) -> Iterator[pa.RecordBatch]:
        ragged: list[tuple[int, str]] = []

        def keep(row: Any) -> str:
            ragged.append((row.number or 0, row.text))
            return "skip"

        reader = pyarrow.csv.open_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=8 << 20),
            parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=keep),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(self.types, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
        for batch in reader:
            yield self.typed(batch, path)
        if ragged:
            yield self.unreadable(ragged, path)

    def typed(self, batch: pa.RecordBatch, path: str) -> pa.RecordBatch:
        bad = pa.array([False] * batch.num_rows)
        columns = []
        for name, kind in self.types.items():
            column = batch.column(name)
            try:
                columns.append(pc.cast(column, ARROW[kind]))
            except pa.ArrowInvalid:
                good = pc.fill_null(pc.match_substring_regex(column, r"^\s*-?[0-9.]+\s*$"), True)
                bad = pc.or_(bad, pc.invert(good))
                text = pc.if_else(good, column, None)
                columns.append(pc.cast(text, ARROW[kind]))
        count = batch.num_rows
        empty = pa.nulls(count, pa.int64()), pa.nulls(count, pa.string())
        return self.batch([*columns, pa.array([path] * count), *empty, bad])

    def unreadable(self, ragged: list[tuple[int, str]], path: str) -> pa.RecordBatch:
        count = len(ragged)
        columns = [pa.nulls(count, ARROW[kind]) for kind in self.types.values()]
        lines = pa.array([line for line, _ in ragged], pa.int64())
        raw = pa.array([text for _, text in ragged], pa.string())
        return self.batch(
            [*columns, pa.array([path] * count), lines, raw, pa.array([True] * count)]
        )

    def batch(self, columns: list[pa.Array]) -> pa.RecordBatch:
        names = [*self.types, "_source_file", "_source_line", "_raw", "_bad"]
        return pa.RecordBatch.from_arrays(columns, names=names)


def open_sail() -> tuple[SparkSession, Callable[[], None]]:
    """The embedded engine as its own manual starts it."""
    # On the path of Sail only: Spark's side does not pay for it.
    from pysail.spark import SparkConnectServer

    os.environ.setdefault("RUST_LOG", "off")
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    builder: Any = SparkSession.builder
    spark = builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").create()
    spark.conf.set("spark.sql.ansi.enabled", "true")
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    def stop() -> None:
        spark.stop()
        server.stop()

    return spark, stop


def open_spark() -> tuple[SparkSession, Callable[[], None]]:
    """Spark with Lakewright's settings: whoever tunes Spark by hand finds them too."""
    # On the path of Spark only: Sail's side does not pay for it.
    from lakewright.engines import open_engine

    engine = open_engine("spark")
    session: Any = engine.session()
    return session.spark, engine.close


def define(place: str, types: dict[str, str], rules: Rules) -> None:
    """An empty table with its CHECK constraints, as the first entry of its log."""
    checks = [f"{column} IS NOT NULL" for column in rules.key.split(", ")]
    checks += [sql if "IS NOT NULL" in sql else f"coalesce({sql}, true)" for sql in rules.fail]
    names = {"int": "integer", "bigint": "long"}
    fields = [
        {"name": name, "type": names.get(kind, kind), "nullable": True, "metadata": {}}
        for name, kind in types.items()
    ]
    metadata = {
        "id": str(uuid4()),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": [],
        "configuration": {f"delta.constraints.c{at}": sql for at, sql in enumerate(checks)},
        "createdTime": int(time.time() * 1000),
    }
    log = Path(place) / "_delta_log"
    log.mkdir(parents=True)
    actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 3}}, {"metaData": metadata}]
    text = "".join(json.dumps(action) + "\n" for action in actions)
    (log / "00000000000000000000.json").write_text(text)


def save(rows: DataFrame, place: str) -> None:
    rows.write.format("delta").mode("append").save(place)


def view_name(name: str) -> str:
    return name.replace(".", "__")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", choices=("sail", "spark"), required=True)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--landing", type=Path, default=ROOT / "landing")
    options = parser.parse_args()
    spark, stop = open_sail() if options.engine == "sail" else open_spark()
    warehouse = Warehouse(
        spark,
        options.lake.resolve(),
        options.landing.resolve(),
        observe=options.engine != "sail",
    )
    try:
        began = time.perf_counter()
        counts = warehouse.build_all()
        print(json.dumps({"seconds": time.perf_counter() - began, "counts": counts}))
    finally:
        stop()


if __name__ == "__main__":
    main()
