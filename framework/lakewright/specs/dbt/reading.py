"""The files of a dbt project as texts. They are read; nothing of them is run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakewright.errors import Problem, SpecError
from lakewright.specs.dbt.values import DbtFiles, Remark
from lakewright.specs.documents import parse_document

SETTINGS = "dbt_project.yml"
ENDINGS = (".sql", ".yml", ".yaml", ".md", ".csv", ".py")
MAX_FILES = 20_000
MAX_BYTES = {".csv": 50_000_000}
MAX_TEXT = 1_000_000


def read_dbt_files(root: Path, remarks: list[Remark]) -> DbtFiles:
    """SpecError LW185 where no dbt project is, LW186 where its settings cannot be read."""
    if not (root / SETTINGS).is_file():
        hint = f"give the folder that has {SETTINGS}"
        raise SpecError("LW185", f"there is no dbt project at {root}", hint=hint)
    settings = _read_settings(root)
    folders = {
        key: _folders(settings, key, old, default)
        for key, old, default in (
            ("model-paths", "source-paths", "models"),
            ("seed-paths", "data-paths", "seeds"),
            ("macro-paths", "", "macros"),
            ("test-paths", "", "tests"),
            ("snapshot-paths", "", "snapshots"),
            ("analysis-paths", "", "analyses"),
        )
    }
    wanted = sorted({folder for each in folders.values() for folder in each})
    texts = dict(_texts(root, wanted, remarks))
    return DbtFiles(
        texts,
        settings,
        folders["model-paths"],
        folders["seed-paths"],
        folders["macro-paths"],
        folders["test-paths"],
        folders["snapshot-paths"] + folders["analysis-paths"],
    )


def _read_settings(root: Path) -> dict[str, Any]:
    problems: list[Problem] = []
    remarks: list[Remark] = []
    text = _text_of(root, root / SETTINGS, remarks)
    document = parse_document(SETTINGS, text, problems) if text is not None else None
    if document is None:
        reason = problems[0].message if problems else remarks[0].reason
        where = problems[0].where if problems else None
        raise SpecError("LW186", f"{SETTINGS} cannot be read: {reason}", where)
    return dict(document.root.value)


def _folders(settings: dict[str, Any], key: str, old: str, default: str) -> tuple[str, ...]:
    """The folders of a setting; what leads out of the project is none of its folders."""
    written = settings.get(key, settings.get(old) if old else None)
    named = written if isinstance(written, list) else [written or default]
    plain = [os.path.normpath(str(folder)).replace(os.sep, "/") for folder in named]
    return tuple(folder for folder in plain if not folder.startswith(("..", "/")))


def _texts(root: Path, folders: list[str], remarks: list[Remark]) -> Iterator[tuple[str, str]]:
    seen: set[Path] = set()
    for folder in folders:
        for path in _files_below(root / folder):
            if path in seen or path.suffix not in ENDINGS:
                continue
            seen.add(path)
            if len(seen) > MAX_FILES:
                raise SpecError("LW186", f"{root} has more than {MAX_FILES} files to read")
            text = _text_of(root, path, remarks)
            if text is not None:
                yield path.relative_to(root).as_posix(), text


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):  # links to folders are not followed
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each != "dbt_packages"
        )
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))


def _text_of(root: Path, path: Path, remarks: list[Remark]) -> str | None:
    """A file's text with plain line ends; None with a remark where it is not to be had."""
    name = path.relative_to(root).as_posix()
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            remarks.append(Remark(name, 1, "the file", "is a link that leads out of the project"))
            return None
        if path.stat().st_size > MAX_BYTES.get(path.suffix, MAX_TEXT):
            remarks.append(Remark(name, 1, "the file", "is too large"))
            return None
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        remarks.append(Remark(name, 1, "the file", f"cannot be read: {error}"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")
