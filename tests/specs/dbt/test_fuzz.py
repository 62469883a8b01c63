"""Damaged dbt projects: a coded error, or a project with remarks; never a traceback."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from lakewright.errors import LakewrightError
from lakewright.specs import SourceFile, load_files
from lakewright.specs.dbt import import_dbt

CAFE = Path(__file__).parents[3] / "infra" / "examples" / "cafe"
FILES = sorted(
    path.relative_to(CAFE).as_posix() for path in CAFE.rglob("*") if path.suffix in (".yml", ".sql")
)
PIECES = (
    *("{{", "}}", "{%", "%}", "{#", "'", '"', ":", "- ", "[", "]", "{", "}", "null", "5", "true"),
    *("name", "config: 5", "\t", "..", "/", "ref(5)", "ref()", "source('a')", "var()", "not_null"),
    *("endif", "set x = [1]", "2024-01-01", "*", "|", "é", "\x00", "columns: 7", "rows: x"),
)


def damage(text: str, dice: random.Random) -> str:
    at, to = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
    match dice.randrange(4):
        case 0:
            return text[:at] + text[min(to, at + 20) :]
        case 1:
            return text[:at] + dice.choice(PIECES) + text[at:]
        case 2:
            words = text.split(" ")
            words[dice.randrange(len(words))] = dice.choice(PIECES)
            return " ".join(words)
        case _:
            lines = text.split("\n")
            lines[dice.randrange(len(lines))] = dice.choice(lines)
            return "\n".join(lines)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_project_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    root = Path(shutil.copytree(CAFE, tmp_path / "dbt"))
    refused = set()
    for _ in range(12):
        path = dice.choice(FILES)
        text = (CAFE / path).read_text(encoding="utf-8")
        for _ in range(dice.randrange(1, 4)):
            text = damage(text, dice)
        (root / path).write_text(text, encoding="utf-8")
        try:
            made = import_dbt(root)
        except LakewrightError as error:
            refused.add(error.code)
        else:
            load_files(SourceFile(name, body) for name, body in made.files.items())
        (root / path).write_text((CAFE / path).read_text(encoding="utf-8"), encoding="utf-8")
    assert refused <= {"LW185", "LW186"}
