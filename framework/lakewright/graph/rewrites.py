"""Which columns of its result an edited query changes, while its rows stay the same ones.

Both texts are compared as tokens, so that nothing a parser forgets counts as equal; the tree only
says what a projection is. Names are compared without asking what they mean: one name too many is
a table built for nothing, one too few would be wrong rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from lakewright.graph.fingerprints import token_stream
from lakewright.graph.functions import AGGREGATES, FLOAT_SENSITIVE, ROWWISE
from lakewright.graph.parsing import ParsedQuery, called_words, parse_query, tokenize
from lakewright.graph.selects import Body, Projection, Select, bracket_depths, read_body
from lakewright.graph.types import is_exact
from lakewright.graph.values import SqlTransform, Step

_BEHIND_WHERE = frozenset(
    {
        TokenType.GROUP_BY,
        TokenType.HAVING,
        TokenType.WINDOW,
        TokenType.QUALIFY,
        TokenType.ORDER_BY,
        TokenType.SORT_BY,
        TokenType.CLUSTER_BY,
        TokenType.DISTRIBUTE_BY,
        TokenType.LIMIT,
        TokenType.OFFSET,
    }
)
_ALL_COLUMNS = frozenset({"natural", "pivot", "unpivot", "table"})  # they use columns nobody named


def changed_columns(
    before: Step, after: Step, touched: Collection[str] = ()
) -> frozenset[str] | None:
    """The columns (lower case) that may hold other values, are added or left out.

    `touched`: columns of inputs for which the same is true. None when the query may give other
    rows, or when that is not known.
    """
    old, new = _parsed(before), _parsed(after)
    if old is None or new is None:
        return None
    try:
        return _compare(
            read_body(old.tokens, old.tree),
            read_body(new.tokens, new.tree),
            frozenset(touched),
            _exact(before, after),
        )
    except _OtherRowsError:
        return None


def mentions(text: str, names: Collection[str]) -> bool:
    """Whether a piece of SQL holds one of the names (lower case), whatever it means there."""
    return bool(names) and any(token.text.lower() in names for token in tokenize(text))


class _OtherRowsError(Exception):
    """The result may hold other rows, or nobody knows."""


def _parsed(step: Step) -> ParsedQuery | None:
    if not isinstance(step.transform, SqlTransform):
        return None
    query, problems = parse_query(step.transform.source, step.vars)
    return None if problems else query


def _exact(before: Step, after: Step) -> frozenset[str]:
    """Columns whose sums do not depend on the order of the rows."""
    exact = [
        {column.name for column in step.columns or () if is_exact(column.type)}
        for step in (before, after)
    ]
    return frozenset(exact[0] & exact[1])


def _compare(
    before: Body, after: Body, touched: frozenset[str], exact: frozenset[str] = frozenset()
) -> frozenset[str]:
    """The changed columns of one query; `exact`: those whose type holds every sum exactly."""
    if not before.selects or len(before.selects) != len(after.selects):
        return _compare_whole(before, after, touched)
    touched |= _compare_ctes(before.selects[0], after.selects[0], touched)
    if touched and after.renames:
        raise _OtherRowsError
    pairs = zip(before.selects, after.selects, strict=True)
    return frozenset().union(*(_compare_select(*pair, touched, exact) for pair in pairs))


def _compare_select(
    one: Select, two: Select, touched: frozenset[str], exact: frozenset[str]
) -> frozenset[str]:
    if token_stream(one.head) != token_stream(two.head) or token_stream(one.rest) != token_stream(
        two.rest
    ):
        raise _OtherRowsError
    if called_words(two.rest) & FLOAT_SENSITIVE:
        raise _OtherRowsError
    changed = _changed_projections(one, two, touched, exact)
    _check_rest(two, touched, changed)
    for select in (one, two):
        for projection in select.projections:
            if projection.name in changed and not _keeps_rows(projection):
                raise _OtherRowsError
    if two.node.args.get("group") is None and _is_aggregated(one) != _is_aggregated(two):
        raise _OtherRowsError
    return changed


def _compare_whole(before: Body, after: Body, touched: frozenset[str]) -> frozenset[str]:
    """A query that is not looked into: nothing changes, or everything may."""
    if (
        token_stream(before.tokens) != token_stream(after.tokens)
        or called_words(after.tokens) & FLOAT_SENSITIVE
    ):
        raise _OtherRowsError
    if _uses(after.tokens, touched) or (touched and after.renames):
        raise _OtherRowsError
    return frozenset()


def _compare_ctes(one: Select, two: Select, touched: frozenset[str]) -> frozenset[str]:
    """All columns that change in any CTE: later ones and the query may mention them."""
    if [token_stream(header) for header, _ in one.ctes] != [
        token_stream(header) for header, _ in two.ctes
    ]:
        raise _OtherRowsError
    for (_, before), (_, after) in zip(one.ctes, two.ctes, strict=True):
        touched |= _compare(before, after, touched)
    return touched


def _changed_projections(
    one: Select, two: Select, touched: frozenset[str], exact: frozenset[str]
) -> frozenset[str]:
    named = [{it.name: it for it in select.projections if it.name} for select in (one, two)]
    stars = [
        [token_stream(it.tokens) for it in select.projections if it.is_star]
        for select in (one, two)
    ]
    unnamed = [
        [token_stream(it.tokens) for it in select.projections if not it.name and not it.is_star]
        for select in (one, two)
    ]
    if stars[0] != stars[1] or any(unnamed) or any(it.opens(touched) for it in two.projections):
        raise _OtherRowsError
    if any(
        len(names) + len(stars[0]) != len(select.projections)
        for names, select in zip(named, (one, two), strict=True)
    ):
        raise _OtherRowsError  # two columns of one name
    before, after = named
    changed = {
        name
        for name in before.keys() | after.keys()
        if name not in before
        or name not in after
        or token_stream(before[name].tokens) != token_stream(after[name].tokens)
        or (name not in exact and called_words(after[name].tokens) & FLOAT_SENSITIVE)
    }
    common = [[name for name in names if name in before and name in after] for names in named]
    if common[0] != common[1]:
        changed |= before.keys() | after.keys()  # who takes columns by position gets others
    if stars[0]:
        changed |= touched
    return _spread(changed, (*before.values(), *after.values()), touched)


def _spread(
    changed: set[str], projections: Sequence[Projection], touched: frozenset[str]
) -> frozenset[str]:
    """With all that is made of it, also through the alias of a column beside it."""
    while True:
        names = touched | changed
        more = {it.name for it in projections if _uses(it.tokens, names, it)}
        if more <= changed:
            return frozenset(changed)
        changed = changed | more


def _check_rest(select: Select, touched: frozenset[str], changed: frozenset[str]) -> None:
    """Nothing that decides which rows there are, or how they are joined, may use what changes."""
    group, order = select.node.args.get("group"), select.node.args.get("order")
    positional = [
        part
        for clause in (group, order)
        for part in (clause.expressions if clause is not None else ())
        if isinstance(part.this if isinstance(part, exp.Ordered) else part, exp.Literal)
    ]
    whole = group is not None and group.args.get("all")
    distinct = any(token.token_type is TokenType.DISTINCT for token in select.head)
    if changed and (positional or whole or distinct):
        raise _OtherRowsError
    behind = {token.text.lower() for token in _seeing_aliases(select.rest)}
    if _uses(select.rest, touched) or behind & changed:
        raise _OtherRowsError


def _seeing_aliases(rest: Sequence[Token]) -> Sequence[Token]:
    """The clauses that may name columns of the SELECT list; FROM, ON and WHERE see inputs only."""
    for at, (token, depth) in enumerate(bracket_depths(rest)):
        if depth == 0 and token.token_type in _BEHIND_WHERE:
            return rest[at:]
    return ()


def _uses(
    tokens: Sequence[Token], names: frozenset[str], projection: Projection | None = None
) -> bool:
    """Whether one of the names is said, or meant by a star or by what takes columns unnamed."""
    if not names:
        return False
    words = {token.text.lower() for token in tokens}
    if words & names:
        return True
    if projection is not None:
        return projection.hides_names
    return bool(words & _ALL_COLUMNS) or _has_star(tokens)


def _has_star(tokens: Sequence[Token]) -> bool:
    """A `*` that may stand for columns: any but that of `count(*)`."""
    return any(
        token.token_type is TokenType.STAR
        and [it.text.lower() for it in (*tokens[max(at - 2, 0) : at], *tokens[at + 1 : at + 2])]
        != ["count", "(", ")"]
        for at, token in enumerate(tokens)
    )


def _keeps_rows(projection: Projection) -> bool:
    """Whether it gives one value a row (or a group) and nothing else."""
    if projection.hides_names or projection.node.find(exp.Query):
        return False
    return projection.is_star or called_words(projection.tokens) <= ROWWISE | AGGREGATES


def _is_aggregated(select: Select) -> bool:
    """Whether an aggregate that is known makes one row of all, without GROUP BY."""
    return any(
        not _is_windowed(call)
        for projection in select.projections
        for call in projection.node.find_all(exp.AggFunc)
    )


def _is_windowed(call: exp.Expr) -> bool:
    parent = call.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        parent = parent.parent
    return isinstance(parent, exp.Window)
