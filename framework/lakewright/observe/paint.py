"""Colour for people. Every text reads the same without it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Style = Literal["bad", "warn", "good", "name", "dim", "strong"]

_CODES: dict[Style, str] = {
    "bad": "1;31",
    "warn": "33",
    "good": "32",
    "name": "36",
    "dim": "2",
    "strong": "1",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in terminal codes, or leaves it alone."""

    color: bool = False

    def __call__(self, text: str, style: Style) -> str:
        if not self.color or not text:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def plain_text(text: str) -> str:
    """`text` without control characters: stored and user text must not steer a terminal."""
    return "".join(
        char if char in "\n\t" or not unicodedata.category(char).startswith("C") else "�"
        for char in text
    )


def cell_width(text: str) -> int:
    """Terminal cells that `text` takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
