"""Rules of the project: an SQL condition whose `:parameters` are spliced in by position.

A column goes in as a quoted name and every other value as a literal, so an argument cannot say
more than a value; the text that results is guarded like that of the rule `expression`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from lakewright.errors import Problem, SpecError
from lakewright.graph.expressions import fits_constraint, in_yaml, read_condition
from lakewright.graph.literals import literal
from lakewright.graph.near import listed, near_hint
from lakewright.graph.parameters import OPERANDS
from lakewright.graph.parsing import tokenize
from lakewright.graph.rules.rule import (
    Draft,
    RowDraft,
    Rule,
    WrittenRule,
    read_column,
    read_mapping,
)
from lakewright.names import TableName, quote
from lakewright.specs import ParameterSpec, RuleSpec, SqlText, fits_parameter

_NOBODY = TableName("any", "table")
_STAND_INS: Mapping[str, Any] = {
    "column": "c",
    "text": "",
    "number": 0,
    "boolean": True,
    "date": date(2000, 1, 1),
    "list": [""],
}


def own_rules(specs: Iterable[RuleSpec]) -> dict[str, Rule]:
    """Rules of a project by name, to be used like those of Lakewright."""
    return {spec.name: Rule(spec.name, "row", partial(_draft, spec), nulls=True) for spec in specs}


def check_own_rules(specs: Iterable[RuleSpec], taken: Collection[str]) -> Iterator[Problem]:
    """What is wrong with rules whoever uses them; `taken` are the names of Lakewright's rules."""
    for spec in specs:
        if spec.name in taken:
            message = f"`{spec.name}` is a rule of Lakewright"
            yield Problem("LW237", message, spec.named, hint="choose another name")
        try:
            values = {name: _STAND_INS[it.type] for name, it in spec.parameters.items()}
            text = _spliced(spec, values)
            read_condition(text, _NOBODY, None, spec.where)
        except SpecError as error:
            yield from error.problems


def _draft(spec: RuleSpec, written: WrittenRule) -> list[Draft]:
    given = _arguments(spec, written)
    found = read_condition(_spliced(spec, given), written.table, written.columns, written.where)
    sentence = spec.description or found.sql
    for name, value in given.items():
        sentence = sentence.replace(f"{{{name}}}", _told(value))
    passes = f"({found.sql})"
    return [RowDraft(found.columns, passes, sentence, fits_constraint(found.sql))]


def _arguments(spec: RuleSpec, written: WrittenRule) -> dict[str, Any]:
    required = [name for name, parameter in spec.parameters.items() if parameter.required]
    optional = [name for name in spec.parameters if name not in required]
    given = read_mapping(written, required, optional)
    values = {name: given.get(name, it.default) for name, it in spec.parameters.items()}
    return {name: _argument(written, name, spec.parameters[name], values[name]) for name in values}


def _argument(written: WrittenRule, name: str, parameter: ParameterSpec, value: Any) -> Any:
    if not fits_parameter(value, parameter.type):
        raise written.fail(f"`{name}` needs a {parameter.type}", code="LW239")
    return read_column(written, value) if parameter.type == "column" else value


def _spliced(spec: RuleSpec, values: Mapping[str, Any]) -> str:
    """The expression with a name or a literal for each `:parameter`; raises LW234 or LW238."""
    text = spec.expression
    try:
        tokens = tokenize(text)
    except TokenError as error:
        message = f"`{text}` has a quote that is never closed"
        raise SpecError("LW234", message, spec.where) from error
    parts, at, used = [], 0, set[str]()
    for number, token in enumerate(tokens):
        if token.token_type is not TokenType.COLON:
            continue
        name = _name_of(spec, tokens, number)
        used.add(name)
        parts += [text[at : token.start], _sql(spec.parameters[name], values[name])]
        at = tokens[number + 1].end + 1
    unused = sorted(spec.parameters.keys() - used)
    if unused:
        message = f"the expression does not use its parameter `{unused[0]}`"
        raise SpecError("LW238", message, spec.where, hint=f"write :{unused[0]}, or remove it")
    return "".join((*parts, text[at:]))


def _name_of(spec: RuleSpec, tokens: list[Token], at: int) -> str:
    colon = tokens[at]
    name = tokens[at + 1] if at + 1 < len(tokens) else colon
    known = listed(spec.parameters) or "none"
    if name.start != colon.end + 1 or (at and tokens[at - 1].token_type in OPERANDS):
        message, hint = "a colon begins a parameter", f"parameters are {known}"
    elif name.text not in spec.parameters:
        message = f"`:{name.text}` is not a parameter of this rule"
        hint = near_hint(name.text, spec.parameters, f"parameters are {known}")
    else:
        return name.text
    source = SqlText.plain(spec.where.path, spec.expression)
    where = source.place(colon.start, name.end - colon.start + 1)
    problem = Problem("LW238", message, where, hint=hint)
    raise SpecError.of([in_yaml(problem, source, spec.where)])


def _sql(parameter: ParameterSpec, value: Any) -> str:
    match parameter.type:
        case "column":
            return quote(value)
        case "list":
            return ", ".join(literal(item) for item in value)
        case _:
            return literal(value)


def _told(value: Any) -> str:
    return listed(map(str, value)) if isinstance(value, list) else str(value)
