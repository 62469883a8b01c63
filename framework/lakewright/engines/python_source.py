"""A Python transform from its stored source: imported from memory, under a private name."""

from __future__ import annotations

import builtins
import hashlib
import sys
import types
from collections.abc import Callable, Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import PurePosixPath
from typing import Any

from lakewright.errors import SpecError
from lakewright.specs import PythonRef, SourceFile, digest_files

_PREFIX = "_lakewright_code_"


def load_function(ref: PythonRef) -> Callable[[Any], Any]:
    """The function that `ref` names, out of the files it carries and no others of the project.

    Modules of the closure import each other by the names they have in the project, absolute or
    relative. They live under a package whose name is the digest of their source, so that two
    versions
    of one file exist side by side and `sys.path` is not touched. SpecError LW618 when the file
    does not import, LW619 when it has no such function.
    """
    package = _PREFIX + hashlib.sha256(digest_files(ref.closure).encode()).hexdigest()[:16]
    finder = _installed(package, ref.closure)
    own = ref.closure[0].path
    try:
        module = builtins.__import__(finder.module_of(own), fromlist=["*"])
    except SpecError:
        raise
    except Exception as error:
        raise SpecError(
            "LW618",
            f"{own} cannot be imported: {type(error).__name__}: {error}",
            ref.where,
            hint="it can import installed packages and the project's own modules",
        ) from error
    function = getattr(module, ref.function, None)
    if not callable(function):
        raise SpecError("LW619", f"{own} has no function `{ref.function}`", ref.where)
    return function  # type: ignore[no-any-return]


class _Closure(MetaPathFinder, Loader):
    """Finds the modules of one package of sources."""

    def __init__(self, package: str, files: tuple[SourceFile, ...]) -> None:
        self.package = package
        folders = {str(PurePosixPath(file.path).parent) for file in files}
        self._sources: Mapping[str, SourceFile] = {_dotted(file.path): file for file in files}
        self._packages = {
            ".".join(parts[: end + 1])
            for folder in folders
            for parts in [[part for part in folder.split("/") if part != "."]]
            for end in range(len(parts))
        }
        # A module can be called from the project's root or from a folder that holds it.
        self._roots = sorted({"", *(f"{package}." for package in self._packages)}, key=len)

    def module_of(self, path: str) -> str:
        return f"{self.package}.{_dotted(path)}"

    def resolve(self, name: str) -> str | None:
        """The private name of what the project's code calls `name`."""
        for root in self._roots:
            if root + name in self._sources or root + name in self._packages:
                return f"{self.package}.{root}{name}"
        return None

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's signature
        if fullname == self.package:
            return ModuleSpec(fullname, self, is_package=True)
        name = fullname.removeprefix(self.package + ".")
        if name == fullname:
            return None
        if name in self._sources:
            file = self._sources[name]
            is_package = file.path.endswith("__init__.py")
            return ModuleSpec(fullname, self, origin=file.path, is_package=is_package)
        if name in self._packages:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> None:  # noqa: ARG002 - the default module
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__.removeprefix(self.package).removeprefix(".")
        file = self._sources.get(name)
        if file is None:
            return
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        module.__file__ = file.path
        exec(compile(file.text, file.path, "exec"), module.__dict__)  # noqa: S102 - it is the user's code

    def _import(
        self,
        name: str,
        globals: Any = None,  # noqa: A002 - the protocol's signature
        locals: Any = None,  # noqa: A002 - same
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        """`import` as the closure's modules see it: their siblings first."""
        private = self.resolve(name) if level == 0 and name else None
        if private is None:
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = builtins.__import__(private, fromlist=["*"])
        if fromlist:
            for part in fromlist:
                if not hasattr(module, part) and (inner := self.resolve(f"{name}.{part}")):
                    builtins.__import__(inner, fromlist=["*"])
            return module
        first = self.resolve(name.partition(".")[0])
        return sys.modules.get(first or "", module)


def _installed(package: str, files: tuple[SourceFile, ...]) -> _Closure:
    for finder in sys.meta_path:
        if isinstance(finder, _Closure) and finder.package == package:
            return finder
    finder = _Closure(package, files)
    sys.meta_path.append(finder)
    spec = finder.find_spec(package, None)
    assert spec is not None
    sys.modules[package] = module_from_spec(spec)
    return finder


def _dotted(path: str) -> str:
    dotted = path.removesuffix(".py").replace("/", ".")
    return dotted.removesuffix(".__init__")
