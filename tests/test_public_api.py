"""The public names, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys

import lakewright

NAMES = [
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
HEAVY = ("pyspark", "delta", "pysail", "deltalake", "pyarrow", "sqlglot", "pydantic", "rich")


def loaded_by(program: str) -> set[str]:
    """Top-level modules in memory after `program`, in a fresh process."""
    code = (
        f"{program}\nimport sys\nprint(' '.join(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert lakewright.__all__ == NAMES


def test_every_public_name_can_be_loaded() -> None:
    assert all(getattr(lakewright, name) is not None for name in NAMES)


def test_importing_the_library_loads_nothing_heavy() -> None:
    assert not loaded_by("import lakewright").intersection(HEAVY)


def test_importing_the_library_changes_no_logger() -> None:
    program = "import logging; before = len(logging.root.handlers); import lakewright; "
    program += "assert len(logging.root.handlers) == before; assert logging.root.level == 30"
    loaded_by(program)


def test_planning_with_the_library_imports_no_engine() -> None:
    program = "from lakewright import compile_project, load_project, make_plan, open_lake, read"
    assert not loaded_by(program).intersection({"pyspark", "delta", "pysail"})
