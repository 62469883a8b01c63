"""Fixtures for pytest: `pytest_plugins = ["lakewright.testing"]` in a project's conftest.py.

`engine`, `lake`, `delta_table`, `run_table`, `assert_table`; and `tests/**/*.yml` run as tests.
Needs `lakewright[testing]`.
"""

from lakewright.testing.fixtures import (
    assert_table,
    delta_table,
    engine,
    lake,
    lakewright_project,
    pytest_addoption,
    run_table,
)
from lakewright.testing.running import Ran
from lakewright.testing.yaml_items import pytest_collect_file

__all__ = [
    "Ran",
    "assert_table",
    "delta_table",
    "engine",
    "lake",
    "lakewright_project",
    "pytest_addoption",
    "pytest_collect_file",
    "run_table",
]
