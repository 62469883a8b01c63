"""Call a Python transform, and say in the user's own file where it failed."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from typing import Any

from lakewright.engines.inputs import Inputs
from lakewright.engines.messages import at_place_of, explain
from lakewright.engines.port import PythonRows
from lakewright.errors import LakewrightError, Place, SpecError

_OF_CODE = (AttributeError, ImportError, NameError, TypeError)


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
        raise SpecError(
            "LW617",
            f"the transform failed: {_told(error, rows)}",
            place,
            hint="`--debug` shows the whole stack, with what the error says",
        ) from error


def _told(error: Exception, rows: PythonRows) -> str:
    """The error's kind, and its message where that speaks of the code: others may hold a row's
    values, and what is told here is recorded.
    """
    name, message = type(error).__name__, str(error)
    source = "".join(linecache.getlines(rows.function.__code__.co_filename))
    of_code = isinstance(error, _OF_CODE)
    written = all(word in source for word in re.findall(r"\w+", message))
    return f"{name}: {message}" if message and (of_code or written) else name


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
