"""The settings of engines and sessions, so that one query means the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

SESSION_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}

# Spark's own. Retention is Lakewright's, so Delta must not refuse old versions of sources.
SPARK_SESSION_SETTINGS = {
    **SESSION_SETTINGS,
    "spark.sql.variable.substitute": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": "false",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
}

# What makes a Spark read and write Delta tables, beside the jars.
DELTA_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

_FEW_CORES = 4

_LOGGING = """rootLogger.level = {level}
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{{yy-MM-dd HH:mm:ss}} %p %c{{1}}: %m%n
"""


def local_settings(
    scratch: Path, jars: Sequence[Path], level: str, options: Sequence[str] = ()
) -> Mapping[str, str]:
    """Settings of a Spark that is started here: loopback only, quiet, for small machines."""
    cores = os.cpu_count() or 2
    # On a few cores one thread collects with half the memory, and no slower.
    collector = ("-XX:+UseSerialGC",) if cores <= _FEW_CORES else ()
    logging = scratch / "log4j2.properties"
    logging.write_text(_LOGGING.format(level=level))
    path = os.pathsep.join(str(jar) for jar in jars)
    return {
        **SPARK_SESSION_SETTINGS,
        "spark.app.name": "lakewright",
        "spark.master": "local[*]",
        **DELTA_SETTINGS,
        "spark.sql.shuffle.partitions": str(cores),
        # Each stage would be a job of its own, to decide what with so few partitions is decided.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch),
        "spark.driver.memory": "2g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": (
            # With one compiler the JVM keeps too little room for the code that Spark generates.
            "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
            # A metastore in Derby would else leave its log where the program was called.
            f" -Dderby.stream.error.file={scratch / 'derby.log'}"
            f" -Dlog4j2.configurationFile=file:{logging} {' '.join((*collector, *options))}"
        ),
        **(
            {"spark.driver.extraClassPath": path, "spark.executor.extraClassPath": path}
            if jars
            else {}
        ),
    }


def quiet_pyspark() -> None:
    """PySpark prints a document for every failed query; what failed is told by our own errors."""
    # Only where PySpark is loaded already.
    from pyspark.logger import PySparkLogger

    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).disabled = True
