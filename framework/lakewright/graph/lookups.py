"""One name of a query against its scope: what it means and reads, or why it means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlglot import exp

from lakewright.errors import Problem
from lakewright.graph.near import listed, near_hint
from lakewright.graph.scopes import (
    Found,
    Origin,
    Origins,
    Relation,
    Scope,
    Types,
    find_column,
    find_relation,
    united,
    visible_columns,
)
from lakewright.graph.spans import name_span, node_span
from lakewright.names import TableName
from lakewright.specs import SqlText


@dataclass(slots=True)
class Gathered:
    """What the names read so far are made of; not known once one of them is not."""

    found: set[Origin] = field(default_factory=set)
    known: bool = True

    def add(self, origins: Origins) -> None:
        if origins is None:
            self.known = False
        else:
            self.found |= origins

    @property
    def origins(self) -> Origins:
        return frozenset(self.found) if self.known else None


@dataclass(slots=True)
class Resolution:
    """What one resolution gathers.

    `gathering` is a stack: names are noted on top. Its first element is what decides which rows
    there are: conditions, keys of joins and groups, orders.
    """

    source: SqlText
    tables: Mapping[TableName, Types | None]
    reads: dict[TableName, set[str] | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    gathering: list[Gathered] = field(default_factory=lambda: [Gathered()])

    @property
    def deciding(self) -> Gathered:
        return self.gathering[0]

    @contextmanager
    def gather(self) -> Iterator[Gathered]:
        """Note the names that are read in the block apart."""
        self.gathering.append(Gathered())
        try:
            yield self.gathering[-1]
        finally:
            self.gathering.pop()

    def note(self, origins: Origins) -> None:
        self.gathering[-1].add(origins)

    def read(self, found: Found) -> None:
        self.note(found.origins)
        for table, column in found.readers:
            columns = self.reads.setdefault(table, set())
            if columns is not None:
                columns.add(column)

    def read_all(self, relation: Relation) -> None:
        if relation.table:
            self.reads[relation.table] = None


def resolve_name(run: Resolution, node: exp.Column, scope: Scope) -> None:
    parts = tuple(part.name.lower() for part in node.parts if isinstance(part, exp.Identifier))
    if isinstance(node.this, exp.Star):
        relation = find_relation(scope, parts[-1]) if parts else None
        if relation:
            run.read_all(relation)
            columns = relation.columns
            run.note(None if columns is None else united(map(relation.origins, columns)))
        return
    if not parts:
        return
    found = find_column(scope, parts)
    if found is None:
        _not_found(run, node, parts, scope)
        return
    run.read(found)
    if found.ambiguous:
        place = run.source.place(*node_span(node))
        names = " and ".join(alias or "a subquery" for alias in found.ambiguous)
        hint = f"write {found.ambiguous[0]}.{parts[0]}" if found.ambiguous[0] else ""
        run.problems.append(
            Problem("LW223", f"column `{parts[0]}` is in {names}", place, hint=hint)
        )


def _not_found(run: Resolution, node: exp.Column, parts: tuple[str, ...], scope: Scope) -> None:
    relation = find_relation(scope, parts[0]) if len(parts) > 1 else None
    if relation is not None:
        if relation.columns is not None:
            _unknown_in(run, node, parts[1], relation)
        else:
            run.note(None)
            run.read_all(relation)
        return
    if len(parts) > 2 and TableName(parts[0], parts[1]) in run.tables:
        hint = f"write {parts[1]}.{parts[2]}, or give the table an alias"
        place = run.source.place(*node_span(node))
        message = f"columns are not qualified by a schema: {'.'.join(parts)}"
        run.problems.append(Problem("LW207", message, place, hint))
        return
    if scope.open:
        run.note(None)
        for level in scope.chain():
            for unknown in level.relations:
                if unknown.columns is None:
                    run.read_all(unknown)
        return
    if len(parts) > 1:
        report_unknown_relation(run, node, list(parts), scope)
    else:
        report_unknown(run, node, parts[0], scope)


def report_unknown(run: Resolution, node: exp.Expr, name: str, scope: Scope) -> None:
    here = scope.relations
    place = run.source.place(*node_span(node))
    columns = visible_columns(scope)
    hint = near_hint(name, columns)
    if len(here) == 1 and (here[0].table or here[0].alias):
        by = str(here[0].table or f"`{here[0].alias}`")
        _append_unknown(run, node, name, by, list(here[0].columns or ()), columns)
        return
    message = f"column `{name}` is not produced by anything read here"
    label = f"columns here: {listed(columns)}" if columns else "nothing is read here"
    run.problems.append(Problem("LW204", message, place, hint, label))


def _unknown_in(run: Resolution, node: exp.Column, name: str, relation: Relation) -> None:
    by = str(relation.table) if relation.table else f"`{relation.alias}`"
    _append_unknown(run, node, name, by, list(relation.columns or ()))


def _append_unknown(  # noqa: PLR0917 - the parts of one sentence
    run: Resolution,
    node: exp.Expr,
    name: str,
    by: str,
    columns: list[str],
    near: list[str] | None = None,
) -> None:
    run.problems.append(
        Problem(
            "LW204",
            f"column `{name}` is not produced by {by}",
            run.source.place(*name_span(node, name)),
            hint=near_hint(name, near or columns),
            label=f"{by} has: {listed(columns)}",
        )
    )


def report_unknown_relation(
    run: Resolution, node: exp.Expr, parts: list[str], scope: Scope
) -> None:
    aliases = [
        relation.alias for level in scope.chain() for relation in level.relations if relation.alias
    ]
    run.problems.append(
        Problem(
            "LW224",
            f"`{parts[0]}` is neither a table nor a column here",
            run.source.place(*node_span(node)),
            hint=near_hint(
                parts[0],
                [*aliases, *visible_columns(scope)],
                "name it in FROM, or write one of its aliases",
            ),
            label=f"tables here: {listed(aliases)}" if aliases else "",
        )
    )


def type_of(node: exp.Column, scope: Scope) -> str | None:
    parts = tuple(part.name.lower() for part in node.parts if isinstance(part, exp.Identifier))
    found = find_column(scope, parts) if parts else None
    return found.type if found else None


def resolve_using(run: Resolution, part: exp.Expr, scope: Scope) -> None:
    name = part.name.lower()
    found = find_column(replace(scope, merged={**scope.merged, name: "both"}), (name,))
    if found is None and not scope.open:
        report_unknown(run, part, name, scope)
    if found is not None:
        run.read(found)
