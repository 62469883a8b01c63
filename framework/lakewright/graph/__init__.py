"""What the project means: tables in build order, checks, fingerprints. No engine, no storage.

The parser of SQL takes longer to load than most commands run: it is loaded where a query is parsed.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakewright.graph.literals import literal
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
from lakewright.specs import Project

if TYPE_CHECKING:
    from lakewright.graph.fingerprints import ALGORITHMS, CURRENT, Algorithm
    from lakewright.graph.lineage import (
        Lineage,
        LineageEdge,
        refs_of,
        step_columns,
        trace_down,
        trace_up,
    )
    from lakewright.graph.recompiling import recompile
    from lakewright.graph.rules import RULE_NAMES

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
    "recompile",
    "refs_of",
    "select",
    "step_columns",
    "trace_down",
    "trace_up",
]

_HOMES = {
    "ALGORITHMS": "lakewright.graph.fingerprints",
    "CURRENT": "lakewright.graph.fingerprints",
    "Lineage": "lakewright.graph.lineage",
    "LineageEdge": "lakewright.graph.lineage",
    "RULE_NAMES": "lakewright.graph.rules",
    "recompile": "lakewright.graph.recompiling",
    "refs_of": "lakewright.graph.lineage",
    "step_columns": "lakewright.graph.lineage",
    "trace_down": "lakewright.graph.lineage",
    "trace_up": "lakewright.graph.lineage",
}


def compile_project(
    project: Project,
    *,
    algorithm: int | None = None,
    algorithms: "Mapping[int, Algorithm] | None" = None,
) -> Graph:
    """The graph of a project; raises one SpecError with every problem there is, in file order.

    `algorithm`: the number of the fingerprints' algorithm among `algorithms`, by default ours.
    """
    from lakewright.graph import compiling, fingerprints

    number = fingerprints.CURRENT if algorithm is None else algorithm
    known = fingerprints.ALGORITHMS if algorithms is None else algorithms
    return compiling.compile_project(project, algorithm=number, algorithms=known)


def __getattr__(name: str) -> Any:
    """Load a name that needs the parser from where it is kept."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lakewright.graph' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
