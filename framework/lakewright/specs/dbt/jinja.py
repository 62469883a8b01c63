"""Jinja of dbt, read as a tree and worked out here: nothing of it is compiled or run.

What a template may do is what this module spells out; anything else is `NotConvertedError` with its
line. Names that are not variables of the template are asked of the `Library` that is passed in.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_STEPS = 50_000
MAX_OUTPUT = 1_000_000
MAX_DEPTH = 20  # of macros that call macros
MAX_VALUE = 100_000  # characters or items
MAX_NUMBER = 10**30


def _join(parts: list[Any], between: str = "") -> str:
    texts = [str(part) for part in parts]
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_OUTPUT:
        raise ValueError("the text grows too large")
    return between.join(texts)


def _replace(value: str, old: str, new: str) -> str:
    if (len(value) + 1) * max(len(new), 1) > MAX_OUTPUT and value.count(old) * len(new) > MAX_VALUE:
        raise ValueError("the text grows too large")
    return value.replace(old, new)


def _remainder(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise TypeError("a text has no remainder")
    return left % right


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda item, within: item in within,
    "notin": lambda item, within: item not in within,
}
_BINARY: Mapping[type[nodes.Node], Callable[[Any, Any], Any]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv,
    nodes.Mod: _remainder,
}
_FILTERS: Mapping[str, Callable[..., Any]] = {
    "default": lambda value, other="": other if value is None else value,
    "first": lambda value: value[0],
    "join": lambda value, between="": _join(list(value), str(between)),
    "last": lambda value: value[-1],
    "length": len,
    "list": list,
    "lower": lambda value: str(value).lower(),
    "replace": lambda value, old, new: _replace(str(value), old, new),
    "string": str,
    "trim": lambda value: str(value).strip(),
    "unique": lambda value: list(dict.fromkeys(value)),
    "upper": lambda value: str(value).upper(),
}
_METHODS: Mapping[tuple[type, str], Callable[..., Any]] = {
    (dict, "items"): lambda value: list(value.items()),
    (dict, "keys"): list,
    (dict, "values"): lambda value: list(value.values()),
    (dict, "get"): lambda value, key, other=None: value.get(key, other),
    (list, "append"): lambda value, item: value.append(item) or "",
    (str, "lower"): str.lower,
    (str, "upper"): str.upper,
    (str, "strip"): lambda value: value.strip(),
    (str, "replace"): _replace,
    (str, "split"): lambda value, by=None: value.split(by),
    (str, "startswith"): lambda value, start: value.startswith(start),
    (str, "endswith"): lambda value, end: value.endswith(end),
}
_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "none": lambda value: value is None,
    "defined": lambda value: value is not None,
    "string": lambda value: isinstance(value, str),
    "iterable": lambda value: isinstance(value, list | str | dict),
}
_WRONG = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError)


class NotConvertedError(Exception):
    """A construct that has no counterpart here."""

    def __init__(self, line: int, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.line, self.what, self.reason = line, what, reason


class Library(Protocol):
    """What a template finds beside its own variables."""

    def call(self, name: str, args: tuple[Any, ...], named: Mapping[str, Any], line: int) -> Any:
        """The value of `name(…)`; `name` may hold dots."""

    def show(self, node: nodes.Expr, value: Callable[[nodes.Expr], Any]) -> str | None:
        """The text of an expression that stands alone, where it is not simply its value."""

    def look_up(self, name: str, line: int) -> Any:
        """The value of a name, dots included."""


@dataclass(slots=True)
class Evaluation:
    """One template or macro body at work. Bounded in steps, depth and output."""

    library: Library
    scope: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    problems: list[NotConvertedError] = field(default_factory=list)

    def render(self, body: Iterable[nodes.Node]) -> str:
        """The text of `body`; what could not be worked out is in `problems`, and left out."""
        parts: list[str] = []
        for node in body:
            parts.append(self._block(node))
            if sum(map(len, parts)) > MAX_OUTPUT:
                raise NotConvertedError(node.lineno, "its text", "is too long")
        return "".join(parts)

    def value(self, node: nodes.Node) -> Any:
        """The value of an expression; NotConvertedError where it has none here."""
        self._step(node)
        try:
            found = self._value(node)
        except _WRONG as error:
            raise NotConvertedError(node.lineno, "an expression", f"fails: {error}") from error
        sized = len(found) if isinstance(found, str | list | dict) else 0
        if sized > MAX_VALUE or (isinstance(found, int) and abs(found) > MAX_NUMBER):
            raise NotConvertedError(node.lineno, "an expression", "grows too large")
        return found

    def _block(self, node: nodes.Node) -> str:
        self._step(node)
        match node:
            case nodes.Output():
                return "".join(self._shown(part) for part in node.nodes)
            case nodes.If():
                return self._branch(node)
            case nodes.For():
                return self._loop(node)
            case nodes.Assign(target=nodes.Name(name=name), node=expression):
                self.scope[name] = self.value(expression)
            case nodes.AssignBlock(target=nodes.Name(name=name), filter=None, body=body):
                self.scope[name] = self.render(body)
            case nodes.ExprStmt(node=expression):
                self.value(expression)
            case nodes.Macro():
                pass
            case _:
                name = type(node).__name__.lower()
                raise NotConvertedError(node.lineno, f"`{name}`", "is not read in templates here")
        return ""

    def _shown(self, node: nodes.Expr) -> str:
        if isinstance(node, nodes.TemplateData):
            return str(node.data)
        try:
            text = self.library.show(node, self.value)
            found = self.value(node) if text is None else text
        except NotConvertedError as problem:
            self.problems.append(problem)
            return ""
        return "" if found is None else str(found)

    def _branch(self, node: nodes.If) -> str:
        if self.value(node.test):
            return self.render(node.body)
        for other in node.elif_:
            if self.value(other.test):
                return self.render(other.body)
        return self.render(node.else_)

    def _loop(self, node: nodes.For) -> str:
        if node.test is not None or node.recursive:
            raise NotConvertedError(node.lineno, "`for … if`", "is not read in templates here")
        items = list(self.value(node.iter))
        outer = dict(self.scope)
        parts = []
        for index, item in enumerate(items):
            self.scope["loop"] = {
                "index": index + 1,
                "index0": index,
                "first": index == 0,
                "last": index == len(items) - 1,
                "length": len(items),
            }
            self._bind(node.target, item)
            parts.append(self.render(node.body))
        self.scope = outer
        return "".join(parts) if items else self.render(node.else_)

    def _bind(self, target: nodes.Node, value: Any) -> None:
        match target:
            case nodes.Name(name=name):
                self.scope[name] = value
            case nodes.Tuple(items=items):
                for inner, part in zip(items, value, strict=True):
                    self._bind(inner, part)
            case _:
                raise NotConvertedError(target.lineno, "this loop", "is not read in templates here")

    def _value(self, node: nodes.Node) -> Any:
        match node:
            case nodes.Const(value=value):
                return value
            case nodes.TemplateData(data=data):
                return data
            case nodes.Name() | nodes.Getattr():
                return self._named(node)
            case nodes.List(items=items) | nodes.Tuple(items=items):
                return [self.value(item) for item in items]
            case nodes.Dict(items=pairs):
                return {self.value(pair.key): self.value(pair.value) for pair in pairs}
            case nodes.Call():
                return self._called(node)
            case nodes.Getitem(node=of, arg=arg):
                return self.value(of)[self.value(arg)]
            case nodes.Filter():
                return self._filtered(node)
            case nodes.CondExpr(test=test, expr1=yes, expr2=no):
                chosen = yes if self.value(test) else no
                return None if chosen is None else self.value(chosen)
            case _:
                return self._operation(node)

    def _operation(self, node: nodes.Node) -> Any:
        match node:
            case nodes.And(left=left, right=right):
                return self.value(left) and self.value(right)
            case nodes.Or(left=left, right=right):
                return self.value(left) or self.value(right)
            case nodes.Not(node=of):
                return not self.value(of)
            case nodes.Neg(node=of):
                return -self.value(of)
            case nodes.Concat(nodes=parts):
                return _join([self.value(part) for part in parts])
            case nodes.Compare(expr=first, ops=ops):
                return self._compared(first, ops)
            case nodes.Test(node=of, name=name) if name in _TESTS:
                return _TESTS[name](self._maybe(of))
            case nodes.Mul(left=left, right=right):
                return self._times(node, self.value(left), self.value(right))
            case nodes.BinExpr(left=left, right=right) if type(node) in _BINARY:
                return _BINARY[type(node)](self.value(left), self.value(right))
        name = type(node).__name__.lower()
        raise NotConvertedError(node.lineno, f"`{name}`", "is not read in templates here")

    def _maybe(self, node: nodes.Node) -> Any:
        """A value, None where there is none: what `is defined` asks for."""
        try:
            return self.value(node)
        except NotConvertedError:
            return None

    def _times(self, node: nodes.Node, left: Any, right: Any) -> Any:
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise NotConvertedError(node.lineno, "`*`", "repeats nothing but numbers here")
        return left * right

    def _compared(self, first: nodes.Node, ops: Iterable[nodes.Operand]) -> bool:
        left = self.value(first)
        for operand in ops:
            right = self.value(operand.expr)
            if not _COMPARE[operand.op](left, right):
                return False
            left = right
        return True

    def _named(self, node: nodes.Node) -> Any:
        name = dotted(node)
        first, _, rest = name.partition(".")
        if first in self.scope:
            found = self.scope[first]
            for part in rest.split(".") if rest else ():
                found = found[part]
            return found
        return self.library.look_up(name, node.lineno)

    def _called(self, node: nodes.Call) -> Any:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise NotConvertedError(node.lineno, "`*` in a call", "is not read in templates here")
        args = tuple(self.value(arg) for arg in node.args)
        named = {pair.key: self.value(pair.value) for pair in node.kwargs}
        of = node.node
        if isinstance(of, nodes.Getattr) and dotted(of).partition(".")[0] in ("", *self.scope):
            return self._method(of, args, named)
        if isinstance(of, nodes.Call) and dotted(of.node) == "adapter.dispatch":
            chosen = self.value(of.args[0])
            return self.library.call(f"adapter.dispatch.{chosen}", args, named, node.lineno)
        return self.library.call(dotted(of), args, named, node.lineno)

    def _method(self, of: nodes.Getattr, args: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        owner = self.value(of.node)
        method = _METHODS.get((type(owner), of.attr))
        if method is None:
            raise NotConvertedError(of.lineno, f"`.{of.attr}()`", "is not read in templates here")
        return method(owner, *args, **named)

    def _filtered(self, node: nodes.Filter) -> Any:
        if node.name not in _FILTERS or node.node is None:
            raise NotConvertedError(
                node.lineno, f"the filter `{node.name}`", "is not read in templates here"
            )
        args = [self.value(arg) for arg in node.args]
        return _FILTERS[node.name](self.value(node.node), *args)

    def _step(self, node: nodes.Node) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise NotConvertedError(node.lineno, "this template", "takes too many steps")


def parse_template(text: str) -> nodes.Template:
    """The tree of a template; NotConvertedError where it is none."""
    environment = ImmutableSandboxedEnvironment(
        extensions=["jinja2.ext.do"], keep_trailing_newline=True
    )
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        reason = f"is not read here: {error.message}"
        raise NotConvertedError(error.lineno, "this Jinja", reason) from error
    except RecursionError as error:
        raise NotConvertedError(1, "this Jinja", "is nested too deeply") from error


def dotted(node: nodes.Node) -> str:
    """`a.b.c` of nested attributes, "" for anything else."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=of, attr=attr):
            inner = dotted(of)
            return f"{inner}.{attr}" if inner else ""
        case _:
            return ""
