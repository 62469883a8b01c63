"""What of a project an engine can run, known before it starts.

Spark's answer is the reference. For Sail every function and construct is equal, refused, unequal or
not verified, as `sail_functions.json` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from lakewright.engines.capabilities import check_engine_name
from lakewright.errors import Problem, RefusedError
from lakewright.graph import Graph, SqlTransform, Step

_CONSTRUCTS = {
    "QUALIFY": re.compile(r"\bQUALIFY\b", re.IGNORECASE),
    "GROUP BY ALL": re.compile(r"\bGROUP\s+BY\s+ALL\b", re.IGNORECASE),
    "PIVOT": re.compile(r"\bPIVOT\s*\(", re.IGNORECASE),
    "RECURSIVE CTE": re.compile(r"\bWITH\s+RECURSIVE\b", re.IGNORECASE),
}
_CALL = re.compile(r"(?<![.\w`])([A-Za-z_]\w*)\s*\(")
_NOT_CODE = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL
)
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "all and anti any as by case cross cube date decimal distinct else end except exists from "
        "full group grouping having if in inner intersect interval is join lateral left like "
        "limit not on or order outer over partition pivot qualify range right rollup rows select "
        "semi set sets struct then timestamp union using values when where window with within ",
    )
)


@dataclass(frozen=True, slots=True)
class Support:
    """What is known of an engine: construct or function -> why, and the functions proved equal."""

    refused: Mapping[str, str]
    unequal: Mapping[str, str]
    equal: frozenset[str]


def load_support() -> Support:
    """The table that ships with this package."""
    text = files("lakewright.engines").joinpath("sail_functions.json").read_text("utf-8")
    data = json.loads(text)
    return Support(data["refused"], data["unequal"], frozenset(data["equal"]))


def check_support(graph: Graph, engine_name: str, strict: bool) -> tuple[str, ...]:
    """Notes on what the engine may do otherwise; one for each function, sorted.

    RefusedError LW606 for what it cannot run, and with `strict` LW607 for what is unequal or was
    never compared.
    """
    check_engine_name(engine_name)
    if engine_name != "sail":
        return ()
    support = load_support()
    found = [item for step in graph.steps.values() for item in _of_step(step, support)]
    stopping = [problem for problem in found if problem.code == "LW606" or strict]
    if stopping:
        raise RefusedError.of(stopping)
    return tuple(sorted({problem.message for problem in found}))


def _of_step(step: Step, support: Support) -> Iterator[Problem]:
    if not isinstance(step.transform, SqlTransform):
        return
    source = step.transform.source
    code = _NOT_CODE.sub(lambda match: " " * len(match.group()), source.text)
    hint = "use --engine spark"
    for name, pattern in _CONSTRUCTS.items():
        if (match := pattern.search(code)) and name in support.refused:
            place = source.place(match.start(), len(match.group()))
            yield Problem("LW606", support.refused[name], place, hint=hint)
    for match in _CALL.finditer(code):
        name = match.group(1).lower()
        place = source.place(match.start(), len(name))
        if name in support.refused:
            yield Problem("LW606", f"`{name}`: {support.refused[name]}", place, hint=hint)
        elif name in support.unequal:
            yield Problem("LW607", f"`{name}` on sail {support.unequal[name]}", place, hint=hint)
        elif name not in support.equal and name not in _KEYWORDS and not _is_cte(name, code):
            message = f"`{name}` was not compared between sail and spark"
            yield Problem("LW607", message, place, hint=hint)


def _is_cte(name: str, code: str) -> bool:
    return re.search(rf"\b{name}\s*(?:\([^)]*\)\s*)?AS\s*\(", code, re.IGNORECASE) is not None
