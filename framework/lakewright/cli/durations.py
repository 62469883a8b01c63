"""Durations on a command line, as specs write them: 30m, 6h, 90d."""

from __future__ import annotations

import re
from datetime import timedelta

from lakewright.errors import UsageError

_WRITTEN = re.compile(r"(\d{1,6})([mhd])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str, option: str) -> timedelta:
    """UsageError LW303, which names `option`, for anything else."""
    match = _WRITTEN.match(text.strip().lower())
    if match is None:
        raise UsageError("LW303", f"{option} {text} is not a duration", hint="write 30m, 6h or 90d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
