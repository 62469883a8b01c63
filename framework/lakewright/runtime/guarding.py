"""A query of a test, which may read no table: guarded like every query of a project."""

from __future__ import annotations

from lakewright.errors import Place, SpecError
from lakewright.graph.parsing import parse_query
from lakewright.graph.relations import KnownTables, find_relations
from lakewright.specs import SqlText


def guard_query(query: str, where: Place) -> str:
    """The query's text; SpecError at `where` for whatever the guards refuse."""
    source = SqlText.plain(where.path, query)
    parsed, problems = parse_query(source, {})
    if parsed is not None:
        problems = (*problems, *find_relations(parsed, KnownTables(frozenset(), {})).problems)
    if problems:
        first = problems[0]
        raise SpecError(first.code, first.message, where, hint=first.hint)
    return source.text
