"""What a query may not hold: decided on its tokens first, then on its tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from lakewright.errors import Place, Problem
from lakewright.graph.functions import (
    BARE,
    CLOCK,
    CLOCK_WITHOUT_ARGUMENTS,
    FILE_METADATA,
    FORBIDDEN,
)
from lakewright.graph.spans import node_span
from lakewright.specs import SqlText

_MAX_DEPTH = 100
_MAX_BARE_JOINS = 8  # the parser tries every nesting of joins without a condition
_STARTS = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.FROM})
_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET})
_AFTER_COMMA = frozenset(
    {TokenType.COMMA, TokenType.FROM, TokenType.WHERE, TokenType.R_PAREN, TokenType.GROUP_BY}
)
_REFUSED = frozenset(  # some of them only before certain tokens
    {
        TokenType.SEMICOLON,
        TokenType.PARAMETER,
        TokenType.PLACEHOLDER,
        TokenType.PIPE_GT,
        TokenType.USING,
        TokenType.COMMA,
    }
)
_LOOKED_AT = _OPENING | _CLOSING | _REFUSED
_CONSTRUCTS = (exp.QueryTransform, exp.Table, exp.Select, exp.DML, exp.DDL, exp.Command, exp.Into)
_NO_NAME_BEFORE = frozenset({TokenType.DOT, TokenType.ALIAS, TokenType.COLON})
_WORDS = CLOCK | CLOCK_WITHOUT_ARGUMENTS | BARE | {FILE_METADATA}  # also without parentheses
_TRANSFORM = "TRANSFORM ... USING runs a program of the host"
_CONTINUED_COMMENT = re.compile(r"--[^\n]*\\\r?\n")


def check_tokens(
    source: SqlText, tokens: Sequence[Token]
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Problems that forbid further reading of the query, and others."""
    blocking = tuple(_structure(source, tokens))
    return blocking, () if blocking else check_functions(source, tokens)


def check_functions(source: SqlText, tokens: Sequence[Token]) -> tuple[Problem, ...]:
    """Forbidden functions and clocks, however they are quoted or qualified."""
    # Most tokens are no call and no such word: a thousand queries have a hundred thousand of them.
    candidates = (
        (at, token)
        for at, token in enumerate(tokens)
        if token.text.lower() in _WORDS
        or (at + 1 < len(tokens) and tokens[at + 1].token_type is TokenType.L_PAREN)
    )
    found = (_function(source, tokens, at, token) for at, token in candidates)
    return tuple(problem for problem in found if problem is not None)


def check_tree(source: SqlText, tree: exp.Expr) -> tuple[Problem, ...]:
    """Constructs that parse but are no plain SELECT over the project's tables."""
    if not isinstance(tree, exp.Select | exp.SetOperation | exp.Subquery):
        return (_not_a_select(source.place(0), tree.key),)
    return tuple(_tree_problems(source, tree))


def _structure(source: SqlText, tokens: Sequence[Token]) -> Iterator[Problem]:
    if not tokens:
        yield Problem("LW201", "the query is empty", source.place(0), "write one SELECT")
        return
    if tokens[0].token_type not in _STARTS:
        yield _not_a_select(_place(source, tokens[0]), tokens[0].text)
        return
    if (bare := _bare_join(tokens)) is not None:
        yield Problem(
            "LW212",
            "too many joins without a condition",
            _place(source, bare),
            hint="give each join ON or USING, or write CROSS JOIN",
        )
        return
    depth = 0
    for at, token in enumerate(tokens):
        if token.token_type not in _LOOKED_AT:
            continue
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > _MAX_DEPTH:
            yield Problem(
                "LW201", f"nested more than {_MAX_DEPTH} levels deep", _place(source, token)
            )
            return
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        problem = _token_problem(source, token, following)
        if problem:
            yield problem
    if found := _CONTINUED_COMMENT.search(source.text):
        yield Problem(
            "LW201",
            "a comment that ends with a backslash goes on in the next line for Spark only",
            source.place(found.start()),
            hint="remove the backslash",
        )


def _bare_join(tokens: Sequence[Token]) -> Token | None:
    """The last join of a query in which too many have no condition."""
    kinds = [token.token_type for token in tokens]
    conditions = (TokenType.ON, TokenType.USING, TokenType.CROSS, TokenType.NATURAL)
    bare = kinds.count(TokenType.JOIN) - sum(kinds.count(kind) for kind in conditions)
    if bare <= _MAX_BARE_JOINS:
        return None
    return next(token for token in reversed(tokens) if token.token_type is TokenType.JOIN)


def _token_problem(source: SqlText, token: Token, following: Token | None) -> Problem | None:
    found = _refused_token(token, following)
    if found is None:
        return None
    code, message, hint = found
    return Problem(code, message, _place(source, token), hint)


def _refused_token(token: Token, following: Token | None) -> tuple[str, str, str] | None:
    """Code, message and hint for a token that no query holds."""
    match token.token_type:
        case TokenType.SEMICOLON:
            return "LW202", "a query is one statement", "one table per file, one SELECT"
        case TokenType.PARAMETER:
            if token.text == "$" and following and following.token_type is TokenType.L_BRACE:
                hint = "put the value into `vars` and write :vars.<name>"
                return "LW214", "`${...}` is not substituted in queries", hint
            return "LW212", f"`{token.text}` is not part of a query", ""
        case TokenType.PLACEHOLDER:
            return "LW208", "parameters have names", "write :now, :today or :vars.<name>"
        case TokenType.PIPE_GT:
            return "LW212", "pipe syntax is not supported", "write it as a CTE or subquery"
        case TokenType.USING if following and following.token_type is TokenType.STRING:
            return "LW212", _TRANSFORM, "write a Python transform instead"
        case TokenType.COMMA if following is None or following.token_type in _AFTER_COMMA:
            return "LW201", "nothing stands behind this comma", "remove it"
    return None


def _function(source: SqlText, tokens: Sequence[Token], at: int, token: Token) -> Problem | None:
    called = at + 1 < len(tokens) and tokens[at + 1].token_type is TokenType.L_PAREN
    before = tokens[at - 1].token_type if at else None
    name = token.text.lower()
    if token.token_type is TokenType.STRING or token.token_type is TokenType.NUMBER:
        return None
    quoted = token.token_type is TokenType.IDENTIFIER
    if name == FILE_METADATA and before is not TokenType.ALIAS and not called:
        return Problem(
            "LW210",
            f"`{token.text}` is not allowed: it shows where files lie, and not what they hold",
            _place(source, token),
        )
    if called and not name.isascii():
        return Problem(
            "LW210",
            f"no function is called `{token.text}`: it has letters that look like others",
            _place(source, token),
        )
    bare = name in BARE and not quoted and before not in _NO_NAME_BEFORE
    if name in FORBIDDEN and (called or bare):
        return Problem(
            "LW210", f"`{token.text}` is not allowed: {FORBIDDEN[name]}", _place(source, token)
        )
    if called and name == "identifier":
        return Problem(
            "LW211",
            "IDENTIFIER(...) hides which table or column is meant",
            _place(source, token),
            hint="write the name itself",
        )
    if called and before is TokenType.DOT and token.token_type is not TokenType.STAR:
        return Problem(
            "LW210",
            f"`{token.text}` is called with a qualified name",
            _place(source, token),
            hint="only built-in functions are allowed, by their one-part names",
        )
    return _clock(source, tokens, at, called=called)


def _clock(source: SqlText, tokens: Sequence[Token], at: int, *, called: bool) -> Problem | None:
    token, name = tokens[at], tokens[at].text.lower()
    before = tokens[at - 1].token_type if at else None
    without = called and at + 2 < len(tokens) and tokens[at + 2].token_type is TokenType.R_PAREN
    if name in CLOCK_WITHOUT_ARGUMENTS:
        is_clock = without
    elif token.token_type is TokenType.VAR and not called:
        is_clock = False  # `now` alone is a column; Spark needs its parentheses
    else:
        is_clock = name in CLOCK and (called or token.token_type is not TokenType.IDENTIFIER)
    if not is_clock or before in _NO_NAME_BEFORE:
        return None
    wanted = ":today" if name in ("current_date", "curdate") else ":now"
    return Problem(
        "LW209",
        f"`{token.text}` gives another value each time it runs",
        _place(source, token),
        hint=f"write {wanted}: it is fixed for the whole run",
    )


def _tree_problems(source: SqlText, tree: exp.Expr) -> Iterator[Problem]:
    for node in tree.walk():
        if not isinstance(node, _CONSTRUCTS):
            continue
        match node:
            case exp.QueryTransform():
                yield Problem(
                    "LW212",
                    _TRANSFORM,
                    source.place(*node_span(node)),
                    hint="write a Python transform instead",
                )
            case exp.Table() if node.args.get("version") or node.args.get("when"):
                yield Problem(
                    "LW211",
                    "a query reads each table at the version its release says",
                    source.place(*node_span(node)),
                    hint="remove VERSION AS OF or TIMESTAMP AS OF",
                )
            case exp.DML() | exp.DDL() | exp.Command() | exp.Into() if not isinstance(
                node, exp.Query
            ):
                yield _not_a_select(source.place(*node_span(node)), node.key)
            case exp.Select() if node.args.get("locks"):
                yield Problem(
                    "LW212",
                    "a query locks nothing",
                    source.place(*node_span(node.args["locks"][0])),
                    hint="remove FOR UPDATE or FOR SHARE",
                )
            case exp.Table() if node.args.get("sample") and not node.alias:
                yield Problem(
                    "LW206",
                    "a sampled table needs an alias",
                    source.place(*node_span(node)),
                    hint="write it as TABLESAMPLE (...) AS <name>",
                )


def _not_a_select(where: Place, what: str) -> Problem:
    return Problem(
        "LW202",
        f"a query is one SELECT; this is {what.upper()}",
        where,
        hint="Lakewright writes the tables: the query only says which rows",
    )


def _place(source: SqlText, token: Token) -> Place:
    return source.place(token.start, token.end - token.start + 1)
