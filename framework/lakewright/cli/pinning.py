"""`pin`: keep a release longer than its retention."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

from lakewright.cli.durations import parse_duration
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import existing_lake, open_workspace, user_name
from lakewright.errors import UsageError
from lakewright.lake import Lake, ReleasePin
from lakewright.lake.control import active_pins
from lakewright.observe import render_json
from lakewright.observe.collecting import pins_document, render_pins
from lakewright.runtime.pinning import drop_pin, put_pin

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}\Z")


def run_pin(
    common: Common,
    name: str | None,
    release: int | None,
    *,
    drop: bool,
    listed: bool,
    expires: str | None,
    reason: str,
) -> int:
    """`pin`: list, keep or give up. UsageError LW303 for words that say more than one of these."""
    given = (name is not None, release is not None, drop)
    if given == (False, False, False):
        return list_pins(common)
    if name is not None and not listed:
        if release is not None and not drop:
            return pin_release(common, name, release, expires=expires, reason=reason)
        if drop and release is None:
            return unpin_release(common, name)
    raise UsageError(
        "LW303",
        "this is not how a release is pinned",
        hint="lakewright pin NAME RELEASE; lakewright pin NAME --drop; lakewright pin --ls",
    )


def list_pins(common: Common) -> int:
    """`pin` without a name: what is pinned now."""
    streams = Streams.of(common)
    space = open_workspace(common)
    pins = active_pins(existing_lake(space).control(space.environment), datetime.now(UTC))
    _tell(common, streams, pins, space.environment)
    return 0


def pin_release(
    common: Common, name: str, release: int, *, expires: str | None, reason: str
) -> int:
    """`pin NAME RELEASE`: the release stays until it expires or the name is given up."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    now = datetime.now(UTC)
    until = now + parse_duration(expires, "--expires") if expires else None
    pin = ReleasePin(_name(name), release, reason, until)
    put_pin(lake, space.environment, pin, by=user_name(os.environ), now=now)
    _tell_all(common, streams, lake, space.environment, now)
    return 0


def unpin_release(common: Common, name: str) -> int:
    """`pin NAME --drop`: retention decides again. RefusedError LW383 when nothing has that name."""
    streams = Streams.of(common)
    space = open_workspace(common)
    lake = existing_lake(space)
    now = datetime.now(UTC)
    drop_pin(lake, space.environment, _name(name), by=user_name(os.environ), now=now)
    _tell_all(common, streams, lake, space.environment, now)
    return 0


def _name(text: str) -> str:
    name = text.strip().lower()
    if not _NAME.match(name) or name.isdigit():
        raise UsageError(
            "LW381",
            f"`{text}` cannot name a pin",
            hint="letters, digits, `_`, `.` and `-`, at most 63, not digits alone: audit_2026",
        )
    return name


def _tell_all(
    common: Common, streams: Streams, lake: Lake, environment: str, now: datetime
) -> None:
    _tell(common, streams, active_pins(lake.control(environment), now), environment)


def _tell(common: Common, streams: Streams, pins: tuple[ReleasePin, ...], environment: str) -> None:
    if common.json:
        streams.answer(render_json(pins_document(pins, environment)))
    else:
        streams.answer(render_pins(pins, environment, color=streams.color))
