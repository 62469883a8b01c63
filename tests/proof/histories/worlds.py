"""A world copied, and a view that stands in one's catalog."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from fakes.lake import World


@dataclass(frozen=True, slots=True)
class View:
    """A view in a catalog: the release that put it, and the versions that it reads."""

    release: int
    pins: list[tuple[str, int]]


def copy_world(world: World) -> World:
    """A copy that shares only what never changes: bytes, versions and rows."""
    kept = {item.name: _copied(getattr(world, item.name)) for item in fields(world)}
    return World(**kept)


def _copied(value: Any) -> Any:
    """Containers again, down to what is frozen."""
    match value:
        case dict():
            return {key: _copied(inner) for key, inner in value.items()}
        case list():
            return [_copied(inner) for inner in value]
        case set():
            return set(value)
        case _:
            return value
