"""What dbt's own macros and those of its common packages write, as Spark SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NULL = "_dbt_utils_surrogate_key_null_"
_UNITS = ("day", "week", "month", "quarter", "year", "hour", "minute", "second")


def _unit(written: str) -> str:
    unit = str(written).strip().lower()
    if unit not in _UNITS:
        raise ValueError(f"`{written}` is not a part of a date")
    return unit


def date_trunc(datepart: str, date: str) -> str:
    return f"date_trunc('{_unit(datepart)}', {date})"


def dateadd(datepart: str, interval: Any, from_date_or_timestamp: str) -> str:
    return f"timestampadd({_unit(datepart).upper()}, {interval}, {from_date_or_timestamp})"


def datediff(first_date: str, second_date: str, datepart: str) -> str:
    return f"timestampdiff({_unit(datepart).upper()}, {first_date}, {second_date})"


def date_spine(datepart: str, start_date: str, end_date: str) -> str:
    """The days (weeks, …) from the first on, without the last."""
    unit = _unit(datepart)
    first, last = f"CAST({start_date} AS TIMESTAMP)", f"CAST({end_date} AS TIMESTAMP)"
    steps = f"sequence({first}, {last} - INTERVAL 1 {unit}, INTERVAL 1 {unit})"
    return f"SELECT explode({steps}) AS date_{unit}"


def get_base_dates(
    start_date: str | None = None,
    end_date: str | None = None,
    n_dateparts: int | None = None,
    datepart: str = "day",
) -> str:
    """The dates between two, or the last so many before today."""
    if n_dateparts is None:
        if start_date is None or end_date is None:
            raise ValueError("the dates have no bounds")
        return date_spine(datepart, f"'{start_date}'", f"'{end_date}'")
    unit = _unit(datepart)
    first = f"CAST(:today AS TIMESTAMP) - INTERVAL {int(n_dateparts)} {unit}"
    steps = f"sequence({first}, CAST(:today AS TIMESTAMP), INTERVAL 1 {unit})"
    return f"SELECT explode({steps}) AS date_{unit}"


def generate_surrogate_key(field_list: Sequence[str]) -> str:
    fields = [f"coalesce(CAST({name} AS STRING), '{_NULL}')" for name in field_list]
    return f"md5(concat_ws('-', {', '.join(fields)}))"


def concat(fields: Sequence[str]) -> str:
    return "(" + " || ".join(fields) + ")"


def group_by(n: int) -> str:
    return "GROUP BY " + ", ".join(str(at + 1) for at in range(min(int(n), 1000)))


def safe_divide(numerator: str, denominator: str) -> str:
    return f"({numerator}) / nullif(({denominator}), 0)"


def cast(field: str, type: str) -> str:  # noqa: A002 - the argument's name in dbt
    return f"CAST({field} AS {type})"


def safe_cast(field: str, type: str) -> str:  # noqa: A002 - the argument's name in dbt
    return f"try_cast({field} AS {type})"


def last_day(date: str, datepart: str) -> str:
    if _unit(datepart) != "month":
        raise ValueError(f"the last day of a {datepart} has no function in Spark")
    return f"last_day({date})"


def _type(type_: str) -> Callable[[], str]:
    return lambda: type_


_DBT: Mapping[str, Callable[..., str]] = {
    "any_value": lambda expression: f"any_value({expression})",
    "bool_or": lambda expression: f"bool_or({expression})",
    "cast": cast,
    "cast_bool_to_text": lambda field: f"CAST({field} AS STRING)",
    "concat": concat,
    "current_timestamp": lambda: ":now",
    "date": lambda year, month, day: f"make_date({year}, {month}, {day})",
    "date_trunc": date_trunc,
    "dateadd": dateadd,
    "datediff": datediff,
    "date_spine": date_spine,
    "escape_single_quotes": lambda expression: str(expression).replace("'", "''"),
    "except": lambda: "EXCEPT",
    "hash": lambda field: f"md5(CAST({field} AS STRING))",
    "intersect": lambda: "INTERSECT",
    "last_day": last_day,
    "length": lambda expression: f"length({expression})",
    "position": lambda substring_text, string_text: f"position({substring_text} IN {string_text})",
    "replace": lambda field, old_chars, new_chars: f"replace({field}, {old_chars}, {new_chars})",
    "right": lambda string_text, length_expression: f"right({string_text}, {length_expression})",
    "safe_cast": safe_cast,
    "split_part": lambda string_text, delimiter_text, part_number: (
        f"split_part({string_text}, {delimiter_text}, {part_number})"
    ),
    "string_literal": lambda value: "'" + str(value).replace("'", "''") + "'",
    "type_bigint": _type("BIGINT"),
    "type_boolean": _type("BOOLEAN"),
    "type_float": _type("DOUBLE"),
    "type_int": _type("INT"),
    "type_numeric": _type("DECIMAL(28, 6)"),
    "type_string": _type("STRING"),
    "type_timestamp": _type("TIMESTAMP"),
}
_UTILS: Mapping[str, Callable[..., str]] = {
    "date_spine": date_spine,
    "generate_surrogate_key": generate_surrogate_key,
    "group_by": group_by,
    "safe_divide": safe_divide,
    "surrogate_key": generate_surrogate_key,
}

# By the name that a template calls; those of dbt itself may be called without `dbt.` too.
FUNCTIONS: Mapping[str, Callable[..., str]] = {
    **{f"dbt.{name}": function for name, function in _DBT.items()},
    **{name: function for name, function in _DBT.items() if name not in ("hash", "length")},
    **{f"dbt_utils.{name}": function for name, function in _UTILS.items()},
    **{
        f"dbt_utils.{name}": _DBT[name]
        for name in ("concat", "dateadd", "datediff", "date_trunc", "safe_cast", "split_part")
    },
    "dbt_date.get_base_dates": get_base_dates,
}
