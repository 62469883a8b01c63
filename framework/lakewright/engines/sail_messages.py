"""Sail's words about a query in Spark's: types in their SQL spelling, one cause, no internals."""

from __future__ import annotations

import re

_TYPES = (
    (re.compile(r"Decimal(?:128|256)?\((\d+), ?(\d+)\)"), r"decimal(\1,\2)"),
    (re.compile(r"Timestamp\([^()]*, (?:Some\([^()]*\))\)"), "timestamp"),
    (re.compile(r"Timestamp\([^()]*\)"), "timestamp_ntz"),
    (re.compile(r"\b(?:Large)?Utf8(?:View)?\b"), "string"),
    (re.compile(r"\bInt8\b"), "tinyint"),
    (re.compile(r"\bInt16\b"), "smallint"),
    (re.compile(r"\bInt32\b"), "int"),
    (re.compile(r"\bInt64\b"), "bigint"),
    (re.compile(r"\bFloat32\b"), "float"),
    (re.compile(r"\bFloat64\b"), "double"),
    (re.compile(r"\bBoolean\b"), "boolean"),
    (re.compile(r"\bDate(?:32|64)\b"), "date"),
    (re.compile(r"\b(?:Large)?Binary\b"), "binary"),
    (re.compile(r"\bList\(([^()]*)\)"), r"array<\1>"),
)
_PREFIXES = re.compile(r"(?:(?:Internal|Execution|Plan) error|Error during planning): ")
_OPERATION = re.compile(
    r"(?:expression|operation) (?P<left>.+?) (?P<operator>[-+*/%<>=!]+|AND|OR) "
)
_FUNCTION = re.compile(
    r"Function '(?:spark_)?(\w+)'|unknown function: (\w+)|\A(\w+) (?:requires|expects|should)"
)
_NO_SIGNATURE = re.compile(
    r"Function '(?:spark_)?(\w+)' (?:failed to match|user-defined coercion).*"
)
_RECEIVED = re.compile(r"\(DataType: ([^()]+(?:\([^()]*\))?)\)|but got ([^(),.]+)")
_GIVEN = re.compile(r"argument types '\w+\((.*?)\)'")


def plain_message(text: str) -> str:
    """The message as a person would say it; other engines' messages stay as they are."""
    told = _PREFIXES.sub("", text)
    for pattern, spelling in _TYPES:
        told = pattern.sub(spelling, told)
    if match := _NO_SIGNATURE.search(told):
        given = _GIVEN.search(told) or _RECEIVED.search(told)
        types = next((group for group in given.groups() if group), "") if given else ""
        what = f"({types.strip()})" if types else " of these arguments"
        return f"no function {match.group(1)}{what}"
    return told


def named_function(text: str) -> str | None:
    """The function that the message is about."""
    match = _FUNCTION.search(_PREFIXES.sub("", text))
    return next((group for group in match.groups() if group), None) if match else None


def named_operator(text: str) -> str | None:
    """The operator whose operands do not go together."""
    match = _OPERATION.search(text)
    return match.group("operator") if match else None
