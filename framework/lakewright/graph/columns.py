"""The columns of a query: what it produces, what it reads, which names mean nothing.

Inputs whose columns are unknown make names silently unknown instead of wrong. Works on the tree
alone: no rewriting, one pass over each scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from lakewright.errors import Problem
from lakewright.graph.functions import GENERATED_COLUMNS
from lakewright.graph.lookups import (
    Resolution,
    resolve_name,
    resolve_using,
)
from lakewright.graph.parsing import ParsedQuery
from lakewright.graph.projections import project_columns
from lakewright.graph.relations import called_name, table_name
from lakewright.graph.scopes import (
    Origins,
    Output,
    Outputs,
    Relation,
    Scope,
    Side,
    Types,
    all_outputs,
    column_aliases,
    common_outputs,
    derived,
    origins_of,
    renamed,
    types_of,
    united,
)
from lakewright.names import TableName
from lakewright.specs import SqlText

_CLAUSES = ("group", "having", "order", "qualify", "sort", "cluster", "distribute", "windows")
_BEHIND_SELECT = ("having", "order", "sort", "cluster", "distribute")
_SIDES: Mapping[str, Side] = {"RIGHT": "right", "FULL": "both"}
_ELSEWHERE = frozenset({*_CLAUSES, "with_", "expressions", "from_", "joins", "laterals", "where"})


@dataclass(frozen=True, slots=True)
class QueryColumns:
    """`outputs`: None behind an unknown star. `reads`: columns by table, None for unknown.

    `deciding`: the columns that decide which rows there are, and in which order.
    """

    outputs: Outputs
    reads: Mapping[TableName, tuple[str, ...] | None]
    problems: tuple[Problem, ...]
    deciding: Origins = None


def resolve_columns(query: ParsedQuery, tables: Mapping[TableName, Types | None]) -> QueryColumns:
    """Resolve every column of the query; `tables` gives the columns of what it reads."""
    run = Resolution(query.source, tables)
    outputs = _query(run, query.tree, {}, None)
    reads = {
        name: None if columns is None else tuple(sorted(columns))
        for name, columns in sorted(run.reads.items())
    }
    return QueryColumns(outputs, reads, tuple(run.problems), run.deciding.origins)


def resolve_expression(
    source: SqlText, tree: exp.Expr, columns: Types | None, table: TableName
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The columns an expression over one table uses, sorted, and what is wrong with their names."""
    relation = Relation("", columns, table)
    run = Resolution(source, {table: columns})
    _expression(run, tree, Scope((relation,)), {})
    if columns is None:
        names = {node.parts[0].name.lower() for node in tree.find_all(exp.Column)}
    else:
        names = set(run.reads.get(table) or ())
    return tuple(sorted(names)), tuple(run.problems)


_Ctes = Mapping[str, Outputs]


def _query(run: Resolution, node: exp.Expr, ctes: _Ctes, outer: Scope | None) -> Outputs:
    ctes = _with(run, node, ctes, outer)
    match node:
        case exp.Select():
            return _select(run, node, ctes, outer)
        case exp.SetOperation():
            return _set_operation(run, node, ctes, outer)
        case exp.Subquery():
            inner = _query(run, node.this, ctes, outer)
            _tail(run, node, ctes, _behind(inner, outer), inner)
            return inner
        case exp.Values():
            return _values(node)
    return None


def _values(node: exp.Expr) -> Outputs:
    named = renamed(None, node)
    return named and tuple(replace(output, origins=frozenset()) for output in named)


def _set_operation(
    run: Resolution, node: exp.SetOperation, ctes: _Ctes, outer: Scope | None
) -> Outputs:
    """The first side's names; a loop, because a long UNION is a deep tree to the left."""
    chain: list[tuple[exp.SetOperation, _Ctes]] = [(node, ctes)]
    first = node.this
    while isinstance(first, exp.SetOperation):
        ctes = _with(run, first, ctes, outer)
        chain.append((first, ctes))
        first = first.this
    left = _query(run, first, ctes, outer)
    for operation, seen in reversed(chain):
        right = _query(run, operation.expression, seen, outer)
        _set_operation_problem(run, operation, left, right)
        left = common_outputs(left, right, by_name=bool(operation.args.get("by_name")))
        _tail(run, operation, seen, _behind(left, outer), left)
    return left


def _with(run: Resolution, node: exp.Expr, ctes: _Ctes, outer: Scope | None) -> _Ctes:
    with_ = node.args.get("with_")
    if not isinstance(with_, exp.With):
        return ctes
    seen = dict(ctes)
    for cte in with_.expressions:
        name = cte.alias.lower()
        if with_.args.get("recursive"):
            # Inside itself a recursive CTE has the columns of its first branch, or the listed ones.
            seen[name] = renamed(None, cte)
        seen[name] = renamed(_query(run, cte.this, seen, outer), cte)
    return seen


def _behind(outputs: Outputs, outer: Scope | None) -> Scope:
    """What can be named behind a set operation or a subquery: its outputs."""
    return Scope(aliases=types_of(outputs) or {}, aliased=origins_of(outputs), outer=outer)


def _tail(run: Resolution, node: exp.Expr, ctes: _Ctes, scope: Scope, outputs: Outputs) -> None:
    """ORDER BY and the like behind a set operation or subquery: they see the outputs only."""
    for key in _CLAUSES:
        for part in _nodes(node.args.get(key)):
            if outputs is not None:
                _expression(run, part, scope, ctes)


def _select(run: Resolution, node: exp.Select, ctes: _Ctes, outer: Scope | None) -> Outputs:
    scope = replace(_from(run, node, ctes, outer), windows=_named_windows(node))
    if where := node.args.get("where"):
        _expression(run, where, scope, ctes)
    outputs, known, inside = list[Output](), True, scope
    for projection in node.expressions:
        resolve = partial(_expression, run, scope=inside, ctes=ctes)
        produced = project_columns(run, projection, inside, resolve)
        known = known and produced is not None
        outputs.extend(produced or ())
        inside = replace(
            inside,
            aliases={**inside.aliases, **(types_of(produced) or {})},
            aliased={**inside.aliased, **origins_of(produced)},
        )
    for key, value in node.args.items():
        if key in _CLAUSES:
            seen = replace(inside, aliases_first=key in _BEHIND_SELECT)
            for part in _nodes(value):
                _expression(run, part, seen, ctes)
        elif key not in _ELSEWHERE:
            for part in _nodes(value):
                _expression(run, part, scope, ctes)
    _decide_rows(run, node, outputs if known else None)
    return tuple(outputs) if known else None


def _decide_rows(run: Resolution, node: exp.Select, outputs: Sequence[Output] | None) -> None:
    """DISTINCT and `GROUP BY 1` decide rows by columns of the result."""
    group = node.args.get("group")
    if node.args.get("distinct") or (group and group.args.get("all")):
        run.note(None if outputs is None else united(output.origins for output in outputs))
    for part in group.expressions if group else ():
        if isinstance(part, exp.Literal) and part.is_int:
            at = int(part.this) - 1
            inside = outputs is not None and 0 <= at < len(outputs)
            run.note(outputs[at].origins if outputs is not None and inside else None)


def _named_windows(node: exp.Select) -> dict[str, exp.Expr]:
    return {window.name.lower(): window for window in _nodes(node.args.get("windows"))}


def _from(run: Resolution, node: exp.Select, ctes: _Ctes, outer: Scope | None) -> Scope:
    scope = Scope(outer=outer)
    from_ = node.args.get("from_")
    if from_ is not None:
        scope = replace(scope, relations=_relations(run, from_.this, ctes, scope))
    for join in node.args.get("joins") or ():
        scope = _join(run, join, ctes, scope)
    for lateral in node.args.get("laterals") or ():
        scope = replace(scope, relations=scope.relations + _relations(run, lateral, ctes, scope))
    return scope


def _join(run: Resolution, join: exp.Join, ctes: _Ctes, scope: Scope) -> Scope:
    right = _relations(run, join.this, ctes, scope)
    if (join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
        inside = replace(scope, relations=scope.relations + right)
        _join_condition(run, join, ctes, inside, right)
        return scope
    joined = replace(scope, relations=scope.relations + right)
    merged = _join_condition(run, join, ctes, joined, right)
    side = _SIDES.get((join.args.get("side") or "").upper(), "left")
    return replace(joined, merged={**joined.merged, **dict.fromkeys(merged, side)})


def _join_condition(
    run: Resolution, join: exp.Join, ctes: _Ctes, scope: Scope, right: tuple[Relation, ...]
) -> frozenset[str]:
    """Resolve ON and USING; returns the columns that stand for both sides from here on."""
    if on := join.args.get("on"):
        _expression(run, on, scope, ctes)
    using = [part for part in join.args.get("using") or () if isinstance(part, exp.Expr)]
    for part in using:
        resolve_using(run, part, scope)
    if (join.args.get("method") or "").upper() == "NATURAL":
        for relation in scope.relations:
            run.read_all(relation)
        return frozenset(column for relation in right for column in relation.columns or ())
    return frozenset(part.name.lower() for part in using)


def _relations(run: Resolution, node: exp.Expr, ctes: _Ctes, scope: Scope) -> tuple[Relation, ...]:
    """The relations one element of a FROM adds."""
    match node:
        case exp.Table() if isinstance(node.this, exp.Identifier | exp.Dot):
            first: tuple[Relation, ...] = (_table(run, node, ctes),)
        case exp.Table() | exp.Lateral():
            return (_generated(run, node, ctes, scope),)
        case exp.Subquery() if isinstance(node.this, exp.Query):
            outputs = _query(run, node, ctes, scope.outer)
            first = (_pivoted(run, derived(node.alias.lower(), renamed(outputs, node)), node),)
        case exp.Subquery():
            first = _parenthesised(run, node, ctes, scope)
        case exp.Values():
            return (derived(node.alias_or_name.lower(), _values(node)),)
        case _:
            return (derived(node.alias_or_name.lower(), renamed(None, node)),)
    inner = Scope(first, outer=scope.outer)
    for join in node.args.get("joins") or ():
        inner = _join(run, join, ctes, inner)
    return inner.relations


def _parenthesised(
    run: Resolution, node: exp.Subquery, ctes: _Ctes, scope: Scope
) -> tuple[Relation, ...]:
    relations = _relations(run, node.this, ctes, scope)
    if not node.alias:
        return relations
    for relation in relations:
        run.read_all(relation)
    known = [relation.columns for relation in relations if relation.columns is not None]
    columns: Types | None = None
    if len(known) == len(relations):
        columns = {name: kind for columns in known for name, kind in columns.items()}
    made_of = {name: one.origins(name) for one in relations for name in one.columns or ()}
    return (Relation(node.alias.lower(), columns, made_of=made_of),)


def _table(run: Resolution, node: exp.Table, ctes: _Ctes) -> Relation:
    name = table_name(node)
    alias = (node.alias or node.name).lower()
    if name is None:
        outputs = ctes.get(node.name.lower())
        return _pivoted(run, derived(alias, renamed(outputs, node)), node)
    columns = run.tables.get(name)
    run.reads.setdefault(name, set() if columns is not None else None)
    relation = Relation(alias, columns, name)
    if column_aliases(node):
        run.read_all(relation)
        relation = derived(alias, renamed(all_outputs(relation), node))
    return _pivoted(run, relation, node)


def _pivoted(run: Resolution, relation: Relation, node: exp.Expr) -> Relation:
    """A PIVOT or UNPIVOT makes columns out of values: what comes out is not known."""
    pivots = node.args.get("pivots")
    if not pivots:
        return relation
    run.read_all(relation)
    return Relation((pivots[-1].alias or relation.alias).lower(), None)


def _generated(run: Resolution, node: exp.Expr, ctes: _Ctes, scope: Scope) -> Relation:
    """A table function, LATERAL subquery or LATERAL VIEW: they see the relations before them."""
    alias, inner = node.alias.lower(), node.this
    if isinstance(inner, exp.Subquery):
        return derived(alias, renamed(_query(run, inner, ctes, scope), node))
    with run.gather() as made_of:
        _expression(run, inner, scope, ctes)
    run.note(made_of.origins)  # how many rows there are depends on it, too
    names = column_aliases(node) or GENERATED_COLUMNS.get(called_name(run.source, inner))
    # Over a map `explode` gives key and value, so its unnamed columns are only known over arrays.
    certain = names and (column_aliases(node) or "explode" not in called_name(run.source, inner))
    if not names or not certain:
        return Relation(alias, None)
    return Relation(alias, dict.fromkeys(names), made_of=dict.fromkeys(names, made_of.origins))


def _expression(run: Resolution, tree: exp.Expr, scope: Scope, ctes: _Ctes) -> None:
    """Resolve every column below `tree`; queries inside see this scope around them."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Query):
            with run.gather() as inside:
                outputs = _query(run, node, ctes, scope)
            run.deciding.add(inside.origins)
            run.note(None if outputs is None else united(output.origins for output in outputs))
        elif isinstance(node, exp.Column):
            resolve_name(run, node, scope)
        else:
            stack.extend(reversed(list(node.iter_expressions())))
            if isinstance(node, exp.Window) and node.alias.lower() in scope.windows:
                stack.extend(scope.windows[node.alias.lower()].iter_expressions())


def _set_operation_problem(
    run: Resolution, node: exp.SetOperation, left: Outputs, right: Outputs
) -> None:
    if left is None or right is None or len(left) == len(right):
        return
    if node.args.get("by_name"):
        return
    at = right[0] if right else Output(None)
    columns = f"{len(right)} column{'s' if len(right) != 1 else ''}"
    message = f"this side gives {columns}, the one before it {len(left)}"
    where = run.source.place(at.start, at.length)
    hint = "both sides need the same columns in the same order; UNION BY NAME joins them by name"
    run.problems.append(Problem("LW227", message, where, hint))


def _nodes(value: object) -> Iterator[exp.Expr]:
    if isinstance(value, exp.Expr):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, exp.Expr))
