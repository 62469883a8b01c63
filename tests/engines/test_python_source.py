"""Stored Python is imported from memory, under a private name."""

from __future__ import annotations

import sys

import pytest

from lakewright.engines import load_function
from lakewright.errors import Place, SpecError
from lakewright.specs import PythonRef, SourceFile


def ref(*files: tuple[str, str], function: str = "build") -> PythonRef:
    closure = tuple(SourceFile(path, text) for path, text in files)
    return PythonRef("score", function, Place("score.yml", 1), closure)


@pytest.mark.parametrize(
    "statement",
    [
        "from rates import RATE",
        "from .rates import RATE",
        "from pipelines.gold.rates import RATE",
        "from pipelines.gold import rates\nRATE = rates.RATE",
        "import rates\nRATE = rates.RATE",
    ],
)
def test_modules_of_a_closure_import_each_other(statement: str) -> None:
    main = f"{statement}\ndef build(inputs): return RATE\n"
    files = ("pipelines/gold/score.py", main), ("pipelines/gold/rates.py", "RATE = 7\n")
    assert load_function(ref(*files))(None) == 7


def test_two_versions_of_one_file_exist_side_by_side() -> None:
    one = load_function(ref(("score.py", "def build(inputs): return 1\n")))
    two = load_function(ref(("score.py", "def build(inputs): return 2\n")))
    assert (one(None), two(None)) == (1, 2)


def test_the_path_of_modules_is_not_touched() -> None:
    before = list(sys.path)
    load_function(ref(("score.py", "import json\ndef build(inputs): return 1\n")))
    assert sys.path == before
    assert "score" not in sys.modules


def test_a_file_that_does_not_import_is_an_error_of_the_spec() -> None:
    with pytest.raises(SpecError) as caught:
        load_function(ref(("score.py", "import no_such_module_here\n")))
    assert caught.value.code == "LW618"


def test_a_function_that_is_not_there_is_an_error_of_the_spec() -> None:
    with pytest.raises(SpecError) as caught:
        load_function(ref(("score.py", "x = 1\n")))
    assert caught.value.code == "LW619"
