"""Spark's simple type strings and Arrow's types."""

from __future__ import annotations

import re

import pyarrow as pa

_PLAIN = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "timestamp_ntz": pa.timestamp("us"),
    "binary": pa.binary(),
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_WIDER = {"uint8": "smallint", "uint16": "int", "uint32": "bigint", "uint64": "decimal(20,0)"}


def arrow_type(simple: str) -> pa.DataType:
    """The Arrow type of a Spark type such as `decimal(10,2)` or `array<struct<a:int>>`."""
    text = simple.strip()
    if text.lower() in _PLAIN:
        return _PLAIN[text.lower()]
    match = _DECIMAL.fullmatch(text.lower())
    if match:
        return pa.decimal128(int(match.group(1)), int(match.group(2)))
    outer, _, inner = text.partition("<")
    parts = _split(inner.removesuffix(">"))
    if outer.lower() == "array" and len(parts) == 1:
        return pa.list_(arrow_type(parts[0]))
    if outer.lower() == "map" and len(parts) == 2:
        return pa.map_(arrow_type(parts[0]), arrow_type(parts[1]))
    if outer.lower() == "struct":
        pairs = [part.partition(":") for part in parts]
        return pa.struct([(name.strip(), arrow_type(kind)) for name, _, kind in pairs])
    raise ValueError(f"no Arrow type for {simple}")


def spark_type(type_: pa.DataType) -> str:
    """The Spark type that holds all values of an Arrow type; ValueError where there is none."""
    for simple, plain in _PLAIN.items():
        if type_ == plain:
            return simple
    if pa.types.is_dictionary(type_):
        return spark_type(type_.value_type)
    if pa.types.is_decimal(type_) and type_.precision <= 38 and type_.scale >= 0:
        return f"decimal({type_.precision},{type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamp" if type_.tz else "timestamp_ntz"
    if pa.types.is_date(type_):
        return "date"
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return "string"
    if pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return "binary"
    if pa.types.is_float16(type_):
        return "float"
    if str(type_) in _WIDER:
        return _WIDER[str(type_)]
    return _nested_spark_type(type_)


def _nested_spark_type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return f"array<{spark_type(type_.value_type)}>"
    if pa.types.is_map(type_):
        return f"map<{spark_type(type_.key_type)},{spark_type(type_.item_type)}>"
    if pa.types.is_struct(type_):
        fields = [f"{field.name}:{spark_type(field.type)}" for field in type_]
        return f"struct<{','.join(fields)}>"
    raise ValueError(f"no Spark type for {type_}")


def _split(text: str) -> list[str]:
    """Split at the commas that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "<(") - (char in ">)")
        if char == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
