"""`init --from-dbt`: a project made of a dbt project, and what did not come along."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.errors import LakeError, LakewrightError, Problem, RefusedError
from lakewright.graph import compile_project
from lakewright.lake import open_lake
from lakewright.observe import render_json
from lakewright.observe.imports import imported_document, render_imported
from lakewright.specs import load_project
from lakewright.specs.dbt import import_dbt

_LAKE = ".lake"


def import_project(common: Common, dbt: str, folder: str) -> int:
    """Convert the dbt project at `dbt` into the empty folder; nothing of it is run.

    RefusedError LW187 when the folder holds anything. Exit 0 once the project is written, whatever
    could not be converted: that is the answer.
    """
    streams = Streams.of(common)
    root, source = Path(folder).absolute(), Path(dbt).absolute()
    _refuse_full(root)
    imported = import_dbt(source)
    _write(root, imported.files)
    lake = open_lake(common.lake or str(root / _LAKE))
    lake.create(imported.name, uuid.uuid4().hex, datetime.now(UTC))
    problems = _problems(root)
    if common.json:
        streams.answer(render_json(imported_document(imported, problems)))
    else:
        told = render_imported(imported, problems, folder=folder, everything=common.verbose)
        streams.answer(told)
    return 0


def _refuse_full(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise RefusedError(
            "LW187",
            f"{root} is not an empty folder",
            hint="lakewright init --from-dbt PATH NEW_FOLDER makes the project there",
        )


def _write(root: Path, files: Mapping[str, str]) -> None:
    """Write every file below `root`. Names were made plain; one that leads out is a bug."""
    inside = root.resolve()
    try:
        for relative, text in sorted(files.items()):
            path = (inside / relative).resolve()
            assert path.is_relative_to(inside), relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise LakeError(
            "LW346", f"cannot write the project to {root}: {error}", hint="choose another folder"
        ) from error


def _problems(root: Path) -> tuple[Problem, ...]:
    """What `validate` finds in the project as written."""
    try:
        compile_project(load_project(str(root)))
    except LakewrightError as error:
        return error.problems
    return ()
