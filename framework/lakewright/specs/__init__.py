"""What the user wrote: YAML, SQL and Python files as frozen values."""

from lakewright.specs.values import (
    Action,
    ColumnSpec,
    DeltaInput,
    ExpectSpec,
    FilesInput,
    Format,
    Input,
    Kind,
    Project,
    PythonRef,
    Segment,
    SourceFile,
    SqlText,
    TableSpec,
    TargetSpec,
    digest_files,
)

__all__ = [
    "Action",
    "ColumnSpec",
    "DeltaInput",
    "ExpectSpec",
    "FilesInput",
    "Format",
    "Input",
    "Kind",
    "Project",
    "PythonRef",
    "Segment",
    "SourceFile",
    "SqlText",
    "TableSpec",
    "TargetSpec",
    "digest_files",
]
