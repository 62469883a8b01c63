"""What the user wrote: YAML, SQL and Python files as frozen values.

What reads files needs models and templates, which take long to load: each is loaded at its first
use.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakewright.specs.csv_files import CsvFile, read_csv
from lakewright.specs.csv_values import can_hold
from lakewright.specs.plain_words import fits_parameter, told_of_row
from lakewright.specs.reading import ProjectFiles, find_root, load_project, load_read, read_files
from lakewright.specs.secrets import check_secrets, resolve_secrets
from lakewright.specs.targets import Base, Target, resolve_lake, resolve_target
from lakewright.specs.texts import suggest
from lakewright.specs.values import (
    Action,
    BaseSpec,
    ColumnSpec,
    Consumer,
    Contract,
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
    Reread,
    RuleSpec,
    SchemaChange,
    SeedFile,
    Segment,
    ServeSpec,
    SourceFile,
    SqlText,
    TableSpec,
    TargetSpec,
    digest_files,
)

if TYPE_CHECKING:
    from lakewright.specs.kinds import KINDS, writes
    from lakewright.specs.loading import load_files, reader_of
    from lakewright.specs.unit_tests import (
        Given,
        GivenQuery,
        GivenRows,
        UnitTest,
        names_of,
        read_unit_tests,
    )

__all__ = [
    "KINDS",
    "Action",
    "Base",
    "BaseSpec",
    "ColumnSpec",
    "Consumer",
    "Contract",
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
    "ProjectFiles",
    "PythonRef",
    "Reread",
    "RuleSpec",
    "SchemaChange",
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
    "load_read",
    "load_released",
    "names_of",
    "read_csv",
    "read_files",
    "read_unit_tests",
    "reader_of",
    "resolve_lake",
    "resolve_secrets",
    "resolve_target",
    "suggest",
    "told_of_row",
    "writes",
]

_HOMES = {
    "Given": "lakewright.specs.unit_tests",
    "GivenQuery": "lakewright.specs.unit_tests",
    "GivenRows": "lakewright.specs.unit_tests",
    "KINDS": "lakewright.specs.kinds",
    "UnitTest": "lakewright.specs.unit_tests",
    "load_files": "lakewright.specs.loading",
    "names_of": "lakewright.specs.unit_tests",
    "reader_of": "lakewright.specs.loading",
    "read_unit_tests": "lakewright.specs.unit_tests",
    "writes": "lakewright.specs.kinds",
}


def load_released(
    bundles: Iterable[tuple[SourceFile, ...]], loaded: Iterable[TableSpec] = ()
) -> Project:
    """The tables that `bundles` (each the `files` of one table) define, each read on its own.

    A bundle whose digest is that of a spec in `loaded` is that spec, and is not read again.
    """
    from lakewright.specs import loading

    return loading.load_released(bundles, loaded)


def __getattr__(name: str) -> Any:
    """Load a name that reads files from where it is kept."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lakewright.specs' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
