"""All cases: templates times typed operands."""

from __future__ import annotations

from infra.conformance.areas.casts import CASTS
from infra.conformance.areas.constructs import CONSTRUCTS, EDGES
from infra.conformance.areas.groups import AGGREGATES, WINDOWS
from infra.conformance.areas.nested import ARRAYS, DOCUMENTS, MAPS
from infra.conformance.areas.numbers import ARITHMETIC, COMPARISON, CONDITIONS, MATHEMATICS
from infra.conformance.areas.strings import HASHES, PATTERNS, STRINGS
from infra.conformance.areas.times import DATES
from infra.conformance.cases import Case, Shape, Template, expand

AREAS: tuple[tuple[str, Shape, tuple[Template, ...]], ...] = (
    ("Arithmetic", "row", ARITHMETIC),
    ("Mathematics", "row", MATHEMATICS),
    ("Comparison and logic", "row", COMPARISON),
    ("Conditions", "row", CONDITIONS),
    ("Strings", "row", STRINGS),
    ("Patterns", "row", PATTERNS),
    ("Hashes, URLs, bitmaps", "row", HASHES),
    ("Dates and times", "row", DATES),
    ("Casts", "row", CASTS),
    ("Aggregates", "aggregate", AGGREGATES),
    ("Windows", "row", WINDOWS),
    ("Arrays", "row", ARRAYS),
    ("Maps and structs", "row", MAPS),
    ("JSON, CSV, variant", "row", DOCUMENTS),
    ("Queries", "query", CONSTRUCTS),
    ("Edges", "edge", EDGES),
)


def all_cases() -> tuple[Case, ...]:
    """Every case once, in the order of the areas."""
    cases = [case for area, shape, table in AREAS for case in expand(area, shape, table)]
    return tuple({case.key: case for case in cases}.values())
