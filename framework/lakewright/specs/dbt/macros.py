"""The macros of a dbt project: kept where the sandbox of `sql/_macros/` takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from jinja2 import nodes

from lakewright.errors import Problem
from lakewright.specs.dbt.jinja import NotConvertedError, parse_template
from lakewright.specs.dbt.names import plain_name
from lakewright.specs.dbt.values import DbtFiles, Remark
from lakewright.specs.layout import MACROS
from lakewright.specs.macros import read_macros
from lakewright.specs.values import SourceFile

ADAPTERS = ("spark", "databricks", "default")
_BLOCK = re.compile(
    r"\{%-?\s*(macro|test|materialization|snapshot|docs)\s+(\w+)(.*?)\{%-?\s*end\1\s*-?%\}",
    re.DOTALL,
)
_DISPATCH = re.compile(
    r"\(([^)]*)\)\s*-?%\}\s*\{\{-?\s*(?:return\()?\s*adapter\.dispatch\(\s*['\"](\w+)['\"][^)]*\)"
)
_HOOKS = re.compile(r"generate_(schema|alias|database)_name\Z")


@dataclass(frozen=True, slots=True)
class DbtMacro:
    """One macro. `text` is its block; `tree` None where it is not read here."""

    name: str
    path: str
    line: int
    text: str
    tree: nodes.Macro | None


@dataclass(frozen=True, slots=True)
class DbtMacros:
    """All macros by name, and the files of those that stay macros."""

    all: Mapping[str, DbtMacro]
    kept: frozenset[str]
    files: Mapping[str, str]


def read_dbt_macros(files: DbtFiles, remarks: list[Remark]) -> DbtMacros:
    """Macros are kept as they are; a dispatching one becomes what it is for Spark."""
    found: dict[str, DbtMacro] = {}
    for path in files.below(files.macro_paths, ".sql"):
        for block in _BLOCK.finditer(files.texts[path]):
            line = files.texts[path].count("\n", 0, block.start()) + 1
            if block[1] == "macro":
                found[block[2]] = _macro(block, path, line, remarks)
            else:
                reason = "a test of your own is written as a rule: `expression`, with `on_fail`"
                remarks.append(Remark(path, line, f"{block[1]} `{block[2]}`", reason))
    chosen = {name: _dispatched(macro, found) for name, macro in found.items()}
    kept = _kept({name: macro for name, macro in chosen.items() if not _is_variant(name)})
    written: dict[str, list[str]] = {}
    for name in sorted(kept):
        target = f"{MACROS}{plain_name(PurePosixPath(found[name].path).stem)}.sql"
        written.setdefault(target, []).append(chosen[name].text.strip() + "\n")
    texts = {path: "\n".join(parts) for path, parts in written.items()}
    return DbtMacros(chosen, frozenset(kept), texts)


def tell_macros(macros: DbtMacros, expanded: frozenset[str], remarks: list[Remark]) -> None:
    """What became of each macro that did not stay one."""
    for name, macro in sorted(macros.all.items()):
        if name in macros.kept or _is_variant(name):
            continue
        what = f"macro `{name}`"
        if name in expanded:
            reason = "is written out in the queries that call it"
            remarks.append(Remark(macro.path, macro.line, what, reason, "changed"))
        elif _HOOKS.match(name):
            reason = "environments and schemas are named in lakewright.yml"
            remarks.append(Remark(macro.path, macro.line, what, reason))
        else:
            reason = "uses more of Jinja or of dbt than a macro may here; no query calls it"
            remarks.append(Remark(macro.path, macro.line, what, reason))


def _is_variant(name: str) -> bool:
    return "__" in name


def _macro(block: re.Match[str], path: str, line: int, remarks: list[Remark]) -> DbtMacro:
    tree: nodes.Macro | None = None
    try:
        tree = next(iter(parse_template(block[0]).find_all(nodes.Macro)), None)
    except NotConvertedError as problem:
        remarks.append(Remark(path, line + problem.line - 1, problem.what, problem.reason))
    return DbtMacro(block[2], path, line, block[0], tree)


def _dispatched(macro: DbtMacro, found: Mapping[str, DbtMacro]) -> DbtMacro:
    """The variant that a dispatching macro has for Spark, under the macro's own name."""
    call = _DISPATCH.search(macro.text)
    if call is None:
        return macro
    for adapter in ADAPTERS:
        variant = found.get(f"{adapter}__{call[2]}")
        if variant is not None:
            text = re.sub(rf"\b{adapter}__{call[2]}\b", macro.name, variant.text)
            return DbtMacro(macro.name, variant.path, variant.line, text, variant.tree)
    return macro


def _kept(macros: Mapping[str, DbtMacro]) -> set[str]:
    """The macros that the sandbox takes, with those that they call."""
    uses: dict[str, tuple[str, ...]] = {}
    for name, macro in macros.items():
        problems: list[Problem] = []
        read = read_macros([SourceFile(f"{MACROS}{name}.sql", macro.text)], problems)
        if not problems and name in read.owners:
            uses[name] = read.files[read.owners[name]].uses
    while unsound := {name for name, needed in uses.items() if not set(needed) <= set(uses)}:
        uses = {name: needed for name, needed in uses.items() if name not in unsound}
    return set(uses)
