"""Expressions in YAML: parsed and guarded like queries, over the columns of one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from lakewright.errors import Place, Problem, SpecError
from lakewright.graph.columns import resolve_expression
from lakewright.graph.functions import (
    AGGREGATES,
    CONSTRAINT_SAFE,
    NONDETERMINISTIC,
    TABLE_FUNCTIONS,
)
from lakewright.graph.guards import check_functions
from lakewright.graph.parsing import parse_tokens, tokenize
from lakewright.graph.scopes import Types
from lakewright.names import TableName
from lakewright.specs import SqlText

_REFUSED = {
    TokenType.SEMICOLON: "an expression is not a statement",
    TokenType.COLON: "parameters and paths into values are not available in rules",
    TokenType.PARAMETER: "`$` and `@` are not part of an expression",
    TokenType.PLACEHOLDER: "`?` is not part of an expression",
    TokenType.L_BRACE: "there is no Jinja in rules",
    TokenType.BLOCK_START: "there is no Jinja in rules",
    TokenType.SELECT: "a rule looks at one row: no subqueries",
    TokenType.WITH: "a rule looks at one row: no subqueries",
    TokenType.FROM: "a rule looks at one row: no subqueries",
    TokenType.OVER: "a rule looks at one row: no windows",
}
_CONSTRAINT_NODES = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
)


@dataclass(frozen=True, slots=True)
class RowExpression:
    """An expression over one row. `sql` is the text as written; `columns` what it uses, sorted."""

    sql: str
    columns: tuple[str, ...]


def read_condition(
    text: object,
    table: TableName,
    columns: Types | None,
    where: Place,
    *,
    source: SqlText | None = None,
) -> RowExpression:
    """Check a condition over one row; raises SpecError with LW234, LW204, LW209 or LW210.

    `source` is the text with the place of each of its characters, where it is known.
    """
    source, tokens = _tokens(text, where, source)
    before = [_token(TokenType.SELECT, "SELECT"), _token(TokenType.L_PAREN, "(")]
    end = tokens[-1]  # what is missing at the end is told there
    closing = Token(TokenType.R_PAREN, ")", end.line, end.col, end.start, end.end)
    tree = _parse(source, [*before, *tokens, closing], where)
    plain = isinstance(tree, exp.Select) and set(_filled(tree)) == {"expressions"}
    inner = tree.expressions[0] if plain and len(tree.expressions) == 1 else None
    if not isinstance(inner, exp.Paren) or isinstance(inner.this, exp.Alias):
        raise SpecError("LW234", f"`{source.text}` is not one expression", where)
    return RowExpression(source.text, _columns(source, inner, table, columns, where))


def read_order(
    text: object, table: TableName, columns: Types | None, where: Place
) -> RowExpression:
    """Check the text of an ORDER BY over one table; raises SpecError like `read_condition`."""
    source, tokens = _tokens(text, where)
    start = [
        _token(TokenType.SELECT, "SELECT"),
        _token(TokenType.NUMBER, "1"),
        _token(TokenType.ORDER_BY, "ORDER BY"),
    ]
    tree = _parse(source, [*start, *tokens], where)
    if not isinstance(tree, exp.Select) or set(_filled(tree)) != {"expressions", "order"}:
        raise SpecError("LW234", f"`{source.text}` is not the text of an ORDER BY", where)
    return RowExpression(source.text, _columns(source, tree.args["order"], table, columns, where))


def fits_constraint(sql: str) -> bool:
    """Whether a Delta CHECK can hold the condition with one meaning on every engine."""
    try:
        tokens = tokenize(sql)
    except TokenError:
        return False
    before = [_token(TokenType.SELECT, "SELECT"), _token(TokenType.L_PAREN, "(")]
    source = SqlText.plain("", sql)
    tree = parse_tokens(source, [*before, *tokens, _token(TokenType.R_PAREN, ")")])
    if isinstance(tree, Problem) or not isinstance(tree, exp.Select):
        return False
    return all(_fits(node) for node in tree.expressions[0].walk())


def _fits(node: exp.Expr) -> bool:
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector):
        return node.sql_name().lower() in CONSTRAINT_SAFE
    if isinstance(node, exp.Column):
        return len(node.parts) == 1
    if isinstance(node, exp.In) and node.args.get("query"):
        return False
    return isinstance(node, _CONSTRAINT_NODES)


def _tokens(
    text: object, where: Place, source: SqlText | None = None
) -> tuple[SqlText, list[Token]]:
    if not isinstance(text, str) or not text.strip():
        raise SpecError("LW234", "an expression is a text that is not empty", where)
    if source is None or source.text != text:
        source = SqlText.plain(where.path, text)
    try:
        tokens = tokenize(text)
    except TokenError as error:
        raise SpecError("LW234", f"`{text}` has a quote that is never closed", where) from error
    if "{table}" in text:
        raise SpecError("LW234", "`{table}` stands for something else in a rule", where)
    problems = [*_token_problems(source, tokens), *check_functions(source, tokens)]
    if problems:
        raise SpecError.of(in_yaml(problem, source, where) for problem in problems)
    if not tokens:
        raise SpecError("LW234", f"`{text}` is not one expression", where)
    return source, tokens


def _token_problems(source: SqlText, tokens: Sequence[Token]) -> Iterator[Problem]:
    depth = 0
    for at, token in enumerate(tokens):
        place = source.place(token.start, token.end - token.start + 1)
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth < 0 or depth > 50:
            yield Problem("LW234", "the parentheses do not match", place)
            return
        if token.comments:
            yield Problem("LW234", "comments are written in YAML, not in the expression", place)
        if token.token_type in _REFUSED:
            yield Problem("LW234", _REFUSED[token.token_type], place)
        called = at + 1 < len(tokens) and tokens[at + 1].token_type is TokenType.L_PAREN
        if called and (reason := _unfit(token.text.lower())):
            yield Problem("LW234", f"`{token.text}` {reason}", place)
    if depth:
        yield Problem("LW234", "the parentheses do not match", source.place(0))


def _unfit(function: str) -> str:
    if function in AGGREGATES:
        return "looks at many rows; a rule looks at one"
    if function in NONDETERMINISTIC:
        return "may give another value each time"
    if function in TABLE_FUNCTIONS:
        return "makes many rows of one"
    return ""


def _parse(source: SqlText, tokens: Sequence[Token], where: Place) -> exp.Expr:
    tree = parse_tokens(source, tokens)
    if isinstance(tree, Problem):
        raise SpecError.of([in_yaml(replace(tree, code="LW234"), source, where)])
    return tree


def _columns(
    source: SqlText, tree: exp.Expr, table: TableName, columns: Types | None, where: Place
) -> tuple[str, ...]:
    used, problems = resolve_expression(source, tree, columns, table)
    if problems:
        raise SpecError.of(in_yaml(problem, source, where) for problem in problems)
    return used


def in_yaml(problem: Problem, source: SqlText, where: Place) -> Problem:
    """The problem at its place in the YAML file, where the text stands there as it is."""
    text = source.text
    if source.raw != text:  # it knows its places
        return problem
    at = where.text.find(text)
    if at < 0 or problem.where is None or "\n" in text:
        return replace(problem, where=where)
    column = at + problem.where.column
    return replace(problem, where=replace(where, column=column, length=problem.where.length))


def _filled(node: exp.Expr) -> list[str]:
    return [key for key, value in node.args.items() if value]


def _token(kind: TokenType, text: str) -> Token:
    return Token(kind, text, 1, 1, 0, 0)
