"""The files of a project on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakewright.errors import Place, Problem, SpecError
from lakewright.specs.csv_files import MAX_BYTES, too_large
from lakewright.specs.data_files import named_data
from lakewright.specs.layout import MAX_CHARACTERS, QUERIES, RULES, SETTINGS, SPECS, is_spec
from lakewright.specs.texts import index_text
from lakewright.specs.values import Project, SourceFile

_ENDINGS = {SPECS: (".yml", ".sql", ".py"), QUERIES: (".sql",), RULES: (".yml",)}


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What was found on disk. `unreadable` paths exist without their text."""

    root: str  # absolute folder of lakewright.yml
    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()
    unreadable: tuple[str, ...] = ()


def read_files(path: str | os.PathLike[str]) -> ProjectFiles:
    """The files of the project that `path` is in: the nearest folder at or above it with a
    `lakewright.yml`. SpecError when there is none that can be read.
    """
    root = find_root(Path(path))
    problems: list[Problem] = []
    settings = _read(str(root), SETTINGS, problems)
    if settings is None:
        raise SpecError.of(problems)
    files, unreadable = [settings], []
    for name in sorted(_walk(root, problems)):
        file = _read(str(root), name, problems)
        if file is not None:
            files.append(file)
        elif is_spec(name):
            unreadable.append(name)
    for name in _named_data(root, files):
        file = _read(str(root), name, problems)
        if file is not None:
            files.append(file)
        else:
            unreadable.append(name)
    return ProjectFiles(str(root), tuple(files), tuple(problems), tuple(unreadable))


def load_project(path: str | os.PathLike[str]) -> Project:
    """The project that `path` is in.

    Everything that is wrong is in `problems`; SpecError only when there is no readable project.
    """
    return load_read(read_files(path))


def load_read(read: ProjectFiles) -> Project:
    """The project that files which were read make."""
    # Brings models and templates, which a project that was compiled before needs not.
    from lakewright.specs.loading import load_files

    return load_files(read.files, read.root, problems=read.problems, unreadable=read.unreadable)


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
            name = Path(str(error.filename)).relative_to(root).as_posix()
            problems.append(_unreadable(name, error))

    for top, endings in _ENDINGS.items():
        for folder, folders, names in os.walk(root / top, onerror=unreadable):
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            above = Path(folder).relative_to(root).as_posix()
            for name in sorted(names):
                relative = f"{above}/{name}"
                if name.endswith(endings) and not _is_hidden(name):
                    yield relative
                elif name.endswith(".yaml"):
                    hint = f"rename it to {name.removesuffix('.yaml')}.yml"
                    message = f"{relative} is not read: specs end with .yml"
                    problems.append(Problem("LW118", message, Place(relative, 1), hint=hint))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"


def _read(root: str, name: str, problems: list[Problem]) -> SourceFile | None:
    # Thousands of files: texts as paths, and one look at each.
    path = f"{root}/{name}"
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            if not Path(path).resolve().is_relative_to(root):
                message = f"{name} is a link that leaves the project"
                problems.append(Problem("LW190", message, Place(name, 1), hint="copy the file"))
                return None
            found = os.stat(path)  # noqa: PTH116 - a value of pathlib costs more than the call
        if found.st_size > MAX_BYTES and name.lower().endswith(".csv"):
            problems.append(too_large(name, found.st_size, MAX_BYTES, "bytes"))
            return None
        if found.st_size > 4 * MAX_CHARACTERS:
            message = f"{name} has more than {MAX_CHARACTERS} characters"
            problems.append(Problem("LW116", message, Place(name, 1)))
            return None
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
            data = file.read()
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
