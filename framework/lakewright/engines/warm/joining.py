"""Work with a warm server where there is one that fits, and end what dead clients left in it."""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from lakewright.engines.port import Session
from lakewright.engines.sessions import FrameSession
from lakewright.engines.settings import quiet_pyspark
from lakewright.engines.spark import SparkEngine
from lakewright.engines.spark_connect import ConnectSessions
from lakewright.engines.warm.calls import USER, Calls
from lakewright.engines.warm.clients import Client, dead_client, dead_clients
from lakewright.engines.warm.places import (
    Server,
    Versions,
    locked,
    read_server,
    read_token,
    state_folder,
)
from lakewright.engines.warm.starting import settings_digest
from lakewright.errors import LakewrightError


class WarmSpark(SparkEngine):
    """Implements `Engine` over sessions of a warm server. Its JVM outlives this process.

    `jvm_work` names this process's part in it: see `end_work`.
    """

    def __init__(
        self, server: Server, token: str, client: Client, settings: Mapping[str, str]
    ) -> None:
        quiet_pyspark()
        self._address = f"sc://localhost:{server.port}/;token={token};user_id={USER}"
        self._server = server
        self._calls = Calls(server.port, token)
        self._client = client
        self._opened: dict[str, ConnectSessions] = {}
        self.jvm_work = f"{server.pid} {client.path}"
        super().__init__(self._open, settings, self._leave, server.pid)
        atexit.register(self._leave)

    def session(self) -> Session:
        spark: Any = self._session()
        return FrameSession(spark, self.capabilities, lambda: self._end_session(spark.session_id))

    def _open(self) -> Any:
        name = str(uuid.uuid4())
        self._client.note(name)
        self._opened[name] = ConnectSessions(f"{self._address};session_id={name}")
        spark: Any = self._opened[name].open()
        # Answers do not get lost on one machine: reattaching doubles the calls for nothing.
        spark.client.disable_reattachable_execute()
        return spark

    def _end_session(self, name: str) -> None:
        """When this returns nothing of the session runs any more, whatever became of its calls."""
        opened = self._opened.pop(name, None)
        if opened is not None and self._server.alive:  # nothing runs in a server that is gone
            self._calls.end_session(name)
            opened.close()

    def _leave(self) -> None:
        """End all sessions. A client that cannot stays written down; the next claim ends them."""
        for name in tuple(self._opened):
            self._end_session(name)
        self._client.leave()
        self._calls.close()
        atexit.unregister(self._leave)


def join_warm(
    conf: Mapping[str, str], environ: Mapping[str, str] = os.environ
) -> WarmSpark | str | None:
    """The warm server as an engine; why it is not used; None when there is none.

    It must have our versions, answer to its token, and have every setting of `conf` that a session
    cannot change.
    """
    folder = state_folder(environ)
    found = read_server(folder)
    if found is None or not found.alive:
        return None
    if found.versions != Versions.here():
        return f"it has {found.versions}"
    with locked(folder, shared=True):
        if read_server(folder) != found:
            return None
        client, token = Client.enter(folder), read_token(folder)
    try:
        rest = _settings(found, token, conf)
    except LakewrightError as error:
        client.leave()
        return error.problems[0].message
    if rest is None:
        client.leave()
        return "settings of this target need a start of their own"
    _end_dead(folder, found, token)
    return WarmSpark(found, token, client, rest)


def end_work(work: str, environ: Mapping[str, str] = os.environ) -> bool:
    """End what a dead client left running; whether nothing of it can run any more.

    False while the client lives, or when that cannot be known: for another user's server.
    """
    pid, _, name = work.partition(" ")
    folder, path = state_folder(environ), Path(name)
    found = read_server(folder)
    if (
        found is None
        or not found.alive
        or (str(found.pid), folder / "clients") != (pid, path.parent)
    ):
        return False
    return _end_client(path, found, read_token(folder))


def _end_dead(folder: Path, server: Server, token: str) -> None:
    for path in dead_clients(folder):
        _end_client(path, server, token)


def _end_client(path: Path, server: Server, token: str) -> bool:
    with dead_client(path) as sessions:
        if sessions is None:
            return False
        if sessions:
            with closing(Calls(server.port, token)) as calls:
                try:
                    for session in sessions:
                        calls.end_session(session)
                except LakewrightError:
                    return False
        path.unlink(missing_ok=True)
        return True


def _settings(server: Server, token: str, conf: Mapping[str, str]) -> Mapping[str, str] | None:
    """What each session is to set; None when the server's start settled it otherwise."""
    with closing(Calls(server.port, token)) as calls:
        # Without settings the question still tells whether the server answers.
        changeable = calls.changeable(conf or ["spark.sql.ansi.enabled"])
    if settings_digest(conf, changeable) != server.settings:
        return None
    return {key: value for key, value in conf.items() if key in changeable}
