"""The Sail engine: a Spark Connect server inside this process, without a JVM."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from lakewright.engines.capabilities import engine_capabilities
from lakewright.engines.catalogs import Catalog, no_catalog
from lakewright.engines.features import refuse_features
from lakewright.engines.interrupts import KeptInterrupt
from lakewright.engines.plain_paths import PlainPaths
from lakewright.engines.port import Capabilities, Session
from lakewright.engines.sessions import FrameSession
from lakewright.engines.settings import SESSION_SETTINGS, quiet_pyspark
from lakewright.errors import LakeError
from lakewright.names import TableName


class SailEngine:
    """Implements `Engine`. The server listens on the loopback address only."""

    jvm_pid: int | None = None

    def __init__(self, conf: Mapping[str, str]) -> None:
        os.environ.setdefault("RUST_LOG", "off")
        try:
            # Importing these loads large libraries, which only this engine needs.
            from pysail.spark import SparkConnectServer
            from pyspark.sql import SparkSession
            from pyspark.sql.connect.client.retries import DefaultPolicy
        except ImportError as error:
            raise LakeError(
                "LW602",
                "the engine `sail` is not installed",
                hint="pip install 'lakewright[sail]', or use --engine spark",
            ) from error
        quiet_pyspark()
        self._builder: Any = SparkSession.builder
        self._server = SparkConnectServer("127.0.0.1", 0)
        self._interrupt = KeptInterrupt()
        self._server.start(background=True)
        self._interrupt.restore(patience=0.1)
        # A server inside this process is there or gone: waiting for it longer helps nobody.
        self._retries = DefaultPolicy(max_retries=4)
        self._url = f"sc://127.0.0.1:{self._server.listening_address[1]}"
        self._conf = {**SESSION_SETTINGS, **conf}
        self._open: set[Any] = set()
        self._paths = PlainPaths()
        atexit.register(self.close)

    @property
    def name(self) -> str:
        return "sail"

    @property
    def capabilities(self) -> Capabilities:
        return engine_capabilities("sail")

    @property
    def packages(self) -> Mapping[str, str]:
        return {"engine": f"sail {version('pysail')}", "pyspark": version("pyspark")}

    def session(self) -> Session:
        spark = self._builder.remote(self._url).config(map=self._conf).create()
        spark.client.set_retry_policies([self._retries])
        # Answers do not get lost inside one process: reattaching doubles the calls for nothing.
        spark.client.disable_reattachable_execute()
        self._interrupt.restore()
        self._open.add(spark)
        return FrameSession(spark, self.capabilities, lambda: self._end(spark), self._paths)

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        refuse_features(self.name, features)

    def catalog(self, name: str) -> Catalog:
        raise no_catalog(self.name, name)

    def close(self) -> None:
        # A session that outlives its server would ask for it again and again, for minutes.
        for spark in tuple(self._open):
            self._end(spark)
        if self._server.running:
            self._server.stop()
        self._paths.close()
        atexit.unregister(self.close)

    def _end(self, spark: Any) -> None:
        if spark in self._open:
            self._open.discard(spark)
            spark.stop()
