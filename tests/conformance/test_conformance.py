"""What is said of Sail is what was measured, and the page, the file and the table say the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "infra" / "conformance" / "table.jsonl"
PAGE = ROOT / "docs" / "engines.md"
FUNCTIONS = ROOT / "framework" / "lakewright" / "engines" / "sail_functions.json"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "infra.conformance", *arguments]
    return subprocess.run(program, cwd=cwd, capture_output=True, text=True, check=False)


def classes() -> list[tuple[str, str]]:
    _, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [(key, status) for key, status, _ in map(json.loads, lines)]


def functions() -> Mapping[str, Any]:
    return json.loads(FUNCTIONS.read_text(encoding="utf-8"))


def test_at_least_120_expressions_are_classed() -> None:
    assert sum(not key.startswith("query: ") for key, _ in classes()) >= 120


def test_fifteen_analytical_queries_are_classed() -> None:
    texts = {path.read_text(encoding="utf-8") for path in (TABLE.parent / "queries").iterdir()}
    assert len(texts & {key.removeprefix("query: ") for key, _ in classes()}) == 15


def test_every_case_has_exactly_one_of_the_classes() -> None:
    keys = [key for key, _ in classes()]
    assert len(keys) == len(set(keys))
    assert {status for _, status in classes()} == {"equal", "different", "refused"}


def test_a_name_has_one_class_only() -> None:
    known = functions()
    names = [*known["refused"], *known["unequal"], *known["equal"]]
    assert len(names) == len(set(names))


def test_the_page_and_the_file_are_made_from_the_table(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "infra" / "conformance", tmp_path / "infra" / "conformance")
    (tmp_path / FUNCTIONS.relative_to(ROOT)).parent.mkdir(parents=True)
    done = run("render", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for path in (PAGE, FUNCTIONS):
        assert (tmp_path / path.relative_to(ROOT)).read_text() == path.read_text(), path


@pytest.mark.spark
def test_both_engines_still_answer_as_the_table_says() -> None:
    done = run("compare")
    assert done.returncode == 0, done.stdout + done.stderr
