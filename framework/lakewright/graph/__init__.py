"""What the project means: tables in build order, checks, fingerprints. No engine, no storage."""

from lakewright.graph.values import (
    Check,
    Column,
    FilesTransform,
    Fingerprint,
    Graph,
    KeepTest,
    NoTransform,
    PythonTransform,
    ReferenceTest,
    RowTest,
    Splice,
    SqlTransform,
    Step,
    TableTest,
    Test,
    Transform,
)

__all__ = [
    "Check",
    "Column",
    "FilesTransform",
    "Fingerprint",
    "Graph",
    "KeepTest",
    "NoTransform",
    "PythonTransform",
    "ReferenceTest",
    "RowTest",
    "Splice",
    "SqlTransform",
    "Step",
    "TableTest",
    "Test",
    "Transform",
]
