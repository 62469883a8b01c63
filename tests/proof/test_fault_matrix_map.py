"""The map of the fault matrix names tests that are there, for every group."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAP = (HERE / "README.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (\d+) \| (.*) \| (.*) \|$", re.M)
_NAMED = re.compile(r"`([\w/]+\.py)(?:::(test_\w+))?`")
GROUPS = {int(found[1]): found[3] for found in _ROW.finditer(MAP)}
NOT_USED = ("MERGE INTO", "whenMatched", "replaceWhere", "partitionOverwriteMode", "txnAppId")


def test_all_sixteen_groups_have_a_row() -> None:
    assert sorted(GROUPS) == list(range(1, 17))


@pytest.mark.parametrize("group", range(1, 17))
def test_a_group_names_tests_that_are_there(group: int) -> None:
    named = _NAMED.findall(GROUPS[group])
    assert any(test for _, test in named), "no test is named"
    for path, test in named:
        file = _file(path)
        assert not test or test in _tests_of(file), f"{path} has no {test}"


def test_what_the_matrix_says_is_not_used_is_not_written() -> None:
    sources = sorted((ROOT / "framework/lakewright").rglob("*.py"))
    assert len(sources) > 100
    found = [
        f"{file.name}: {word}"
        for file in sources
        for word in NOT_USED
        if word.lower() in file.read_text(encoding="utf-8").lower()
    ]
    assert found == []


def _file(path: str) -> Path:
    file = ROOT / path if path.startswith("tests/") else HERE / path
    assert file.is_file(), path
    return file


@cache
def _tests_of(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
