"""What the project means: tables in build order, checks, fingerprints. No engine, no storage."""

from lakewright.graph.compiling import compile_project
from lakewright.graph.fingerprints import ALGORITHMS, CURRENT
from lakewright.graph.lineage import (
    Lineage,
    LineageEdge,
    refs_of,
    step_columns,
    trace_down,
    trace_up,
)
from lakewright.graph.literals import literal
from lakewright.graph.rules import RULE_NAMES
from lakewright.graph.selection import select
from lakewright.graph.values import (
    Check,
    Column,
    ColumnRef,
    FilesTransform,
    Fingerprint,
    Graph,
    KeepTest,
    NoTransform,
    PythonTransform,
    QueryLineage,
    ReferenceTest,
    RowTest,
    SeedTransform,
    Splice,
    SqlTransform,
    Step,
    TableTest,
    Test,
    Transform,
)

__all__ = [
    "ALGORITHMS",
    "CURRENT",
    "RULE_NAMES",
    "Check",
    "Column",
    "ColumnRef",
    "FilesTransform",
    "Fingerprint",
    "Graph",
    "KeepTest",
    "Lineage",
    "LineageEdge",
    "NoTransform",
    "PythonTransform",
    "QueryLineage",
    "ReferenceTest",
    "RowTest",
    "SeedTransform",
    "Splice",
    "SqlTransform",
    "Step",
    "TableTest",
    "Test",
    "Transform",
    "compile_project",
    "literal",
    "refs_of",
    "select",
    "step_columns",
    "trace_down",
    "trace_up",
]
