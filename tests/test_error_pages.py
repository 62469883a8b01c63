"""Every code has its page, and every page has its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakewright.errors.pages import page_codes, read_page

ROOT = Path(__file__).parents[1] / "framework" / "lakewright"
RAISED = sorted(
    {
        code
        for path in ROOT.rglob("*.py")
        for code in re.findall(r"\"(LW\d{3})\"", path.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("code", RAISED)
def test_every_code_has_a_page(code: str) -> None:
    assert code in page_codes()


@pytest.mark.parametrize("code", page_codes())
def test_a_page_has_a_title_an_example_or_more_and_a_code_that_is_raised(code: str) -> None:
    page = read_page(code)
    assert page is not None
    lines = page.splitlines()
    assert re.fullmatch(rf"# {code}: \S.*", lines[0])
    assert 4 <= len(lines) <= 40
    assert code in RAISED


def test_codes_are_read_in_any_case() -> None:
    assert read_page("lw303") == read_page("LW303")


@pytest.mark.parametrize("text", ["", "LW", "LW999", "../LW303", "pages/LW303.md"])
def test_nothing_but_a_code_is_read(text: str) -> None:
    assert read_page(text) is None
