"""Which tables a query reads: names resolved with the scope of CTEs, and the spans to splice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlglot import exp

from lakewright.errors import Place, Problem
from lakewright.graph.functions import FORBIDDEN, TABLE_FUNCTIONS
from lakewright.graph.near import listed, near_hint
from lakewright.graph.parsing import ParsedQuery
from lakewright.graph.values import Splice
from lakewright.names import RESERVED_SUFFIXES, TableName
from lakewright.specs import SqlText

_PATH_FORMATS = frozenset(
    {"delta", "parquet", "json", "csv", "orc", "text", "avro", "binaryfile", "xml", "iceberg"}
)


@dataclass(frozen=True, slots=True)
class KnownTables:
    """What names may mean.

    `broken`: tables whose spec could not be read; `unread`: stems of files with problems, which may
    be the ones that define a table so called. Nobody who reads these is blamed.
    """

    tables: AbstractSet[TableName]
    schemas: Mapping[str, str]
    broken: AbstractSet[TableName] = frozenset()
    unread: AbstractSet[str] = frozenset()

    def problem(self, name: TableName, where: Place) -> Problem | None:
        """Why `name` cannot be read, None when it can (or when its own file is to blame)."""
        if name in self.tables or name in self.broken or name.table in self.unread:
            return None
        if name.table.endswith(RESERVED_SUFFIXES):
            return Problem(
                "LW222",
                f"{name} is kept by Lakewright and cannot be read by a query",
                where,
                hint=f"read {name.group} instead",
            )
        of_schema = sorted(table.table for table in self.tables if table.schema == name.schema)
        everything = [str(table) for table in self.tables]
        if name.schema not in self.schemas and not of_schema:
            hint = near_hint(name.schema, self.schemas, "schemas are listed in lakewright.yml")
        else:
            hint = near_hint(str(name), everything, "no file in pipelines/ or sql/ defines it")
        label = f"{name.schema} has: {listed(of_schema)}" if of_schema else ""
        return Problem("LW203", f"no spec defines {name}", where, hint, label)


@dataclass(frozen=True, slots=True)
class Relations:
    """`splices` in text order; `reads` sorted; `places`: where each table is first named."""

    reads: tuple[TableName, ...]
    splices: tuple[Splice, ...]
    places: Mapping[TableName, Place]
    problems: tuple[Problem, ...]


def find_relations(query: ParsedQuery, known: KnownTables) -> Relations:
    """Every relation of the query; what is no table, CTE or listed table function is a problem."""
    splices: list[Splice] = []
    problems: list[Problem] = []
    places: dict[TableName, Place] = {}
    for node, ctes in _walk(query.tree):
        if isinstance(node, exp.Select):
            problems.extend(_same_names(query.source, node))
        elif isinstance(node, exp.Lateral):
            problems.extend(_function_problem(query.source, node.this))
        elif isinstance(node, exp.Table):
            found = _relation(query.source, node, ctes, known)
            if isinstance(found, Problem):
                problems.append(found)
            elif found is not None:
                splices.append(found)
                name = TableName.of(found.name)
                if name in known.tables:
                    places.setdefault(name, _place(query.source, found))
    splices.sort(key=lambda splice: splice.start)
    return Relations(tuple(sorted(places)), tuple(splices), places, tuple(problems))


def table_name(node: exp.Table) -> TableName | None:
    """The project table a relation names, None for a CTE or a function."""
    parts = _identifiers(node)
    return TableName(parts[0].name.lower(), parts[1].name.lower()) if len(parts) == 2 else None


def function_name(node: exp.Expr) -> str:
    """The name a function was called by, in lower case."""
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower()
    return node.sql_name().lower() if isinstance(node, exp.Func) else node.key


def called_name(source: SqlText, node: exp.Expr) -> str:
    """The name of a function as it stands in the text, else as the parser calls it."""
    meta = node.meta
    if "start" in meta:
        return source.text[meta["start"] : meta["end"] + 1].strip("`").lower()
    return function_name(node)


def _walk(tree: exp.Expr) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """Every node with the names of the CTEs that can be seen there."""
    stack: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, ctes = stack.pop()
        inner = ctes
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            for cte in with_.expressions:
                name = cte.alias.lower()
                seen = inner | {name} if with_.args.get("recursive") else inner
                stack.append((cte.this, seen))
                inner |= {name}
        yield node, ctes
        stack.extend(
            (child, inner)
            for child in node.iter_expressions()
            if not isinstance(child, exp.With | exp.Hint)
        )


def _relation(
    source: SqlText, node: exp.Table, ctes: frozenset[str], known: KnownTables
) -> Splice | Problem | None:
    if not isinstance(node.this, exp.Identifier | exp.Dot):
        return next(iter(_function_problem(source, node.this)), None)
    parts = _identifiers(node)
    start, end = parts[0].meta.get("start", 0), parts[-1].meta.get("end", 0) + 1
    place = source.place(start, end - start)
    text = ".".join(part.name for part in parts)
    first = parts[0].name.lower()
    if len(parts) > 1 and (first in _PATH_FORMATS and first not in known.schemas):
        return _path_problem(text, place)
    if len(parts) == 1:
        return None if first in ctes else _one_part(first, place, known)
    if len(parts) > 2:
        return Problem(
            "LW205",
            f"`{text}` has {len(parts)} parts",
            place,
            hint="table names have two: schema.table",
        )
    name = TableName(first, parts[1].name.lower())
    if "/" in name.table or ":" in name.table:
        return _path_problem(text, place)
    problem = known.problem(name, place)
    return problem or Splice(start, end, "table", str(name), None if node.alias else name.table)


def _one_part(name: str, place: Place, known: KnownTables) -> Problem:
    same = sorted(str(table) for table in known.tables if table.table == name)
    hint = f"did you mean `{same[0]}`?" if same else "write schema.table"
    return Problem("LW205", f"`{name}` is neither a CTE seen here nor a table name", place, hint)


def _path_problem(text: str, place: Place) -> Problem:
    return Problem(
        "LW211",
        f"`{text}` reads a path",
        place,
        hint="declare it as a table of kind source or ingest and read that",
    )


def _function_problem(source: SqlText, node: exp.Expr | None) -> Iterator[Problem]:
    if not isinstance(node, exp.Func):
        return
    name = called_name(source, node)
    allowed = name in TABLE_FUNCTIONS or function_name(node) in TABLE_FUNCTIONS
    if allowed or name in FORBIDDEN or name == "identifier":  # reported by its token
        return
    meta = node.meta
    start, end = meta.get("start", 0), meta.get("end", 0)
    yield Problem(
        "LW213",
        f"`{name}` is not a table function a query may read from",
        source.place(start, end - start + 1),
        hint=near_hint(name, TABLE_FUNCTIONS, f"allowed are {listed(sorted(TABLE_FUNCTIONS), 20)}"),
    )


def _same_names(source: SqlText, select: exp.Select) -> Iterator[Problem]:
    """Two relations of one FROM that would get the same name, one of them by its last part."""
    from_ = select.args.get("from_")
    joined = [join.this for join in select.args.get("joins") or ()]
    seen: dict[str, exp.Expr] = {}
    for node in [*([from_.this] if from_ else []), *joined]:
        if not isinstance(node, exp.Table | exp.Subquery):
            continue
        own = node.alias or (node.name if isinstance(node, exp.Table) else "")
        name = own.lower()
        other = seen.get(name) if name else None
        if other is not None and not (node.alias and other.alias):
            parts = _identifiers(node) if isinstance(node, exp.Table) else []
            start = parts[0].meta.get("start", 0) if parts else 0
            end = parts[-1].meta.get("end", 0) if parts else 0
            yield Problem(
                "LW206",
                f"two relations here are called `{name}`",
                source.place(start, end - start + 1),
                hint="give each an alias: schema.table AS <name>",
            )
        seen.setdefault(name, node)


def _identifiers(node: exp.Table) -> list[exp.Identifier]:
    return [part for part in node.parts if isinstance(part, exp.Identifier)]


def _place(source: SqlText, splice: Splice) -> Place:
    return source.place(splice.start, splice.end - splice.start)
