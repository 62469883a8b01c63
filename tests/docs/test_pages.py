"""The pages of docs/ say what the program says, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lakewright.cli.verbs import VERBS
from lakewright.errors.pages import page_codes
from lakewright.graph import RULE_NAMES
from lakewright.specs import models
from lakewright.specs.unit_tests import UnitTestFileModel

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "infra" / "docs" / "generate.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def words_of(page: str) -> set[str]:
    """What a page names between backticks or in a heading."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return set(re.findall(r"`([^`\n]+)`", text)) | set(re.findall(r"^#+ (.+)$", text, re.M))


def test_every_error_code_is_on_its_page() -> None:
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert [code for code in page_codes() if f"[{code}](" not in text] == []


def test_every_rule_is_on_its_page() -> None:
    assert set(RULE_NAMES) - words_of("rules.md") == set()


def test_every_verb_is_on_its_page() -> None:
    assert {verb.name for verb in VERBS} - words_of("verbs.md") == set()


def test_every_key_is_on_its_page() -> None:
    written = [
        each
        for each in vars(models).values()
        if isinstance(each, type) and issubclass(each, models.Model) and each.model_fields
    ]
    keys = {key for model in (*written, UnitTestFileModel) for key in models.keys_of(model)}
    assert keys - words_of("project.md") == set()
