"""Jinja macros of `sql/_macros/`: what they may be made of, and calling them.

The language is cut down to what a macro needs. There are no attributes, no repetition of texts, no
recursion and no deep loops, so that a query cannot reach the host and rendering ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lakewright.errors import Problem
from lakewright.specs.texts import index_text
from lakewright.specs.values import SourceFile

MAX_OUTPUT = 1_000_000  # characters of one rendered text
MAX_CALLS = 20_000  # of macros, in one query

ROW = "each"  # the table's row of `for_each`, in a query
LOOP_STATE = ("first", "index", "index0", "last", "length")
FILTERS = ("default", "first", "join", "last", "length", "lower", "replace", "trim", "upper")
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
_IN_MACROS = (*_EXPRESSIONS, nodes.Assign, nodes.For, nodes.If, nodes.Macro)


class Sandbox(ImmutableSandboxedEnvironment):
    """Strict, without globals, and with a budget: `calls` is set anew before each rendering."""

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, keep_trailing_newline=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.calls = 0

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise SecurityError(f"more than {MAX_CALLS} calls of macros")
        result = super().call(context, obj, *args, **kwargs)
        if isinstance(result, str) and len(result) > MAX_OUTPUT:
            raise SecurityError(f"more than {MAX_OUTPUT} characters")
        return result


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
                where = index_text(file.path, file.text).line(1)
                message = f"the macro `{name}` is also defined in {owners[name]}"
                problems.append(Problem("LW164", message, where, hint="rename one of them"))
            owners.setdefault(name, file.path)
    return Macros(read, owners, broken=len(problems) > before)


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
        undeclared = find_undeclared_variables(template)
    except TemplateSyntaxError as error:
        where = text.line(error.lineno)
        return None, (Problem("LW160", f"this is not Jinja: {error.message}", where),)
    except RecursionError:
        return None, (Problem("LW160", "this is nested too deeply", text.line(1)),)
    refused = [
        Problem("LW162", f"{name} is not allowed in a macro", text.line(line))
        for line, name in _refuse(template, _IN_MACROS, 0)
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
        yield node.lineno, f"`{type(node).__name__.lower()}`"
        return
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        yield node.lineno, f"the filter `{node.name}`"
    if isinstance(node, nodes.For):
        depth += 1
        if depth > 2 or node.recursive:
            yield node.lineno, "a loop in a loop in a loop"
    for child in node.iter_child_nodes():
        yield from _refuse(child, allowed, depth)
