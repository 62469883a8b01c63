"""Call a Python transform, and say in the user's own file where it failed."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from lakewright.engines.inputs import Inputs
from lakewright.engines.messages import at_place_of, explain
from lakewright.engines.port import PythonRows
from lakewright.errors import LakewrightError, Place, SpecError


def call_transform(rows: PythonRows, inputs: Inputs) -> Any:
    """What the function returns; SpecError LW617 at the line that raised."""
    _let_travel(rows)
    try:
        return rows.function(inputs)
    except LakewrightError:
        raise
    except Exception as error:
        place = _raised_at(error, rows)
        if type(error).__module__.startswith(("pyspark", "py4j")):
            inner = explain(error, rows).problems[0]
            raise SpecError(inner.code, inner.message, place, hint=inner.hint) from error
        name = type(error).__name__
        raise SpecError("LW617", f"the transform failed: {name}: {error}", place) from error


def _raised_at(error: Exception, rows: PythonRows) -> Place | None:
    own = rows.function.__code__.co_filename if hasattr(rows.function, "__code__") else ""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == own or (own and not frame.filename.startswith(("/", "<")))
    ]
    if not frames:
        return at_place_of(rows)
    last = frames[-1]
    return Place(last.filename, last.lineno or 1, text=last.line or "")


def _let_travel(rows: PythonRows) -> None:
    """Functions of stored code that become UDFs go to the workers as code: no module is there."""
    package = sys.modules.get((rows.function.__module__ or "").partition(".")[0])
    if package is not None and package.__name__.startswith("_lakewright_code_"):
        # Only where PySpark is loaded already.
        from pyspark import cloudpickle

        cloudpickle.register_pickle_by_value(package)
