"""`schema`: what editors need to complete and check YAML while it is written."""

from __future__ import annotations

import json
from pathlib import Path

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.errors import LakeError, SpecError, UsageError
from lakewright.observe import render_json
from lakewright.observe.schemas import SCHEMAS
from lakewright.specs import RuleSpec, find_root, load_project

FOLDER = ".lakewright/schemas"


def show_schema(common: Common, name: str | None, *, write: bool) -> int:
    """Print one JSON Schema, or write all of them below the project and say how to use them."""
    streams = Streams.of(common)
    if write:
        root = find_root(Path(common.project or "."))
        own = load_project(root).rules
        for one, (_, make) in SCHEMAS.items():
            _write(root / FOLDER / f"{one}.json", render_json(make(own)))
        streams.answer(f"Written to {FOLDER}/. For VS Code's YAML extension, in settings.json:\n")
        used = {f"{FOLDER}/{one}.json": pattern for one, (pattern, _) in SCHEMAS.items()}
        streams.answer(json.dumps({"yaml.schemas": used}, indent=2) + "\n")
        return 0
    if name not in SCHEMAS:
        raise UsageError(
            "LW303",
            f"there is no schema `{name}`" if name else "which schema?",
            hint=f"one of {', '.join(SCHEMAS)}; or --write for all of them",
        )
    streams.answer(render_json(SCHEMAS[name][1](_own_rules(common))))
    return 0


def _own_rules(common: Common) -> tuple[RuleSpec, ...]:
    """The rules of the project, if there is one around: a schema can be had without."""
    try:
        return load_project(common.project or ".").rules
    except SpecError as error:
        if error.code == "LW110":
            return ()
        raise


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LakeError("LW346", f"cannot write {path}: {error}", hint="free the place") from error
