"""One model's SQL: names for `ref` and `source`, parameters for `var`, macros kept or expanded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from jinja2 import nodes

from lakewright.names import TableName, is_column_name
from lakewright.specs.dbt.functions import FUNCTIONS
from lakewright.specs.dbt.jinja import (
    MAX_DEPTH,
    Evaluation,
    NotConvertedError,
    dotted,
    parse_template,
)
from lakewright.specs.dbt.macros import ADAPTERS, DbtMacro, DbtMacros
from lakewright.specs.dbt.values import Names

# Private characters around what is settled once the whole text is there.
_TABLE, _VAR, _END = "\ue000", "\ue001", "\ue002"
_TABLE_MARK = re.compile(f"{_TABLE}([^{_END}]*){_END}(\\s+(?:as\\s+)?`?([A-Za-z_]\\w*))?", re.I)
_VAR_MARK = re.compile(f"{_VAR}([^{_END}]*){_END}")
_COMMENT = re.compile(r"\{#-?(.*?)-?#\}", re.DOTALL)
_MAX_RANGE = 10_000
_NO_ALIAS = frozenset(
    [
        "where",
        "join",
        "inner",
        "left",
        "right",
        "full",
        "cross",
        "outer",
        "on",
        "using",
        "group",
        "order",
        "having",
        "limit",
        "union",
        "except",
        "intersect",
        "minus",
        "select",
        "lateral",
        "natural",
        "window",
        "qualify",
        "pivot",
        "unpivot",
        "tablesample",
        "semi",
        "anti",
    ]
)
_OF_DBT = {
    "env_var": "nothing of the surroundings reaches a query; put the value into `vars`",
    "run_query": "a query cannot be made of what another one gives",
    "this": "a query cannot read the table it makes",
    "target": "a query is the same on every target",
    "execute": "a query cannot ask how it is run",
}


@dataclass(frozen=True, slots=True)
class DbtQuery:
    """A converted query; not usable where `problems` are."""

    text: str
    config: Mapping[str, Any]
    reads: frozenset[TableName]
    vars: Mapping[str, Any]
    expanded: frozenset[str]
    incremental: bool
    problems: tuple[NotConvertedError, ...]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every query of the project is read with."""

    project: str
    names: Names
    macros: DbtMacros
    vars: Mapping[str, Any]


def convert_query(text: str, around: Surroundings) -> DbtQuery:
    """Read one model's template to the end, with every problem in it."""
    library = _Library(around)
    try:
        _refuse_marks(text)
        evaluation = Evaluation(library)
        body = parse_template(_COMMENT.sub(_as_sql_comment, text)).body
        rendered = _settle(evaluation.render(body), library)
        problems = tuple(evaluation.problems)
    except NotConvertedError as problem:
        rendered, problems = "", (problem,)
    except RecursionError:
        rendered, problems = "", (NotConvertedError(1, "this Jinja", "is nested too deeply"),)
    return DbtQuery(
        rendered,
        library.config,
        frozenset(library.reads),
        library.used,
        frozenset(library.expanded),
        library.incremental,
        problems,
    )


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__("return outside of a macro")
        self.value = value


@dataclass(slots=True)
class _Library:
    around: Surroundings
    config: dict[str, Any] = field(default_factory=dict)
    reads: set[TableName] = field(default_factory=set)
    used: dict[str, Any] = field(default_factory=dict)
    expanded: set[str] = field(default_factory=set)
    incremental: bool = False
    depth: int = 0

    def show(self, node: nodes.Expr, value: Callable[[nodes.Expr], Any]) -> str | None:
        if not isinstance(node, nodes.Call) or node.dyn_args or node.dyn_kwargs:
            return None
        name = dotted(node.node).removeprefix(f"{self.around.project}.")
        if name not in self.around.macros.kept and name != "var":
            return None
        args = [value(arg) for arg in node.args]
        named = {pair.key: value(pair.value) for pair in node.kwargs}
        if name == "var":
            self._var(node.lineno, *args, **named)
            return f"{_VAR}{args[0]}{_END}"
        if not all(map(_is_plain, (*args, *named.values()))):
            return None
        written = [repr(arg) for arg in args] + [f"{key}={arg!r}" for key, arg in named.items()]
        return "{{ " + f"{name}({', '.join(written)})" + " }}"

    def call(self, name: str, args: tuple[Any, ...], named: Mapping[str, Any], line: int) -> Any:
        match name:
            case "ref":
                return self._table(
                    self.around.names.models, str(args[-1]), f"ref({args[-1]})", line
                )
            case "source":
                key = (str(args[0]), str(args[1]))
                return self._table(self.around.names.sources, key, f"source{key}", line)
            case "config":
                self.config.update(args[0] if args else {}, **named)
                return ""
            case "var":
                return self._var(line, *args, **named)
            case "is_incremental":
                self.incremental = True
                return False
            case "return":
                if not self.depth:
                    raise NotConvertedError(line, "`return`", "stands outside of a macro")
                raise _ReturnError(args[0] if args else None)
            case "range":
                return self._range(args, line)
            case _:
                return self._function(name, args, named, line)

    def look_up(self, name: str, line: int) -> Any:
        first = name.partition(".")[0]
        reason = _OF_DBT.get(first, "is no name of this project, and has no counterpart here")
        raise NotConvertedError(line, f"`{name or 'an expression'}`", reason)

    def _range(self, args: tuple[Any, ...], line: int) -> list[int]:
        found = range(*args)
        if len(found) > _MAX_RANGE:
            raise NotConvertedError(line, "`range`", f"has more than {_MAX_RANGE} numbers")
        return list(found)

    def _table(self, known: Mapping[Any, TableName], key: Any, what: str, line: int) -> str:
        table = known.get(key)
        if table is None:
            raise NotConvertedError(line, f"`{what}`", "names nothing of this project")
        self.reads.add(table)
        return f"{_TABLE}{table}{_END}"

    def _var(self, line: int, name: str, default: Any = None) -> Any:
        value = self.around.vars.get(name, default)
        if value is None:
            raise NotConvertedError(line, f"`var('{name}')`", "has no value in dbt_project.yml")
        if isinstance(value, str) and ("{{" in value or "{%" in value):
            raise NotConvertedError(line, f"`var('{name}')`", "is worked out when dbt runs")
        self.used[str(name)] = value
        return value

    def _function(
        self, name: str, args: tuple[Any, ...], named: Mapping[str, Any], line: int
    ) -> Any:
        short = name.removeprefix(f"{self.around.project}.")
        if name.startswith("adapter.dispatch."):
            short = self._variant(name.rpartition(".")[2])
        macro = self.around.macros.all.get(short)
        if macro is not None and macro.tree is not None:
            return self._expand(macro, args, named, line)
        if name in FUNCTIONS:
            return FUNCTIONS[name](*args, **named)
        what, first = f"`{name or 'a call'}()`", name.partition(".")[0]
        reason = _OF_DBT.get(first, "is no macro of this project, and has no counterpart here")
        raise NotConvertedError(line, what, reason)

    def _variant(self, name: str) -> str:
        names = (f"{adapter}__{name}" for adapter in ADAPTERS)
        return next((each for each in names if each in self.around.macros.all), name)

    def _expand(
        self, macro: DbtMacro, args: tuple[Any, ...], named: Mapping[str, Any], line: int
    ) -> Any:
        if self.depth >= MAX_DEPTH:
            raise NotConvertedError(line, f"`{macro.name}()`", "calls too deeply")
        self.depth += 1
        self.expanded.add(macro.name)
        inner = Evaluation(self)
        try:
            inner.scope.update(_bound(macro, args, named, inner))
            assert macro.tree is not None
            text = inner.render(macro.tree.body)
        except _ReturnError as returned:
            return returned.value
        except NotConvertedError as problem:
            raise _inside(macro, problem, line) from problem
        finally:
            self.depth -= 1
        if inner.problems:
            raise _inside(macro, inner.problems[0], line)
        return text.strip()


def _bound(
    macro: DbtMacro, args: tuple[Any, ...], named: Mapping[str, Any], inner: Evaluation
) -> dict[str, Any]:
    """The arguments of a call by name, with the macro's defaults for those left out."""
    assert macro.tree is not None
    names = [arg.name for arg in macro.tree.args]
    if len(args) > len(names) or not set(named) <= set(names):
        raise NotConvertedError(macro.line, f"`{macro.name}()`", "takes other arguments")
    found: dict[str, Any] = dict.fromkeys(names)
    for name, default in zip(reversed(names), reversed(macro.tree.defaults), strict=False):
        found[name] = inner.value(default)
    return {**found, **dict(zip(names, args, strict=False)), **named}


def _inside(macro: DbtMacro, problem: NotConvertedError, line: int) -> NotConvertedError:
    place = f"{macro.path}:{macro.line + problem.line - 1}"
    return NotConvertedError(
        line, f"`{macro.name}()`", f"holds {problem.what}, which {problem.reason} ({place})"
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        return not any(mark in value for mark in (_TABLE, _VAR, "{{", "{%"))
    return value is None or isinstance(value, bool | int | float)


def _refuse_marks(text: str) -> None:
    if any(mark in text for mark in (_TABLE, _VAR, _END)):
        raise NotConvertedError(1, "private characters", "cannot stand in a query")


def _as_sql_comment(found: re.Match[str]) -> str:
    text = found[1]
    if any(mark in text for mark in ("*/", "/*", "{{", "{%")):
        return "\n" * text.count("\n")
    return f"/*{text}*/"


def _settle(text: str, library: _Library) -> str:
    """The text with names and parameters in place of their marks."""
    text = _TABLE_MARK.sub(lambda mark: _named(mark, library.around.names), text)
    parts, at = [], 0
    for mark in _VAR_MARK.finditer(text):
        parts.append(text[at : mark.start()])
        before, at = "".join(parts), mark.end()
        value = library.used[mark[1]]
        inside = before.count("'") % 2 == 1
        whole = before.endswith("'") and text[at : at + 1] == "'"
        if inside and whole and isinstance(value, str | date) and is_column_name(mark[1]):
            parts[:] = [before[:-1], f":vars.{mark[1].lower()}"]
            at += 1
        elif inside or isinstance(value, str) or not is_column_name(mark[1]):
            parts.append(str(value))
        else:
            parts.append(f":vars.{mark[1].lower()}")
    return ("".join(parts) + text[at:]).strip().rstrip(";").rstrip() + "\n"


def _named(mark: re.Match[str], names: Names) -> str:
    """A table's name, with the name that the query calls it by where that is another."""
    table = TableName.of(mark[1])
    called = names.called.get(table, table.table)
    following = mark[2] or ""
    has_alias = bool(mark[3]) and mark[3].lower() not in _NO_ALIAS
    alias = "" if has_alias or called == table.table else f" AS {called}"
    return f"{table}{alias}{following}"
