"""What executes: the only package that imports pyspark, delta or pysail."""

from lakewright.engines.capabilities import ENGINES, engine_capabilities
from lakewright.engines.inputs import Inputs
from lakewright.engines.opening import open_engine
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
)

__all__ = [
    "ENGINES",
    "BuildJob",
    "BuildResult",
    "Capabilities",
    "Engine",
    "FileRows",
    "FileToLoad",
    "Inputs",
    "PythonRows",
    "Rows",
    "Session",
    "Sink",
    "SqlRows",
    "engine_capabilities",
    "open_engine",
]
