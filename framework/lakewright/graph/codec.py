"""Frozen values to plain JSON and back, by their annotations: what is decoded equals what went in.

A dataclass is a list of its fields in order. Decoding builds values and nothing else: no name in
the JSON chooses what is called. Whatever does not fit is a CodecError.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lakewright.names import TableName

Function = Callable[[Any], Any]

_SAME: tuple[Any, ...] = (str, int, bool, float, NoneType)


class CodecError(Exception):
    """A value that has no such form, or a form that is no such value."""


def encode(kind: Any, value: Any) -> Any:
    """`value`, of the annotated type `kind`, as what JSON knows."""
    encoder = _encoder(kind)
    return value if encoder is None else encoder(value)


def decode(kind: Any, form: Any) -> Any:
    """The value of type `kind` that `encode` made `form` of."""
    decoder = _decoder(kind)
    try:
        return form if decoder is None else decoder(form)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise CodecError(f"{type(error).__name__}: {error}") from error


@cache
def _encoder(kind: Any) -> Function | None:
    """None where the form is the value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return _encode_any
    if kind in _SAME or origin is Literal:
        return None
    if kind is TableName:
        return str
    if origin in (Union, UnionType):
        return _union_encoder(arguments)
    if origin is tuple:
        return _row_encoder(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_encoder(*arguments)
    if is_dataclass(kind):
        return _fields_encoder(kind)
    raise CodecError(f"values of {kind} cannot be stored")


@cache
def _decoder(kind: Any) -> Function | None:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return _decode_any
    if kind in _SAME or origin is Literal:
        return None
    if kind is TableName:
        return _table_name
    if origin in (Union, UnionType):
        return _union_decoder(arguments)
    if origin is tuple:
        return _row_decoder(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_decoder(*arguments)
    if is_dataclass(kind):
        return _fields_decoder(kind)
    raise CodecError(f"values of {kind} cannot be stored")


def _fields_of(kind: Any) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    return [(item.name, hints[item.name]) for item in fields(kind)]


def _fields_encoder(kind: Any) -> Function:
    parts = [(name, _encoder(hint)) for name, hint in _fields_of(kind)]

    def encode_fields(value: Any) -> list[Any]:
        if type(value) is not kind:
            raise CodecError(f"{type(value).__name__} where a {kind.__name__} was annotated")
        return [
            getattr(value, name) if encoder is None else encoder(getattr(value, name))
            for name, encoder in parts
        ]

    return encode_fields


def _fields_decoder(kind: Any) -> Function:
    parts = [_decoder(hint) for _, hint in _fields_of(kind)]
    count = len(parts)
    changed = [(at, decoder) for at, decoder in enumerate(parts) if decoder is not None]

    def decode_fields(form: Any) -> Any:
        if len(form) != count:
            raise CodecError(f"{len(form)} fields where a {kind.__name__} has {count}")
        if changed:
            form = form[:]
            for at, decoder in changed:
                form[at] = decoder(form[at])
        return kind(*form)

    return decode_fields


def _row_encoder(arguments: tuple[Any, ...]) -> Function:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = _encoder(arguments[0])
        return list if inner is None else lambda value: [inner(item) for item in value]
    each = [_encoder(argument) or _same for argument in arguments]
    return lambda value: [one(item) for one, item in zip(each, value, strict=True)]


def _row_decoder(arguments: tuple[Any, ...]) -> Function:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = _decoder(arguments[0])
        return tuple if inner is None else lambda form: tuple([inner(item) for item in form])
    each = [_decoder(argument) or _same for argument in arguments]
    return lambda form: tuple(one(item) for one, item in zip(each, form, strict=True))


def _mapping_encoder(key: Any, value: Any) -> Function:
    one, other = _encoder(key) or _same, _encoder(value) or _same
    return lambda mapping: [[one(name), other(item)] for name, item in mapping.items()]


def _mapping_decoder(key: Any, value: Any) -> Function:
    one, other = _decoder(key) or _same, _decoder(value) or _same
    return lambda form: {one(name): other(item) for name, item in form}


def _union_encoder(kinds: tuple[Any, ...]) -> Function | None:
    """None stays; values of the only other type keep its form; else `[which, form]`."""
    others = [kind for kind in kinds if kind is not NoneType]
    if all(_encoder(kind) is None for kind in others):
        return None
    if len(others) == 1:
        inner = _encoder(others[0]) or _same
        return lambda value: None if value is None else inner(value)
    known = {kind: (at, _encoder(kind) or _same) for at, kind in enumerate(others)}

    def encode_one(value: Any) -> Any:
        if value is None and len(others) < len(kinds):
            return None
        at, inner = known[type(value)]
        return [at, inner(value)]

    return encode_one


def _union_decoder(kinds: tuple[Any, ...]) -> Function | None:
    others = [kind for kind in kinds if kind is not NoneType]
    if all(_decoder(kind) is None for kind in others):
        return None
    if len(others) == 1:
        inner = _decoder(others[0]) or _same
        return lambda form: None if form is None else inner(form)
    known = [_decoder(kind) or _same for kind in others]
    return lambda form: None if form is None else known[form[0]](form[1])


def _encode_any(value: Any) -> Any:
    """What YAML and CSV files give: JSON's scalars as they are, all else as `[tag, form]`."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else ["float", repr(value)]
        case Decimal():
            return ["decimal", str(value)]
        case bytes():
            return ["bytes", value.hex()]
        case datetime():
            if value.tzinfo not in (None, UTC):
                raise CodecError("a time in a zone has no form here")
            return ["datetime", value.isoformat()]
        case date():
            return ["date", value.isoformat()]
        case list():
            return ["list", [_encode_any(item) for item in value]]
        case tuple():
            return ["tuple", [_encode_any(item) for item in value]]
        case dict():
            return ["dict", [[_encode_any(k), _encode_any(v)] for k, v in value.items()]]
        case _:
            raise CodecError(f"a {type(value).__name__} has no form here")


def _decode_any(form: Any) -> Any:
    if not isinstance(form, list):
        return form
    tag, inner = form
    match tag:
        case "float":
            return float(inner)
        case "decimal":
            return Decimal(inner)
        case "bytes":
            return bytes.fromhex(inner)
        case "datetime":
            return datetime.fromisoformat(inner)
        case "date":
            return date.fromisoformat(inner)
        case "list":
            return [_decode_any(item) for item in inner]
        case "tuple":
            return tuple(_decode_any(item) for item in inner)
        case "dict":
            return {_decode_any(key): _decode_any(value) for key, value in inner}
        case _:
            raise CodecError(f"`{tag}` is not a tag")


def _same(value: Any) -> Any:
    return value


_table_name = cache(TableName.of)
