"""What the user wrote: YAML, SQL and Python files as frozen values."""

from lakewright.specs.csv_files import CsvFile, read_csv
from lakewright.specs.csv_values import can_hold
from lakewright.specs.custom_rules import fits_parameter
from lakewright.specs.each import told_of_row
from lakewright.specs.kinds import KINDS, writes
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
    ParameterSpec,
    Project,
    PythonRef,
    RuleSpec,
    SeedFile,
    Segment,
    ServeSpec,
    SourceFile,
    SqlText,
    TableSpec,
    TargetSpec,
    digest_files,
)

__all__ = [
    "KINDS",
    "Action",
    "Base",
    "BaseSpec",
    "ColumnSpec",
    "CsvFile",
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
    "ParameterSpec",
    "Project",
    "PythonRef",
    "RuleSpec",
    "SeedFile",
    "Segment",
    "ServeSpec",
    "SourceFile",
    "SqlText",
    "TableSpec",
    "Target",
    "TargetSpec",
    "UnitTest",
    "can_hold",
    "check_secrets",
    "digest_files",
    "find_root",
    "fits_parameter",
    "load_files",
    "load_project",
    "load_released",
    "names_of",
    "read_csv",
    "read_unit_tests",
    "resolve_lake",
    "resolve_secrets",
    "resolve_target",
    "suggest",
    "told_of_row",
    "writes",
]
