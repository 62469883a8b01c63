"""Which data files a spec names with `file:`; where they are found; who reads them from disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from lakewright.errors import Place, Problem
from lakewright.specs.documents import Document, parse_document
from lakewright.specs.texts import suggest
from lakewright.specs.values import SourceFile

LISTS = (".csv", ".yml")


def candidates(spec: str, file: str) -> tuple[str, ...]:
    """Where the file may be that the spec at path `spec` names: beside it, else from the root."""
    places = (str(PurePosixPath(spec).parent / file), str(PurePosixPath(file)))
    return tuple(dict.fromkeys(place for place in places if is_inside(place)))


def is_inside(path: str) -> bool:
    """Whether a path names a file of the project."""
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not path.startswith("/") and "\\" not in path


def find_data(
    spec: str, file: str, where: Place, known: Mapping[str, SourceFile], *, problems: list[Problem]
) -> str | None:
    """The path of the file; None with LW134 or LW190 when there is none."""
    found = next((place for place in candidates(spec, file) if place in known), None)
    if found is not None:
        return found
    if not is_inside(file):
        hint = "name a file of the project: beside the spec, or from the root"
        problems.append(Problem("LW190", f"`{file}` leaves the project", where, hint=hint))
        return None
    names = [path for path in known if path.endswith(LISTS)]
    near = suggest(file, [*names, *(PurePosixPath(name).name for name in names)])
    hint = near or f"it is looked for at {' and '.join(candidates(spec, file))}"
    problems.append(Problem("LW134", f"there is no file `{file}`", where, hint=hint))
    return None


def named_data(file: SourceFile) -> tuple[str, ...]:
    """Paths at which data files of this spec may be, those of seeds and of lists."""
    return tuple(path for path, _ in _named(file))


def named_lists(file: SourceFile) -> tuple[str, ...]:
    """Paths at which the list of this spec may be: it is no spec, though it may end as one."""
    return tuple(path for path, is_list in _named(file) if is_list)


def _named(file: SourceFile) -> tuple[tuple[str, bool], ...]:
    if "file" not in file.text or not ("seed" in file.text or "for_each" in file.text):
        return ()
    return _written(file)


# Asked for by who reads the disk and by who reads the text.
@lru_cache(maxsize=1024)
def _written(file: SourceFile) -> tuple[tuple[str, bool], ...]:
    document = parse_document(file.path, file.text, [])
    return tuple(_places(document)) if document is not None else ()


def _places(document: Document) -> Iterator[tuple[str, bool]]:
    for loc, is_list in ((("file",), False), (("for_each", "file"), True)):
        node = document.find(loc)
        if node is not None and isinstance(node.value, str):
            for path in candidates(document.path, node.value):
                yield path, is_list
