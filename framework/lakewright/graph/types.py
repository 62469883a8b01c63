"""Spark's types as simple strings: parsing, and one spelling for each."""

from __future__ import annotations

import re

_NAMES = {
    "boolean": "boolean",
    "bool": "boolean",
    "tinyint": "tinyint",
    "byte": "tinyint",
    "smallint": "smallint",
    "short": "smallint",
    "int": "int",
    "integer": "int",
    "bigint": "bigint",
    "long": "bigint",
    "float": "float",
    "real": "float",
    "double": "double",
    "string": "string",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ltz": "timestamp",
    "timestamp_ntz": "timestamp_ntz",
    "variant": "variant",
}
TYPE_NAMES = (*sorted({*_NAMES}), "decimal", "array", "map", "struct")
EXACT_TYPES = frozenset(
    {"tinyint", "smallint", "int", "bigint", "boolean", "string", "date", "timestamp", "binary"}
)
_TOKEN = re.compile(r"\s*(`(?:[^`]|``)+`|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[<>(),:])")
_DECIMALS = {"decimal", "dec", "numeric"}
_MAX_DEPTH = 20


def parse_type(text: str) -> str | None:
    """The simple string of a written type (`Decimal( 10, 2 )` -> `decimal(10,2)`), or None."""
    tokens: list[str] = []
    at = 0
    stripped = text.rstrip()
    while at < len(stripped):
        found = _TOKEN.match(stripped, at)
        if not found:
            return None
        tokens.append(found.group(1))
        at = found.end()
    try:
        parsed, end = _type(tokens, 0, 0)
    except (IndexError, _NotATypeError):
        return None
    return parsed if end == len(tokens) else None


def is_exact(type_name: str | None) -> bool:
    """Whether values of the type add up to the same sum in any order."""
    return type_name is not None and (type_name in EXACT_TYPES or type_name.startswith("decimal"))


class _NotATypeError(Exception):
    pass


def _type(tokens: list[str], at: int, depth: int) -> tuple[str, int]:
    name = tokens[at].lower()
    if depth > _MAX_DEPTH:
        raise _NotATypeError
    if name in _DECIMALS:
        return _decimal(tokens, at + 1)
    if name == "array":
        inner, at = _type(tokens, _expect(tokens, at + 1, "<"), depth + 1)
        return f"array<{inner}>", _expect(tokens, at, ">")
    if name == "map":
        key, at = _type(tokens, _expect(tokens, at + 1, "<"), depth + 1)
        value, at = _type(tokens, _expect(tokens, at, ","), depth + 1)
        return f"map<{key},{value}>", _expect(tokens, at, ">")
    if name == "struct":
        return _struct(tokens, _expect(tokens, at + 1, "<"), depth)
    if name not in _NAMES:
        raise _NotATypeError
    return _NAMES[name], at + 1


def _decimal(tokens: list[str], at: int) -> tuple[str, int]:
    if at >= len(tokens) or tokens[at] != "(":
        return "decimal(10,0)", at
    precision, scale = int(_digits(tokens[at + 1])), 0
    at += 2
    if tokens[at] == ",":
        scale = int(_digits(tokens[at + 1]))
        at += 2
    if not 1 <= precision <= 38 or scale > precision:
        raise _NotATypeError
    return f"decimal({precision},{scale})", _expect(tokens, at, ")")


def _struct(tokens: list[str], at: int, depth: int) -> tuple[str, int]:
    fields: list[str] = []
    while True:
        name = tokens[at]
        inner, at = _type(tokens, _expect(tokens, at + 1, ":"), depth + 1)
        fields.append(f"{name}:{inner}")
        if tokens[at] != ",":
            return f"struct<{','.join(fields)}>", _expect(tokens, at, ">")
        at += 1


def _expect(tokens: list[str], at: int, token: str) -> int:
    if tokens[at] != token:
        raise _NotATypeError
    return at + 1


def _digits(token: str) -> str:
    if not token.isdigit():
        raise _NotATypeError
    return token
