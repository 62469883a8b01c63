"""What the user wrote: YAML, SQL and Python files as frozen values."""

from lakewright.specs.loading import load_files, load_released
from lakewright.specs.reading import find_root, load_project
from lakewright.specs.secrets import check_secrets, resolve_secrets
from lakewright.specs.targets import Base, Target, resolve_lake, resolve_target
from lakewright.specs.texts import suggest
from lakewright.specs.unit_tests import (
    Given,
    GivenQuery,
    GivenRows,
    UnitTest,
    names_of,
    read_unit_tests,
)
from lakewright.specs.values import (
    Action,
    BaseSpec,
    ColumnSpec,
    DeltaInput,
    ExpectSpec,
    FilesInput,
    Format,
    Freshness,
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
    "Base",
    "BaseSpec",
    "ColumnSpec",
    "DeltaInput",
    "ExpectSpec",
    "FilesInput",
    "Format",
    "Freshness",
    "Given",
    "GivenQuery",
    "GivenRows",
    "Input",
    "Kind",
    "Project",
    "PythonRef",
    "Segment",
    "SourceFile",
    "SqlText",
    "TableSpec",
    "Target",
    "TargetSpec",
    "UnitTest",
    "check_secrets",
    "digest_files",
    "find_root",
    "load_files",
    "load_project",
    "load_released",
    "names_of",
    "read_unit_tests",
    "resolve_lake",
    "resolve_secrets",
    "resolve_target",
    "suggest",
]
