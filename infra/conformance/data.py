"""The rows that expressions are evaluated on: small, typed, and unpleasant.

`t` has twelve rows, the last one all NULL (but for `id`); every column stays inside the domain that
its templates need, so that ANSI raises nothing. `edge` has one row, which leaves every domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

_INT, _LONG = pa.int32(), pa.int64()
_TEXT, _DOUBLE, _DATE = pa.string(), pa.float64(), pa.date32()
_UTC, _NTZ = pa.timestamp("us", "UTC"), pa.timestamp("us")
_PAIR = pa.struct([("a", _INT), ("b", _TEXT)])
_NAN, _INF = float("nan"), float("inf")


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def _days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def _decimals(text: str) -> list[Decimal]:
    return [Decimal(word) for word in text.split()]


_INSTANTS = [
    _at(1970, 1, 1),
    _at(1969, 12, 31, 23, 59, 59, 999999),
    _at(2013, 3, 10, 6, 59, 59),
    _at(2013, 3, 10, 7, 0, 0),
    _at(2013, 11, 3, 5, 30),
    _at(2013, 11, 3, 6, 30),
    _at(2024, 2, 29, 12, 34, 56, 123456),
    _at(1900, 1, 1),
    _at(2012, 12, 31, 23, 0),
    _at(2100, 3, 1, 0, 0, 1),
    _at(1800, 6, 15, 12),
]

_COLUMNS: Mapping[str, tuple[pa.DataType, list[Any]]] = {
    "g": (_TEXT, ["a", "a", "a", "b", "b", "b", "c", "c", "", "d", "d"]),
    "i": (_INT, [0, 1, -1, 2, -7, 42, 365, -100, 7, 1000, -4634]),
    "j": (_INT, [1, -1, 2, 3, -3, 7, 10, -10, 100, 24, 60]),
    "k": (_INT, [0, 1, 2, 3, 4, 5, 1, 2, 3, 0, 1]),
    "c": (_INT, [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]),
    "n": (_INT, [2**31 - 1, -(2**31), 0, 1, -1, 255, 256, 65535, -128, 127, 1000000]),
    "l": (_LONG, [2**63 - 1, -(2**63), 0, 1, -1, 2**40, -(2**40), 10**18, 255, 12345, 7]),
    "o": (_LONG, [0, 1, -1, 10**9, -(10**9), 86400, 3600, 7, -7, 100, 2**31]),
    "y": (pa.int8(), [0, 1, -1, 5, -5, 11, 10, 3, 2, -11, 4]),
    "h": (pa.int16(), [0, 1, -1, 100, -100, 180, 12, 3, 2, -180, 44]),
    "d": (_DOUBLE, [0.0, -0.0, 1.5, -1.5, 2.5, -2.5, 0.1, 1e300, -1e-300, _NAN, _INF]),
    "e": (_DOUBLE, [1.0, -1.0, 0.5, -0.5, 2.5, 3.14159, 100.25, -7.75, 1e9, 1e-9, 12345.678]),
    "v": (_DOUBLE, [1.0, 0.5, 0.25, 0.1, 0.9, 0.75, 0.3333, 1e-9, 0.999999, 0.2, 0.6]),
    "f": (pa.float32(), [0.0, 1.5, -2.25, 0.1, 3.4e10, -0.5, 2.5, 3.5, 1e-5, 7.0, -7.0]),
    "p": (
        pa.decimal128(10, 2),
        _decimals("0 1.00 -1.00 2.50 -2.50 0.01 99999.99 -12.35 12.35 7 3.14"),
    ),
    "q": (
        pa.decimal128(12, 4),
        _decimals("1 -1 0.5 0.0625 -2.5 3.3333 7 1000 -0.001 9.9999 0.3"),
    ),
    "w": (
        pa.decimal128(38, 10),
        [
            Decimal(x)
            for x in [
                "0",
                "1",
                "-1",
                "1234567890123456789012345678.0123456789",
                "0.0000000001",
                "-0.0000000001",
                "2.5",
                "-2.5",
                "12345.6789",
                "-99999999999",
                "3",
            ]
        ],
    ),
    "s": (
        _TEXT,
        [
            "",
            " ",
            "Hello World",
            "  pad  ",
            "straße",
            "ÀÉÎ éa",
            "日本語",
            "😀 smile",
            "a,b,,c",
            "tab\tnew\nline",
            "100%_\\x",
        ],
    ),
    "r": (_TEXT, ["a", " ", "World", "pad", "ß", "é", "本", "😀", ",", "\n", "%"]),
    "num": (_TEXT, ["0", "1", "-1", "12.5", "7.25", "1e3", "-0.5", "+5", "007", "99999", ".5"]),
    "whole": (_TEXT, ["0", "1", "-1", " 12 ", "+5", "007", "-0", "127", "99", "100", "42"]),
    "bad": (
        _TEXT,
        ["abc", "", "1", "1.5", "2147483648", "NaN", "inf", "true", "yes", "2024-02-30", "1e400"],
    ),
    "yes": (_TEXT, ["true", "false", "t", "f", "yes", "no", "1", "0", "Y", "N", " TRUE "]),
    "day": (
        _TEXT,
        [
            "2024-02-29",
            "1970-01-01",
            "1969-12-31",
            "2013-03-10",
            "2000-02-09",
            "9999-12-31",
            "0001-01-01",
            "1582-10-15",
            "2024-12-30",
            "2021-01-03",
            "1900-02-28",
        ],
    ),
    "instant": (
        _TEXT,
        [
            "2024-02-29 12:34:56",
            "2013-03-10T02:30:00",
            "1969-12-31 23:59:59.999999",
            "2024-01-01 00:00:00Z",
            "2024-01-01 00:00:00+05:30",
            "2024-06-15",
            "2013-11-03 01:30:00",
            "2013-11-03 06:30:00.5",
            "1900-01-01 00:00:00",
            "9999-12-31 23:59:59",
            "2000-01-01 01:02:03.123",
        ],
    ),
    "clock": (
        _TEXT,
        [
            "29/02/2024 12:34:56",
            "01/01/1970 00:00:00",
            "31/12/1969 23:59:59",
            "10/03/2013 02:30:00",
            "03/11/2013 01:30:00",
            "15/06/1999 13:00:01",
            "28/02/1900 04:05:06",
            "01/01/2000 00:00:00",
            "31/12/2012 23:59:59",
            "09/02/2000 12:00:00",
            "30/11/2020 18:19:20",
        ],
    ),
    "z": (
        _TEXT,
        [
            "America/New_York",
            "UTC",
            "America/New_York",
            "America/New_York",
            "America/Chicago",
            "America/New_York",
            "Asia/Kolkata",
            "Europe/Amsterdam",
            "Pacific/Auckland",
            "America/Anchorage",
            "UTC",
        ],
    ),
    "json": (
        _TEXT,
        [
            "{}",
            '{"a": 1}',
            '{"a": null, "b": "x"}',
            '{"a": 2, "b": "é\\n"}',
            '{"b": {"c": [1, 2, {"d": 3}]}}',
            '{"a": 1.5}',
            "[1, 2, 3]",
            '"text"',
            '{"a": "7"}',
            '{"a": 9, "A": 10}',
            '{"b": "", "zz": true}',
        ],
    ),
    "url": (
        _TEXT,
        [
            "https://user:pw@example.com:8080/a/b.html?x=1&y=2#frag",
            "http://example.com",
            "http://example.com/?q=a%20b",
            "ftp://host/path",
            "https://example.com/é?k=v",
            "http://example.com:80",
            "http://a.b/c?x=",
            "https://h/p#f",
            "http://10.0.0.1/x",
            "http://h?x=1",
            "https://example.com/a//b",
        ],
    ),
    "dt": (
        _DATE,
        _days(
            "2024-02-29",
            "1970-01-01",
            "1969-12-31",
            "2013-03-10",
            "1900-02-28",
            "1800-01-01",
            "2100-03-01",
            "1752-09-14",
            "2024-12-30",
            "2021-01-03",
            "2012-12-31",
        ),
    ),
    "du": (
        _DATE,
        _days(
            "2023-03-31",
            "2024-02-29",
            "2000-01-01",
            "2013-11-03",
            "1999-12-31",
            "2020-05-17",
            "1970-01-02",
            "2038-01-19",
            "2024-12-31",
            "2021-01-04",
            "2012-01-30",
        ),
    ),
    "ts": (_UTC, _INSTANTS),
    "tu": (_UTC, [*_INSTANTS[5:], *_INSTANTS[:5]]),
    "tn": (_NTZ, [instant.replace(tzinfo=None) for instant in _INSTANTS]),
    "b1": (pa.bool_(), [True, False, None, True, False, None, True, False, True, False, True]),
    "b2": (pa.bool_(), [True, True, True, False, False, False, None, None, None, True, False]),
    "x": (
        pa.binary(),
        [
            b"",
            b"\x00",
            b"abc",
            b"\xff\xfe",
            b"Spark",
            b"a\x00b",
            b"1",
            b" ",
            b"zz",
            b"\x7f",
            b"\x80",
        ],
    ),
    "hex": (_TEXT, ["", "00", "616263", "FFFE", "537061726b", "A", "31", "20", "7a", "7F", "80"]),
    "a1": (
        pa.list_(_INT),
        [[], [1], [3, 1, 2], [None], [1, None, 1], [0, -1], [5, 5], [2, 3], [9, 8, 7], [1, 2], [4]],
    ),
    "a2": (
        pa.list_(_INT),
        [[1], [], [1, 2], [None, 1], [1], [-1], [5, 6], [3, 2], [7], [None, None], [2]],
    ),
    "at": (
        pa.list_(_TEXT),
        [
            ["a", "b"],
            [],
            ["x", None, "y"],
            [""],
            ["é", "e", "E"],
            ["b", "a", "b"],
            [None],
            ["1", "10", "9"],
            ["日", "本"],
            ["z"],
            ["p", "q"],
        ],
    ),
    "ad": (
        pa.list_(_DOUBLE),
        [
            [1.5, -1.5],
            [],
            [_NAN, 1.0],
            [None, 2.0],
            [0.0, -0.0],
            [3.0],
            [1e9, 1.0],
            [2.0],
            [1.0],
            [5.0, 4.0],
            [0.1, 0.2],
        ],
    ),
    "aa": (
        pa.list_(pa.list_(_INT)),
        [
            [[1], [2, 3]],
            [],
            [[]],
            [[None]],
            [[1, 2]],
            [[1], [1]],
            [[0]],
            [[4], [5]],
            [[6]],
            [[7]],
            [[8]],
        ],
    ),
    "m": (
        pa.map_(_TEXT, _INT),
        [
            [("a", 1)],
            [],
            [("a", 1), ("b", 2)],
            [("a", None)],
            [("b", 3)],
            [("é", 4)],
            [("c", 5), ("a", 6)],
            [("d", 7)],
            [("a", 8)],
            [("", 9)],
            [("k", 10)],
        ],
    ),
    "m2": (
        pa.map_(_TEXT, _INT),
        [
            [("x", 1)],
            [("y", 1)],
            [("z", 2)],
            [("x", None)],
            [],
            [("y", 4)],
            [("z", 6)],
            [("x", 7)],
            [("y", 8)],
            [("z", 9)],
            [("x", 10)],
        ],
    ),
    "st": (
        _PAIR,
        [{"a": index, "b": "é" if index % 2 else None} for index in range(11)],
    ),
    "ast": (
        pa.list_(_PAIR),
        [[{"a": index, "b": "x"}, {"a": None, "b": str(index)}] for index in range(11)],
    ),
}

_EDGE: Mapping[str, tuple[pa.DataType, Any]] = {
    "zero": (_INT, 0),
    "one": (_INT, 1),
    "max_y": (pa.int8(), 127),
    "max_h": (pa.int16(), 32767),
    "max_i": (_INT, 2**31 - 1),
    "min_i": (_INT, -(2**31)),
    "max_l": (_LONG, 2**63 - 1),
    "min_l": (_LONG, -(2**63)),
    "zero_d": (_DOUBLE, 0.0),
    "huge": (_DOUBLE, 1e40),
    "nan": (_DOUBLE, _NAN),
    "max_p": (pa.decimal128(38, 0), Decimal("9" * 38)),
    "p": (pa.decimal128(10, 2), Decimal("99999999.99")),
    "zero_p": (pa.decimal128(10, 2), Decimal("0")),
    "word": (_TEXT, "abc"),
    "no_day": (_TEXT, "2024-02-30"),
    "max_dt": (_DATE, date(9999, 12, 31)),
    "ts": (_UTC, _at(9999, 12, 31, 23, 59, 59)),
    "old": (_DATE, date(1, 1, 1)),
    "old_ts": (_UTC, _at(1600, 6, 15, 12)),
    "a1": (pa.list_(_INT), [1, 2]),
    "ai": (pa.list_(_INT), [2**31 - 1, 1]),
    "m": (pa.map_(_TEXT, _INT), [("a", 1)]),
    "bytes": (pa.binary(), b"\xff\xfe"),
}


def rows() -> Mapping[str, pa.Table]:
    """The tables `t` and `edge`."""
    ids: dict[str, pa.Array] = {"id": pa.array(range(1, 13), _INT)}
    for name, (kind, values) in _COLUMNS.items():
        assert len(values) == 11, name
        ids[name] = pa.array([*values, None], kind)
    edge = {name: pa.array([value], kind) for name, (kind, value) in _EDGE.items()}
    return {"t": pa.table(ids), "edge": pa.table(edge)}


def write_tables(folder: Path, tables: Mapping[str, pa.Table]) -> None:
    """A Delta table at version 0 for each."""
    for name, table in tables.items():
        write_deltalake(str(folder / name), table)
