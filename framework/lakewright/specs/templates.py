"""Jinja in a query: rendered text that still knows the user's line and column of each character."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from jinja2 import TemplateError, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream

from lakewright.errors import Problem
from lakewright.specs.macros import (
    ROW,
    Macros,
    call_table,
    is_row_value,
    jinja_problem,
    refuse_in_query,
)
from lakewright.specs.plain_words import is_plain_word
from lakewright.specs.sandbox import MAX_OUTPUT, Sandbox
from lakewright.specs.texts import Text, index_text, suggest
from lakewright.specs.values import Segment, SourceFile, SqlText

# Private characters around an offset: a mark in the token stream that comes out with the text.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+)([cx]){_CLOSE}")
_CALL_ERRORS = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
_Token = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A query after Jinja, and the macro files it needed."""

    text: SqlText
    macros: tuple[SourceFile, ...] = ()


def render_query(
    path: str,
    raw: str,
    macros: Macros,
    problems: list[Problem],
    *,
    each: Mapping[str, Any] | None = None,
) -> Rendered | None:
    """Render one query; None with its problems added. `each` is the table's row of `for_each`."""
    if not any(mark in raw for mark in ("{{", "{%", "{#")):
        return Rendered(SqlText.plain(path, raw))
    source = index_text(path, raw)
    if _OPEN in raw:
        where = source.place(raw.index(_OPEN))
        problems.append(Problem("LW160", "private characters cannot stand in a template", where))
        return None
    try:
        return _render(source, macros, problems, each or {})
    except TemplateSyntaxError as error:
        problems.append(jinja_problem(source, error))
    except (RecursionError, MemoryError, SyntaxError):
        problems.append(Problem("LW160", "this is nested too deeply", source.line(1)))
    return None


def _render(
    source: Text, macros: Macros, problems: list[Problem], each: Mapping[str, Any]
) -> Rendered | None:
    scanner = Sandbox()
    tokens = _locate(list(scanner.lexer.tokeniter(source.text, source.path)), source.text)
    template = scanner.parse(source.text, source.path)
    names = {name.name for name in template.find_all(nodes.Name)} - ({ROW} if each else set())
    found = [
        Problem(
            "LW162",
            f"{construct} is not allowed in a query",
            source.line(line),
            hint="Jinja is for calling macros; write it as a macro in sql/_macros/",
        )
        for line, construct in refuse_in_query(template)
    ]
    found += [] if macros.broken or found else _unknown_names(source, tokens, names, macros)
    found += _row_problems(source, template, each)
    problems.extend(found)
    if found or macros.broken:
        return None
    files = macros.closure(names)
    text = _evaluate(source, files, problems, each)
    return None if text is None else Rendered(text, files)


def _signature(call: str, callables: Mapping[str, Any]) -> str:
    """How the first macro in `call` is called."""
    names = (name for name in re.findall(r"\w+", call) if name in callables)
    name = next(names, None)
    arguments = getattr(callables[name], "arguments", ()) if name else ()
    return f"it is called {{{{ {name}({', '.join(arguments)}) }}}}" if name else ""


def _locate(tokens: list[_Token], text: str) -> list[tuple[int, _Token]]:
    """Each token with its offset: the lexer strips nothing but whitespace between tokens."""
    located, at = [], 0
    for token in tokens:
        while not text.startswith(token[2], at):
            at += 1
        located.append((at, token))
        at += len(token[2])
    return located


def _unknown_names(
    source: Text, tokens: list[tuple[int, _Token]], names: set[str], macros: Macros
) -> list[Problem]:
    problems = []
    for name in sorted(names - set(macros.owners)):
        spans = (at for at, (_, kind, value) in tokens if kind == "name" and value == name)
        at = next(spans, 0)
        called = source.text[at + len(name) :].lstrip().startswith("(")
        hint = suggest(name, macros.owners)
        if not hint and not called:
            hint = f"a macro takes texts: write '{name}' in quotes"
        what = "macro" if called else "name"
        problem = Problem(
            "LW161", f"no {what} `{name}` is defined", source.place(at, at + len(name)), hint=hint
        )
        problems.append(problem)
    return problems


def _row_problems(source: Text, template: nodes.Template, each: Mapping[str, Any]) -> list[Problem]:
    """Values of a row that are not there, or that would be more in SQL than a word."""
    problems = []
    for node in template.find_all(nodes.Getattr):
        if not is_row_value(node) or not each:
            continue
        where = source.line(node.lineno)
        if node.attr not in each:
            hint = suggest(node.attr, each) or f"rows have {', '.join(each)}"
            problems.append(Problem("LW153", f"`{node.attr}` is not in the rows", where, hint=hint))
        elif not is_plain_word(each[node.attr]):
            message = f"`each.{node.attr}` is no name and no whole number here"
            hint = f"as a value it is a parameter: write :each.{node.attr}"
            problems.append(Problem("LW154", message, where, hint=hint))
    return problems


def _evaluate(
    source: Text,
    files: tuple[SourceFile, ...],
    problems: list[Problem],
    each: Mapping[str, Any],
) -> SqlText | None:
    sandbox, callables = call_table(files)
    sandbox.restart()
    template = _MarkingSandbox().from_string(source.text)
    words = {name: value for name, value in each.items() if is_plain_word(value)}
    known = {**callables, ROW: SimpleNamespace(**words)} if each else callables
    chunks: list[str] = []
    size = 0
    try:
        for chunk in template.generate(known):
            chunks.append(chunk)
            size += 0 if _MARK.fullmatch(chunk) else len(chunk)
            if size > MAX_OUTPUT:
                message = f"the query has more than {MAX_OUTPUT} characters after Jinja"
                hint = "a macro of it writes too much"
                problems.append(Problem("LW163", message, source.line(1), hint=hint))
                return None
    except _CALL_ERRORS as error:
        start = int(_MARK.findall("".join(chunks))[-1][0])
        end = source.text.find("}}", start) + 2
        where = source.place(start, end if end > 1 else None)
        hint = _signature(source.text[start:end], callables)
        problems.append(Problem("LW165", f"this macro call fails: {error}", where, hint=hint))
        return None
    return _strip_marks(source, "".join(chunks))


class _MarkingSandbox(Sandbox):
    """Puts the offset of each piece of text and of each expression into the output, before it."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        located = _locate(list(self.lexer.tokeniter(source, name, filename, state)), source)
        return TokenStream(self.lexer.wrap(_with_marks(located), name, filename), name, filename)


def _with_marks(located: list[tuple[int, _Token]]) -> Iterator[_Token]:
    for at, token in located:
        line, kind, _ = token
        if kind in ("data", "variable_begin"):
            copied = "c" if kind == "data" else "x"
            yield line, "data", f"{_OPEN}{at}{copied}{_CLOSE}"
        yield token


def _strip_marks(source: Text, marked: str) -> SqlText:
    segments, parts, size, at = [], [], 0, 0
    for mark in _MARK.finditer(marked):
        parts.append(marked[at : mark.start()])
        size += len(parts[-1])
        segments.append(Segment(size, int(mark[1]), copied=mark[2] == "c"))
        at = mark.end()
    parts.append(marked[at:])
    return SqlText(source.path, source.text, "".join(parts), tuple(segments))
