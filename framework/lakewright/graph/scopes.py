"""What a name can mean at one place of a query: relations, aliases, outer queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlglot import exp

from lakewright.names import TableName

Types = Mapping[str, str | None]  # column (lower case) -> type, None where unknown
Origin = tuple[TableName, str]  # a column of a table of the project
Side = Literal["left", "right", "both"]
Origins = frozenset[Origin] | None  # what a value is made of; None: not known


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a query's result. `name` is None for an expression without alias."""

    name: str | None
    type: str | None = None
    start: int = 0
    length: int = 1
    origins: Origins = None


Outputs = tuple[Output, ...] | None  # None: not known


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation in a FROM. `columns` is None while unknown; `table` is set for a project table.

    `made_of` says for other relations what each column is made of.
    """

    alias: str
    columns: Types | None
    table: TableName | None = None
    starred: bool = True  # whether `*` includes it (not the right side of a semi or anti join)
    made_of: Mapping[str, Origins] = field(default_factory=dict)

    def origins(self, column: str) -> Origins:
        """What `column` is made of."""
        return frozenset({(self.table, column)}) if self.table else self.made_of.get(column)


@dataclass(frozen=True, slots=True)
class Scope:
    """`merged`: columns of USING, and whose value they have. `aliases`: of the SELECT list.

    `aliased`: what those are made of. `windows`: of the WINDOW clause, by name.
    """

    relations: tuple[Relation, ...] = ()
    merged: Mapping[str, Side] = field(default_factory=dict)
    aliases: Types = field(default_factory=dict)
    aliased: Mapping[str, Origins] = field(default_factory=dict)
    windows: Mapping[str, exp.Expr] = field(default_factory=dict)
    outer: Scope | None = None
    aliases_first: bool = False  # behind SELECT a bare name means an output before an input

    def chain(self) -> Iterator[Scope]:
        """This scope, then the ones around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    @property
    def open(self) -> bool:
        """Whether a name that is not found may still exist."""
        return any(
            relation.columns is None for scope in self.chain() for relation in scope.relations
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A resolved column. `nested`: the rest of the name goes into its fields."""

    type: str | None
    readers: tuple[tuple[TableName, str], ...] = ()
    ambiguous: tuple[str, ...] = ()
    nested: bool = False
    origins: Origins = None


def find_column(scope: Scope, parts: tuple[str, ...]) -> Found | None:
    """What a dotted name (lower case) means, the nearest scope first; None when nothing fits."""
    for level in scope.chain():
        found = _find_qualified(level, parts) or _find_bare(level, parts)
        if found is not None:
            return found
    return None


def find_relation(scope: Scope, alias: str) -> Relation | None:
    """The nearest relation of that name."""
    for level in scope.chain():
        for relation in level.relations:
            if relation.alias == alias:
                return relation
    return None


def visible_columns(scope: Scope) -> list[str]:
    """All columns that may be named here."""
    names: dict[str, None] = {}
    for level in scope.chain():
        names.update(dict.fromkeys(level.aliases))
        for relation in level.relations:
            names.update(dict.fromkeys(relation.columns or ()))
    return list(names)


def _find_qualified(scope: Scope, parts: tuple[str, ...]) -> Found | None:
    if len(parts) < 2:
        return None
    for relation in scope.relations:
        if relation.alias != parts[0] or relation.columns is None:
            continue
        if parts[1] in relation.columns:
            nested = len(parts) > 2
            kind = None if nested else relation.columns[parts[1]]
            origins = relation.origins(parts[1])
            return Found(kind, _readers(relation, parts[1]), nested=nested, origins=origins)
    return None


def _find_bare(scope: Scope, parts: tuple[str, ...]) -> Found | None:
    name, nested = parts[0], len(parts) > 1
    holders = [relation for relation in scope.relations if name in (relation.columns or ())]
    if not holders or (scope.aliases_first and name in scope.aliases):
        if name not in scope.aliases:
            return None
        kind = None if nested else scope.aliases[name]
        return Found(kind, nested=nested, origins=scope.aliased.get(name))
    several = len(holders) > 1 and name not in scope.merged
    kind = (holders[0].columns or {})[name]
    readers = tuple(reader for holder in holders for reader in _readers(holder, name))
    ambiguous = tuple(holder.alias for holder in holders) if several else ()
    sides = {"left": holders[:1], "right": holders[-1:]}
    origins = united(one.origins(name) for one in sides.get(scope.merged.get(name, ""), holders))
    return Found(None if nested else kind, readers, ambiguous, nested, origins)


def _readers(relation: Relation, column: str) -> tuple[tuple[TableName, str], ...]:
    return ((relation.table, column),) if relation.table else ()


def types_of(outputs: Outputs) -> Types | None:
    """The named columns with their types."""
    if outputs is None:
        return None
    return {output.name: output.type for output in outputs if output.name is not None}


def origins_of(outputs: Outputs) -> dict[str, Origins]:
    """What each named column is made of."""
    return {output.name: output.origins for output in outputs or () if output.name is not None}


def derived(alias: str, outputs: Outputs) -> Relation:
    """A relation that is a query's result."""
    return Relation(alias, types_of(outputs), made_of=origins_of(outputs))


def all_outputs(relation: Relation, start: int = 0, length: int = 1) -> Outputs:
    """The relation's columns as a star gives them."""
    if relation.columns is None:
        return None
    return tuple(
        Output(name, kind, start, length, relation.origins(name))
        for name, kind in relation.columns.items()
    )


def united(several: Iterable[Origins]) -> Origins:
    """All of them; None when one is not known."""
    found: set[Origin] = set()
    for origins in several:
        if origins is None:
            return None
        found |= origins
    return frozenset(found)


def common_outputs(left: Outputs, right: Outputs, *, by_name: bool = False) -> Outputs:
    """The left side's names, made of both sides; a type only where both sides agree."""
    if left is None or right is None:
        return None if left is None else tuple(replace(mine, origins=None) for mine in left)
    if by_name:
        others = {output.name: output for output in right}
        names = {output.name for output in left}
        pairs = [(mine, others.get(mine.name, mine)) for mine in left]
        pairs += [(theirs, theirs) for theirs in right if theirs.name not in names]
    elif len(left) != len(right):
        return left
    else:
        pairs = list(zip(left, right, strict=True))
    return tuple(
        replace(
            mine,
            type=mine.type if mine.type == theirs.type else None,
            origins=united((mine.origins, theirs.origins)),
        )
        for mine, theirs in pairs
    )


def column_aliases(node: exp.Expr) -> list[str]:
    """The column names of `AS t(a, b)`, lower case."""
    alias = node.args.get("alias")
    if not isinstance(alias, exp.TableAlias):
        return []
    return [column.name.lower() for column in alias.args.get("columns") or ()]


def renamed(outputs: Outputs, node: exp.Expr) -> Outputs:
    """The outputs under the names of `AS t(a, b)`, where they were given."""
    names = column_aliases(node)
    if not names:
        return outputs
    if outputs is None or len(outputs) != len(names):
        return tuple(Output(name) for name in names)
    return tuple(replace(output, name=name) for output, name in zip(outputs, names, strict=True))
