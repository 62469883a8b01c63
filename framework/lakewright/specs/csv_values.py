"""The types of values in a project's own CSV files: inferred by one rule, read exactly or not."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?\Z")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_LOCAL = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}\Z")
_ZONE = r"(Z|[-+][0-9]{2}:[0-9]{2})?"
_MOMENT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}{_ZONE}\Z")
_DECIMAL = re.compile(r"decimal\(([0-9]+),([0-9]+)\)\Z")
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}


def infer_type(texts: Sequence[str | None]) -> str:
    """The narrowest of boolean, bigint, double, date, timestamp that all texts are; else string.

    A number with a leading zero is a text, and so is a column without a value.
    """
    given = [text for text in texts if text is not None]
    fitting = (kind for kind in _INFERRED if given and all(_fits(text, kind) for text in given))
    return next(fitting, "string")


def can_hold(kind: str) -> bool:
    """Whether a value of this type (in Spark's spelling) can be written in a CSV file."""
    return kind in _READERS or kind in _BITS or _DECIMAL.match(kind) is not None


def read_value(text: str, kind: str) -> Any:
    """The value that `text` is; ValueError when it is none of that type, or would lose a part."""
    if kind in _BITS:
        return _integer(text, _BITS[kind])
    decimal = _DECIMAL.match(kind)
    if decimal is not None:
        return _decimal(text, int(decimal[1]), int(decimal[2]))
    return _READERS[kind](text)


def _fits(text: str, kind: str) -> bool:
    try:
        read_value(text, kind)
    except ValueError:
        return False
    return True


def _integer(text: str, bits: int) -> int:
    number = int(_matched(_INTEGER, text))
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(text)
    return number


def _double(text: str) -> float:
    number = float(_matched(_NUMBER, text))
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _float(text: str) -> float:
    """A double that a float can hold, less precisely."""
    number = _double(text)
    try:
        struct.pack("<f", number)
    except OverflowError as error:
        raise ValueError(text) from error
    return number


def _decimal(text: str, precision: int, scale: int) -> Decimal:
    number = Decimal(_matched(_PLAIN_NUMBER, text))
    digits = number.as_tuple()
    exponent = digits.exponent
    assert isinstance(exponent, int), "the pattern lets only finite numbers through"
    whole = max(0, len(digits.digits) + exponent) if number else 0
    if -exponent > scale or whole > precision - scale:
        raise ValueError(text)
    return Decimal(f"{number:.{scale}f}")


def _boolean(text: str) -> bool:
    known = {"true": True, "false": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def _timestamp(text: str) -> datetime:
    """Without a zone it is UTC."""
    found = datetime.fromisoformat(_matched(_MOMENT, text))
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError as error:  # before the year 1, or after 9999, in UTC
        raise ValueError(text) from error


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if pattern.match(text) is None:
        raise ValueError(text)
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "float": _float,
    "double": _double,
    "date": lambda text: date.fromisoformat(_matched(_DATE, text)),
    "timestamp": _timestamp,
    "timestamp_ntz": lambda text: datetime.fromisoformat(_matched(_LOCAL, text)),
    "string": str,
}
_INFERRED = ("boolean", "bigint", "double", "date", "timestamp")
