"""What executes: the only package that imports pyspark, delta or pysail."""

from lakewright.engines.capabilities import ENGINES, engine_capabilities
from lakewright.engines.catalogs import (
    Catalog,
    CatalogObject,
    CatalogTable,
    CatalogView,
    ObjectName,
    no_catalog,
)
from lakewright.engines.files import Header, compare_headers, header_fields
from lakewright.engines.inputs import Inputs
from lakewright.engines.opening import find_engine, open_engine
from lakewright.engines.port import (
    BuildJob,
    BuildResult,
    Capabilities,
    Engine,
    FileRows,
    FileToLoad,
    PythonRows,
    Rows,
    Session,
    Sink,
    SqlRows,
    TriedRows,
    ValueRows,
)
from lakewright.engines.python_source import load_function
from lakewright.engines.support import check_support

__all__ = [
    "ENGINES",
    "BuildJob",
    "BuildResult",
    "Capabilities",
    "Catalog",
    "CatalogObject",
    "CatalogTable",
    "CatalogView",
    "Engine",
    "FileRows",
    "FileToLoad",
    "Header",
    "Inputs",
    "ObjectName",
    "PythonRows",
    "Rows",
    "Session",
    "Sink",
    "SqlRows",
    "TriedRows",
    "ValueRows",
    "check_support",
    "compare_headers",
    "engine_capabilities",
    "find_engine",
    "header_fields",
    "load_function",
    "no_catalog",
    "open_engine",
]
