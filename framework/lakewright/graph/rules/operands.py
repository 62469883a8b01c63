"""Values that a rule compares a column with, as SQL of the column's type where it is known."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from lakewright.graph.literals import literal
from lakewright.graph.rules.rule import WrittenRule

_NUMBERS = ("tinyint", "smallint", "int", "bigint", "decimal", "float", "double")


def operand(written: WrittenRule, column: str, value: object) -> str:
    """`value` as a literal; texts for dates and timestamps become typed ones. Raises LW231."""
    if isinstance(value, int) and abs(value) >= 10**38:  # no type of SQL holds it
        raise written.fail(f"{value} is too large a number")
    if not isinstance(value, bool | int | float | Decimal | str | date):
        raise written.fail(f"`{value}` is not a value a column can be compared with")
    kind = (written.columns or {}).get(column)
    try:
        if isinstance(value, str) and kind == "date":
            return literal(date.fromisoformat(value))
        if isinstance(value, str) and kind == "timestamp":
            return literal(datetime.fromisoformat(value))
        if isinstance(value, str) and kind is not None and kind.startswith(_NUMBERS):
            return literal(Decimal(value))
        return literal(value)
    except (ValueError, InvalidOperation) as error:
        raise written.fail(f"`{value}` is not a {kind or 'value of SQL'}") from error


def is_plain(sql: str) -> bool:
    """Whether no typed literal stands in `sql`: those go into no constraint."""
    return "DATE'" not in sql and "TIMESTAMP'" not in sql
