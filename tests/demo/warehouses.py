"""The demo project over the committed fixture, driven by the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
EXPECTED: dict[str, dict[str, int]] = json.loads((FIXTURES / "expected.json").read_text())
COMMAND = Path(sys.executable).parent / "lakewright"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A copy of the demo project with landed files and an empty lake."""

    home: Path
    engine: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "LAKEWRIGHT_ENGINE": self.engine,
            "LAKEWRIGHT_ENVIRONMENT": "test",
            "LAKEWRIGHT_LAKE": str(self.home / ".lake"),
        }
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.home,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def ask(self, *arguments: str) -> Any:
        """The JSON that a command answers when all went well."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


def copy_demo(home: Path, engine: str) -> Warehouse:
    """The project in `home`, with the fixture's files landed."""
    shutil.copy(ROOT / "lakewright.yml", home)
    for folder in ("pipelines", "sql"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(FIXTURES / "landed", home / "landing")
    return Warehouse(home, engine)
