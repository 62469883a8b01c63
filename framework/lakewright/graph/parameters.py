"""`:now`, `:today` and `:vars.x`: found by tokens, so never inside strings and comments."""

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
_OPERANDS = frozenset(
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
class BoundParameters:
    """`tokens` have a literal of the parameter's type where it stands, for the parser."""

    tokens: tuple[Token, ...]
    splices: tuple[Splice, ...]
    problems: tuple[Problem, ...]


def bind_parameters(
    source: SqlText, tokens: Sequence[Token], variables: Mapping[str, Any]
) -> BoundParameters:
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
        found = _parameter(source, tokens, at, variables)
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
    source: SqlText, tokens: Sequence[Token], at: int, variables: Mapping[str, Any]
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
    if at and tokens[at - 1].token_type in _OPERANDS:
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
    return _variable(source, tokens, at, variables)


def _variable(
    source: SqlText, tokens: Sequence[Token], at: int, variables: Mapping[str, Any]
) -> tuple[Splice, list[Token], int] | Problem:
    colon, name = tokens[at], tokens[at + 1]
    dotted = at + 3 < len(tokens) and tokens[at + 2].token_type is TokenType.DOT
    if name.text.lower() != "vars" or not dotted:
        known = [*_CLOCK, *(f"vars.{key}" for key in variables)]
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
    if key.text not in variables:
        return Problem(
            "LW208",
            f"`:vars.{key.text}` is not in `vars` of lakewright.yml",
            source.place(key.start, key.end - key.start + 1),
            hint=near_hint(key.text, variables, "add it to `vars` in lakewright.yml"),
        )
    try:
        literal(variables[key.text])
    except ValueError:
        return Problem(
            "LW208",
            f"`:vars.{key.text}` is a {type(variables[key.text]).__name__}, which SQL cannot hold",
            source.place(key.start, key.end - key.start + 1),
            hint="a var that queries use is a text, number, date, boolean or list",
        )
    if (beyond := _beyond(source, tokens, at + 4)) is not None:
        return beyond
    splice = Splice(colon.start, key.end + 1, "parameter", f"vars.{key.text}")
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
