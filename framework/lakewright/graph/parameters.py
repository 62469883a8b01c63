"""`:now`, `:today`, `:vars.x`, `:each.x`: found by tokens, so never in strings and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot.tokenizer_core import Token, TokenType

from lakewright.errors import Problem
from lakewright.graph.literals import literal
from lakewright.graph.near import near_hint
from lakewright.graph.values import Splice
from lakewright.specs import SqlText

_CLOCK = ("now", "today")
_NESTED_TYPES = ("STRUCT", "ARRAY", "MAP")
OPERANDS = frozenset(
    {
        TokenType.VAR,
        TokenType.IDENTIFIER,
        TokenType.R_PAREN,
        TokenType.R_BRACKET,
        TokenType.STRING,
        TokenType.NUMBER,
    }
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Values by name: the project's `vars`, and the table's row of `for_each`."""

    vars: Mapping[str, Any]
    each: Mapping[str, Any]

    def names(self) -> list[str]:
        return [*(f"vars.{key}" for key in self.vars), *(f"each.{key}" for key in self.each)]


@dataclass(frozen=True, slots=True)
class BoundParameters:
    """`tokens` have a literal of the parameter's type where it stands, for the parser."""

    tokens: tuple[Token, ...]
    splices: tuple[Splice, ...]
    problems: tuple[Problem, ...]


def bind_parameters(source: SqlText, tokens: Sequence[Token], scope: Scope) -> BoundParameters:
    """Find every parameter; unknown ones, and colons that may mean something else, are problems."""
    kept: list[Token] = []
    splices: list[Splice] = []
    problems: list[Problem] = []
    at = type_depth = 0
    while at < len(tokens):
        token = tokens[at]
        type_depth = _type_depth(tokens, at, type_depth)
        if token.token_type is not TokenType.COLON or type_depth:
            kept.append(token)
            at += 1
            continue
        found = _parameter(source, tokens, at, scope)
        if isinstance(found, Problem):
            problems.append(found)
            kept.append(
                Token(TokenType.NULL, "NULL", token.line, token.col, token.start, token.end)
            )
            at = _after_name(tokens, at + 1)
            continue
        splice, stand_in, at = found
        splices.append(splice)
        kept.extend(stand_in)
    return BoundParameters(tuple(kept), tuple(splices), tuple(problems))


def _parameter(
    source: SqlText, tokens: Sequence[Token], at: int, scope: Scope
) -> tuple[Splice, list[Token], int] | Problem:
    colon = tokens[at]
    name = tokens[at + 1] if at + 1 < len(tokens) else None
    if name is None or name.start != colon.end + 1:
        return Problem(
            "LW208",
            "a colon begins a parameter, and no name follows",
            source.place(colon.start),
            hint="parameters are :now, :today and :vars.<name>",
        )
    if at and tokens[at - 1].token_type in OPERANDS:
        return Problem(
            "LW208",
            f"`:{name.text}` behind a value may be a path into it or a parameter",
            source.place(colon.start, name.end - colon.start + 1),
            hint="for a path use variant_get or get_json_object; a parameter needs an operator",
        )
    if at and tokens[at - 1].end + 1 == colon.start and source.text[colon.start - 1].isalnum():
        return Problem(
            "LW208",
            f"`:{name.text}` needs a space before it",
            source.place(colon.start, name.end - colon.start + 1),
            hint=f"write `{tokens[at - 1].text} :{name.text}`",
        )
    if name.text.lower() in _CLOCK:
        splice = Splice(colon.start, name.end + 1, "parameter", name.text.lower())
        if (beyond := _beyond(source, tokens, at + 2)) is not None:
            return beyond
        return splice, _stand_in(name.text.lower(), None, name), at + 2
    return _variable(source, tokens, at, scope)


def _variable(
    source: SqlText, tokens: Sequence[Token], at: int, scope: Scope
) -> tuple[Splice, list[Token], int] | Problem:
    colon, name = tokens[at], tokens[at + 1]
    dotted = at + 3 < len(tokens) and tokens[at + 2].token_type is TokenType.DOT
    space = name.text.lower()
    if space not in ("vars", "each") or not dotted or (space == "each" and not scope.each):
        known = [*_CLOCK, *scope.names()]
        return Problem(
            "LW208",
            f"`:{name.text}` is not a parameter",
            source.place(colon.start, name.end - colon.start + 1),
            hint=near_hint(
                name.text,
                known,
                near_hint(f"vars.{name.text}", known, "parameters are :now, :today, :vars.<name>"),
            ),
        )
    key = tokens[at + 3]
    variables = scope.each if space == "each" else scope.vars
    if key.text not in variables:
        home = "the rows of `for_each`" if space == "each" else "`vars` of lakewright.yml"
        return Problem(
            "LW208",
            f"`:{space}.{key.text}` is not in {home}",
            source.place(key.start, key.end - key.start + 1),
            hint=near_hint(key.text, variables, f"add it to {home.replace(' of ', ' in ')}"),
        )
    try:
        literal(variables[key.text])
    except ValueError:
        kind = type(variables[key.text]).__name__
        return Problem(
            "LW208",
            f"`:{space}.{key.text}` is a {kind}, which SQL cannot hold",
            source.place(key.start, key.end - key.start + 1),
            hint="a var that queries use is a text, number, date, boolean or list",
        )
    if (beyond := _beyond(source, tokens, at + 4)) is not None:
        return beyond
    splice = Splice(colon.start, key.end + 1, "parameter", f"{space}.{key.text}")
    return splice, _stand_in("vars", variables[key.text], key), at + 4


def _beyond(source: SqlText, tokens: Sequence[Token], at: int) -> Problem | None:
    """A dot behind a parameter: it has no parts."""
    if at >= len(tokens) or tokens[at].token_type is not TokenType.DOT:
        return None
    return Problem(
        "LW208",
        "a parameter is one value and has no parts",
        source.place(tokens[at].start),
        hint="remove what stands behind it",
    )


def _stand_in(name: str, value: object, at: Token) -> list[Token]:
    def token(kind: TokenType, text: str) -> Token:
        return Token(kind, text, at.line, at.col, at.start, at.end)

    if name == "today":
        return [token(TokenType.DATE, "DATE"), token(TokenType.STRING, "2000-01-01")]
    if name == "now":
        return [token(TokenType.TIMESTAMP, "TIMESTAMP"), token(TokenType.STRING, "2000-01-01")]
    match value:
        case bool() | None:
            return [token(TokenType.NULL, "NULL")]
        case int() | float():
            return [token(TokenType.NUMBER, str(abs(value)))]
        case str():
            return [token(TokenType.STRING, value)]
    return [token(TokenType.NULL, "NULL")]


def _after_name(tokens: Sequence[Token], at: int) -> int:
    """Behind a dotted name, so that one wrong parameter is one problem."""
    end = at + 1
    while end + 1 < len(tokens) and tokens[end].token_type is TokenType.DOT:
        end += 2
    return min(end, len(tokens))


def _type_depth(tokens: Sequence[Token], at: int, depth: int) -> int:
    """How deep in `STRUCT<a: INT>` this token is: colons there belong to the type."""
    kind = tokens[at].token_type
    if depth:
        return depth + (kind is TokenType.LT) - (kind is TokenType.GT)
    opens = kind is TokenType.LT and at > 0 and tokens[at - 1].text.upper() in _NESTED_TYPES
    return 1 if opens else 0
