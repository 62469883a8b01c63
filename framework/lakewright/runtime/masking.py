"""Stand-ins for values that are never shown: of the same type, equal where they are equal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

_FIRST_DAY = date(2000, 1, 1)


@dataclass(slots=True)
class Masks:
    """Numbers each value in the order in which it is first seen, so nothing of it is left.

    One for all inputs of a test: what joins before still joins. The same rows in the same order
    give the same stand-ins.
    """

    seen: dict[tuple[str, Any], int] = field(default_factory=dict)

    def mask(self, value: Any) -> Any:
        """The stand-in of a value; NULL stays NULL, and nested values are masked inside."""
        match value:
            case None:
                return None
            case bool():
                return self._number("bool", value) % 2 == 1
            case list() | tuple():
                return [self.mask(item) for item in value]
            case dict():
                return {key: self.mask(item) for key, item in value.items()}
            case _:
                return self._scalar(value)

    def _scalar(self, value: Any) -> Any:
        match value:
            case int() | float() | Decimal():
                number = self._number("number", value)
                return type(value)(number)
            case datetime():
                days = timedelta(days=self._number("moment", value))
                first = datetime.combine(_FIRST_DAY, datetime.min.time(), value.tzinfo)
                return first + days
            case date():
                return _FIRST_DAY + timedelta(days=self._number("day", value))
            case bytes():
                return f"masked_{self._number('bytes', value)}".encode()
            case _:
                return f"masked_{self._number('text', value)}"

    def _number(self, kind: str, value: Any) -> int:
        return self.seen.setdefault((kind, value), len(self.seen) + 1)
