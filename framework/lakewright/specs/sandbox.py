"""Where macros run: strict, without globals, and with a budget, so that every rendering ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_OUTPUT = 1_000_000  # characters of one rendered text
MAX_CALLS = 20_000  # of macros, in one query
MAX_WORK = 10_000_000  # characters that all steps of a rendering write, together
_ROUND = 50  # what a round of a loop costs at least, in characters

FILTERS = ("default", "first", "join", "last", "length", "lower", "replace", "trim", "upper")
_COUNTED = "_counted"  # no name that can be written: it is put into the tree


class Sandbox(ImmutableSandboxedEnvironment):
    """`restart` before each rendering. SecurityError where a budget is spent."""

    intercepted_binops = frozenset({"+"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            optimized=False,  # nothing is evaluated while it is only read
            finalize=self._write,
        )
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.filters |= {
            "join": self._join,
            "lower": lambda text: self._spend(str(text).lower()),
            "replace": self._replace,
            "upper": lambda text: self._spend(str(text).upper()),
            _COUNTED: self._counted,
        }
        self.calls = self.work = 0

    def restart(self) -> None:
        """Budgets are full again."""
        self.calls = self.work = 0

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise SecurityError(f"more than {MAX_CALLS} calls of macros")
        return self._write(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return self._spend(super().call_binop(context, operator, left, right))

    def _generate(
        self, source: nodes.Template, name: Any, filename: Any, defer_init: bool = False
    ) -> str:
        return super()._generate(_Bounded().visit(source), name, filename, defer_init)

    def _write(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > MAX_OUTPUT:
            raise SecurityError(f"more than {MAX_OUTPUT} characters")
        return self._spend(value)

    def _spend(self, value: Any, cost: int = 0) -> Any:
        self.work += cost or (len(value) if isinstance(value, str | list | tuple) else 1)
        if self.work > MAX_WORK:
            raise SecurityError("it does too much: fewer rounds, or shorter texts")
        return value

    def _counted(self, items: Iterable[Any], cost: int) -> Iterator[Any]:
        for item in items:
            yield self._spend(item, _ROUND + cost)

    def _join(self, items: Iterable[Any], between: str = "", attribute: None = None) -> str:
        """As Jinja's filter, and in place of `~`: each part is paid for before it is joined."""
        if attribute is not None:
            raise SecurityError("`join` takes a text to put between")
        parts = [self._spend(str(item)) for item in items]
        self._spend("", 1 + len(between) * len(parts))
        return between.join(parts)

    def _replace(self, text: Any, old: str, new: str, count: int = -1) -> str:
        whole = str(text)
        found = whole.count(old) if old else len(whole) + 1
        self._spend("", 1 + len(whole) + len(new) * (found if count < 0 else min(found, count)))
        return whole.replace(old, new, count)


class _Bounded(NodeTransformer):
    """Puts what counts into a tree: in place of `~`, and around what a loop goes through."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's name
        self.generic_visit(node)
        written = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
        cost = nodes.Const(written, lineno=node.lineno)
        node.iter = nodes.Filter(node.iter, _COUNTED, [cost], [], None, None, lineno=node.lineno)
        return node
