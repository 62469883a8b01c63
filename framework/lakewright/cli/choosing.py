"""Which release a reader means: the latest, one by its number, or the one of a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from lakewright.cli.workspace import Workspace, latest_release
from lakewright.errors import LakeError, UsageError
from lakewright.graph import Graph
from lakewright.lake import Lake, LakeState, Release, control, first_number
from lakewright.names import TableName
from lakewright.plans import compile_released


def choose_release(
    space: Workspace, lake: Lake, number: int | None = None, as_of: str | datetime | None = None
) -> Release:
    """The release of the workspace's environment that is meant; the latest by default.

    UsageError LW371 when both a number and a time are said, LW370 for what is no time; LakeError
    LW372 for a time before the first release.
    """
    if number is not None and as_of is not None:
        raise UsageError(
            "LW371", "a release and a time were both said", hint="say --release or --as-of"
        )
    if number is not None:
        return lake.release(space.environment, number)
    if as_of is not None:
        return release_seen_at(space, lake, space.environment, as_of)
    return latest_release(space, lake)


def release_seen_at(
    space: Workspace, lake: Lake, environment: str, as_of: str | datetime
) -> Release:
    """What readers of an environment saw at that time."""
    moment = read_moment(as_of, zone_of(space))
    release = lake.release_at(environment, moment)
    if release is not None:
        return release
    number = first_number(lake, environment)
    if not number:
        return latest_release(space, lake)  # which says that there is none
    first = lake.release(environment, number)
    raise LakeError(
        "LW372",
        f"{environment} had no release yet at {moment.astimezone(UTC).isoformat()}",
        hint=f"the earliest is release {number}, of {first.created_at.isoformat()}",
    )


def read_moment(written: str | datetime, zone: ZoneInfo) -> datetime:
    """A time as written: ISO 8601; without a zone it is in `zone`, a date is its first moment."""
    if isinstance(written, datetime):
        return written if written.tzinfo else written.replace(tzinfo=zone)
    text = written.strip()
    try:
        if len(text) == len("2026-11-22"):
            return datetime.combine(date.fromisoformat(text), time(), zone)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "LW370",
            f"`{written}` is not a time",
            hint="write 2026-11-22, 2026-11-22T04:10 or 2026-11-22T04:10:00+01:00",
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=zone)


def zone_of(space: Workspace) -> ZoneInfo:
    """The project's time zone; UTC without a project."""
    return ZoneInfo(space.project.timezone if space.project else "UTC")


def released_graph(lake: Lake, release: Release) -> Graph:
    """What the release's own sources compile to."""
    environment = release.environment
    digests = {entry.code for entry in release.tables.values() if entry.code}
    code = {digest: lake.code(environment, digest) for digest in digests}
    return compile_released(
        LakeState(
            lake=lake.uri,
            lake_id=lake.info().lake_id,
            environment=environment,
            protected=False,
            release=release,
            inputs={},
            code=code,
        )
    )


def refuse_collected(
    lake: Lake, release: Release, reads: Iterable[TableName], now: datetime
) -> None:
    """RefusedError LW373 when rows that `reads` need of that release may be gone."""
    control.refuse_collected(lake.control(release.environment), release, reads, now)
