"""Where a command's words go: answers to stdout, all else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

from lakewright.cli.options import Common


def wants_color(choice: str | None, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """`--color` first, then NO_COLOR and CI, then whether `stream` is a terminal."""
    if choice in {"always", "never"}:
        return choice == "always"
    if environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one command, and whether each takes colour."""

    out: TextIO
    err: TextIO
    color: bool
    err_color: bool
    asks: bool  # a person can answer

    @classmethod
    def of(cls, common: Common) -> Streams:
        return cls(
            sys.stdout,
            sys.stderr,
            wants_color(common.color, sys.stdout, os.environ),
            wants_color(common.color, sys.stderr, os.environ),
            sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI"),
        )

    def answer(self, text: str) -> None:
        self.out.write(text)
        self.out.flush()

    def tell(self, text: str) -> None:
        self.err.write(text)
        self.err.flush()
