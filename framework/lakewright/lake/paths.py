"""Where things are in a lake: every path below `_lakewright/` is written here and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

from lakewright.errors import LakeError
from lakewright.names import TableName
from lakewright.specs import resolve_secrets

HOME = "_lakewright"
INFO = f"{HOME}/lake.json"
ENVIRONMENTS = f"{HOME}/env"
RUNS = f"{HOME}/runs"
HISTORY = f"{HOME}/history"

_NUMBERED = re.compile(r"(\d{20})\.json\Z")


def confine(path: str) -> str:
    """`path` when it is relative and stays below its root, else LakeError LW504."""
    parts = path.split("/")
    bad = path.startswith("/") or "\\" in path or "\0" in path or "://" in path
    if bad or not path or any(part in ("", ".", "..") for part in parts):
        raise LakeError(
            "LW504",
            f"`{path}` is not a path inside the lake",
            hint="paths of a lake are relative, with `/`, and have no `..`",
        )
    return path


def environment(name: str) -> str:
    return f"{ENVIRONMENTS}/{name}"


def releases(name: str) -> str:
    return f"{environment(name)}/releases"


def release(name: str, number: int) -> str:
    return f"{releases(name)}/{number:020d}.json"


def latest_hint(name: str) -> str:
    return f"{environment(name)}/LATEST"


def code_folder(name: str) -> str:
    return f"{environment(name)}/code"


def code(name: str, digest: str) -> str:
    return f"{code_folder(name)}/{digest}"


def control(name: str) -> str:
    return f"{environment(name)}/control"


def claim(name: str, group: TableName) -> str:
    return f"{environment(name)}/claims/{group}"


def gone(name: str, location: str) -> str:
    """Where it is written down that a location was collected: it is never used again."""
    return f"{gone_folder(name)}/{quote(location, safe='')}"


def gone_folder(name: str) -> str:
    return f"{environment(name)}/gone"


def runs() -> str:
    return f"{HOME}/runs"


def served(name: str, catalog: str) -> str:
    return f"{served_folder(name)}/{catalog}.json"


def served_folder(name: str) -> str:
    return f"{environment(name)}/served"


REPORT = "report.json"  # of a run: its end state, which other tools read


def run(run_id: str, name: str) -> str:
    return f"{RUNS}/{run_id}/{name}"


def history(kind: str) -> str:
    return f"{HISTORY}/{kind}"


def table(name: str, of: TableName) -> str:
    return f"{name}/{of.schema}/{of.table}"


def resolve_base(written: str) -> str:
    """The root of another lake, as this process knows its secrets. A folder is made absolute."""
    text = resolve_secrets(written, os.environ, lambda path: Path(path).read_text().strip())
    local = "://" not in text or text.startswith("file://")
    return str(Path(text.removeprefix("file://")).absolute()) if local else text.rstrip("/")


def number_of(path: str) -> int | None:
    """The number of a numbered object (`…/00000000000000000042.json`), None for other names."""
    found = _NUMBERED.match(path.rsplit("/", 1)[-1])
    return int(found.group(1)) if found else None
