"""Column types: Spark's simple strings and Delta's schema JSON, one value between them.

`parse_type` and `str(type)` are inverse on canonical text. A Delta column is nullable at every
depth: rules say what must not be NULL, the storage type never does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, assert_never

from lakewright.errors import LakeError


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type without parameters, by Spark's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Decimal:
    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class Array:
    element: Type

    def __str__(self) -> str:
        return f"array<{self.element}>"


@dataclass(frozen=True, slots=True)
class Map:
    key: Type
    value: Type

    def __str__(self) -> str:
        return f"map<{self.key},{self.value}>"


@dataclass(frozen=True, slots=True)
class Struct:
    """Names keep their case; order counts."""

    fields: tuple[tuple[str, Type], ...]

    def __str__(self) -> str:
        return f"struct<{','.join(f'{_name(name)}:{type_}' for name, type_ in self.fields)}>"


Type = Primitive | Decimal | Array | Map | Struct

# Spark's name, Delta's name.
_PRIMITIVES = (
    ("boolean", "boolean"),
    ("tinyint", "byte"),
    ("smallint", "short"),
    ("int", "integer"),
    ("bigint", "long"),
    ("float", "float"),
    ("double", "double"),
    ("string", "string"),
    ("binary", "binary"),
    ("date", "date"),
    ("timestamp", "timestamp"),
    ("timestamp_ntz", "timestamp_ntz"),
)
_TO_DELTA = dict(_PRIMITIVES)
_FROM_DELTA = {delta: spark for spark, delta in _PRIMITIVES}
_ALIASES = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "real": "float",
    "timestamp_ltz": "timestamp",
    "decimal": "decimal(10,0)",
    "bool": "boolean",
}
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}  # as Delta's type widening counts
_TOKEN = re.compile(r"\s*(`(?:[^`]|``)*`|[<>(),:]|[^<>(),:`\s]+)")


def parse_type(text: str) -> Type:
    """The type of a simple string; LakeError LW534 for what a Delta table cannot hold."""
    tokens = _Tokens(text, _TOKEN.findall(text))
    found = tokens.type()
    if tokens.left:
        raise unknown_type(text)
    return found


def normal_type(text: str) -> str:
    """The canonical spelling of a simple string."""
    return str(parse_type(text))


def to_delta(type_: Type) -> Any:
    """The type as it stands in a Delta schema: a name or an object."""
    match type_:
        case Primitive():
            return _TO_DELTA[type_.name]
        case Decimal():
            return str(type_)
        case Array():
            return {"type": "array", "elementType": to_delta(type_.element), "containsNull": True}
        case Map():
            key, value = to_delta(type_.key), to_delta(type_.value)
            return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}
        case Struct():
            fields = [
                {"name": name, "type": to_delta(inner), "nullable": True, "metadata": {}}
                for name, inner in type_.fields
            ]
            return {"type": "struct", "fields": fields}
        case _:
            assert_never(type_)


def from_delta(found: Any) -> Type:
    """The type of a Delta schema's `type`. Types of newer Delta features are LakeError LW534."""
    if isinstance(found, str):
        if found in _FROM_DELTA:
            return Primitive(_FROM_DELTA[found])
        return parse_type(found)
    match found["type"]:
        case "array":
            return Array(from_delta(found["elementType"]))
        case "map":
            return Map(from_delta(found["keyType"]), from_delta(found["valueType"]))
        case "struct":
            return Struct(
                tuple((field["name"], from_delta(field["type"])) for field in found["fields"])
            )
        case other:
            raise unknown_type(str(other))


def widens(before: str, after: str) -> bool:
    """Whether every value of `before` is the same value in `after`; equal types do."""
    return _widens(parse_type(before), parse_type(after))


def unknown_type(text: str) -> LakeError:
    """LakeError LW534 for a type that no table of ours can have."""
    return LakeError(
        "LW534",
        f"`{text}` is not a type that a Delta table of ours can hold",
        hint="cast the column, for example to string, decimal(18,2) or timestamp",
    )


def _widens(before: Type, after: Type) -> bool:
    match before, after:
        case Primitive(one), Primitive(two):
            return one == two or _widens_primitive(one, two)
        case Primitive(one), Decimal(precision, scale):
            return one in _DIGITS and precision - scale >= _DIGITS[one]
        case Decimal(), Decimal():
            whole = after.precision - after.scale >= before.precision - before.scale
            return whole and after.scale >= before.scale
        case Array(), Array():
            return _widens(before.element, after.element)
        case Map(), Map():
            return _widens(before.key, after.key) and _widens(before.value, after.value)
        case Struct(), Struct():
            given = dict(after.fields)
            return all(name in given and _widens(one, given[name]) for name, one in before.fields)
        case _:
            return False


def _widens_primitive(before: str, after: str) -> bool:
    if before in _INTEGERS and after in _INTEGERS:
        return _INTEGERS.index(before) < _INTEGERS.index(after)
    exact_in_double = ("tinyint", "smallint", "int", "float")
    return (after == "double" and before in exact_in_double) or (
        before == "date" and after == "timestamp_ntz"
    )


@dataclass(slots=True)
class _Tokens:
    """A recursive descent over a simple string."""

    text: str
    left: list[str]

    def next(self, *expected: str) -> str:
        if not self.left or (expected and self.left[0] not in expected):
            raise unknown_type(self.text)
        return self.left.pop(0)

    def type(self) -> Type:
        name = self.next().lower()
        match _ALIASES.get(name, name):
            case "array":
                return Array(self.inside(1)[0])
            case "map":
                return Map(*self.inside(2))
            case "struct":
                return Struct(self.fields())
            case "decimal(10,0)":
                return self.decimal()
            case known if known in _TO_DELTA:
                return Primitive(known)
            case _:
                raise unknown_type(self.text)

    def inside(self, count: int) -> list[Type]:
        found = []
        for index in range(count):
            self.next("<" if index == 0 else ",")
            found.append(self.type())
        self.next(">")
        return found

    def fields(self) -> tuple[tuple[str, Type], ...]:
        self.next("<")
        found: list[tuple[str, Type]] = []
        while not (not found and self.left and self.left[0] == ">"):
            name = self.next()
            self.next(":")
            found.append((_bare(name), self.type()))
            if self.next(",", ">") == ">":
                return tuple(found)
        self.next(">")
        return ()

    def decimal(self) -> Decimal:
        if not self.left or self.left[0] != "(":
            return Decimal(10, 0)
        self.next("(")
        precision, scale = self.number(), 0
        if self.next(",", ")") == ",":
            scale = self.number()
            self.next(")")
        if not (1 <= precision <= 38 and 0 <= scale <= precision):
            raise unknown_type(self.text)
        return Decimal(precision, scale)

    def number(self) -> int:
        text = self.next()
        if not (text.isascii() and text.isdigit()):
            raise unknown_type(self.text)
        return int(text)


def _name(name: str) -> str:
    plain = _TOKEN.fullmatch(name) and name not in "<>(),:" and not name.startswith("`")
    return name if plain and name.strip() == name else "`" + name.replace("`", "``") + "`"


def _bare(token: str) -> str:
    return token[1:-1].replace("``", "`") if token.startswith("`") else token
