"""A query taken apart into its SELECTs: what each projects, and the text around that."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

_OPENING = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_SET_OPERATIONS = frozenset({TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT})
_SELECTING = frozenset({TokenType.DISTINCT, TokenType.ALL})


@dataclass(frozen=True, slots=True)
class Projection:
    """One element of a SELECT list. `name` is "" for a star, or where none was given."""

    tokens: tuple[Token, ...]
    node: exp.Expr

    @property
    def name(self) -> str:
        if self.is_star or isinstance(self.node, exp.Aliases):
            return ""
        return self.node.alias_or_name.lower()

    @property
    def is_star(self) -> bool:
        return isinstance(self.node, exp.Star) or (
            isinstance(self.node, exp.Column) and isinstance(self.node.this, exp.Star)
        )

    def opens(self, names: frozenset[str]) -> bool:
        """Whether it is a star whose columns have other names than what is changed: `s.*`."""
        star = self.node if isinstance(self.node, exp.Star) else self.node.this
        if not self.is_star or not names:
            return False
        said = {part.name.lower() for part in self.node.find_all(exp.Identifier)}
        return bool(star.args.get("replace") or star.args.get("rename") or said & names)

    @property
    def hides_names(self) -> bool:
        """Whether it uses columns by a star inside of a call; `count(*)` uses none."""
        return not self.is_star and any(
            not isinstance(star.parent, exp.Count) for star in self.node.find_all(exp.Star)
        )


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT taken apart. `rest`: from FROM on. `ctes`: what stands before each, and its body."""

    ctes: tuple[tuple[tuple[Token, ...], Body], ...]
    head: tuple[Token, ...]
    projections: tuple[Projection, ...]
    rest: tuple[Token, ...]
    node: exp.Select


@dataclass(frozen=True, slots=True)
class Body:
    """A query or the inside of a CTE: one SELECT, or several under UNION ALL with the same names.

    `selects` is empty for what is only compared as a whole; CTEs stand with the first. `renames`:
    somewhere in it columns get other names by their position, as in `AS t(a, b)`.
    """

    tokens: tuple[Token, ...]
    selects: tuple[Select, ...]
    renames: bool


def read_body(tokens: Sequence[Token], node: exp.Expr) -> Body:
    """The query of these tokens, whose tree is `node`."""
    whole = tuple(tokens)
    renames = any(alias.args.get("columns") for alias in node.find_all(exp.TableAlias))
    return Body(whole, _selects(whole, node), renames)


def _selects(tokens: tuple[Token, ...], node: exp.Expr) -> tuple[Select, ...]:
    """The branches; none where one of them, or how they are united, is not seen through."""
    nodes = _branches(node)
    cuts = [
        at
        for at, (token, depth) in enumerate(bracket_depths(tokens))
        if depth == 0 and token.token_type is TokenType.UNION
    ]
    if len(cuts) + 1 != len(nodes):
        return ()
    starts = [0, *(at + 2 for at in cuts)]  # behind UNION ALL
    parts = [tokens[a:b] for a, b in zip(starts, [*cuts, len(tokens)], strict=True)]
    with_ = node.args.get("with_") or nodes[0].args.get("with_")
    found = [
        _select(part, one, with_ if at == 0 else one.args.get("with_"))
        for at, (part, one) in enumerate(zip(parts, nodes, strict=True))
    ]
    whole = tuple(select for select in found if select is not None)
    if len(whole) < len(found) or (len(whole) > 1 and not _named_alike(whole)):
        return ()
    return whole


def _branches(node: exp.Expr) -> list[exp.Select]:
    """The SELECTs of a chain of UNION ALL with nothing behind it; none for anything else."""
    found, inner = list[exp.Select](), node
    while isinstance(inner, exp.Union):
        behind = {key for key, value in inner.args.items() if value} - {"this", "expression"}
        extra = behind - ({"with_"} if inner is node else set())
        if extra or inner.args.get("distinct") is not False:
            return []
        if not isinstance(inner.expression, exp.Select):
            return []
        found.append(inner.expression)
        inner = inner.this
    return [inner, *reversed(found)] if isinstance(inner, exp.Select) else []


def _named_alike(selects: Sequence[Select]) -> bool:
    """Whether every column has a name, and the same one in each branch."""
    names = [tuple(it.name for it in select.projections) for select in selects]
    return all(names[0]) and len(set(names)) == 1


def _select(tokens: tuple[Token, ...], node: exp.Select, with_: exp.Expr | None) -> Select | None:
    queries = [cte.this for cte in with_.expressions] if isinstance(with_, exp.With) else []
    spans = _cte_spans(tokens)
    if spans is None or len(spans) != len(queries) or (with_ and with_.args.get("recursive")):
        return None
    begin = spans[-1][2] + 1 if spans else 0
    if begin >= len(tokens) or tokens[begin].token_type is not TokenType.SELECT:
        return None
    if any(token.token_type is TokenType.HINT for token in tokens):
        return None
    first = begin + 1
    while first < len(tokens) and tokens[first].token_type in _SELECTING:
        first += 1
    cuts = list(_cuts(tokens, first))
    if not cuts or tokens[cuts[-1]].token_type is not TokenType.FROM:
        return None
    parts = [tokens[a + 1 : b] for a, b in itertools.pairwise([first - 1, *cuts])]
    rest = tokens[cuts[-1] :]
    outside = {token.token_type for token, depth in bracket_depths(rest) if depth == 0}
    if outside & _SET_OPERATIONS or len(parts) != len(node.expressions) or not all(parts):
        return None
    ctes = [
        (tokens[start : opening + 1], read_body(tokens[opening + 1 : closing], query))
        for (start, opening, closing), query in zip(spans, queries, strict=True)
    ]
    head, projections = tokens[begin:first], tuple(map(Projection, parts, node.expressions))
    return Select(tuple(ctes), head, projections, rest, node)


def _cte_spans(tokens: Sequence[Token]) -> list[tuple[int, int, int]] | None:
    """Per CTE where it begins and where its body opens and closes; None where that is not seen."""
    if not tokens or tokens[0].token_type is not TokenType.WITH:
        return []
    spans, start = list[tuple[int, int, int]](), 0
    opening, depths = -1, list(bracket_depths(tokens))
    for at, (token, depth) in enumerate(depths):
        before = tokens[at - 1].token_type if at else None
        if opening < 0 and token.token_type is TokenType.L_PAREN and before is TokenType.ALIAS:
            opening = at
        elif opening >= 0 and token.token_type is TokenType.R_PAREN and depth == depths[opening][1]:
            spans.append((start, opening, at))
            start, opening = at + 1, -1
            if at + 1 >= len(tokens) or tokens[at + 1].token_type is not TokenType.COMMA:
                return spans
    return None


def _cuts(tokens: Sequence[Token], first: int) -> Iterator[int]:
    """Where the elements of a SELECT list end: its commas, then FROM."""
    for at, (token, depth) in enumerate(bracket_depths(tokens[first:]), first):
        if depth:
            continue
        if token.token_type is TokenType.COMMA:
            yield at
        elif token.token_type in _SET_OPERATIONS and not _follows_star(tokens, at):
            return
        elif token.token_type is TokenType.FROM and not _follows_distinct(tokens, at):
            yield at
            return


def _follows_distinct(tokens: Sequence[Token], at: int) -> bool:
    """`a IS DISTINCT FROM b` begins no FROM."""
    return tokens[at - 1].token_type is TokenType.DISTINCT


def _follows_star(tokens: Sequence[Token], at: int) -> bool:
    """`* EXCEPT (a)` is no set operation."""
    return tokens[at - 1].token_type is TokenType.STAR


def bracket_depths(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Each token with how many brackets are open around it; a bracket is outside of itself."""
    depth = 0
    for token in tokens:
        depth -= token.token_type in _CLOSING
        yield token, depth
        depth += token.token_type in _OPENING
