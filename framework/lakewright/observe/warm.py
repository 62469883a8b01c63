"""The warm Spark as text and as JSON. Its token is in neither."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lakewright.engines.warm.looking import Seen
from lakewright.engines.warm.places import Server
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.tables import duration, minute, size


def render_up(seen: Seen, *, started: bool) -> str:
    server = seen.server
    word = "Up" if started else "Already up"
    return (
        f"{word}: process {server.pid}, port {server.port}, PySpark {server.versions.pyspark},"
        f" Delta {server.versions.delta}, Java {server.java}.\n"
        f"--engine spark uses it. It ends after {duration(server.idle_seconds)} without work, or by"
        " `lakewright engine down`.\n"
    )


def up_document(seen: Seen, *, started: bool) -> dict[str, Any]:
    return {**status_document(seen), "started_now": started}


def render_down(ended: Server | None) -> str:
    if ended is None:
        return "No warm Spark was up.\n"
    return f"Down: process {ended.pid} has ended.\n"


def down_document(ended: Server | None) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "state": "down",
        "ended": ended.pid if ended else None,
    }


def render_status(seen: Seen | None) -> str:
    """The state, then a line for each thing that is known."""
    if seen is None:
        return "Down: --engine spark starts one for each run. `lakewright engine up` keeps one.\n"
    server = seen.server
    work = ", ".join(f"process {pid}" for pid in seen.clients)
    idle = f"idle since {minute(seen.idle_since)}" if seen.idle_since else "idle"
    rows = [
        ("process", f"{server.pid}, {size(seen.memory)}"),
        ("port", f"{server.port} on 127.0.0.1, with a token"),
        ("work", work or idle),
        ("since", minute(datetime.fromisoformat(server.since))),
        ("ends", _ending(seen)),
        ("spark", f"PySpark {server.versions.pyspark}, Delta {server.versions.delta}"),
        ("java", server.java),
        ("python", server.versions.python),
        ("log", server.log),
    ]
    return "Up\n" + "".join(f"  {name:<8} {text}\n" for name, text in rows)


def status_document(seen: Seen | None) -> dict[str, Any]:
    if seen is None:
        return {"format_version": FORMAT_VERSION, "state": "down"}
    server = seen.server
    return {
        "format_version": FORMAT_VERSION,
        "state": "up",
        "pid": server.pid,
        "port": server.port,
        "clients": list(seen.clients),
        "idle_since": moment(seen.idle_since) if seen.idle_since else None,
        "idle_seconds": server.idle_seconds,
        "since": server.since,
        "memory_bytes": seen.memory,
        "kept": seen.kept,
        "versions": {
            "pyspark": server.versions.pyspark,
            "delta": server.versions.delta,
            "java": server.java,
            "python": server.versions.python,
        },
        "log": server.log,
    }


def _ending(seen: Seen) -> str:
    if not seen.kept:
        return "only by `lakewright engine down`: nothing watches it any more"
    return f"after {duration(seen.server.idle_seconds)} without work"
