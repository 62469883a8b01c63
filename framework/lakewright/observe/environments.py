"""Environments as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lakewright.lake import Release
from lakewright.lake.environments import Environment
from lakewright.lake.forks import Origin
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.tables import count, minute, render_table, size
from lakewright.runtime import ServeReport


def render_environments(found: Sequence[Environment], *, color: bool = False) -> str:
    """One line an environment, by name."""
    if not found:
        return "No environments: `lakewright apply` makes the first release of one.\n"
    header = ("environment", "state", "releases", "latest", "bytes", "forked from", "expires")
    rows = [
        (
            env.name,
            "protected" if env.protected and env.state == "live" else env.state,
            str(env.releases),
            str(env.latest),
            size(env.bytes),
            str(env.forked_from) if env.forked_from else "-",
            minute(env.expires_at) if env.expires_at else "-",
        )
        for env in found
    ]
    return render_table(header, rows, right=("releases", "latest", "bytes"), color=color)


def environments_document(found: Sequence[Environment]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "environments": [
            {
                "environment": env.name,
                "state": env.state,
                "releases": env.releases,
                "latest": env.latest,
                "changed_at": moment(env.changed_at) if env.changed_at else None,
                "forked_from": origin_document(env.forked_from),
                "expires_at": moment(env.expires_at) if env.expires_at else None,
                "protected": env.protected,
                "bytes": env.bytes,
            }
            for env in found
        ],
    }


def render_fork(begun: Release, origin: Origin, expires_at: datetime | None) -> str:
    """One line: what was forked, and until when."""
    ends = f"  It ends {minute(expires_at)}." if expires_at else ""
    tables = sum(1 for name in begun.tables if name == name.group)
    held = count(tables, "table")
    return f"Forked {begun.environment} from {origin}: {held}, no rows copied.{ends}\n"


def fork_document(begun: Release, origin: Origin, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "environment": begun.environment,
        "release": begun.release,
        "forked_from": origin_document(origin),
        "expires_at": moment(expires_at) if expires_at else None,
        "tables": [str(name) for name in sorted(begun.tables)],
    }


def render_dropped(
    name: str, withdrawn: ServeReport | None = None, notes: Sequence[str] = (), *, ended: bool
) -> str:
    """Whether it ended now, what was taken out of a catalog, and what stands there still."""
    line = f"{name} had ended before.\n"
    if ended:
        line = (
            f"Dropped {name}: it cannot be read any more, and `lakewright gc` deletes its files.\n"
        )
    if withdrawn is not None and withdrawn.withdrawn:
        objects = count(len(withdrawn.withdrawn), "object")
        line += f"Withdrew {objects} from {withdrawn.catalog}.\n"
    return "".join([line, *(f"note: {note}\n" for note in notes)])


def dropped_document(
    name: str, withdrawn: ServeReport | None = None, notes: Sequence[str] = (), *, ended: bool
) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "environment": name,
        "dropped": ended,
        "withdrawn": list(withdrawn.withdrawn) if withdrawn is not None else [],
        "notes": list(notes),
    }


def origin_document(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    return {
        "environment": origin.environment,
        "release": origin.release,
        "base": origin.base or None,
    }
