"""Jinja macros of `sql/_macros/`: what they may be made of, and calling them.

The language is cut down to what a macro needs. There are no attributes, no repetition of texts, no
recursion and no deep loops, so that a query cannot reach the host and rendering ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from lakewright.errors import Place, Problem
from lakewright.specs.sandbox import FILTERS, Sandbox
from lakewright.specs.texts import Text, index_text
from lakewright.specs.values import SourceFile

ROW = "each"  # the table's row of `for_each`, in a query
LOOP_STATE = ("first", "index", "index0", "last", "length")
_EXPRESSIONS = (
    nodes.Add,
    nodes.And,
    nodes.Call,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Dict,
    nodes.Filter,
    nodes.Getitem,
    nodes.Keyword,
    nodes.List,
    nodes.Name,
    nodes.Neg,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Pair,
    nodes.Slice,
    nodes.Sub,
    nodes.Template,
    nodes.TemplateData,
    nodes.Test,
    nodes.Tuple,
)
_ALLOWED = "a macro is made of texts, conditions, at most two loops and calls of other macros"
_WORDS = {
    "AssignBlock": "a {% set %} block",
    "Assign": "{% set %}",
    "CallBlock": "{% call %}",
    "Div": "`/`",
    "Extends": "{% extends %}",
    "FilterBlock": "{% filter %}",
    "FloorDiv": "`//`",
    "For": "a loop",
    "FromImport": "{% from %}",
    "Getattr": "a part behind a dot",
    "If": "{% if %}",
    "Import": "{% import %}",
    "Include": "{% include %}",
    "Macro": "{% macro %}",
    "Mod": "`%`",
    "Mul": "`*`",
    "Pow": "`**`",
    "With": "{% with %}",
}
_HIDDEN = ("caller", "kwargs", "varargs")  # what every macro of Jinja has besides its arguments
_OPEN_BLOCK = re.compile(r"innermost block that needs to be closed is '(\w+)'")
_IN_MACROS = (*_EXPRESSIONS, nodes.Assign, nodes.For, nodes.If, nodes.Macro)


@dataclass(frozen=True, slots=True)
class MacroFile:
    file: SourceFile
    defines: tuple[str, ...]
    uses: tuple[str, ...]  # names from other files


@dataclass(frozen=True, slots=True)
class Macros:
    """All macros of a project by name. `broken` files are known by name only."""

    files: Mapping[str, MacroFile]
    owners: Mapping[str, str]  # macro -> path
    broken: bool

    def closure(self, names: Iterable[str]) -> tuple[SourceFile, ...]:
        """The files that the macros `names` need, in path order."""
        todo = {self.owners[name] for name in names if name in self.owners}
        found: set[str] = set()
        while todo:
            path = todo.pop()
            found.add(path)
            used = {self.owners[name] for name in self.files[path].uses if name in self.owners}
            todo |= used - found
        return tuple(self.files[path].file for path in sorted(found))


def read_macros(files: Iterable[SourceFile], problems: list[Problem]) -> Macros:
    """The macros of all files; names are the project's own, so each may be defined once."""
    before = len(problems)
    read: dict[str, MacroFile] = {}
    owners: dict[str, str] = {}
    for file in files:
        known = _read_file(file)
        problems.extend(known[1])
        if known[0] is None:
            continue
        read[file.path] = known[0]
        for name in known[0].defines:
            if name in owners:
                where = _defined(index_text(file.path, file.text), name)
                message = f"the macro `{name}` is also defined in {owners[name]}"
                problems.append(Problem("LW164", message, where, hint="rename one of them"))
            owners.setdefault(name, file.path)
    return Macros(read, owners, broken=len(problems) > before)


def jinja_problem(text: Text, error: TemplateSyntaxError) -> Problem:
    """What Jinja's parser says, at its line, with what closes a block that is left open."""
    said = error.message or "syntax error"
    where, hint = text.line(error.lineno), "a call is written {{ macro('text') }}"
    open_ = _OPEN_BLOCK.search(said)
    if open_:
        what, message = open_[1], f"this {{% {open_[1]} %}} is never closed"
        begins = [found.start() for found in re.finditer(rf"{{%-?\s*{what}\b", text.text)]
        where = text.place(begins[-1], text.text.find("%}", begins[-1]) + 2) if begins else where
        return Problem("LW160", message, where, hint=f"close it with {{% end{what} %}}")
    return Problem("LW160", f"this is not Jinja: {said}", where, hint=hint)


def _defined(text: Text, name: str) -> Place:
    found = re.search(rf"{{%-?\s*macro\s+({re.escape(name)})\b", text.text)
    return text.place(*found.span(1)) if found else text.line(1)


def call_table(files: tuple[SourceFile, ...]) -> tuple[Sandbox, Mapping[str, Callable[..., str]]]:
    """A sandbox and the macros of `files` by name, ready to be called from a query."""
    return _compile(files)


def refuse_in_query(template: nodes.Template) -> list[tuple[int, str]]:
    """What a query may not hold: it calls macros, and nothing else."""
    return list(_refuse(template, _EXPRESSIONS, 0))


# Pure in the files' text; the released code of many tables brings the same few files each time.
@lru_cache(maxsize=256)
def _compile(files: tuple[SourceFile, ...]) -> tuple[Sandbox, dict[str, Callable[..., str]]]:
    sandbox = Sandbox()
    callables: dict[str, Callable[..., str]] = {}
    for file in files:
        module = sandbox.from_string(file.text).make_module(callables, shared=True)
        names = _parse(sandbox, file).find_all(nodes.Macro)
        callables.update({macro.name: getattr(module, macro.name) for macro in names})
    return sandbox, callables


@lru_cache(maxsize=256)
def _read_file(file: SourceFile) -> tuple[MacroFile | None, tuple[Problem, ...]]:
    text, sandbox = index_text(file.path, file.text), Sandbox()
    try:
        template = _parse(sandbox, file)
        found = list(_refuse(template, _IN_MACROS, 0))  # first: what follows evaluates constants
        undeclared = set() if found else find_undeclared_variables(template)
    except TemplateSyntaxError as error:
        return None, (jinja_problem(text, error),)
    except RecursionError:
        return None, (Problem("LW160", "this is nested too deeply", text.line(1)),)
    refused = [
        Problem("LW162", f"{name} is not allowed in a macro", text.line(line), hint=_ALLOWED)
        for line, name in found
    ]
    macros = tuple(template.find_all(nodes.Macro))
    refused += [
        Problem("LW162", f"the macro `{macro.name}` calls itself", text.line(macro.lineno))
        for macro in macros
        if any(
            isinstance(c.node, nodes.Name) and c.node.name == macro.name
            for c in macro.find_all(nodes.Call)
        )
    ]
    if refused:
        return None, tuple(refused)
    return MacroFile(file, tuple(m.name for m in macros), tuple(sorted(undeclared))), ()


def _parse(sandbox: Sandbox, file: SourceFile) -> nodes.Template:
    return sandbox.parse(file.text, file.path, file.path)


def is_row_value(node: nodes.Node) -> bool:
    """`each.region` and the like."""
    match node:
        case nodes.Getattr(node=nodes.Name(name="each"), attr=attr):
            return not attr.startswith("_")
        case _:
            return False


def _is_attribute(node: nodes.Node) -> bool:
    """`loop.last` and the like, and a value of a row: attributes of nothing else."""
    match node:
        case nodes.Getattr(node=nodes.Name(name="loop"), attr=attr):
            return attr in LOOP_STATE
        case _:
            return is_row_value(node)


def _refuse(
    node: nodes.Node, allowed: tuple[type[nodes.Node], ...], depth: int
) -> Iterable[tuple[int, str]]:
    if not isinstance(node, allowed) and not _is_attribute(node):
        word = type(node).__name__
        yield node.lineno or 1, _WORDS.get(word, f"`{word.lower()}`")
        return
    if isinstance(node, nodes.Name) and node.name in _HIDDEN:
        yield node.lineno, f"`{node.name}`"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield node.lineno, f"the filter `{node.name}`"
    if isinstance(node, nodes.For):
        depth += 1
        if depth > 2 or node.recursive:
            yield node.lineno, "a loop in a loop in a loop"
    for child in node.iter_child_nodes():
        yield from _refuse(child, allowed, depth)
