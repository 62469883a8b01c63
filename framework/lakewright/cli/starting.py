"""`init`: a small project that runs, and its lake."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.errors import LakeError, RefusedError
from lakewright.lake import open_lake
from lakewright.observe import FORMAT_VERSION, render_json

_TEMPLATE = Path(__file__).with_name("template")
_LAKE = ".lake"
_NEXT = """\
Next:
{go}  lakewright plan                                        what would be made
  lakewright apply                                       make it: release 1
  lakewright sql "SELECT * FROM gold.customer_totals"    read it
"""


def init_project(common: Common, folder: str) -> int:
    """Write the template's files where none of them is yet, and bind a lake to the project."""
    streams = Streams.of(common)
    root = Path(folder).absolute()
    files = {_target(path): path.read_text(encoding="utf-8") for path in _template_files()}
    _refuse_existing(root, files)
    name = re.sub(r"[^a-z0-9_]+", "_", root.name.lower()).strip("_")
    name = name if name[:1].isalpha() else f"project_{name}".rstrip("_")
    texts = {relative: text.replace("PROJECT", name) for relative, text in files.items()}
    make_project(common, root, name, texts)
    _tell(common, streams, folder, name, sorted(files))
    return 0


def make_project(common: Common, root: Path, name: str, files: Mapping[str, str]) -> None:
    """Write the files below `root`, and bind a lake to the project; LakeError LW346."""
    try:
        for relative, text in sorted(files.items()):
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise LakeError(
            "LW346",
            f"cannot write the project to {root}: {error.strerror}",
            hint="choose another folder",
        ) from error
    lake = open_lake(common.lake or str(root / _LAKE))
    lake.create(name, uuid.uuid4().hex, datetime.now(UTC))


def _template_files() -> list[Path]:
    return [path for path in sorted(_TEMPLATE.rglob("*")) if path.is_file()]


def _target(path: Path) -> str:
    relative = path.relative_to(_TEMPLATE).as_posix()
    return ".gitignore" if relative == "gitignore" else relative


def _refuse_existing(root: Path, files: dict[str, str]) -> None:
    """RefusedError LW345 rather than to overwrite a file; a .gitignore that is there stays."""
    if (root / ".gitignore").exists():
        files.pop(".gitignore", None)
    found = [relative for relative in sorted(files) if (root / relative).exists()]
    if found:
        raise RefusedError(
            "LW345",
            f"{root} already has {found[0]}",
            hint="lakewright init NEW_FOLDER makes the project there",
        )


def _tell(common: Common, streams: Streams, folder: str, name: str, files: list[str]) -> None:
    if common.json:
        document = {"format_version": FORMAT_VERSION, "project": name, "files": files}
        streams.answer(render_json(document))
        return
    listed = "".join(f"  {relative}\n" for relative in files)
    go = "" if folder == "." else f"  cd {folder}\n"
    streams.answer(f"Made project {name}:\n{listed}\n{_NEXT.format(go=go)}")
