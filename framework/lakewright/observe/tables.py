"""Aligned columns and figures for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from lakewright.observe.paint import Paint, cell_width, plain_text


def render_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    color: bool = False,
    indent: str = "",
) -> str:
    """Rows under a header, as wide as they need to be. `right` names columns set to the right."""
    paint = Paint(color)
    clean = [[plain_text(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [
        max(cell_width(cell) for cell in column) for column in zip(header, *clean, strict=True)
    ]
    alignments = [name in right for name in header]
    lines = [paint(_line(header, widths, alignments), "dim")]
    lines += [_line(row, widths, alignments) for row in clean]
    return "".join(f"{indent}{line}\n" for line in lines)


def count(number: int, noun: str) -> str:
    """`1 table`, `2 tables`, `1,204 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def figure(number: int | None) -> str:
    """`336,776`; `unknown` for what cannot be known without a scan."""
    return "unknown" if number is None else f"{number:,}"


def size(number: int | None) -> str:
    """Bytes for people in powers of 1,000: `1.2 MB`."""
    if number is None:
        return "unknown"
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `4 min 05 s`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def minute(when: datetime) -> str:
    """`2026-11-22 04:10 UTC`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        " " * (width - cell_width(cell)) + cell
        if left_pad
        else cell + " " * (width - cell_width(cell))
        for cell, width, left_pad in zip(cells, widths, right, strict=True)
    ]
    return "   ".join(padded).rstrip()
