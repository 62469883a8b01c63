"""Pins: say it, then look whether a collection was first."""

from __future__ import annotations

from datetime import datetime

from lakewright.errors import RefusedError
from lakewright.lake import ControlRecord, Lake, ReleasePin
from lakewright.lake.control import active_pins, collected


def put_pin(lake: Lake, environment: str, pin: ReleasePin, *, by: str, now: datetime) -> None:
    """Keep a release under a name; the same again only moves when it expires.

    LakeError LW514 when there is no such release; RefusedError LW382 while the name keeps another
    one, LW384 when the release was collected, also by a collection that was at work meanwhile.
    """
    lake.release(environment, pin.release)
    records = lake.control(environment)
    if collected(records, now).has_any(pin.release):
        raise _lost(environment, pin)
    known = {one.name: one for one in active_pins(records, now)}
    other = known.get(pin.name)
    if other is not None and other.release != pin.release:
        raise RefusedError(
            "LW382",
            f"`{pin.name}` keeps release {other.release} of {environment}",
            hint=f"choose another name, or give it up: lakewright pin {pin.name} --drop",
        )
    record = ControlRecord(
        kind="pin",
        reason=pin.reason,
        by=by,
        at=now,
        release=pin.release,
        expires_at=pin.expires_at,
        name=pin.name,
    )
    lake.put_control(environment, record)
    if pin.release not in collected(lake.control(environment), now).kept:
        # A collection put its record in between, so it did not see this pin.
        lake.put_control(environment, ControlRecord("revoke", "", by, now, name=pin.name))
        raise _lost(environment, pin)


def drop_pin(lake: Lake, environment: str, name: str, *, by: str, now: datetime) -> None:
    """Give a name up. RefusedError LW383 when it keeps nothing."""
    if name not in {one.name for one in active_pins(lake.control(environment), now)}:
        raise RefusedError(
            "LW383",
            f"nothing is pinned as `{name}` in {environment}",
            hint="`lakewright pin` lists the pins",
        )
    lake.put_control(environment, ControlRecord("revoke", "", by, now, name=name))


def _lost(environment: str, pin: ReleasePin) -> RefusedError:
    return RefusedError(
        "LW384",
        f"release {pin.release} of {environment} was collected: there is nothing to keep",
        hint="`lakewright status` says from which release on all is there",
    )
