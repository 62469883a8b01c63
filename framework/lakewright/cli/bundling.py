"""`bundle`: one archive that spark-submit runs with nothing but Spark and Delta beside it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

from lakewright.cli.bundle_files import bundle_files, zipped
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.errors import LakeError
from lakewright.observe import FORMAT_VERSION, render_json

_CHECKS = (["--version"], ["init", "shop"], ["validate", "--project", "shop"])
_NEXT = """\
Next:
  unzip -o {file} main.py
  lakewright submit --wait -- --master URL --py-files {file} main.py refresh --lake URI -e prod
"""


@dataclass(frozen=True, slots=True)
class Made:
    """An archive that was written."""

    file: Path
    bytes: int
    sha256: str
    files: int
    checked: bool


def make_bundle(common: Common, out: str, *, check: bool) -> int:
    """Write the archive to `out` when it has passed its check; else nothing is written.

    LakeError LW648 when a dependency is missing, LW649 when the archive does not run in an
    environment without Lakewright, LW650 when it cannot be written.
    """
    streams = Streams.of(common)
    _refuse_unwritable(Path(out))
    streams.tell("Packing what is installed ...\n")
    files = bundle_files()
    data = zipped(files)
    made = Made(Path(out), len(data), hashlib.sha256(data).hexdigest(), len(files), check)
    part = _write_beside(made.file, data)
    try:
        if check:
            streams.tell("Checking it in an environment of its own ...\n")
            check_bundle(part)
        part.replace(made.file)
    finally:
        part.unlink(missing_ok=True)
    _tell(common, streams, made)
    return 0


def check_bundle(archive: Path) -> None:
    """Run the archive's main file in a Python that has nothing installed; LakeError LW649."""
    with tempfile.TemporaryDirectory(prefix="lakewright-bundle-") as name:
        home = Path(name)
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(home / "clean")
        with zipfile.ZipFile(archive) as opened:
            opened.extract("main.py", home)
        (home / "bundle.zip").symlink_to(archive.absolute())
        for arguments in _CHECKS:
            _run_clean(home, arguments)


def _run_clean(home: Path, arguments: list[str]) -> None:
    python = home / "clean" / ("Scripts" if os.name == "nt" else "bin") / "python"
    surroundings = {"HOME": str(home), "PATH": os.defpath, "LAKEWRIGHT_CACHE": str(home / "cache")}
    ran = subprocess.run(  # noqa: S603 - our own Python, our own file
        [str(python), "main.py", *arguments],
        cwd=home,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise LakeError(
            "LW649",
            f"the bundle does not run by itself: main.py {arguments[0]} ended with"
            f" {ran.returncode}",
            hint="the notes say what is missing; --no-check writes it all the same",
            notes=tuple(ran.stderr.strip().splitlines()[-5:]),
        )


def _refuse_unwritable(file: Path) -> None:
    """LakeError LW650 before the work is done, not after it."""
    if file.is_dir():
        raise _unwritable(file, "it is a folder")
    _write_beside(file, b"").unlink()


def _write_beside(file: Path, data: bytes) -> Path:
    try:
        handle, name = tempfile.mkstemp(dir=file.absolute().parent, prefix=".lakewright-bundle-")
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
    except OSError as error:
        raise _unwritable(file, error.strerror or "it cannot be written") from error
    part = Path(name)
    part.chmod(0o644)
    return part


def _unwritable(file: Path, why: str) -> LakeError:
    return LakeError("LW650", f"cannot write {file}: {why}", hint="choose another --out")


def _tell(common: Common, streams: Streams, made: Made) -> None:
    if common.json:
        document = {
            "format_version": FORMAT_VERSION,
            "file": str(made.file),
            "bytes": made.bytes,
            "sha256": made.sha256,
            "files": made.files,
            "checked": made.checked,
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        }
        streams.answer(render_json(document))
        return
    checked = "runs in an environment of its own" if made.checked else "not checked"
    size = f"{made.bytes / 1_000_000:.0f} MB"
    text = f"{made.file}: {size}, {made.files} files, {checked}\nsha256 {made.sha256}\n\n"
    streams.answer(text + _NEXT.format(file=made.file))
