"""Python transforms: the function a spec names and the modules it imports. Nothing is executed.

A module has the name that it has from `pipelines/` (`flights.gold.delay_score`). It may import
modules of the project by that name, relatively, or by their bare name from its own folder.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from lakewright.errors import Place, Problem
from lakewright.specs.layout import SPECS
from lakewright.specs.texts import index_text, suggest
from lakewright.specs.values import PythonRef, SourceFile

_REFERENCE = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)\Z", re.ASCII)


def read_transform(
    reference: str,
    where: Place,
    spec: str,
    files: Mapping[str, SourceFile],
    problems: list[Problem],
) -> PythonRef | None:
    """The function `module:function` of the spec at path `spec`; None with its problems added."""
    match = _REFERENCE.match(reference.strip())
    if match is None:
        message = f"`{reference}` does not name a function"
        problems.append(Problem("LW170", message, where, hint="write module:function"))
        return None
    module, function = match[1], match[2]
    path = _find(module.split("."), PurePosixPath(spec).parent, files)
    if path is None:
        beside = str(PurePosixPath(spec).parent / f"{module.replace('.', '/')}.py")
        problems.append(
            Problem("LW172", f"there is no file {beside}", where, hint=_near(module, files))
        )
        return None
    before = len(problems)
    closure = _closure(path, files, problems)
    if len(problems) > before:
        return None
    functions = _functions(files[path])
    if function not in functions:
        message = f"{path} defines no function `{function}`"
        hint = suggest(function, functions)
        problems.append(Problem("LW171", message, where, hint=hint))
        return None
    return PythonRef(_module_name(path), function, where, closure)


def used_vars(closure: tuple[SourceFile, ...], known: Collection[str]) -> set[str]:
    """Of the project's variables those that the code mentions; all, where it cannot be told."""
    mentioned: set[str] = set()
    for file in closure:
        constant = set()
        for node in ast.walk(_parse(file)):
            match node:
                case ast.Subscript(value=ast.Attribute(attr="vars") as of, slice=ast.Constant()):
                    constant.add(id(of))  # walked before what it holds
                case ast.Attribute(attr="vars") if id(node) not in constant:
                    return set(known)
                case ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                    mentioned.add(word)
                case _:
                    pass
    return mentioned & set(known)


def _parse(file: SourceFile) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's style; Python says it again when it runs
        return ast.parse(file.text)


def _near(module: str, files: Mapping[str, SourceFile]) -> str:
    stems = {PurePosixPath(path).stem for path in files if path.endswith(".py")}
    return suggest(module, stems)


def _find(parts: list[str], folder: PurePosixPath, files: Mapping[str, SourceFile]) -> str | None:
    """The file of a module: in `folder`, else from `pipelines/`, else from the root."""
    for base in (folder, PurePosixPath(SPECS), PurePosixPath()):
        for path in (
            base.joinpath(*parts[:-1], f"{parts[-1]}.py"),
            base.joinpath(*parts, "__init__.py"),
        ):
            if str(path) in files:
                return str(path)
    return None


def _closure(
    path: str, files: Mapping[str, SourceFile], problems: list[Problem]
) -> tuple[SourceFile, ...]:
    found: set[str] = set()
    todo = {path}
    while todo:
        here = todo.pop()
        found.add(here)
        try:
            tree = _parse(files[here])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            problems.append(_syntax_problem(files[here], error))
            continue
        todo |= {*_imported(tree, here, files), *_packages(here, files)} - found
    return (files[path], *(files[other] for other in sorted(found - {path})))


def _imported(tree: ast.Module, path: str, files: Mapping[str, SourceFile]) -> Iterator[str]:
    for node in ast.walk(tree):
        for parts, folder in _targets(node, PurePosixPath(path).parent):
            # The longest part of the dotted name that is a module of the project.
            for length in range(len(parts), 0, -1):
                module = _find(parts[:length], folder, files)
                if module is not None:
                    yield module
                    break


def _targets(node: ast.AST, folder: PurePosixPath) -> Iterator[tuple[list[str], PurePosixPath]]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield alias.name.split("."), folder
        case ast.ImportFrom(module=module, names=names, level=level):
            above = folder
            for _ in range(max(0, level - 1)):
                above = above.parent
            base = module.split(".") if module else []
            if base:
                yield base, above
            for alias in names:
                yield [*base, alias.name], above
        case _:
            return


def _packages(path: str, files: Mapping[str, SourceFile]) -> Iterator[str]:
    """The `__init__.py` of the folders above a module, which Python runs first."""
    for folder in PurePosixPath(path).parents:
        package = str(folder / "__init__.py")
        if package in files:
            yield package


def _functions(file: SourceFile) -> tuple[str, ...]:
    return tuple(node.name for node in _parse(file).body if isinstance(node, ast.FunctionDef))


def _module_name(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _syntax_problem(file: SourceFile, error: BaseException) -> Problem:
    text = index_text(file.path, file.text)
    line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 1
    message = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
    where = text.line(line)
    if isinstance(error, SyntaxError) and error.offset and line <= len(text.starts):
        where = text.place(text.starts[line - 1] + max(error.offset, 1) - 1)
    return Problem("LW173", f"this is not Python: {message}", where)
