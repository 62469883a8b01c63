"""What one element of a SELECT list adds to the columns of a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from lakewright.graph.inference import infer_type
from lakewright.graph.lookups import (
    Resolution,
    report_unknown,
    report_unknown_relation,
    type_of,
)
from lakewright.graph.scopes import (
    Output,
    Outputs,
    Relation,
    Scope,
    all_outputs,
    find_column,
    find_relation,
)
from lakewright.graph.spans import node_span


def project_columns(
    run: Resolution, node: exp.Expr, scope: Scope, resolve: Callable[[exp.Expr], None]
) -> Outputs:
    """The columns of one element of a SELECT list; None for a star over what is not known.

    `resolve` reads the names of an expression in `scope`.
    """
    inner = node.this if isinstance(node, exp.Alias) else node
    if isinstance(node, exp.Star):
        return _star(run, node, scope, scope.relations)
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return _qualified_star(run, node, scope)
    with run.gather() as gathered:
        resolve(inner)
    origins = gathered.origins
    if isinstance(node, exp.Aliases):
        return tuple(
            Output(alias.name.lower(), None, *node_span(alias), origins)
            for alias in node.expressions
        )
    kind = infer_type(inner, lambda column: type_of(column, scope))
    if isinstance(node, exp.Alias):
        return (Output(node.alias.lower(), kind, *node_span(node.args["alias"]), origins),)
    if isinstance(node, exp.Column):
        return (Output(node.name.lower(), kind, *node_span(node), origins),)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return (Output(node.expression.name.lower(), None, *node_span(node), origins),)
    return (Output(None, kind, *node_span(node), origins),)


def _star(
    run: Resolution, star: exp.Star, scope: Scope, relations: tuple[Relation, ...]
) -> Outputs:
    """What `*` stands for: the columns of USING first, then each relation's own."""
    for relation in relations:
        run.read_all(relation)
    start, length = node_span(star)
    if any(relation.columns is None for relation in relations):
        return None
    outputs: list[Output] = []
    merged = scope.merged if relations == scope.relations else {}
    for name in sorted(merged, key=lambda name: _position(relations, name)):
        found = find_column(replace(scope, outer=None), (name,))
        kind, origins = (found.type, found.origins) if found else (None, None)
        outputs.append(Output(name, kind, start, length, origins))
    for relation in relations:
        every = all_outputs(relation, start, length) or ()
        outputs.extend(output for output in every if output.name not in merged)
    left_out = {part.name.lower(): part for part in star.args.get("except_") or ()}
    for name, part in left_out.items():
        if name not in {output.name for output in outputs}:
            report_unknown(run, part, name, scope)
    return tuple(output for output in outputs if output.name not in left_out)


def _qualified_star(run: Resolution, node: exp.Column, scope: Scope) -> Outputs:
    parts = [part.name.lower() for part in node.parts if isinstance(part, exp.Identifier)]
    relation = find_relation(scope, parts[-1]) if len(parts) == 1 else None
    if relation is not None:
        star = node.this
        return _star(run, star if star.meta else node.copy().this, scope, (relation,))
    if find_column(scope, tuple(parts)) is None and not scope.open:
        report_unknown_relation(run, node, parts, scope)
    found = find_column(scope, tuple(parts))
    if found is not None:
        run.read(found)
    return None


def _position(relations: tuple[Relation, ...], name: str) -> int:
    columns = [column for relation in relations for column in relation.columns or ()]
    return columns.index(name) if name in columns else len(columns)
