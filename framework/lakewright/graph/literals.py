"""Values as Spark SQL literals: the only way a value gets into SQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def literal(value: object) -> str:
    """`value` as SQL for a session with ANSI on and time zone UTC.

    Strings escape backslashes and quotes; negative numbers stand in parentheses, so that a minus
    before them cannot begin a comment; a naive datetime is UTC. ValueError for what SQL cannot say.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return _number(value)
        case str():
            return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return f"TIMESTAMP'{aware.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
        case date():
            return f"DATE'{value.isoformat()}'"
        case Mapping():
            raise ValueError(f"{value!r} has no SQL literal")
        case Sequence():
            return "array(" + ", ".join(literal(item) for item in value) + ")"
    raise ValueError(f"{value!r} has no SQL literal")


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value!r} has no SQL literal")
    if isinstance(value, int) and not -(2**63) < value < 2**63:
        text = f"{value}BD"
    else:
        text = repr(value) if isinstance(value, int | float) else f"{value:f}"
    return f"({text})" if text.startswith("-") else text
