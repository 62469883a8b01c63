"""Hostile inputs are refused by a code, before anything is written."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from pathlib import Path

import pytest

from graph.builders import project, table
from graph.cases import A, B
from lakewright.cli.main import run_command
from lakewright.errors import SpecError
from lakewright.errors.pages import page_codes
from lakewright.graph import compile_project
from proof.hostile.cases import CASES, Case
from proof.hostile.queries import QUERIES

BASE = Path(__file__).parents[1] / "golden" / "errors" / "base"
SAID = re.compile(r"\b(LW\d{3})\b")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    ("code", "query"), [(code, query) for code, queries in QUERIES.items() for query in queries]
)
def test_a_query_that_reaches_beyond_the_tables_is_refused(code: str, query: str) -> None:
    with pytest.raises(SpecError) as refused:
        compile_project(project(A, B, table("silver.t", query), variables={"low": 3}))
    assert refused.value.code == code
    assert all(problem.where for problem in refused.value.problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.surface}: {case.name[:60]}")
def test_a_hostile_input_is_refused_and_nothing_is_written(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(BASE, folder)
    outside = tmp_path / "outside.csv"
    outside.write_text("order_id,leaked\n1,2\n")
    (folder / "tests").mkdir()
    (folder / "tests/link.csv").symlink_to(outside)
    for path, text in case.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = contents(tmp_path)
    monkeypatch.chdir(folder)
    words = shlex.split(case.command) if isinstance(case.command, str) else case.command
    started = time.process_time()
    exit_code = run_command(words)
    told = "".join(capsys.readouterr())
    assert exit_code in ((1,) if words == ["test"] and exit_code == 1 else (2, 4, 5)), told
    assert set(SAID.findall(told)) & set(page_codes()) - {"LW901"}, told
    assert "Traceback" not in told
    assert "leaked" not in told
    assert contents(tmp_path) == before
    assert time.process_time() - started < 10
