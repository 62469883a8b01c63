"""From the text of a query to tokens and a tree; syntax errors at the user's line and column."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from lakewright.errors import Problem
from lakewright.graph.guards import check_tokens, check_tree
from lakewright.graph.parameters import Scope, bind_parameters
from lakewright.graph.values import Splice
from lakewright.specs import SqlText

_DIALECT = Spark()
_LEXEME = re.compile(
    r"--[^\n]*|/\*|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`(?:[^`]|``)*`|(?P<open>['\"`])",
    re.DOTALL,
)
_TOKEN_REPR = re.compile(r"<Token token_type: TokenType\.(\w+), text: (.*?), line: .*?>", re.DOTALL)

_MISSING = re.compile(r"Required keyword: '\w+' missing for <class '[\w.]+'>")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """One SELECT. `source` ends before a closing semicolon; `tokens`: as written, no comments."""

    source: SqlText
    tokens: tuple[Token, ...]
    tree: exp.Query
    parameters: tuple[Splice, ...]


def parse_query(
    source: SqlText, variables: Mapping[str, Any], each: Mapping[str, Any] | None = None
) -> tuple[ParsedQuery | None, tuple[Problem, ...]]:
    """The parsed query (None when nothing further can be said of it), and what is wrong with it."""
    try:
        tokens = tokenize(source.text)
    except TokenError:
        return None, (_unclosed(source),)
    tokens, source = _without_semicolon(tokens, source)
    blocking, problems = check_tokens(source, tokens)
    if blocking:
        return None, (*blocking, *problems)
    bound = bind_parameters(source, tokens, Scope(variables, each or {}))
    problems += bound.problems
    tree = parse_tokens(source, bound.tokens)
    if isinstance(tree, Problem):
        # A parameter that could not be bound leaves tokens that no parser understands.
        return None, problems if bound.problems else (*problems, tree)
    refused = check_tree(source, tree)
    if refused or not isinstance(tree, exp.Query):
        return None, (*problems, *refused)
    return ParsedQuery(source, tuple(tokens), tree, bound.splices), problems


def tokenize(text: str) -> list[Token]:
    """Spark's tokens, comments left out; raises sqlglot's TokenError."""
    return list(_DIALECT.tokenize(text))


def called_words(tokens: Sequence[Token]) -> set[str]:
    """The words before an opening parenthesis: functions, types, and some of the grammar."""
    return {
        token.text.lower()
        for token, following in itertools.pairwise(tokens)
        if following.token_type is TokenType.L_PAREN
        and (token.text[:1].isalpha() or "_" in token.text)
    }


def parse_tokens(source: SqlText, tokens: Sequence[Token]) -> exp.Expr | Problem:
    """The tree of one statement, or why there is none."""
    try:
        trees = _DIALECT.parser().parse(list(tokens), source.text)
    except ParseError as error:
        return _syntax_problem(source, error)
    except (RecursionError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        # The parser is meant for valid SQL; on broken SQL it may trip over its own feet.
        reason = f"the query cannot be parsed ({type(error).__name__})"
        return Problem("LW201", reason, source.place(0))
    tree = trees[0] if len(trees) == 1 else None
    if tree is None:
        return Problem("LW202", "the file holds more than one statement", source.place(0))
    return tree


def _syntax_problem(source: SqlText, error: ParseError) -> Problem:
    first = error.errors[0] if error.errors else {}
    line, column = first.get("line") or 1, first.get("col") or 1
    marked = first.get("highlight") or " "
    end = _line_start(source.text, line) + column
    start = max(0, min(end - len(marked), len(source.text) - 1))
    message = _TOKEN_REPR.sub(_token_name, first.get("description") or "syntax error")
    message = _MISSING.sub("something is missing beside it", message)
    message = message.removesuffix(".").replace("Invalid expression / Unexpected token", "")
    said = f": {message[0].lower()}{message[1:]}" if message else ""
    length = len(marked.split("\n", maxsplit=1)[0]) or 1
    place = source.place(start, length)
    hint = "close the parenthesis before it" if message == "Expecting )" else ""
    return Problem("LW201", f"syntax error at `{marked.strip() or 'the end'}`{said}", place, hint)


def _token_name(found: re.Match[str]) -> str:
    return "the end of the query" if found.group(1) == "SENTINEL" else f"`{found.group(2)}`"


def _line_start(text: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
    return at


def _without_semicolon(tokens: list[Token], source: SqlText) -> tuple[list[Token], SqlText]:
    if not tokens or tokens[-1].token_type is not TokenType.SEMICOLON:
        return tokens, source
    return tokens[:-1], replace(source, text=source.text[: tokens[-1].start])


def _unclosed(source: SqlText) -> Problem:
    text, at = source.text, 0
    while found := _LEXEME.search(text, at):
        if found.group("open"):
            return Problem(
                "LW201",
                f"this {found.group()} is never closed",
                source.place(found.start()),
                hint=f"write {found.group()} where the text ends",
            )
        if found.group() == "/*":
            end = _comment_end(text, found.start())
            if end is None:
                return Problem("LW201", "this comment is never closed", source.place(found.start()))
            at = end
        else:
            at = found.end()
    return Problem("LW201", "the query holds characters that SQL does not know", source.place(0))


def _comment_end(text: str, start: int) -> int | None:
    """Behind the end of a bracketed comment; they nest, as in Spark."""
    depth, at = 0, start
    for found in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        at = found.end()
        if depth == 0:
            return at
    return None
