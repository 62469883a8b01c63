"""Headers to column names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakewright.engines.records.values import RecordFileError


def column_names(path: str, header: Sequence[str]) -> tuple[str, ...]:
    """Names that a table can hold: what is no letter, digit or underscore becomes an underscore.

    RecordFileError LW706 when a column has no name or two have the same.
    """
    names = tuple(_column_name(text) for text in header)
    if "" in names:
        raise RecordFileError("LW706", path, f"column {names.index('') + 1} has no name")
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise RecordFileError("LW706", path, f"two columns are called `{name}`")
        seen.add(name.lower())
    return names


def _column_name(text: str) -> str:
    name = re.sub(r"[^0-9A-Za-z_]+", "_", text.strip())
    if name != text.strip():
        name = name.strip("_")
    return f"_{name}" if name[:1].isdigit() else name
