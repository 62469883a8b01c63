"""What the environments of a lake are, for people: where each came from, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lakewright.lake import control, paths
from lakewright.lake.forks import Origin, has_ended, is_unfinished, origin_of
from lakewright.lake.lake import Lake

EnvironmentState = Literal["live", "ended", "unfinished"]


@dataclass(frozen=True, slots=True)
class Environment:
    """A chain of releases. `bytes` are those stored below its own folder, all versions together."""

    name: str
    state: EnvironmentState
    releases: int
    latest: int
    changed_at: datetime | None
    forked_from: Origin | None
    expires_at: datetime | None
    protected: bool
    bytes: int


def list_environments(lake: Lake, now: datetime) -> tuple[Environment, ...]:
    """All that have a release, by name. Lists every file of each, and reads three records."""
    protected = lake.info().protected
    return tuple(
        _describe(lake, name, now, protected=name in protected) for name in lake.environments()
    )


def forked_from(lake: Lake, name: str) -> Origin | None:
    """What an environment was forked from; None for one that began with an apply."""
    first = next(lake.numbers(name), None)
    return origin_of(lake.release(name, first)) if first is not None else None


def _describe(lake: Lake, name: str, now: datetime, *, protected: bool) -> Environment:
    records, numbers = lake.control(name), list(lake.numbers(name))
    last = lake.release(name, numbers[-1])
    state: EnvironmentState = "live"
    if has_ended(records, now):
        state = "ended"
    elif is_unfinished(records):
        state = "unfinished"
    return Environment(
        name=name,
        state=state,
        releases=len(numbers),
        latest=last.release,
        changed_at=last.created_at,
        forked_from=forked_from(lake, name),
        expires_at=control.ends_at(records),
        protected=protected,
        bytes=sum(item.size for item in lake.store.list(paths.confine(name))),
    )
