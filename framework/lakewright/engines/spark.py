"""The Spark engine: started here, under spark-submit, or behind a Spark Connect address."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakewright.engines.archive import archive_path, reading_options
from lakewright.engines.capabilities import engine_capabilities
from lakewright.engines.catalogs import Catalog
from lakewright.engines.features import refuse_features
from lakewright.engines.jars import cached_jars, delta_coordinate, keep_jars
from lakewright.engines.java import find_java, trust_options, wrap_java
from lakewright.engines.port import Capabilities, Session
from lakewright.engines.sessions import FrameSession
from lakewright.engines.settings import SPARK_SESSION_SETTINGS, local_settings, quiet_pyspark
from lakewright.engines.spark_catalog import SparkCatalog
from lakewright.engines.spark_connect import ConnectSessions
from lakewright.engines.spark_submitted import (
    delta_version,
    is_submitted,
    open_submitted,
    refuse_without_delta,
)
from lakewright.errors import LakeError
from lakewright.names import TableName

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkEngine:
    """Implements `Engine` over a classic session or a Spark Connect address."""

    def __init__(
        self,
        renew: Callable[[], SparkSession],
        settings: Mapping[str, str],
        close: Callable[[], None],
        jvm_pid: int | None = None,
        end: Callable[[SparkSession], None] | None = None,
    ) -> None:
        """`end` ends one session that `renew` gave; without it all end with the engine."""
        self._renew = renew
        self._settings = settings
        self._close = close
        self._end = end
        self.jvm_pid = jvm_pid  # of a JVM that ends with this process, or soon after

    @classmethod
    def open(cls, conf: Mapping[str, str], environ: Mapping[str, str]) -> SparkEngine:
        """Reuse the session that spark-submit made, else connect, else start one here."""
        try:
            # Importing PySpark loads a large library, which only an engine needs.
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise LakeError(
                "LW602",
                "the engine `spark` is not installed",
                hint="pip install 'lakewright[spark]', or use --engine sail",
            ) from error
        quiet_pyspark()
        builder: Any = SparkSession.builder
        rest = {key: value for key, value in conf.items() if key != "remote"}
        settings = {**SPARK_SESSION_SETTINGS, **rest}
        if conf.get("remote") and not is_submitted(environ):
            return cls._connected(conf["remote"], settings)
        active: Any = SparkSession.getActiveSession()
        if active is not None:
            return cls(active.newSession, settings, lambda: None)
        if is_submitted(environ):
            submitted = open_submitted(builder, rest, environ)
            return cls(submitted.newSession, settings, submitted.stop, os.getppid())
        scratch = Path(tempfile.mkdtemp(prefix="lakewright-spark-"))
        spark = _start(builder, rest, environ, scratch)
        jvm = _pid(scratch / "jvm.pid")
        return cls(spark.newSession, settings, lambda: _stop(spark, scratch), jvm)

    @classmethod
    def _connected(cls, address: str, settings: Mapping[str, str]) -> SparkEngine:
        sessions = ConnectSessions(address)
        first = sessions.open()
        refuse_without_delta(first)
        sessions.end(first)
        return cls(sessions.open, settings, sessions.close, end=sessions.end)

    @property
    def name(self) -> str:
        return "spark"

    @property
    def capabilities(self) -> Capabilities:
        return engine_capabilities("spark")

    @property
    def packages(self) -> Mapping[str, str]:
        from pyspark import __version__ as pyspark  # loaded already

        spark = self._renew()
        found = {
            "engine": f"spark {spark.version}",
            "pyspark": pyspark,
            "delta": delta_version(lambda key: spark.conf.get(key, "")),
        }
        if self._end is not None:
            self._end(spark)
        return found

    def session(self) -> Session:
        spark = self._session()
        end = self._end
        return FrameSession(spark, self.capabilities, (lambda: end(spark)) if end else None)

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        refuse_features(self.name, features)

    def catalog(self, name: str) -> Catalog:
        return SparkCatalog(self._session(), name)

    def close(self) -> None:
        self._close()

    def _session(self) -> SparkSession:
        spark = self._renew()
        for key, value in self._settings.items():
            if spark.conf.isModifiable(key):
                spark.conf.set(key, value)
        return spark


def _start(
    builder: Any, conf: Mapping[str, str], environ: Mapping[str, str], scratch: Path
) -> SparkSession:
    """A local Spark. What its JVM prints goes to a file, unless wanted."""
    level = environ.get("LAKEWRIGHT_SPARK_LOG", "")
    java = find_java(environ)
    os.environ["JAVA_HOME"] = str(wrap_java(java, environ))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["LAKEWRIGHT_JVM_PID"] = str(scratch / "jvm.pid")
    if not level:
        os.environ["LAKEWRIGHT_JVM_LOG"] = str(scratch / "jvm.log")
    own_delta = any("delta" in conf.get(key, "") for key in ("spark.jars", "spark.jars.packages"))
    jars = () if own_delta else cached_jars(environ)
    archive = reading_options(archive_path(java, jars, environ))
    options = (*trust_options(java), *archive)
    settings = {**local_settings(scratch, jars, level or "error", options), **conf}
    if not own_delta and not jars:
        settings.setdefault("spark.jars.packages", delta_coordinate())
    spark = _session(builder, settings, scratch)
    if not own_delta and not jars:
        keep_jars(_resolved(spark), environ)
    return spark


def _session(builder: Any, settings: Mapping[str, str], scratch: Path) -> SparkSession:
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        spark: SparkSession = builder.getOrCreate()
    except Exception as error:  # py4j and PySpark throw several unrelated kinds
        log = scratch / "jvm.log"
        said = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        raise LakeError(
            "LW604",
            f"Spark did not start: {str(error).splitlines()[0]}",
            hint="LAKEWRIGHT_SPARK_LOG=info shows what Spark says",
            notes=tuple(said[-5:]),
        ) from error
    return spark


def _pid(file: Path) -> int | None:
    text = file.read_text().strip() if file.exists() else ""
    return int(text) if text.isdigit() else None


def _resolved(spark: Any) -> list[Path]:
    named = spark.conf.get("spark.jars", "").split(",")
    return [Path(name.removeprefix("file://").removeprefix("file:")) for name in named if name]


def _stop(spark: Any, scratch: Path) -> None:
    spark.stop()
    shutil.rmtree(scratch, ignore_errors=True)
