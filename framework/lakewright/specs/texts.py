"""Where things stand in a text: offsets to lines and columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate

from lakewright.errors import Place


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text and the offset at which each of its lines starts."""

    path: str
    text: str
    starts: tuple[int, ...]

    def place(self, start: int, end: int | None = None) -> Place:
        """The place of `text[start:end]`, cut at the end of its first line."""
        start = min(max(start, 0), len(self.text))
        following = bisect_right(self.starts, start)  # the line after this one
        line = following - 1
        first = self.starts[line]
        last = following == len(self.starts)
        stop = len(self.text) if last else self.starts[following] - 1
        length = max(1, min(end or start + 1, stop) - start)
        return Place(self.path, line + 1, start - first + 1, length, self.text[first:stop])

    def line(self, number: int) -> Place:
        """The place of what stands on a line (counted from 1), without its indentation."""
        first = self.starts[min(max(number, 1), len(self.starts)) - 1]
        line = self.text[first:].partition("\n")[0]
        indent = len(line) - len(line.lstrip())
        return self.place(first + indent, first + len(line.rstrip()))


def index_text(path: str, text: str) -> Text:
    """`text` with the starts of its lines."""
    lengths = (len(line) + 1 for line in text.split("\n")[:-1])
    return Text(path, text, tuple(accumulate(lengths, initial=0)))


def suggest(word: str, known: Iterable[str]) -> str:
    """The hint "did you mean `a` or `b`?"; empty when nothing known is near to `word`."""
    near = get_close_matches(word.lower(), sorted(known), n=2, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
