"""Casts: every pair of types that matters; the name says the pair."""

from __future__ import annotations

from infra.conformance.cases import Template

_TYPES = {
    "i": "int",
    "o": "bigint",
    "y": "tinyint",
    "d": "double",
    "e": "double",
    "f": "float",
    "p": "decimal",
    "w": "decimal",
    "b1": "boolean",
    "dt": "date",
    "ts": "timestamp",
    "tn": "timestamp_ntz",
    "x": "binary",
    "s": "string",
    "num": "string",
    "whole": "string",
    "yes": "string",
    "day": "string",
    "instant": "string",
    "a1": "array",
    "ad": "array",
    "at": "array",
    "m": "map",
    "st": "struct",
    "bad": "string",
    "n": "int",
    "l": "bigint",
    "c": "int",
    "k": "int",
    "h": "smallint",
}
_PAIRS = (
    ("STRING", "i n l y d e f p w b1 dt ts tn a1 ad at m st x"),
    ("INT", "k c h p b1 whole y"),
    ("BIGINT", "i y e p b1 whole ts"),
    ("SMALLINT", "y k h"),
    ("TINYINT", "k y"),
    ("DOUBLE", "i l p w f num b1 ts"),
    ("FLOAT", "i l e p num"),
    ("DECIMAL(10, 2)", "k h p num whole b1"),
    ("DECIMAL(20, 8)", "i e p num"),
    ("DECIMAL(38, 10)", "o p w"),
    ("DECIMAL(12, 0)", "p num"),
    ("BOOLEAN", "i d p yes"),
    ("DATE", "day ts tn dt"),
    ("TIMESTAMP", "instant dt tn o e"),
    ("TIMESTAMP_NTZ", "instant dt ts"),
    ("BINARY", "s"),
    ("ARRAY<STRING>", "a1"),
    ("ARRAY<BIGINT>", "a1"),
    ("MAP<STRING, DOUBLE>", "m"),
    ("STRUCT<a: BIGINT, b: STRING>", "st"),
)
_TRIES = (
    ("INT", "bad num whole d l"),
    ("BIGINT", "bad num d"),
    ("TINYINT", "n bad"),
    ("DOUBLE", "bad num"),
    ("DECIMAL(5, 2)", "bad num e n"),
    ("BOOLEAN", "bad yes"),
    ("DATE", "bad day instant"),
    ("TIMESTAMP", "bad instant day"),
)


def _named(function: str, pairs: tuple[tuple[str, str], ...]) -> tuple[Template, ...]:
    return tuple(
        (
            f"{function}({_TYPES[column]} as {target.lower().split('(')[0].split('<')[0]})",
            f"{function}({{0}} AS {target})",
            column,
        )
        for target, columns in pairs
        for column in columns.split()
    )


CASTS: tuple[Template, ...] = (
    *_named("cast", _PAIRS),
    *_named("try_cast", _TRIES),
    ("::", "{0}::STRING", "i p dt"),
    ("string", "string({0})", "i e dt"),
    ("int", "int({0})", "whole"),
    ("double", "double({0})", "num i"),
    ("bigint", "bigint({0})", "whole i"),
    ("boolean", "boolean({0})", "yes"),
)
