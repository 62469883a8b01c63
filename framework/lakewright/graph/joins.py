"""Which columns of two inputs a query holds equal, as far as names tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from sqlglot import exp

from lakewright.graph.parsing import parse_query
from lakewright.graph.values import ColumnRef, SqlTransform, Step
from lakewright.names import TableName

Joins = frozenset[tuple[ColumnRef, ColumnRef]]


def joined_columns(step: Step, columns: Mapping[TableName, Sequence[str]]) -> Joins:
    """Pairs of columns of different inputs that are compared with `=` or USING.

    A guess that helps to find rows which meet: names are followed through renaming in the query,
    not through its scopes. Each pair is there both ways; none for a Python function.
    """
    if not isinstance(step.transform, SqlTransform):
        return frozenset()
    query, _ = parse_query(step.transform.source, step.vars)
    if query is None:
        return frozenset()
    origins = _origins(query.tree)
    found: set[tuple[ColumnRef, ColumnRef]] = set()
    for left, right in _compared(query.tree):
        lefts = _refs(left, origins, columns)
        rights = _refs(right, origins, columns)
        for one, other in product(lefts, rights):
            if one.table != other.table:
                found |= {(one, other), (other, one)}
    return frozenset(found)


def _compared(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    for node in tree.find_all(exp.EQ, exp.NullSafeEQ):
        left, right = node.this, node.expression
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            yield left.name.lower(), right.name.lower()
    for join in tree.find_all(exp.Join):
        for name in join.args.get("using") or ():
            yield name.name.lower(), name.name.lower()


def _origins(tree: exp.Expr) -> dict[str, set[str]]:
    """Name to the names that it renames, in one step or more."""
    renamed: dict[str, set[str]] = {}
    for node in tree.find_all(exp.Alias):
        inner = node.this.unnest() if isinstance(node.this, exp.Paren) else node.this
        if isinstance(inner, exp.Column):
            renamed.setdefault(node.alias.lower(), set()).add(inner.name.lower())
    return renamed


def _refs(
    name: str, origins: Mapping[str, set[str]], columns: Mapping[TableName, Sequence[str]]
) -> set[ColumnRef]:
    names, todo = {name}, [name]
    while todo:
        fresh = origins.get(todo.pop(), set()) - names
        names |= fresh
        todo.extend(fresh)
    return {
        ColumnRef(table, column)
        for table, its in columns.items()
        for column in its
        if column.lower() in names
    }
