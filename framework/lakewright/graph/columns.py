"""The columns of a query: what it produces, what it reads, and which names mean nothing.

Inputs whose columns are unknown make names silently unknown instead of wrong. Works on the tree alone:
no rewriting, one pass over each scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from lakewright.errors import Problem
from lakewright.graph.functions import GENERATED_COLUMNS
from lakewright.graph.inference import infer_type
from lakewright.graph.near import listed, near_hint
from lakewright.graph.parsing import ParsedQuery
from lakewright.graph.relations import called_name, table_name
from lakewright.graph.scopes import (
    Found,
    Output,
    Outputs,
    Relation,
    Scope,
    Types,
    find_column,
    find_relation,
    visible_columns,
)
from lakewright.names import TableName
from lakewright.specs import SqlText

_CLAUSES = ("group", "having", "order", "qualify", "sort", "cluster", "distribute", "windows")
_ELSEWHERE = frozenset({*_CLAUSES, "with_", "expressions", "from_", "joins", "laterals", "where"})


@dataclass(frozen=True, slots=True)
class QueryColumns:
    """`outputs` is None when a star hides them; `reads`: table -> columns read, None for all or unknown."""

    outputs: Outputs
    reads: Mapping[TableName, tuple[str, ...] | None]
    problems: tuple[Problem, ...]


def resolve_columns(query: ParsedQuery, tables: Mapping[TableName, Types | None]) -> QueryColumns:
    """Resolve every column of the query; `tables` gives the columns of what it reads."""
    run = _Run(query.source, tables)
    outputs = _query(run, query.tree, {}, None)
    reads = {
        name: None if columns is None else tuple(sorted(columns))
        for name, columns in sorted(run.reads.items())
    }
    return QueryColumns(outputs, reads, tuple(run.problems))


def resolve_expression(
    source: SqlText, tree: exp.Expr, columns: Types | None, table: TableName
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """The columns an expression over one table uses, sorted, and what is wrong with their names."""
    relation = Relation("", columns, table)
    run = _Run(source, {table: columns})
    _expression(run, tree, Scope((relation,)), {})
    if columns is None:
        names = {node.parts[0].name.lower() for node in tree.find_all(exp.Column)}
    else:
        names = set(run.reads.get(table) or ())
    return tuple(sorted(names)), tuple(run.problems)


@dataclass(slots=True)
class _Run:
    """What one resolution gathers."""

    source: SqlText
    tables: Mapping[TableName, Types | None]
    reads: dict[TableName, set[str] | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self, found: Found) -> None:
        for table, column in found.readers:
            columns = self.reads.setdefault(table, set())
            if columns is not None:
                columns.add(column)

    def read_all(self, relation: Relation) -> None:
        if relation.table:
            self.reads[relation.table] = None


_Ctes = Mapping[str, Outputs]


def _query(run: _Run, node: exp.Expr, ctes: _Ctes, outer: Scope | None) -> Outputs:
    ctes = _with(run, node, ctes, outer)
    match node:
        case exp.Select():
            return _select(run, node, ctes, outer)
        case exp.SetOperation():
            left = _query(run, node.this, ctes, outer)
            right = _query(run, node.expression, ctes, outer)
            _set_operation_problem(run, node, left, right)
            _tail(run, node, ctes, Scope(aliases=_types(left) or {}, outer=outer), left)
            return left
        case exp.Subquery():
            inner = _query(run, node.this, ctes, outer)
            _tail(run, node, ctes, Scope(aliases=_types(inner) or {}, outer=outer), inner)
            return inner
        case exp.Values():
            return _renamed(None, node)
    return None


def _with(run: _Run, node: exp.Expr, ctes: _Ctes, outer: Scope | None) -> _Ctes:
    with_ = node.args.get("with_")
    if not isinstance(with_, exp.With):
        return ctes
    seen = dict(ctes)
    for cte in with_.expressions:
        name = cte.alias.lower()
        if with_.args.get("recursive"):
            # Inside itself a recursive CTE has the columns of its first branch, or the listed ones.
            seen[name] = _renamed(None, cte)
        seen[name] = _renamed(_query(run, cte.this, seen, outer), cte)
    return seen


def _tail(run: _Run, node: exp.Expr, ctes: _Ctes, scope: Scope, outputs: Outputs) -> None:
    """ORDER BY and the like behind a set operation or subquery: they see the outputs only."""
    for key in _CLAUSES:
        for part in _nodes(node.args.get(key)):
            if outputs is not None:
                _expression(run, part, scope, ctes)


def _select(run: _Run, node: exp.Select, ctes: _Ctes, outer: Scope | None) -> Outputs:
    scope = _from(run, node, ctes, outer)
    if where := node.args.get("where"):
        _expression(run, where, scope, ctes)
    outputs, known, aliases = [], True, dict[str, str | None]()
    for projection in node.expressions:
        produced = _projection(run, projection, replace(scope, aliases=aliases), ctes)
        known = known and produced is not None
        for output in produced or ():
            outputs.append(output)
            if output.name is not None:
                aliases = {**aliases, output.name: output.type}
    seen = replace(scope, aliases=aliases)
    for key, value in node.args.items():
        if key in _CLAUSES:
            for part in _nodes(value):
                _expression(run, part, seen, ctes)
        elif key not in _ELSEWHERE:
            for part in _nodes(value):
                _expression(run, part, scope, ctes)
    return tuple(outputs) if known else None


def _from(run: _Run, node: exp.Select, ctes: _Ctes, outer: Scope | None) -> Scope:
    scope = Scope(outer=outer)
    from_ = node.args.get("from_")
    if from_ is not None:
        scope = replace(scope, relations=_relations(run, from_.this, ctes, scope))
    for join in node.args.get("joins") or ():
        scope = _join(run, join, ctes, scope)
    for lateral in node.args.get("laterals") or ():
        scope = replace(scope, relations=scope.relations + _relations(run, lateral, ctes, scope))
    return scope


def _join(run: _Run, join: exp.Join, ctes: _Ctes, scope: Scope) -> Scope:
    right = _relations(run, join.this, ctes, scope)
    if (join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
        inside = replace(scope, relations=scope.relations + right)
        _join_condition(run, join, ctes, inside, right)
        return scope
    joined = replace(scope, relations=scope.relations + right)
    merged = _join_condition(run, join, ctes, joined, right)
    return replace(joined, merged=joined.merged | merged)


def _join_condition(
    run: _Run, join: exp.Join, ctes: _Ctes, scope: Scope, right: tuple[Relation, ...]
) -> frozenset[str]:
    """Resolve ON and USING; returns the columns that stand for both sides from here on."""
    if on := join.args.get("on"):
        _expression(run, on, scope, ctes)
    using = [part for part in join.args.get("using") or () if isinstance(part, exp.Expr)]
    for part in using:
        _using(run, part, scope)
    if (join.args.get("method") or "").upper() == "NATURAL":
        for relation in scope.relations:
            run.read_all(relation)
        return frozenset(column for relation in right for column in relation.columns or ())
    return frozenset(part.name.lower() for part in using)


def _using(run: _Run, part: exp.Expr, scope: Scope) -> None:
    name = part.name.lower()
    found = find_column(replace(scope, merged=scope.merged | {name}), (name,))
    if found is None and not scope.open:
        _unknown(run, part, name, scope)
    if found is not None:
        run.read(found)


def _relations(run: _Run, node: exp.Expr, ctes: _Ctes, scope: Scope) -> tuple[Relation, ...]:
    """The relations one element of a FROM adds."""
    match node:
        case exp.Table() if isinstance(node.this, exp.Identifier | exp.Dot):
            first: tuple[Relation, ...] = (_table(run, node, ctes),)
        case exp.Table() | exp.Lateral():
            return (_generated(run, node, ctes, scope),)
        case exp.Subquery() if isinstance(node.this, exp.Query):
            outputs = _query(run, node, ctes, scope.outer)
            columns = _types(_renamed(outputs, node))
            first = (_pivoted(run, Relation(node.alias.lower(), columns), node),)
        case exp.Subquery():
            first = _parenthesised(run, node, ctes, scope)
        case _:
            columns = _types(_renamed(None, node))
            return (Relation(node.alias_or_name.lower(), columns),)
    inner = Scope(first, outer=scope.outer)
    for join in node.args.get("joins") or ():
        inner = _join(run, join, ctes, inner)
    return inner.relations


def _parenthesised(
    run: _Run, node: exp.Subquery, ctes: _Ctes, scope: Scope
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
    return (Relation(node.alias.lower(), columns),)


def _table(run: _Run, node: exp.Table, ctes: _Ctes) -> Relation:
    name = table_name(node)
    alias = (node.alias or node.name).lower()
    if name is None:
        outputs = ctes.get(node.name.lower())
        return _pivoted(run, Relation(alias, _types(_renamed(outputs, node))), node)
    columns = run.tables.get(name)
    run.reads.setdefault(name, set() if columns is not None else None)
    relation = Relation(alias, columns, name)
    if _column_aliases(node):
        run.read_all(relation)
        outputs = None if columns is None else tuple(Output(*item) for item in columns.items())
        relation = Relation(alias, _types(_renamed(outputs, node)))
    return _pivoted(run, relation, node)


def _pivoted(run: _Run, relation: Relation, node: exp.Expr) -> Relation:
    """A PIVOT or UNPIVOT makes columns out of values: what comes out is not known."""
    pivots = node.args.get("pivots")
    if not pivots:
        return relation
    run.read_all(relation)
    return Relation((pivots[-1].alias or relation.alias).lower(), None)


def _generated(run: _Run, node: exp.Expr, ctes: _Ctes, scope: Scope) -> Relation:
    """A table function, a LATERAL subquery or a LATERAL VIEW: they see the relations before them."""
    alias, inner = node.alias.lower(), node.this
    if isinstance(inner, exp.Subquery):
        outputs = _query(run, inner, ctes, scope)
        return Relation(alias, _types(_renamed(outputs, node)))
    _expression(run, inner, scope, ctes)
    names = _column_aliases(node) or GENERATED_COLUMNS.get(called_name(run.source, inner))
    # Over a map `explode` gives key and value, so its unnamed columns are only known over arrays.
    certain = names and (_column_aliases(node) or "explode" not in called_name(run.source, inner))
    return Relation(alias, dict.fromkeys(names) if names and certain else None)


def _projection(run: _Run, node: exp.Expr, scope: Scope, ctes: _Ctes) -> Outputs:
    inner = node.this if isinstance(node, exp.Alias) else node
    if isinstance(node, exp.Star):
        return _star(run, node, scope, scope.relations)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return _qualified_star(run, node, scope)
    _expression(run, inner, scope, ctes)
    start, length = _span(node)
    if isinstance(node, exp.Aliases):
        return tuple(Output(alias.name.lower(), None, *_span(alias)) for alias in node.expressions)
    kind = infer_type(inner, lambda column: _type_of(column, scope))
    if isinstance(node, exp.Alias):
        return (Output(node.alias.lower(), kind, *_span(node.args["alias"])),)
    if isinstance(node, exp.Column):
        return (Output(node.name.lower(), kind, start, length),)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return (Output(node.expression.name.lower(), None, start, length),)
    return (Output(None, kind, start, length),)


def _star(run: _Run, star: exp.Star, scope: Scope, relations: tuple[Relation, ...]) -> Outputs:
    """What `*` stands for: the columns of USING first, then each relation's own."""
    for relation in relations:
        run.read_all(relation)
    start, length = _span(star)
    if any(relation.columns is None for relation in relations):
        return None
    outputs: list[Output] = []
    merged = scope.merged if relations == scope.relations else frozenset()
    for name in sorted(merged, key=lambda name: _position(relations, name)):
        found = find_column(replace(scope, outer=None), (name,))
        outputs.append(Output(name, found.type if found else None, start, length))
    for relation in relations:
        outputs.extend(
            Output(name, kind, start, length)
            for name, kind in (relation.columns or {}).items()
            if name not in merged
        )
    left_out = {part.name.lower(): part for part in _nodes(star.args.get("except_"))}
    for name, part in left_out.items():
        if name not in {output.name for output in outputs}:
            _unknown(run, part, name, scope)
    return tuple(output for output in outputs if output.name not in left_out)


def _qualified_star(run: _Run, node: exp.Column, scope: Scope) -> Outputs:
    parts = [part.name.lower() for part in node.parts if isinstance(part, exp.Identifier)]
    relation = find_relation(scope, parts[-1]) if len(parts) == 1 else None
    if relation is not None:
        star = node.this
        return _star(run, star if star.meta else node.copy().this, scope, (relation,))
    if find_column(scope, tuple(parts)) is None and not scope.open:
        _unknown_relation(run, node, parts, scope)
    found = find_column(scope, tuple(parts))
    if found is not None:
        run.read(found)
    return None


def _expression(run: _Run, tree: exp.Expr, scope: Scope, ctes: _Ctes) -> None:
    """Resolve every column below `tree`; queries inside see this scope around them."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.Query):
            _query(run, node, ctes, scope)
        elif isinstance(node, exp.Column):
            _column(run, node, scope)
        else:
            stack.extend(reversed(list(node.iter_expressions())))


def _column(run: _Run, node: exp.Column, scope: Scope) -> None:
    parts = tuple(part.name.lower() for part in node.parts if isinstance(part, exp.Identifier))
    if isinstance(node.this, exp.Star):
        relation = find_relation(scope, parts[-1]) if parts else None
        if relation:
            run.read_all(relation)
        return
    if not parts:
        return
    found = find_column(scope, parts)
    if found is None:
        _not_found(run, node, parts, scope)
        return
    run.read(found)
    if found.ambiguous:
        place = run.source.place(*_span(node))
        names = " and ".join(alias or "a subquery" for alias in found.ambiguous)
        hint = f"write {found.ambiguous[0]}.{parts[0]}" if found.ambiguous[0] else ""
        run.problems.append(
            Problem("LW223", f"column `{parts[0]}` is in {names}", place, hint=hint)
        )


def _not_found(run: _Run, node: exp.Column, parts: tuple[str, ...], scope: Scope) -> None:
    relation = find_relation(scope, parts[0]) if len(parts) > 1 else None
    if relation is not None:
        if relation.columns is not None:
            _unknown_in(run, node, parts[1], relation)
        elif relation.table:
            run.reads[relation.table] = None
        return
    if len(parts) > 2 and TableName(parts[0], parts[1]) in run.tables:
        hint = f"write {parts[1]}.{parts[2]}, or give the table an alias"
        place = run.source.place(*_span(node))
        message = f"columns are not qualified by a schema: {'.'.join(parts)}"
        run.problems.append(Problem("LW207", message, place, hint))
        return
    if scope.open:
        for level in scope.chain():
            for unknown in level.relations:
                if unknown.columns is None:
                    run.read_all(unknown)
        return
    if len(parts) > 1:
        _unknown_relation(run, node, list(parts), scope)
    else:
        _unknown(run, node, parts[0], scope)


def _unknown(run: _Run, node: exp.Expr, name: str, scope: Scope) -> None:
    tables = [relation for level in scope.chain() for relation in level.relations]
    place = run.source.place(*_span(node))
    columns = visible_columns(scope)
    hint = near_hint(name, columns)
    if len(tables) == 1 and tables[0].table:
        _append_unknown(run, node, name, str(tables[0].table), columns)
        return
    message = f"column `{name}` is not produced by anything read here"
    label = f"columns here: {listed(columns)}" if columns else "nothing is read here"
    run.problems.append(Problem("LW204", message, place, hint, label))


def _unknown_in(run: _Run, node: exp.Column, name: str, relation: Relation) -> None:
    by = str(relation.table) if relation.table else f"`{relation.alias}`"
    _append_unknown(run, node, name, by, list(relation.columns or ()))


def _append_unknown(run: _Run, node: exp.Expr, name: str, by: str, columns: list[str]) -> None:
    run.problems.append(
        Problem(
            "LW204",
            f"column `{name}` is not produced by {by}",
            run.source.place(*_name_span(node, name)),
            hint=near_hint(name, columns),
            label=f"{by} has: {listed(columns)}",
        )
    )


def _unknown_relation(run: _Run, node: exp.Expr, parts: list[str], scope: Scope) -> None:
    aliases = [
        relation.alias for level in scope.chain() for relation in level.relations if relation.alias
    ]
    run.problems.append(
        Problem(
            "LW224",
            f"`{parts[0]}` is neither a table nor a column here",
            run.source.place(*_span(node)),
            hint=near_hint(parts[0], [*aliases, *visible_columns(scope)]),
            label=f"tables here: {listed(aliases)}" if aliases else "",
        )
    )


def _set_operation_problem(
    run: _Run, node: exp.SetOperation, left: Outputs, right: Outputs
) -> None:
    if left is None or right is None or len(left) == len(right):
        return
    if node.args.get("by_name"):
        return
    at = right[0] if right else Output(None)
    message = f"this side gives {len(right)} columns, the one before it {len(left)}"
    run.problems.append(Problem("LW227", message, run.source.place(at.start, at.length)))


def _type_of(node: exp.Column, scope: Scope) -> str | None:
    parts = tuple(part.name.lower() for part in node.parts if isinstance(part, exp.Identifier))
    found = find_column(scope, parts) if parts else None
    return found.type if found else None


def _types(outputs: Outputs) -> Types | None:
    if outputs is None:
        return None
    return {output.name: output.type for output in outputs if output.name is not None}


def _column_aliases(node: exp.Expr) -> list[str]:
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return []
    return [column.name.lower() for column in alias.args.get("columns") or ()]


def _renamed(outputs: Outputs, node: exp.Expr) -> Outputs:
    """The outputs under the names of `AS t(a, b)`, where they were given."""
    names = _column_aliases(node)
    if not names:
        return outputs
    if outputs is None or len(outputs) != len(names):
        return tuple(Output(name) for name in names)
    return tuple(replace(output, name=name) for output, name in zip(outputs, names, strict=True))


def _position(relations: tuple[Relation, ...], name: str) -> int:
    columns = [column for relation in relations for column in relation.columns or ()]
    return columns.index(name) if name in columns else len(columns)


def _nodes(value: object) -> Iterator[exp.Expr]:
    if isinstance(value, exp.Expr):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, exp.Expr))


def _span(node: exp.Expr) -> tuple[int, int]:
    """Start and length of a node: of its whole dotted name for a column."""
    starts = [part.meta for part in node.walk() if "start" in part.meta]
    if not starts:
        return 0, 1
    if isinstance(node, exp.Column | exp.Dot):
        start = min(meta["start"] for meta in starts)
        return start, max(meta["end"] for meta in starts) - start + 1
    return starts[0]["start"], starts[0]["end"] - starts[0]["start"] + 1


def _name_span(node: exp.Expr, name: str) -> tuple[int, int]:
    """The span of the one part of a dotted name that is `name`."""
    for part in node.find_all(exp.Identifier):
        if part.name.lower() == name and "start" in part.meta:
            return part.meta["start"], part.meta["end"] - part.meta["start"] + 1
    return _span(node)
