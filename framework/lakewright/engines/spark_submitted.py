"""A Spark that spark-submit configures: its master, memory and jars stay what they are."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from lakewright.engines.settings import DELTA_SETTINGS
from lakewright.errors import LakeError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUNDLE = "LAKEWRIGHT_BUNDLE"  # the archive that this process runs from
SITE = "LAKEWRIGHT_SITE"  # where it lies unpacked

_OF_SUBMIT = frozenset({"spark.master", "spark.submit.deployMode"})
_NAMING_JARS = ("spark.jars", "spark.jars.packages", "spark.driver.extraClassPath")
_NOWHERE = "file:///nowhere/lakewright"
_UNKNOWN_SOURCE = ("ClassNotFoundException", "DATA_SOURCE_NOT_FOUND", "Failed to find data source")
_DELTA_JAR = re.compile(r"delta-spark(?:_[\d.]+)*[:-](\d+\.\d+\.\d+)")


def is_submitted(environ: Mapping[str, str]) -> bool:
    """Whether spark-submit started this process: its JVM waits to be used."""
    return "PYSPARK_GATEWAY_PORT" in environ


def open_submitted(builder: Any, conf: Mapping[str, str], environ: Mapping[str, str]) -> Any:
    """The session of that JVM. `conf` adds to what was submitted; LakeError LW604 or LW640."""
    for key, value in conf.items():
        if key not in _OF_SUBMIT:
            builder = builder.config(key, value)
    try:
        spark = builder.getOrCreate()
    except Exception as error:  # py4j and PySpark throw several unrelated kinds
        raise LakeError(
            "LW604",
            f"Spark did not start: {str(error).splitlines()[0]}",
            hint="look at what spark-submit said above, and at its options",
        ) from error
    refuse_without_delta(spark)
    if environ.get(BUNDLE):
        _share_bundle(spark, environ[BUNDLE], environ[SITE])
    return spark


def refuse_without_delta(spark: SparkSession) -> None:
    """LakeError LW640 for a Spark, or a server, that reads and writes no Delta tables."""
    extended = "DeltaSparkSessionExtension" in (spark.conf.get("spark.sql.extensions", "") or "")
    if extended and _knows_delta(spark):
        return
    options = " ".join(f"--conf {key}={value}" for key, value in DELTA_SETTINGS.items())
    raise LakeError(
        "LW640",
        f"this Spark runs without Delta's {'jars' if extended else 'extension'}",
        hint=f"start it with --packages io.delta:delta-spark_… {options}",
    )


def delta_version(setting: Callable[[str], str | None]) -> str:
    """The version of Delta that a Spark with these settings runs, as far as they tell."""
    return _version_in(setting(key) or "" for key in _NAMING_JARS) or _installed_delta()


def _knows_delta(spark: SparkSession) -> bool:
    """Whether the classes are there: what Spark says of a table that is not."""
    try:
        spark.read.format("delta").load(_NOWHERE).schema  # noqa: B018 - asks Spark
    except Exception as error:  # noqa: BLE001 - a missing table is told in several kinds
        return not any(word in str(error) for word in _UNKNOWN_SOURCE)
    return True


def _version_in(texts: Iterable[str]) -> str | None:
    found = (_DELTA_JAR.search(text) for text in texts)
    return next((match.group(1) for match in found if match), None)


def _installed_delta() -> str:
    try:
        return version("delta-spark")
    except PackageNotFoundError:
        return "unknown"  # its jar lies among Spark's own


def _share_bundle(spark: SparkSession, bundle: str, site: str) -> None:
    """Let the Python workers import what the bundle holds: Arrow, for one."""
    context = spark.sparkContext
    places = [site]
    if not context.master.startswith("local"):
        # Unpacked where an executor runs; a session with files of its own works one folder below.
        context.addArchive(f"{bundle}#lakewright")
        places = ["lakewright/site", "../lakewright/site"]
    known = context.environment.get("PYTHONPATH")
    context.environment["PYTHONPATH"] = os.pathsep.join([*places, *([known] if known else [])])
