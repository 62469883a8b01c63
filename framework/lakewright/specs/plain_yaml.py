"""YAML as people write it, read quickly: events for the common part of the language.

Block and flow collections, plain and quoted scalars on one line, comments. All else (anchors, tags,
texts over several lines, tabs, whatever looks wrong) is left to the whole parser, so that the two
always agree: `read_plain` reports exactly the events that the other would, or says no.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

# Outside of these the whole parser counts lines differently, or refuses.
_STRANGE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_DOCUMENT_MARK = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)
_FIRST_MARK = re.compile(r"(?:#[^\n]*\n|\n)*---\n")
_SKIP = re.compile(r"(?: +#[^\n]*|(?<![^\n])#[^\n]*|\n| +)*")
_FIRST = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`=]|-(?=[A-Za-z0-9.]))"
_BLOCK_KEY = re.compile(rf"({_FIRST}[^\n:#,\[\]{{}}?]{{0,100}}):(?=[ \n]|\Z)")
_BLOCK_TEXT = re.compile(rf"{_FIRST}(?:[^\n:#]|:(?=[^\s]))*")
_FLOW_TEXT = re.compile(rf"{_FIRST}[^\n,\[\]{{}}:#?]*")
_QUOTED = re.compile(r""""((?:[^"\\\n]|\\[\\"nt])*)"|'((?:[^'\n]|'')*)'""")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}
_MAX_KEY = 100
_MAX_DEPTH = 60  # of calls; deeper texts are refused anyway


class Events(Protocol):
    """What is told of a text, in its order; offsets are characters."""

    def scalar(self, text: str, style: str, start: int, end: int) -> None:
        """A scalar; `style` is its quote, or nothing."""

    def open(self, kind: type[dict[str, Any] | list[Any]], start: int) -> None:
        """A mapping or a sequence begins."""

    def close(self, end: int) -> None:
        """The innermost collection ends."""


def read_plain(text: str, events: Events) -> bool:
    """Tell `events` of `text`. False when it is not for this reader; what was told is void then."""
    if _STRANGE.search(text):
        return False
    first = _FIRST_MARK.match(text)
    begin = first.end() if first else 0
    if _DOCUMENT_MARK.search(text, begin):
        return False
    reader = _Reader(text, events)
    try:
        at = reader.skip(begin)
        if at == len(text):
            return False
        return reader.block_mapping(at) == len(text)
    except _NotPlainError:
        return False


class _NotPlainError(Exception):
    """The text uses more of the language."""


class _Reader:
    """A recursive descent: each method reads from an offset and returns where the next token is."""

    __slots__ = ("depth", "events", "text")

    def __init__(self, text: str, events: Events) -> None:
        self.text = text
        self.events = events
        self.depth = 0

    def skip(self, at: int) -> int:
        """Where the next token starts, behind spaces, line ends and comments."""
        found = _SKIP.match(self.text, at)
        return found.end() if found else at

    def column(self, at: int) -> int:
        return at - self.text.rfind("\n", 0, at) - 1

    def block_mapping(self, at: int) -> int:
        """Keys in one column."""
        indent = self.column(at)
        self._enter(dict, at)
        while True:
            colon = self._block_key(at)
            at = self._block_value(colon, indent)
            column = self.column(at)
            if at == len(self.text) or column < indent:
                return self._leave(at, at)
            if column > indent:
                raise _NotPlainError

    def block_sequence(self, at: int, *, inside_key: bool) -> int:
        """Items behind dashes in one column; `inside_key`: that of the key which has them."""
        indent = self.column(at)
        self._enter(list, at)
        while True:
            at = self._block_value(at + 1, indent, after_dash=True)
            column = self.column(at)
            if at == len(self.text) or column < indent:
                return self._leave(at, at)
            if column > indent:
                raise _NotPlainError
            if not self._is_dash(at):
                if inside_key:
                    return self._leave(at, at)
                raise _NotPlainError

    def flow(self, at: int) -> int:
        """A collection in brackets; returns the offset behind its last bracket."""
        mapping = self.text[at] == "{"
        closing = "}" if mapping else "]"
        self._enter(dict if mapping else list, at)
        at = self.skip(at + 1)
        while self.text[at : at + 1] != closing:
            if mapping:
                at = self._flow_key(at)
            at = self.skip(self._flow_value(at))
            mark = self.text[at : at + 1]
            if mark == ",":
                at = self.skip(at + 1)
            elif mark != closing:
                raise _NotPlainError
        return self._leave(at + 1, at + 1)

    def _enter(self, kind: type[dict[str, Any] | list[Any]], at: int) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _NotPlainError
        self.events.open(kind, at)

    def _leave(self, end: int, at: int) -> int:
        self.depth -= 1
        self.events.close(end)
        return at

    def _is_dash(self, at: int) -> bool:
        return self.text[at] == "-" and self.text[at + 1 : at + 2] in (" ", "\n", "")

    def _block_key(self, at: int) -> int:
        """Tell the key at `at`; the offset behind its colon."""
        found = _BLOCK_KEY.match(self.text, at)
        if found:
            key = found[1].rstrip(" ")
            self.events.scalar(key, "", at, at + len(key))
            return found.end()
        end = self._quoted(at, _MAX_KEY)
        if self.text[end : end + 1] != ":" or self.text[end + 1 : end + 2] not in (" ", "\n", ""):
            raise _NotPlainError
        return end + 1

    def _block_value(self, behind: int, indent: int, *, after_dash: bool = False) -> int:
        """The value behind a colon or a dash; where the token after it is."""
        at = self.skip(behind)
        if self.text.find("\n", behind, at) < 0 and at < len(self.text):
            return self._same_line(at, nested=after_dash)
        column = self.column(at)
        if at < len(self.text) and self._is_dash(at) and column == indent and not after_dash:
            return self.block_sequence(at, inside_key=True)
        if at == len(self.text) or column <= indent:
            if after_dash:
                raise _NotPlainError
            self.events.scalar("", "", at, at)  # what is missing stands where the next thing does
            return at
        if self._is_dash(at):
            return self.block_sequence(at, inside_key=False)
        return self.block_mapping(at)

    def _same_line(self, at: int, *, nested: bool) -> int:
        """A value that begins behind its colon; `nested`: a mapping may begin there as well."""
        mark = self.text[at]
        if mark in "{[":
            end = self.flow(at)
        elif nested and self._begins_mapping(at):
            return self.block_mapping(at)
        elif mark in "\"'":
            end = self._quoted(at)
        else:
            end = self._plain(_BLOCK_TEXT, at)
        following = self.skip(end)
        if following < len(self.text) and self.text.find("\n", end, following) < 0:
            raise _NotPlainError
        return following

    def _begins_mapping(self, at: int) -> bool:
        if _BLOCK_KEY.match(self.text, at):
            return True
        found = _QUOTED.match(self.text, at)
        return found is not None and self.text[found.end() : found.end() + 1] == ":"

    def _flow_key(self, at: int) -> int:
        """Tell the key at `at`; the offset of its value."""
        end = self._flow_scalar(at)
        colon = end
        while self.text[colon : colon + 1] == " ":
            colon += 1
        if self.text[colon : colon + 1] != ":" or self.text[colon + 1 : colon + 2] not in (
            " ",
            "\n",
        ):
            raise _NotPlainError
        if colon - at > _MAX_KEY:
            raise _NotPlainError
        return self.skip(colon + 1)

    def _flow_value(self, at: int) -> int:
        if self.text[at : at + 1] in ("{", "["):
            return self.flow(at)
        return self._flow_scalar(at)

    def _flow_scalar(self, at: int) -> int:
        if self.text[at : at + 1] in ('"', "'"):
            return self._quoted(at)
        return self._plain(_FLOW_TEXT, at)

    def _plain(self, pattern: re.Pattern[str], at: int) -> int:
        found = pattern.match(self.text, at)
        if found is None:
            raise _NotPlainError
        text = found[0].rstrip(" ")
        self.events.scalar(text, "", at, at + len(text))
        return at + len(text)

    def _quoted(self, at: int, longest: int | None = None) -> int:
        found = _QUOTED.match(self.text, at)
        if found is None or (longest is not None and found.end() - at > longest):
            raise _NotPlainError
        if found[1] is not None:
            text = _ESCAPE.sub(lambda escape: _ESCAPED[escape[1]], found[1])
            self.events.scalar(text, '"', at, found.end())
        else:
            self.events.scalar(found[2].replace("''", "'"), "'", at, found.end())
        return found.end()
