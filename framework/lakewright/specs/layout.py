"""Where the files of a project are, and which of them are read."""

from __future__ import annotations

from pathlib import PurePosixPath

SETTINGS = "lakewright.yml"
SPECS, QUERIES = "pipelines", "sql"
DEFAULTS = "_defaults.yml"
MACROS = "sql/_macros/"
RULES = "rules"
MAX_CHARACTERS = 1_000_000  # of one file


def is_spec(path: str) -> bool:
    """Whether the file at `path` describes a table."""
    named = PurePosixPath(path)
    return named.parts[0] == SPECS and named.suffix == ".yml" and named.name != DEFAULTS


def is_shared(path: str) -> bool:
    """Whether tables may depend on a file that they do not have: settings, macros, rules."""
    return path == SETTINGS or path.startswith((MACROS, f"{RULES}/"))
