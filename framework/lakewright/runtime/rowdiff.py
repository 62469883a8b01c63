"""Rows that were expected beside rows that came: as a multiset, floats at 1e-9 relative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

TOLERANCE = 1e-9  # relative, between two floats

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class RowDiff:
    """`missing` were expected and did not come; `surplus` came and were not expected."""

    columns: tuple[str, ...]
    missing: tuple[Row, ...]
    surplus: tuple[Row, ...]
    expected: int
    found: int

    @property
    def same(self) -> bool:
        return not self.missing and not self.surplus


def compare_rows(expected: tuple[tuple[str, ...], Sequence[Row]], found: pa.Table) -> RowDiff:
    """Compare the named columns of `found` with the expected rows, in any order."""
    columns, rows = expected
    places = {name.lower(): name for name in found.column_names}
    came = [tuple(_plain(row[places[name]]) for name in columns) for row in found.to_pylist()]
    surplus = list(came)
    missing = []
    for row in rows:
        match = next((other for other in surplus if _equal(row, other)), None)
        if match is None:
            missing.append(row)
        else:
            surplus.remove(match)
    return RowDiff(columns, tuple(missing), tuple(surplus), len(rows), len(came))


def _plain(value: Any) -> Any:
    """Maps come as pairs from Arrow."""
    if isinstance(value, list) and value and all(isinstance(it, tuple) for it in value):
        return dict(value)
    return value


def _equal(left: Any, right: Any) -> bool:
    match left, right:
        case (float(), float()):
            both_nan = math.isnan(left) and math.isnan(right)
            return both_nan or math.isclose(left, right, rel_tol=TOLERANCE)
        case (tuple(), tuple()) | (list(), list()):
            return len(left) == len(right) and all(map(_equal, left, right))
        case (dict(), dict()):
            return left.keys() == right.keys() and all(_equal(left[k], right[k]) for k in left)
        case _:
            return bool(left == right)
