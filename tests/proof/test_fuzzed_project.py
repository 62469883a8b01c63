"""Whatever is done to this repository's own files, they are compiled or refused by a code, soon."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewright.errors import Problem, SpecError
from lakewright.errors.pages import page_codes
from lakewright.graph import compile_project
from lakewright.observe import render_problems
from lakewright.specs import load_project
from lakewright.specs.unit_tests import read_unit_tests

ROOT = Path(__file__).parents[2]
PARTS = ("lakewright.yml", "pipelines", "sql", "tests/flights")
SPICE = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "(", ")", "[", "]", "{", "}", "'", '"', "`", "--", "/*"),
    *("*/", ";", ":", ",", ".", "*", "|", ">", "&", "!", "!!str", "<<:", "?", "~", "null", "true"),
    *("0", "1e9", "-1", "9" * 22, ".inf", "${", "${env:X}", ":now", ":vars.x", "SELECT", "FROM"),
    *("WITH", "JOIN", "UNION", "OVER", "LATERAL", "table:", "kind:", "expect:", "query:", "key:"),
    *("python:", "reads:", "from:", "{table}", "__class__", "silver.x"),
]
ODD = ["\x00", "\ufeff", "\r\n", "\r", "\t", "\u2028", "\ue000", "\u0430", "\\", "x" * 5000]
BYTES = [b"\xff", b"\xed\xa0\x80", b"\x00", b"\xef\xbb\xbf", b"\xc3"]
SECONDS = 20  # of the processor, for one project


def files(suffixes: tuple[str, ...]) -> list[str]:
    found = [path for part in PARTS for path in [ROOT / part, *(ROOT / part).rglob("*")]]
    return sorted(str(path.relative_to(ROOT)) for path in found if path.suffix in suffixes)


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """The project, in a folder that the examples change and put back."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "flights"
        for name in files((".yml", ".sql", ".py")):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, home / name)
        yield home


@st.composite
def mutations(draw: st.DrawFn, suffixes: tuple[str, ...]) -> tuple[str, bytes]:
    """A file of the project, and other bytes for it."""
    name = draw(st.sampled_from(files(suffixes)))
    text = (ROOT / name).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 0, 1, 2, 7, 30, 200])))
        copied = text[at:end] * draw(st.sampled_from([0, 0, 1, 2]))
        piece = draw(st.sampled_from([*SPICE, *ODD]) | st.text(max_size=3))
        text = text[:at] + copied + piece + text[end:]
    data = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from(BYTES)) + data[at:]
    return name, data


def problems_of(home: Path, name: str, data: bytes) -> tuple[Problem, ...]:
    (home / name).write_bytes(data)
    try:
        compile_project(load_project(home))
        read_unit_tests(str(home))
    except SpecError as error:
        return error.problems
    finally:
        shutil.copy(ROOT / name, home / name)
    return ()


def is_told(home: Path, name: str, data: bytes) -> bool:
    """Whether the project is sound, or each problem has a code, and can be printed."""
    started = time.process_time()
    problems = problems_of(home, name, data)
    told = render_problems(problems)
    told.encode()
    assert time.process_time() - started < SECONDS
    assert "Traceback" not in told
    return {problem.code for problem in problems} <= set(page_codes())


def everyday(examples: int) -> settings:
    """The same examples each time; with SOAK many others."""
    soak = bool(os.environ.get("SOAK"))
    return settings(
        max_examples=examples * 200 if soak else examples,
        derandomize=not soak,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_the_project_that_is_mutated_is_sound(copy: Path) -> None:
    assert problems_of(copy, "lakewright.yml", (ROOT / "lakewright.yml").read_bytes()) == ()


@everyday(8)
@given(mutation=mutations((".yml",)))
def test_a_project_with_a_mutated_spec_is_compiled_or_refused(
    copy: Path, mutation: tuple[str, bytes]
) -> None:
    assert is_told(copy, *mutation)


@everyday(8)
@given(mutation=mutations((".sql",)))
def test_a_project_with_a_mutated_query_or_macro_is_compiled_or_refused(
    copy: Path, mutation: tuple[str, bytes]
) -> None:
    assert is_told(copy, *mutation)


@everyday(3)
@given(mutation=mutations((".py",)))
def test_a_project_with_a_mutated_module_is_compiled_or_refused(
    copy: Path, mutation: tuple[str, bytes]
) -> None:
    assert is_told(copy, *mutation)


BOMBS = {
    "pipelines/flights/gold/bomb.yml": {
        "a deep list": "a: " + "[" * 5000,
        "deep quotes": "table: gold.bomb\nexpect:\n  - {expression: '" + "(" * 3000 + "'}\n",
        "a huge number": "table: gold.bomb\nretention: " + "9" * 100000 + "d\n",
        "a pattern that backtracks": "table: gold.bomb\nquery: SELECT 'a' AS a\nexpect:\n"
        "  - {matches: {column: a, pattern: '(a+)+(b+)+(c{1,999}){1,999}$'}}\n",
        "a long line": "table: gold.bomb\nquery: SELECT 1 AS " + "a" * 900000 + "\n",
        "many rules": "table: gold.bomb\nquery: SELECT 1 AS a\nexpect:\n"
        + "  - {not_null: [a]}\n" * 2000,
    },
    "sql/flights/gold/bomb.sql": {
        "a long line": "SELECT " + "1 + " * 100000 + "1 AS a",
        "a long union": "SELECT 1 AS a" + " UNION ALL SELECT 1 AS a" * 2000,
        "deep subqueries": "SELECT * FROM (" * 60 + "SELECT 1 AS a" + ") AS t" * 60,
        "deep cases": "SELECT " + "CASE WHEN true THEN " * 500 + "1" + " END" * 500 + " AS a",
        "many ctes": "WITH a0 AS (SELECT 1 AS a)"
        + "".join(f", a{i} AS (SELECT * FROM a{i - 1} CROSS JOIN a{i - 1})" for i in range(1, 30))
        + " SELECT 1 AS a FROM a29",
        "stars of stars": "WITH a0 AS (SELECT 1 AS a0)"
        + "".join(f", a{i} AS (SELECT *, a{i - 1} AS a{i} FROM a{i - 1})" for i in range(1, 300))
        + " SELECT a0 FROM a299",
        "long names": "SELECT 1 AS " + "a" * 100000,
        "many comments": "/*" * 50000 + "*/" * 50000 + "SELECT 1 AS a",
        "only quotes": "'" * 100001,
        "many parameters": "SELECT " + " + ".join([":vars.late_after"] * 2000) + " AS a",
    },
}


SLOW = ("a long line", "many rules", "stars of stars", "a long union", "a deep list")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        pytest.param(name, what, marks=[pytest.mark.slow] if what in SLOW else [])
        for name, bombs in BOMBS.items()
        for what in bombs
    ],
)
def test_what_grows_without_end_is_compiled_or_refused_soon(
    copy: Path, name: str, what: str
) -> None:
    started = time.process_time()
    problems: tuple[Problem, ...] = ()
    try:
        (copy / name).write_text(BOMBS[name][what])
        compile_project(load_project(copy))
    except SpecError as error:
        problems = error.problems
    finally:
        (copy / name).unlink()
    render_problems(problems).encode()
    assert {problem.code for problem in problems} <= set(page_codes())
    assert time.process_time() - started < SECONDS
