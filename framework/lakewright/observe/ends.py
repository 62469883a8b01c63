"""The report of a run elsewhere as text. Reads the names that `report.json` promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewright.observe.paint import Paint, plain_text
from lakewright.observe.tables import count, render_table


def render_end(end: Mapping[str, Any], *, color: bool = False) -> str:
    """How a run ended, for people. Ends with a newline."""
    paint = Paint(color)
    rows = [
        (table["outcome"], table["table"], table["action"], _number(table["rows_kept"]))
        for table in end["tables"]
    ]
    header = ("", "table", "action", "kept")
    blocks = [render_table(header, rows, right=("kept",), color=color, indent="  ")] if rows else []
    problems = [
        f"error[{problem['code']}]: {plain_text(problem['message'])}\n"
        for problem in end["error"] or ()
    ]
    blocks.append("".join(problems))
    blocks.append("".join(f"held: {held['table']}\n" for held in end["held"]))
    blocks.append(paint(_ending(end), "good" if end["ok"] else "bad") + "\n")
    return "\n".join(block for block in blocks if block)


def _ending(end: Mapping[str, Any]) -> str:
    run, environment = end["run_id"], end["environment"]
    if isinstance(end["release"], int):
        published = sum(table["outcome"] == "published" for table in end["tables"])
        tables = count(published, "table")
        return f"Run {run}: release {end['release']} of {environment}, {tables} published."
    if end["release"] is not None:
        return f"Run {run}: storage would not say whether a release of {environment} was made."
    why = "nothing to do" if end["ok"] else "nothing was published"
    return f"Run {run}: {why} in {environment}."


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
