"""A query that no table owns, over the tables of a release: guarded like every transform.

Unlike a transform it may leave columns without a name; companions can be read too.
"""

from __future__ import annotations

from lakewright.errors import SpecError
from lakewright.graph import SqlTransform
from lakewright.graph.columns import resolve_columns
from lakewright.graph.parsing import parse_query
from lakewright.graph.relations import KnownTables, find_relations
from lakewright.lake import Release
from lakewright.names import TableName
from lakewright.specs import SqlText

_PATH = "<query>"


def compile_query(query: str, release: Release) -> tuple[SqlTransform, tuple[TableName, ...]]:
    """The query ready to splice, and what it reads; SpecError with every problem in it."""
    text = SqlText.plain(_PATH, query)
    parsed, problems = parse_query(text, {})
    if parsed is None:
        raise SpecError.of(problems)
    schemas = {name.schema: name.schema for name in release.tables}
    relations = find_relations(parsed, KnownTables(release.tables.keys(), schemas))
    problems = (*problems, *relations.problems)
    if not problems:
        types = {name: _types(release, name) for name in relations.reads}
        problems = resolve_columns(parsed, types).problems
    if problems:
        raise SpecError.of(problems)
    splices = sorted((*relations.splices, *parsed.parameters), key=lambda splice: splice.start)
    return SqlTransform(parsed.source, tuple(splices)), relations.reads


def _types(release: Release, name: TableName) -> dict[str, str | None] | None:
    """Columns of a released table, None for a view whose columns no engine has told."""
    schema = release.tables[name].schema
    return {field.name.lower(): field.type for field in schema} or None
