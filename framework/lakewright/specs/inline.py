"""SQL inside of YAML: where each character of a scalar's value stands in the file."""

from __future__ import annotations

import re

from lakewright.specs.documents import Document, Node
from lakewright.specs.values import Segment, SqlText

_FOLD = re.compile(r"[ \t]*\n\s*")
_ESCAPE = re.compile(r"\\(?:x..|u....|U........|.)", re.DOTALL)
_JOINED = re.compile(r"\\\n[ \t]*")  # a line that goes on in the next one


def inline_text(document: Document, node: Node) -> SqlText:
    """The text of a scalar, which still knows the file's line and column of each character."""
    raw = document.source.text
    segments = _lines(raw, node) if node.style in ("|", ">") else _flow(raw, node)
    return SqlText(document.path, raw, node.value, segments)


def _lines(raw: str, node: Node) -> tuple[Segment, ...]:
    """Of a block: its lines have lost their indentation, and are joined where it is folded."""
    at = raw.find("\n", node.start) + 1
    lines = [line for line in raw[at : node.end].split("\n") if line.strip()]
    indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    origin = _next_line(raw, node.start, indent)
    segments = [Segment(0, origin, copied=True)]
    for offset, character in enumerate(node.value):
        if not character.isspace() and raw[origin : origin + 1].isspace():
            origin += len(raw[origin:]) - len(raw[origin:].lstrip())  # blank lines of a folded one
            segments.append(Segment(offset, origin, copied=True))
        if raw[origin : origin + 1] == character and character != "\n":
            origin += 1
            continue
        origin = _next_line(raw, origin, indent)
        segments.append(Segment(offset + 1, origin, copied=True))
    return tuple(segments)


def _next_line(raw: str, origin: int, indent: int) -> int:
    """Behind the indentation of the line after `origin`; the end of a line that is blank."""
    start = raw.find("\n", origin) + 1 or len(raw)
    end = raw.find("\n", start)
    end = end if end >= 0 else len(raw)
    return min(start + indent, end) if raw[start:end].strip() else end


def _flow(raw: str, node: Node) -> tuple[Segment, ...]:
    """Of a plain or quoted scalar: lines are joined by blanks, and quotes have escapes."""
    origin = node.start + len(node.style)
    segments = [Segment(0, origin, copied=True)]
    for offset, character in enumerate(node.value):
        joined = _JOINED.match(raw, origin) if node.style == '"' else None
        if joined:
            origin = joined.end()
            segments.append(Segment(offset, origin, copied=True))
        step = _step(raw, origin, node.style)
        fold = _FOLD.match(raw, origin) if character in " \n" else None
        if fold:
            step = fold.end() - origin
            if node.value[offset + 1 : offset + 2] == "\n":
                step = raw.find("\n", origin) + 1 - origin
        origin += step
        if step != 1:
            segments.append(Segment(offset + 1, origin, copied=True))
    return tuple(segments)


def _step(raw: str, origin: int, style: str) -> int:
    """How many characters of the file make one of the value."""
    if style == "'" and raw.startswith("''", origin):
        return 2
    if style == '"' and (found := _ESCAPE.match(raw, origin)):
        return len(found.group())
    return 1
