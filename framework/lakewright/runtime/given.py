"""Rows as people write them in tests, as SQL of the right types and as values to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lakewright.errors import Place, SpecError
from lakewright.graph import literal
from lakewright.lake import Field, parse_type
from lakewright.lake.types import Array, Map, Primitive, Struct, Type
from lakewright.lake.types import Decimal as DecimalType
from lakewright.names import TableName, quote
from lakewright.runtime.guarding import guard_query
from lakewright.specs import Given, GivenQuery, GivenRows, names_of, suggest

_INTEGERS = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True, slots=True)
class Expected:
    """Rows that a test expects of a table with `fields`; only columns they name are compared."""

    rows: tuple[Mapping[str, Any], ...]
    fields: tuple[Field, ...]
    where: Place


def given_sql(
    name: TableName, given: Given | None, columns: tuple[Field, ...] | None, where: Place
) -> str:
    """A query that gives exactly those rows; columns that are left out are NULL.

    SpecError LW490 when neither rows nor spec say what columns the table has; LW492 for a column
    it has not.
    """
    match given:
        case GivenQuery(query=query, where=place):
            return guard_query(query, place)
        case GivenRows(rows=rows):
            known = columns or _guessed(given)
            _check_names(name, names_of(rows), known, given.where)
            return _values(known, given)
        case None if columns is None:
            raise SpecError(
                "LW490",
                f"the columns of {name} are not known, so it cannot be given empty",
                where,
                hint=f"give {name} a row, or declare its columns",
            )
        case None:
            return _empty(columns)


def fit_expected(expected: Expected) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The compared columns, and each expected row as values of their types."""
    names = names_of(expected.rows)
    where = expected.where
    _check_names(None, names, expected.fields, where)
    types = {field.name.lower(): parse_type(field.type) for field in expected.fields}
    if not expected.rows:
        names = tuple(field.name for field in expected.fields)
    rows = [
        tuple(fit_value(row.get(name), types[name.lower()], where) for name in names)
        for row in expected.rows
    ]
    return tuple(name.lower() for name in names), rows


def fit_value(value: Any, type_: Type, where: Place) -> Any:
    """A written value as Python's value of a type; SpecError LW493 when it is none."""
    if value is None:
        return None
    try:
        return _fit(value, type_, where)
    except (ValueError, InvalidOperation, TypeError, AttributeError) as error:
        raise SpecError("LW493", f"`{value}` is no value of type {type_}", where) from error


def _fit(value: Any, type_: Type, where: Place) -> Any:
    match type_:
        case Primitive(name) if name in _INTEGERS:
            return _integer(value)
        case Primitive("float" | "double"):
            return float(value)
        case Primitive("boolean"):
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value)]
        case Primitive("date"):
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        case Primitive("timestamp"):
            found = datetime.fromisoformat(str(value))
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        case Primitive("timestamp_ntz"):
            return datetime.fromisoformat(str(value)).replace(tzinfo=None)
        case DecimalType(scale=scale):
            return Decimal(str(value)).quantize(Decimal(1).scaleb(-scale))
        case Array(element):
            return [fit_value(item, element, where) for item in value]
        case Map(key, inner):
            return {fit_value(k, key, where): fit_value(v, inner, where) for k, v in value.items()}
        case Struct(fields):
            return {name: fit_value(value.get(name), inner, where) for name, inner in fields}
        case _:
            return value if isinstance(value, str | bytes) else str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError(value)
    return int(value)


def _values(columns: tuple[Field, ...], given: GivenRows) -> str:
    if not given.rows:
        return _empty(columns)
    named = {key.lower(): key for key in names_of(given.rows)}
    used = [field for field in columns if field.name.lower() in named]
    rows = [
        "(" + ", ".join(_cell(row.get(named[f.name.lower()]), f, given) for f in used) + ")"
        for row in given.rows
    ]
    source = ", ".join(quote(field.name) for field in used)
    chosen = [
        f"CAST({quote(f.name) if f in used else 'NULL'} AS {f.type}) AS {quote(f.name)}"
        for f in columns
    ]
    return f"SELECT {', '.join(chosen)} FROM VALUES {', '.join(rows)} AS given({source})"


def _cell(value: Any, field: Field, given: GivenRows) -> str:
    type_ = parse_type(field.type)
    if value is None:
        return "NULL" if isinstance(type_, Primitive | DecimalType) else f"CAST(NULL AS {type_})"
    if given.texts and isinstance(type_, Primitive | DecimalType):
        return literal(str(value))
    return _typed(fit_value(value, type_, given.where), type_)


def _typed(value: Any, type_: Type) -> str:
    """SQL of a value of exactly that type. Scalars go as texts: every engine casts those alike."""
    if value is None:
        return f"CAST(NULL AS {type_})"
    match type_:
        case Array(element):
            items = ", ".join(_typed(item, element) for item in value)
            return f"array({items})" if value else f"CAST(array() AS {type_})"
        case Map(key, inner):
            pairs = [f"{_typed(k, key)}, {_typed(v, inner)}" for k, v in value.items()]
            return f"map({', '.join(pairs)})" if value else f"CAST(map() AS {type_})"
        case Struct(fields):
            parts = [f"{literal(name)}, {_typed(value[name], inner)}" for name, inner in fields]
            return f"named_struct({', '.join(parts)})"
        case _:
            return f"CAST({literal(_text(value))} AS {type_})"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(sep=" ")
        case _:
            return str(value)


def _empty(columns: tuple[Field, ...]) -> str:
    cells = ", ".join(f"CAST(NULL AS {f.type}) AS {quote(f.name)}" for f in columns)
    return f"SELECT {cells} WHERE 1 = 0"


def _guessed(given: GivenRows) -> tuple[Field, ...]:
    """Columns of a table that declares none: as the first value of each says."""
    found = []
    for name in names_of(given.rows):
        values = [row[name] for row in given.rows if row.get(name) is not None]
        found.append(Field(name, _guess(values[0] if values else "")))
    return tuple(found)


def _guess(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "bigint"
        case float():
            return "double"
        case date():
            return "date"
        case list():
            return f"array<{_guess(value[0] if value else '')}>"
        case _:
            return "string"


def _check_names(
    table: TableName | None, names: tuple[str, ...], fields: tuple[Field, ...], where: Place
) -> None:
    known = [field.name.lower() for field in fields]
    for name in names:
        if name.lower() not in known:
            owner = f"{table} has" if table else "the table has"
            raise SpecError(
                "LW492",
                f"{owner} no column `{name}`",
                where,
                hint=suggest(name, known) or f"it has {', '.join(known)}",
            )
