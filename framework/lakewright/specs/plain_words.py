"""Values that may stand in SQL as they are."""

from __future__ import annotations

from lakewright.names import is_column_name


def is_plain_word(value: object) -> bool:
    """Whether a value is a name or a number without a sign, which SQL reads as no more."""
    match value:
        case bool():
            return False
        case int():
            return value >= 0
        case str():
            return is_column_name(value)
        case _:
            return False
