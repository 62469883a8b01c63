"""Text to typed columns, value by value where one of them does not fit.

Integers, decimals, dates and times are read strictly (`1.0` is no integer, `2013-2-30` no date);
blanks around them do not matter. A time without a zone is UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from lakewright.engines.records.types import arrow_type


def cast_text(values: pa.Array, simple: str) -> tuple[pa.Array, pa.Array | None]:
    """The column in type `simple`, and a mask of the values that could not be cast (then NULL).

    The mask is None when every value fitted.
    """
    if simple == "string":
        return values, None
    if simple == "binary":
        return values.cast(pa.binary()), None
    return cast_values(pc.utf8_trim_whitespace(values), arrow_type(simple))


def cast_values(values: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """The same for an Arrow column of any type: a value that does not fit whole is masked."""
    try:
        return _cast(values, wanted), None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, OverflowError):
        if len(values) > 1:
            return _cast_halves(values, wanted)
    return pa.nulls(1, wanted), pa.array([True])


def _cast_halves(values: pa.Array, wanted: pa.DataType) -> tuple[pa.Array, pa.Array]:
    """Split until the values that do not fit stand alone: cheap while they are few."""
    middle = len(values) // 2
    halves = [values.slice(0, middle), values.slice(middle)]
    casts = [cast_values(half, wanted) for half in halves]
    masks = [
        pa.array([False] * len(half)) if mask is None else mask
        for half, (_, mask) in zip(halves, casts, strict=True)
    ]
    return pa.concat_arrays([cast for cast, _ in casts]), pa.concat_arrays(masks)


def _cast(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if not pa.types.is_string(values.type):
        return values.cast(wanted)
    if pa.types.is_timestamp(wanted):
        return _cast_times(values, wanted)
    return values.cast(wanted)


def _cast_times(values: pa.Array, wanted: pa.DataType) -> pa.Array:
    if not wanted.tz:
        return values.cast(wanted)
    try:
        return values.cast(pa.timestamp("us")).cast(wanted)
    except pa.ArrowInvalid:
        times = [None if text is None else _time(text) for text in values.to_pylist()]
        return pa.array(times, wanted)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
