"""Declarative Delta lakehouse releases.

    project = load_project(path)                 # what is written
    graph   = compile_project(project)           # what it means; no engine, no storage
    plan    = make_plan(graph, lake.state(env, graph.inputs), now)  # what would change; no writes
    report  = apply_plan(plan, lake, engine)     # the only line that changes a table

Importing this package starts nothing and loads nothing heavy: each name is loaded at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakewright.api import read
    from lakewright.engines import Inputs, open_engine
    from lakewright.errors import LakewrightError
    from lakewright.graph import compile_project
    from lakewright.lake import open_lake
    from lakewright.names import TableName
    from lakewright.plans import make_plan
    from lakewright.runtime import apply_plan
    from lakewright.specs import load_project

    __version__: str

__all__ = [
    "Inputs",
    "LakewrightError",
    "TableName",
    "__version__",
    "apply_plan",
    "compile_project",
    "load_project",
    "make_plan",
    "open_engine",
    "open_lake",
    "read",
]

_HOMES = {
    "Inputs": "lakewright.engines.inputs",
    "LakewrightError": "lakewright.errors",
    "TableName": "lakewright.names",
    "apply_plan": "lakewright.runtime",
    "compile_project": "lakewright.graph",
    "load_project": "lakewright.specs",
    "make_plan": "lakewright.plans",
    "open_engine": "lakewright.engines",
    "open_lake": "lakewright.lake",
    "read": "lakewright.api",
}


def __getattr__(name: str) -> Any:
    """Load a public name from where it is kept."""
    if name == "__version__":
        # Reading installed metadata takes longer than all the rest of this module.
        from importlib.metadata import version

        return version("lakewright")
    if name not in _HOMES:
        raise AttributeError(f"module 'lakewright' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
