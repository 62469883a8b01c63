"""The programs of Spark that this machine has, and what they need to start."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from lakewright.engines.java import find_java, wrap_java
from lakewright.errors import LakeError


def find_spark_submit(environ: Mapping[str, str]) -> Path:
    """That of `SPARK_HOME`, else on the path, else the one that PySpark brings; LakeError LW642."""
    found = []
    if environ.get("SPARK_HOME"):
        found.append(Path(environ["SPARK_HOME"]) / "bin" / "spark-submit")
    on_path = shutil.which("spark-submit", path=environ.get("PATH"))
    if on_path:
        found.append(Path(on_path))
    installed = find_spec("pyspark")
    if installed is not None and installed.origin:
        found.append(Path(installed.origin).parent / "bin" / "spark-submit")
    for program in found:
        if os.access(program, os.X_OK):
            return program
    raise LakeError(
        "LW642",
        "there is no spark-submit",
        hint="set SPARK_HOME, put it on the path, or pip install 'lakewright[spark]'",
        notes=tuple(f"not there: {program}" for program in found),
    )


def spark_surroundings(environ: Mapping[str, str]) -> Mapping[str, str]:
    """`environ` with a Java and a Python, where it does not name them; LakeError LW603."""
    java = {} if environ.get("JAVA_HOME") else {"JAVA_HOME": str(_java_home(environ))}
    return {"PYSPARK_PYTHON": sys.executable, **environ, **java}


def _java_home(environ: Mapping[str, str]) -> Path:
    return wrap_java(find_java(environ), environ)
