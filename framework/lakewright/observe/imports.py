"""What came of a dbt project, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakewright.errors import Problem
from lakewright.observe.documents import FORMAT_VERSION, problem_document
from lakewright.observe.tables import count
from lakewright.specs.dbt import Imported, Remark

SHOWN = 40
_WORDS = {
    "models": "model",
    "seeds": "seed",
    "sources": "source",
    "macros": "macro",
    "rules": "rule",
    "unit_tests": "unit test",
}


def render_imported(
    imported: Imported, problems: Sequence[Problem], *, folder: str, everything: bool
) -> str:
    """What was converted, what is another thing now, what is missing, what to do next."""
    done = ", ".join(count(imported.counts[key], word) for key, word in _WORDS.items())
    parts = [f"Made project {imported.name} in {folder}: {done}.\n"]
    for title, weight in (("Not converted", "not_converted"), ("Other than in dbt", "changed")):
        remarks = [each for each in imported.remarks if each.weight == weight]
        parts.append(_list(title, [_line(each) for each in remarks], everything=everything))
    found = [f"{each.where or ''}: {each.code} {each.message}" for each in problems]
    parts.append(_list("To be corrected before it runs", found, everything=everything))
    go = "" if folder == "." else f"  cd {folder}\n"
    parts.append(f"\nNext:\n{go}  lakewright validate\n  lakewright test\n  lakewright plan\n")
    return "".join(parts)


def imported_document(imported: Imported, problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "project": imported.name,
        "files": sorted(imported.files),
        "converted": dict(imported.counts),
        "not_converted": [_remark(e) for e in imported.remarks if e.weight == "not_converted"],
        "changed": [_remark(each) for each in imported.remarks if each.weight == "changed"],
        "problems": [problem_document(problem) for problem in problems],
    }


def _line(remark: Remark) -> str:
    return f"{remark.path}:{remark.line}: {remark.what}: {remark.reason}"


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "path": remark.path,
        "line": remark.line,
        "what": remark.what,
        "reason": remark.reason,
    }


def _list(title: str, lines: Sequence[str], *, everything: bool) -> str:
    if not lines:
        return ""
    shown = lines if everything else lines[:SHOWN]
    more = [f"… and {len(lines) - len(shown)} more: -v lists them"] if shown != lines else []
    return f"\n{title}:\n" + "".join(f"  {line}\n" for line in (*shown, *more))
