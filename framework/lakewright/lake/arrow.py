"""Column types as Arrow has them. Apart from `types`, for loading Arrow takes long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import pyarrow as pa

from lakewright.lake.types import (
    Array,
    Decimal,
    Map,
    Primitive,
    Struct,
    Type,
    parse_type,
    unknown_type,
)
from lakewright.lake.values import Field

LEDGER_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("size", pa.int64()),
        ("modified", pa.timestamp("us", tz="UTC")),
        ("digest", pa.string()),
        ("run_id", pa.string()),
    ]
)

_TO_ARROW = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
}
_FROM_ARROW = {arrow: spark for spark, arrow in _TO_ARROW.items()} | {
    pa.large_string(): "string",
    pa.string_view(): "string",
    pa.large_binary(): "binary",
    pa.binary_view(): "binary",
    pa.uint8(): "smallint",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.null(): "string",
}


def to_arrow(type_: Type) -> pa.DataType:
    """Timestamps are microseconds, as Delta stores them."""
    match type_:
        case Primitive():
            return _TO_ARROW[type_.name]
        case Decimal():
            return pa.decimal128(type_.precision, type_.scale)
        case Array():
            return pa.list_(to_arrow(type_.element))
        case Map():
            return pa.map_(to_arrow(type_.key), to_arrow(type_.value))
        case Struct():
            return pa.struct([pa.field(name, to_arrow(inner)) for name, inner in type_.fields])
        case _:
            assert_never(type_)


def arrow_schema(fields: Iterable[Field]) -> pa.Schema:
    """The Arrow schema of a table's columns, all nullable."""
    return pa.schema([(item.name, to_arrow(parse_type(item.type))) for item in fields])


def fit_rows(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """`rows` in the columns and types of `schema`, by name; what `rows` lacks is NULL."""
    assert set(rows.column_names) <= set(schema.names), "rows have columns that the table lacks"
    given = set(rows.column_names)
    columns = [
        rows[item.name].cast(item.type)
        if item.name in given
        else pa.nulls(rows.num_rows, item.type)
        for item in schema
    ]
    return pa.table(columns, schema=schema)


def from_arrow(found: pa.DataType) -> Type:
    """The narrowest type that holds every value of an Arrow type; LakeError LW534 if none does."""
    if found in _FROM_ARROW:
        return Primitive(_FROM_ARROW[found])
    if pa.types.is_timestamp(found):
        return Primitive("timestamp" if found.tz else "timestamp_ntz")
    if pa.types.is_decimal(found) and found.precision <= 38:
        return Decimal(found.precision, found.scale)
    if pa.types.is_dictionary(found):
        return from_arrow(found.value_type)
    if pa.types.is_list(found) or pa.types.is_large_list(found):
        return Array(from_arrow(found.value_type))
    if pa.types.is_map(found):
        return Map(from_arrow(found.key_type), from_arrow(found.item_type))
    if pa.types.is_struct(found):
        return Struct(tuple((field.name, from_arrow(field.type)) for field in found))
    raise unknown_type(str(found))
