"""`init --from-dbt`: a project made of a dbt project, and what did not come along."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakewright.cli.options import Common
from lakewright.cli.starting import make_project
from lakewright.cli.streams import Streams
from lakewright.errors import LakewrightError, Problem, RefusedError
from lakewright.graph import compile_project
from lakewright.observe import render_json
from lakewright.observe.imports import imported_document, render_imported
from lakewright.specs import load_project
from lakewright.specs.dbt import import_dbt


def import_project(common: Common, dbt: str, folder: str) -> int:
    """Convert the dbt project at `dbt` into the empty folder; nothing of it is run.

    RefusedError LW187 when the folder holds anything. Exit 0 once the project is written, whatever
    could not be converted: that is the answer.
    """
    streams = Streams.of(common)
    root, source = Path(folder).absolute(), Path(dbt).absolute()
    _refuse_full(root)
    imported = import_dbt(source)
    _refuse_outside(root, imported.files)
    make_project(common, root, imported.name, imported.files)
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


def _refuse_outside(root: Path, files: Iterable[str]) -> None:
    """Names were made plain; one that leads out of the folder is a bug."""
    inside = root.resolve()
    for relative in files:
        assert (inside / relative).resolve().is_relative_to(inside), relative


def _problems(root: Path) -> tuple[Problem, ...]:
    """What `validate` finds in the project as written."""
    try:
        compile_project(load_project(str(root)))
    except LakewrightError as error:
        return error.problems
    return ()
