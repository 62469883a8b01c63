"""YAML as a tree that knows where each of its keys and values stands.

Built on the parser's events: what must be refused (duplicate keys, tags, expansion by aliases,
depth) is refused here, and plain scalars are read as YAML 1.2 does: `yes`, `no` and `on` are texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from lakewright.errors import Place, Problem
from lakewright.specs.layout import MAX_CHARACTERS
from lakewright.specs.texts import Text, index_text

if TYPE_CHECKING:
    from ruamel.yaml.error import YAMLError

MAX_DEPTH = 20
MAX_NODES = 20_000  # with aliases counted as what they stand for

# Outside of these the two parsers count characters or break lines differently.
_UNUSUAL = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[|>][-+0-9]*#"
)
_HALF = re.compile("[\ud800-\udfff]")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


_NOTHING: dict[Any, Any] = {}  # below a scalar; never filled


@dataclass(frozen=True, slots=True)
class Node:
    """A value: its plain Python form, its span, and its children by key or index."""

    value: Any
    start: int
    end: int
    style: str = ""  # how a scalar is quoted: ' " | > or nothing
    children: dict[str | int, Node] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)  # spans of a mapping's keys
    size: int = 1  # nodes in it, aliases expanded

    @property
    def is_scalar(self) -> bool:
        return not isinstance(self.value, dict | list)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file whose root is a mapping, or a list where that was asked for."""

    source: Text
    root: Node

    @property
    def path(self) -> str:
        return self.source.path

    def find(self, loc: tuple[str | int, ...]) -> Node | None:
        """The value at `loc`, if it was written."""
        node: Node | None = self.root
        for part in loc:
            node = node.children.get(part) if node else None
        return node

    def place(self, *loc: str | int) -> Place:
        """The value at `loc`, or its key where the value spans lines; else what holds it."""
        for length in range(len(loc), 0, -1):
            node = self.find(loc[:length])
            if node is not None:
                return self._place_of(loc[:length], node)
        first = next(iter(self.root.keys.values()), (self.root.start, self.root.start + 1))
        return self.source.place(*first)

    def key_place(self, *loc: str | int) -> Place:
        """The key at `loc`; for an item of a list, the item."""
        parent = self.find(loc[:-1])
        span = parent.keys.get(str(loc[-1])) if parent else None
        return self.source.place(*span) if span else self.place(*loc)

    def places(self, key: str) -> Iterator[tuple[tuple[str | int, ...], Place]]:
        """All paths that were written at and below a key of the root, with their places."""
        node = self.root.children.get(key)
        stack: list[tuple[tuple[str | int, ...], Node, Node]] = []
        if node is not None:
            stack.append(((key,), node, self.root))
        while stack:
            loc, node, parent = stack.pop()
            yield loc, self._place_inside(loc[-1], node, parent)
            stack.extend(((*loc, part), child, node) for part, child in node.children.items())

    def _place_of(self, loc: tuple[str | int, ...], node: Node) -> Place:
        return self._place_inside(loc[-1], node, self.find(loc[:-1]))

    def _place_inside(self, part: str | int, node: Node, parent: Node | None) -> Place:
        if node.is_scalar and node.value is not None:
            return self.source.place(node.start, node.end)
        span = parent.keys.get(str(part)) if parent else None
        if span is None and node.keys:  # an item of a list: its first key says what it is
            span = next(iter(node.keys.values()))
        return self.source.place(*span) if span else self.source.place(node.start, node.end)


def parse_document(
    path: str, text: str, problems: list[Problem], *, root: type[dict[Any, Any] | list[Any]] = dict
) -> Document | None:
    """Read one YAML mapping, or one list where `root` says so.

    None when it cannot be used; the reasons are added to `problems`.
    """
    source = index_text(path, text)
    if len(text) > MAX_CHARACTERS:
        problems.append(
            Problem("LW116", f"{path} has more than {MAX_CHARACTERS} characters", Place(path, 1))
        )
        return None
    builder = _read_quickly(source) or _read_all(source, problems)
    if builder is None:
        return None
    problems.extend(builder.problems)
    return _finish(source, builder, problems, root)


def _read_quickly(source: Text) -> _Builder | None:
    """What libyaml reads; None where it is not at hand, or the text is wrong or unusual.

    The whole parser then says what is wrong, or reads what the two read differently.
    """
    try:
        # A part of PyYAML that was compiled, or was not.
        from yaml import YAMLError, events
        from yaml._yaml import CParser
    except ImportError:
        return None
    if _UNUSUAL.search(source.text):
        return None
    builder = _Builder(source)
    parser = CParser(source.text)
    try:
        while parser.check_event():
            _take(builder, parser.get_event(), events)
    except (YAMLError, _LimitError):
        return None
    finally:
        parser.dispose()
    usual = builder.documents == 1 and not (builder.problems or builder.anchors or builder.odd)
    return builder if usual else None


def _read_all(source: Text, problems: list[Problem]) -> _Builder | None:
    """All of YAML, with the reasons where it is none."""
    # Takes long to load, and few texts need it.
    from ruamel.yaml import YAML, events
    from ruamel.yaml.error import YAMLError

    builder = _Builder(source)
    try:
        for event in YAML(typ="safe", pure=True).parse(source.text):
            _take(builder, event, events)
    except YAMLError as error:
        problems.extend(builder.problems)
        problems.append(_syntax_problem(source, error))
    except _LimitError as error:
        problems.extend((*builder.problems, error.problem))
    else:
        return builder
    return None


def _take(builder: _Builder, event: Any, events: Any) -> None:
    """Tell `builder` of an event; `events` are the classes of the parser that reports it."""
    start, end = event.start_mark.index, event.end_mark.index
    match event:
        case events.ScalarEvent():
            builder.refuse_tag(event.tag, start, end)
            builder.scalar(event.value, event.style or "", start, end, event.anchor)
        case events.MappingStartEvent() | events.SequenceStartEvent():
            builder.refuse_tag(event.tag, start, end)
            mapping = isinstance(event, events.MappingStartEvent)
            builder.open(dict if mapping else list, start, event.anchor)
        case events.MappingEndEvent() | events.SequenceEndEvent():
            builder.close(end)
        case events.AliasEvent():
            builder.alias(event.anchor, start, end)
        case events.DocumentStartEvent():
            builder.documents += 1
            builder.second_document = start
        case _:
            pass


def _finish(
    source: Text,
    builder: _Builder,
    problems: list[Problem],
    kind: type[dict[Any, Any] | list[Any]],
) -> Document | None:
    root = builder.root
    if root is None or root.value is None:
        problem = Problem("LW117", f"{source.path} is empty", Place(source.path, 1))
    elif builder.documents > 1:
        where = source.place(builder.second_document)
        problem = Problem("LW117", "a file holds one document", where, hint="split the file")
    elif not isinstance(root.value, kind):
        where = source.place(root.start, root.end)
        wanted, hint = ("a mapping", "write key: value") if kind is dict else ("a list", "")
        problem = Problem("LW117", f"{source.path} is not {wanted}", where, hint=hint)
    else:
        return None if builder.problems else Document(source, root)
    problems.append(problem)
    return None


class _LimitError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end was not yet seen."""

    node: Node
    anchor: str | None
    key: tuple[str, int, int] | None = None
    size: int = 1


@dataclass(slots=True)
class _Builder:
    source: Text
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    documents: int = 0
    second_document: int = 0
    odd: int = 0  # left out values and tags, which parsers place or read differently
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node] = field(default_factory=dict)

    def scalar(self, text: str, style: str, start: int, end: int, anchor: str | None) -> None:
        if _HALF.search(text):
            where = self.source.place(start, end)
            message = "this escape is one half of a character"  # no file can hold it
            self.problems.append(Problem("LW113", message, where, hint="write the character"))
        value = text if style else read_scalar(text)
        self.odd += start == end
        self._add(Node(value, start, end, style, _NOTHING, _NOTHING), anchor, text)

    def open(
        self,
        kind: type[dict[str, Any] | list[Any]],
        start: int,
        anchor: str | None,
    ) -> None:
        self.stack.append(_Open(Node(kind(), start, start), anchor))
        if len(self.stack) > MAX_DEPTH:
            self._limit(f"nested deeper than {MAX_DEPTH} levels", start)

    def close(self, end: int) -> None:
        opened = self.stack.pop()
        old = opened.node
        node = Node(old.value, old.start, end, "", old.children, old.keys, opened.size)
        self._add(node, opened.anchor, "")

    def alias(self, anchor: str, start: int, end: int) -> None:
        node = self.anchors.get(anchor)
        if node is None:
            where = self.source.place(start, end)
            message = f"no value before this place is marked &{anchor}"
            self.problems.append(Problem("LW113", message, where))
        self._add(node or Node(None, start, end), None, f"*{anchor}")

    def refuse_tag(self, tag: str | None, start: int, end: int) -> None:
        self.odd += tag is not None
        if tag not in (None, "!"):
            where = self.source.place(start, end)
            hint = "leave the tag out; quotes make a text of anything"
            self.problems.append(Problem("LW115", "tags are not allowed here", where, hint=hint))

    def _add(self, node: Node, anchor: str | None, text: str) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = self.root or node
            return
        parent = self.stack[-1]
        if isinstance(parent.node.value, list):
            parent.node.children[len(parent.node.value)] = node
            parent.node.value.append(node.value)
        elif parent.key is None:
            parent.key = self._key(parent.node, node, text)
        else:
            key, start, end = parent.key
            parent.node.value[key] = node.value
            parent.node.children[key] = node
            parent.node.keys[key] = (start, end)
            parent.key = None
        parent.size += node.size
        if parent.size > MAX_NODES:
            self._limit(
                f"more than {MAX_NODES} values, aliases counted as often as used", node.start
            )

    def _key(self, mapping: Node, node: Node, text: str) -> tuple[str, int, int]:
        if not node.is_scalar:
            where = self.source.place(node.start, node.end)
            self.problems.append(Problem("LW113", "a key must be a plain word", where))
        elif text in mapping.keys:
            where = self.source.place(node.start, node.end)
            first = self.source.place(*mapping.keys[text])
            message = f"`{text}` is written twice; the first is on line {first.line}"
            self.problems.append(Problem("LW114", message, where, hint="keep one of them"))
        return text, node.start, node.end

    def _limit(self, message: str, start: int) -> None:
        raise _LimitError(Problem("LW116", message, self.source.place(start)))


def read_scalar(text: str) -> Any:
    """The value of a plain scalar as in YAML 1.2, besides that an ISO date is a date."""
    if text in _WORDS:
        return _WORDS[text]
    if not text[0].isdigit() and text[0] not in "-+.":
        return text
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    if _DATE.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def _syntax_problem(source: Text, error: YAMLError) -> Problem:
    from ruamel.yaml.error import MarkedYAMLError

    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    where = source.place(mark.index) if mark is not None else source.line(1)
    message = error.problem if isinstance(error, MarkedYAMLError) and error.problem else ""
    opened = getattr(error, "context_mark", None)
    if opened is not None and mark is not None and opened.line < mark.line:
        bracket = source.text[opened.index : opened.index + 1]
        if bracket in ("[", "{"):
            where = source.place(opened.index)
            hint = f"close it with {']' if bracket == '[' else '}'}"
            return Problem("LW113", f"this {bracket} is never closed", where, hint=hint)
    hint = "indent with spaces, never with tabs" if "\\t" in message else ""
    if "mapping values are not allowed" in message:
        hint = "quote a text that holds a colon followed by a space"
    reason = " ".join((message or str(error).partition("\n")[0]).split())
    return Problem("LW113", f"this is not YAML: {reason}", where, hint=hint)
