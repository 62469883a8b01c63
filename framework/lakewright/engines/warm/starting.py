"""Bring a warm server up, and down again. One for each user and machine."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from lakewright.engines.archive import (
    archive_path,
    forget_old,
    listing_options,
    reading_options,
)
from lakewright.engines.jars import cached_jars, delta_coordinate
from lakewright.engines.java import Java, find_java, trust_options, wrap_java
from lakewright.engines.settings import local_settings
from lakewright.engines.warm import keeper
from lakewright.engines.warm.calls import Calls
from lakewright.engines.warm.clients import live_clients
from lakewright.engines.warm.places import (
    Server,
    Versions,
    locked,
    make_private,
    put_private,
    read_server,
    read_token,
    write_server,
)
from lakewright.errors import LakeError, LakewrightError, RefusedError
from lakewright.lake.processes import process_started

_TO_START = 180.0
_TO_END = 30.0
_TRIES = 3  # another program may take the port that was free
_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
_NOT_INHERITED = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "SPARK_REMOTE", "SPARK_HOME")


def bring_up(
    folder: Path, conf: Mapping[str, str], environ: Mapping[str, str], idle_seconds: int
) -> tuple[Server, bool]:
    """The server, and whether it was started now. Two at the same time give one server.

    One of other versions or settings is replaced, unless somebody works with it: RefusedError
    LW672. LakeError LW671 when it does not start.
    """
    make_private(folder)
    with locked(folder):
        found = read_server(folder)
        if found is not None and found.alive:
            if _answers(folder, found) and _fits(folder, found, conf):
                return found, False
            _refuse_in_use(folder, found)
        _clear(folder, found)
        return _start(folder, conf, environ, idle_seconds), True


def take_down(folder: Path, *, force: bool) -> Server | None:
    """End the server and see that it is gone; None when there was none.

    RefusedError LW672 while somebody works with it, unless `force`.
    """
    if not folder.exists():
        return None
    make_private(folder)
    with locked(folder):
        found = read_server(folder)
        if found is not None and found.alive and not force:
            _refuse_in_use(folder, found)
        was_up = found is not None and found.alive
        _clear(folder, found)
        return found if was_up else None


def settings_digest(conf: Mapping[str, str], changeable: frozenset[str]) -> str:
    """Of those settings that only a start can set; they may hold secrets, so they are not kept."""
    fixed = sorted((key, value) for key, value in conf.items() if key not in changeable)
    return hashlib.sha256(json.dumps(fixed).encode()).hexdigest()[:16] if fixed else ""


def _fits(folder: Path, server: Server, conf: Mapping[str, str]) -> bool:
    if server.versions != Versions.here():
        return False
    return _digest_at(server.port, read_token(folder), conf) == server.settings


def _digest_at(port: int, token: str, conf: Mapping[str, str]) -> str:
    """The digest of what the server at that port would have to be started with."""
    if not conf:
        return ""
    with closing(Calls(port, token)) as calls:
        return settings_digest(conf, calls.changeable(conf))


def _answers(folder: Path, server: Server) -> bool:
    with closing(Calls(server.port, read_token(folder))) as calls:
        try:
            return calls.version() == server.versions.pyspark
        except LakewrightError:
            return False


def _refuse_in_use(folder: Path, server: Server) -> None:
    clients = live_clients(folder)
    if clients:
        named = ", ".join(str(pid) for pid in clients)
        raise RefusedError(
            "LW672",
            f"the warm Spark (process {server.pid}) is at work for process {named}",
            hint="wait until that has ended; `engine down --force` breaks it off",
        )


def _clear(folder: Path, server: Server | None) -> None:
    """End what is left of a server, and forget it; LakeError LW674 when it does not end."""
    (folder / "server.json").unlink(missing_ok=True)
    if server is not None:
        _end(server.keeper, server.keeper_started)
        _end(server.pid, server.started)
    for left in (folder / "clients", *folder.glob("scratch-*")):
        shutil.rmtree(left, ignore_errors=True)
    for name in ("token", "busy", "spark.conf"):
        (folder / name).unlink(missing_ok=True)


def _end(pid: int, started: str) -> None:
    """SIGTERM, time to end, SIGKILL; only for the process that was started then."""
    for number, patience in ((signal.SIGTERM, _TO_END), (signal.SIGKILL, 10.0)):
        ends = time.monotonic() + patience
        if process_started(pid) != started:
            return
        os.kill(pid, number)
        while process_started(pid) == started and time.monotonic() < ends:
            time.sleep(0.05)
    if process_started(pid) == started:
        raise LakeError("LW674", f"process {pid} does not end", hint=f"kill -9 {pid}")


def _start(
    folder: Path, conf: Mapping[str, str], environ: Mapping[str, str], idle_seconds: int
) -> Server:
    java = find_java(environ)
    token = secrets.token_urlsafe(32)
    put_private(folder / "token", token)
    failed: LakeError | None = None
    for _ in range(_TRIES):
        port = _free_port()
        # Of this start alone: the one before may still be ending.
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix="scratch-"))
        settings = _server_settings(scratch, conf, environ, java, port=port)
        put_private(folder / "spark.conf", _properties(settings))
        kept = _keep_jvm(folder, scratch, environ, java, idle_seconds=idle_seconds)
        try:
            pid = _wait(folder, scratch / "jvm", kept, Calls(port, token), port)
            break
        except LakeError as error:
            kept.terminate()
            kept.wait()
            failed = error
            if "bind" not in "\n".join(error.problems[0].notes).lower():
                raise
        except BaseException:
            kept.terminate()
            raise
    else:
        assert failed is not None
        raise failed
    server = Server(
        pid=pid,
        started=process_started(pid) or "",
        keeper=kept.pid,
        keeper_started=process_started(kept.pid) or "",
        port=port,
        versions=Versions.here(),
        java=f"{java.major} at {java.program}",
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        idle_seconds=idle_seconds,
        log=str(folder / "server.log"),
        settings=_digest_at(port, token, conf),
    )
    write_server(folder, server)
    return server


def _server_settings(
    scratch: Path, conf: Mapping[str, str], environ: Mapping[str, str], java: Java, *, port: int
) -> Mapping[str, str]:
    """As a run starts a Spark of its own, and what makes a server of it."""
    jars = cached_jars(environ)
    archive = archive_path(java, jars, environ)
    classes = reading_options(archive) or listing_options(scratch / "classes.list")
    return {
        **local_settings(scratch, jars, "error", (*trust_options(java), *classes)),
        **({} if jars else {"spark.jars.packages": delta_coordinate()}),
        # A session ends with its client, or by whoever finds that dead; not while it works.
        "spark.connect.session.manager.defaultSessionTimeout": "7d",
        **{key: value for key, value in conf.items() if key != "remote"},
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }


def _keep_jvm(
    folder: Path, scratch: Path, environ: Mapping[str, str], java: Java, *, idle_seconds: int
) -> subprocess.Popen[bytes]:
    """Start the keeper, which starts the JVM with what `spark.conf` says."""
    home = _spark_home()
    archive = archive_path(java, cached_jars(environ), environ)
    forget_old(archive)
    options = ["--properties-file", str(folder / "spark.conf"), "--class", _CLASS]
    job = {
        "folder": str(folder),
        "command": [f"{home}/bin/spark-submit", *options, "spark-internal"],
        "idle_seconds": idle_seconds,
        "scratch": str(scratch),
        "java": java.program,
        "archive": str(archive),
    }
    own = {
        "SPARK_HOME": home,
        "JAVA_HOME": str(wrap_java(java, environ)),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": read_token(folder),
    }
    inherited = {key: value for key, value in environ.items() if key not in _NOT_INHERITED}
    with (folder / "server.log").open("wb") as log:
        kept = subprocess.Popen(  # noqa: S603 - our own module, by this interpreter
            [sys.executable, "-I", str(keeper.__file__)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**inherited, **own},
            start_new_session=True,
        )
    assert kept.stdin is not None
    kept.stdin.write(json.dumps(job).encode())
    kept.stdin.close()
    return kept


def _wait(
    folder: Path, number: Path, kept: subprocess.Popen[bytes], calls: Calls, port: int
) -> int:
    """The process number of the JVM, which the keeper writes, once it answers."""
    ends = time.monotonic() + _TO_START
    while kept.poll() is None and time.monotonic() < ends:
        if _listens(port):
            with suppress(LakewrightError):  # listening, and not ready yet
                calls.version()
                return int(number.read_text())
        time.sleep(0.1)
    said = (folder / "server.log").read_text(errors="replace").strip().splitlines()
    raise LakeError(
        "LW671",
        "the warm Spark did not start",
        hint=f"all that it said is in {folder / 'server.log'}",
        notes=tuple(said[-5:]),
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spark_home() -> str:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise LakeError(
            "LW602",
            "the engine `spark` is not installed",
            hint="pip install 'lakewright[spark]', or use --engine sail",
        )
    return str(Path(spec.origin).parent)


def _properties(settings: Mapping[str, str]) -> str:
    """As Java reads a file of properties, where a backslash begins an escape."""
    lines = []
    for key, value in sorted(settings.items()):
        text = value.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"{key}={text}\n")
    return "".join(lines)
