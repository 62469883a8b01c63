"""Spark outside of this process: a standalone cluster, a Connect server, an empty Python."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from lakewright.engines.jars import cached_jars, delta_coordinate
from lakewright.engines.java import find_java, wrap_java
from lakewright.engines.settings import DELTA_SETTINGS

PATIENCE = 600.0  # seconds, on a machine that others keep busy
# A small heap and one compiler: these programs run for seconds.
LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=128m"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a Python that has nothing installed, and Spark's own programs."""

    home: Path
    java: Path
    jars: tuple[Path, ...]

    @classmethod
    def make(cls, home: Path) -> Place:
        home.mkdir(parents=True, exist_ok=True)
        venv.EnvBuilder(with_pip=False, symlinks=True).create(home / "clean")
        java = wrap_java(find_java(os.environ), os.environ)
        return cls(home, java, cached_jars(os.environ))

    @property
    def spark_home(self) -> Path:
        found = find_spec("pyspark")
        assert found is not None
        assert found.origin is not None
        return Path(found.origin).parent

    @property
    def environ(self) -> Mapping[str, str]:
        """What a machine of a cluster has: Spark, Java, a Python; nothing of Lakewright."""
        return {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "JAVA_HOME": str(self.java),
            "SPARK_HOME": str(self.spark_home),
            "PYSPARK_PYTHON": str(self.home / "clean" / "bin" / "python"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_NO_DAEMONIZE": "1",
            "SPARK_DAEMON_MEMORY": "1g",  # of a Connect server too, whatever its settings say
            "SPARK_DAEMON_JAVA_OPTS": LIGHT,
            "SPARK_LOG_DIR": str(self.home / "logs"),
            "LAKEWRIGHT_CACHE": str(self.home / "cache"),
        }

    def settings(self, **more: str) -> list[str]:
        """Options of spark-submit for Delta, and for a small machine."""
        jars = {"spark.jars": ",".join(str(jar) for jar in self.jars)}
        wanted = {
            **DELTA_SETTINGS,
            **(jars if self.jars else {"spark.jars.packages": delta_coordinate()}),
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "1g",
            "spark.driver.extraJavaOptions": LIGHT,
            "spark.executor.extraJavaOptions": LIGHT,
            "spark.executor.memory": "512m",
            "spark.executor.cores": "1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.adaptive.enabled": "false",
            "spark.local.dir": str(self.home / "local"),
            "spark.sql.warehouse.dir": str(self.home / "warehouse"),
            **more,
        }
        return [word for key, value in wanted.items() for word in ("--conf", f"{key}={value}")]

    @contextmanager
    def program(
        self, name: str, *words: str, python: str | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A program of Spark that runs until the block ends, with all that it started."""
        environ = {**self.environ, **({"PYSPARK_PYTHON": python} if python else {})}
        log = self.home / f"{name}.log"
        with log.open("wb") as opened:
            process = subprocess.Popen(
                [str(self.spark_home / "bin" / words[0]), *words[1:]],
                env=environ,
                cwd=self.home,
                stdout=opened,
                stderr=opened,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            end_all(process.pid)
            process.wait()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A master and two workers, one core each, on the loopback address."""

    place: Place
    master: str
    workers: tuple[int, ...]

    def executors(self) -> list[psutil.Process]:
        """JVMs that run tasks now, oldest first."""
        found = [
            process
            for worker in self.workers
            if psutil.pid_exists(worker)
            for process in psutil.Process(worker).children(recursive=True)
            if "CoarseGrainedExecutorBackend" in words_of(process)
        ]
        return sorted(found, key=lambda process: process.create_time())


@contextmanager
def started_cluster(place: Place) -> Iterator[Cluster]:
    """Ready when both workers have joined."""
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    where = ("--host", "127.0.0.1", "--webui-port", "0")
    master = ("spark-class", "org.apache.spark.deploy.master.Master", "--port", str(port))
    worker = ("spark-class", "org.apache.spark.deploy.worker.Worker", "--cores", "1")
    sizes = ("--memory", "600m")
    folders = [("--work-dir", str(place.home / f"work{number}")) for number in (1, 2)]
    with place.program("master", *master, *where):
        await_true(lambda: is_open(port), "the master listens")
        with (
            place.program("worker1", *worker, *sizes, *where, *folders[0], url) as first,
            place.program("worker2", *worker, *sizes, *where, *folders[1], url) as second,
        ):
            for name in ("worker1", "worker2"):
                log = place.home / f"{name}.log"
                await_true(lambda log=log: b"registered with master" in log.read_bytes(), name)
            yield Cluster(place, url, (first.pid, second.pid))


@contextmanager
def started_connect(place: Place, python: str = sys.executable) -> Iterator[str]:
    """The address of a Connect server whose Python workers are `python`."""
    port = free_port()
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    settings = place.settings(
        **{
            "spark.master": "local[2]",
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": str(port),
        }
    )
    words = ("spark-submit", "--class", server, *settings, "spark-internal")
    with place.program("connect", *words, python=python):
        await_true(lambda: is_open(port), "the Connect server listens")
        yield f"sc://127.0.0.1:{port}"


def words_of(process: psutil.Process) -> str:
    """A command line; nothing when the process has ended meanwhile, as Python workers do."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def await_true(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.1)


def end_all(session: int) -> None:
    """Kill every process of a session that a test began."""
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session:
                process.send_signal(signal.SIGKILL)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
