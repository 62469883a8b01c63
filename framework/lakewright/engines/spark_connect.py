"""A Spark Connect server, reached by its `sc://` address: the sessions of this process there.

The server's machine needs no Lakewright: what its Python workers run travels with the task. They
need Arrow, and obstore where files lie in an object store.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lakewright.errors import LakeError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TRIES = 5  # of one call, over 17 seconds; PySpark alone would try for ten minutes


class ConnectSessions:
    """Sessions of one server, each with views and settings of its own; several threads may ask."""

    def __init__(self, address: str) -> None:
        """`address` is `sc://host:port/;key=value`; it may hold a token and is never told."""
        self._address = address
        self._open: set[Any] = set()
        self._guard = Lock()

    @property
    def place(self) -> str:
        """The address without its parameters, which hold secrets."""
        return place_of(self._address)

    def open(self) -> SparkSession:
        """Another session, which has answered once; LakeError LW643 when the server does not."""
        spark = self._create()
        try:
            spark.version  # noqa: B018 - the first call: is anybody there?
        except Exception as error:  # gRPC and PySpark throw several unrelated kinds
            raise self._unreachable(error) from error
        with self._guard:
            self._open.add(spark)
        return spark

    def end(self, spark: SparkSession) -> None:
        """Let the server forget a session and its views; twice is once."""
        with self._guard:
            known = spark in self._open
            self._open.discard(spark)
        if known:
            spark.stop()

    def close(self) -> None:
        """End all sessions; the server goes on."""
        for spark in tuple(self._open):
            self.end(spark)

    def _create(self) -> Any:
        try:
            # Importing these loads large libraries, which only an engine needs.
            from pyspark.sql import SparkSession
            from pyspark.sql.connect.client.retries import DefaultPolicy
        except ImportError as error:
            raise LakeError(
                "LW602",
                f"a Spark Connect server needs a package that is not installed: {error.name}",
                hint="pip install 'pyspark[connect]', in the version of the server",
            ) from error
        builder: Any = SparkSession.builder
        try:
            spark = builder.remote(self._address).create()
        except Exception as error:  # an address that PySpark does not understand, among others
            raise self._unreachable(error) from error
        spark.client.set_retry_policies([DefaultPolicy(max_retries=_TRIES)])
        return spark

    def _unreachable(self, error: Exception) -> LakeError:
        said = str(error).strip().splitlines() or [type(error).__name__]
        return LakeError(
            "LW643",
            f"no Spark Connect server answers at {self.place}",
            hint="look whether it runs, and at host, port and token of the target's `remote`",
            notes=(said[0].replace(self._address, self.place),),
        )


def place_of(address: str) -> str:
    """Scheme, host and port of an address; what may be told of it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].partition(';')[0]}"
