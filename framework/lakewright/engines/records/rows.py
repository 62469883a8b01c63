"""A batch of records before their values are typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

LONGEST_RAW = 1 << 20  # characters of a bad record that are kept


@dataclass(frozen=True)
class Rows:
    """One column for each field of the reading; `bad` records have NULL in all of them.

    `again` reads the same records slowly, with `lines` and `raws` known.
    """

    columns: Sequence[pa.Array]
    bad: pa.Array
    lines: pa.Array
    raws: pa.Array
    again: Callable[[], Rows] | None = None


def unlocated(
    columns: Sequence[pa.Array], count: int, again: Callable[[], Rows] | None = None
) -> Rows:
    """Good records of which neither line nor text is known yet."""
    return Rows(
        columns,
        pa.repeat(pa.scalar(False), count),
        pa.nulls(count, pa.int64()),
        pa.nulls(count, pa.string()),
        again,
    )
