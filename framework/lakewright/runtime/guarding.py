"""A query of a test, which may read no table: guarded like every query of a project."""

from __future__ import annotations

from lakewright.errors import Place, SpecError
from lakewright.graph.parsing import parse_query
from lakewright.graph.relations import KnownTables, find_relations
from lakewright.specs import Segment, SqlText


def guard_query(query: str, where: Place) -> str:
    """The query's text; SpecError at `where` for whatever the guards refuse."""
    source = SqlText(where.path, query, query, (Segment(0, 0, copied=True),))
    parsed, problems = parse_query(source, {})
    if parsed is not None:
        problems = (*problems, *find_relations(parsed, KnownTables(frozenset(), {})).problems)
    if problems:
        first = problems[0]
        raise SpecError(first.code, first.message, where, hint=first.hint)
    return source.text
