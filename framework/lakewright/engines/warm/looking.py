"""What there is to see of a warm server, without asking it anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakewright.engines.warm.clients import live_clients
from lakewright.engines.warm.places import Server, read_server
from lakewright.lake.processes import process_started


@dataclass(frozen=True, slots=True)
class Seen:
    """A live server now. `idle_since` is None while clients work with it."""

    server: Server
    clients: tuple[int, ...]  # processes
    idle_since: datetime | None
    memory: int | None  # bytes that it holds; None where the system does not say
    kept: bool  # its keeper lives, which ends it when it is idle


def look_at_server(folder: Path) -> Seen | None:
    """None when there is no live server."""
    server = read_server(folder)
    if server is None or not server.alive:
        return None
    clients = live_clients(folder)
    return Seen(
        server,
        clients,
        None if clients else _last_busy(folder),
        _memory(server.pid),
        process_started(server.keeper) == server.keeper_started,
    )


def _last_busy(folder: Path) -> datetime | None:
    try:
        seconds = (folder / "busy").stat().st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _memory(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(found[0]) * 1024 if found else None
