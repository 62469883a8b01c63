"""The files of a project on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lakewright.errors import Place, Problem, SpecError
from lakewright.specs.csv_files import MAX_BYTES
from lakewright.specs.custom_rules import FOLDER as RULES
from lakewright.specs.data_files import named_data
from lakewright.specs.documents import MAX_CHARACTERS
from lakewright.specs.loading import is_spec, load_files
from lakewright.specs.queries import QUERIES, SPECS
from lakewright.specs.settings import SETTINGS
from lakewright.specs.texts import index_text
from lakewright.specs.values import Project, SourceFile

_ENDINGS = {SPECS: (".yml", ".sql", ".py"), QUERIES: (".sql",), RULES: (".yml",)}


def load_project(path: str | os.PathLike[str]) -> Project:
    """The project that `path` is in: the nearest folder at or above it with a `lakewright.yml`.

    Everything that is wrong is in `problems`; SpecError only when there is no readable project.
    """
    root = find_root(Path(path))
    problems: list[Problem] = []
    settings = _read(root, SETTINGS, problems)
    if settings is None:
        raise SpecError.of(problems)
    files, unreadable = [settings], []
    for name in sorted(_walk(root, problems)):
        file = _read(root, name, problems)
        if file is not None:
            files.append(file)
        elif is_spec(name):
            unreadable.append(name)
    for name in _named_data(root, files):
        file = _read(root, name, problems)
        if file is not None:
            files.append(file)
        else:
            unreadable.append(name)
    return load_files(files, str(root), problems=problems, unreadable=unreadable)


def _named_data(root: Path, files: list[SourceFile]) -> list[str]:
    """Data files that specs name and that are there; no other data of a project is read."""
    read = {file.path for file in files}
    named = {path for file in files if is_spec(file.path) for path in named_data(file)}
    return sorted(path for path in named - read if _is_file(root / path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def find_root(path: Path) -> Path:
    """The folder of the project; SpecError LW110 when there is none."""
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder
    message = f"no {SETTINGS} in {start} or a folder above it"
    raise SpecError("LW110", message, hint="start a project with `lakewright init`")


def _walk(root: Path, problems: list[Problem]) -> Iterator[str]:
    """Paths of the files that belong to the project, relative to the root."""

    def unreadable(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            problems.append(_unreadable(_relative(Path(str(error.filename)), root), error))

    for top, endings in _ENDINGS.items():
        for folder, folders, names in os.walk(root / top, onerror=unreadable):
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            for name in sorted(names):
                relative = _relative(Path(folder, name), root)
                if name.endswith(endings) and not _is_hidden(name):
                    yield relative
                elif name.endswith(".yaml"):
                    hint = f"rename it to {name.removesuffix('.yaml')}.yml"
                    message = f"{relative} is not read: specs end with .yml"
                    problems.append(Problem("LW118", message, Place(relative, 1), hint=hint))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _read(root: Path, name: str, problems: list[Problem]) -> SourceFile | None:
    path = root / name
    if path.is_symlink() and not path.resolve().is_relative_to(root):
        message = f"{name} is a link that leaves the project"
        problems.append(Problem("LW190", message, Place(name, 1), hint="copy the file"))
        return None
    try:
        size = path.stat().st_size
        if size > MAX_BYTES and name.lower().endswith(".csv"):
            message = f"{name} has {size:,} bytes; at most {MAX_BYTES:,} are part of the code"
            hint = "load it with kind: ingest, which is made for data"
            problems.append(Problem("LW133", message, Place(name, 1), hint=hint))
            return None
        if size > 4 * MAX_CHARACTERS:
            message = f"{name} has more than {MAX_CHARACTERS} characters"
            problems.append(Problem("LW116", message, Place(name, 1)))
            return None
        data = path.read_bytes()
    except OSError as error:
        problems.append(_unreadable(name, error))
        return None
    try:
        return SourceFile(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8: byte {data[error.start]:#04x}"
        before = data[: error.start].decode("utf-8-sig")
        where = index_text(name, before + data[error.start :].decode("utf-8", "replace"))
        place = where.place(len(before))
        problems.append(Problem("LW112", message, place, hint="save it as UTF-8"))
        return None


def _unreadable(name: str, error: OSError) -> Problem:
    reason = error.strerror or type(error).__name__
    return Problem("LW111", f"{name} cannot be read: {reason}", Place(name, 1))
