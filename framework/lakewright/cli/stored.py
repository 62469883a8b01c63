"""What compiling gave last time, kept in the user's cache folder; losing it costs seconds.

Only values are kept, as JSON (`graph.codec`): nothing in a file is ever executed. A file is used
when it is the user's own, in a folder that nobody else can write, and its checksum holds; anything
else counts as not there. Decision 0011 has the argument.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from lakewright.graph import Graph
from lakewright.graph.codec import CodecError, decode, encode
from lakewright.specs import Project, SourceFile

_PROJECTS = 32  # whose graphs are kept
_LARGEST = 256 * 1024 * 1024  # bytes of one
_COMPILERS = ("errors", "names", "specs", "graph")


@dataclass(frozen=True, slots=True)
class Stored:
    """A sound project as it was compiled. `files`: path to digest; `frame`: without its tables."""

    files: Mapping[str, str]
    frame: Project
    graph: Graph


def digest_texts(files: Iterable[SourceFile]) -> dict[str, str]:
    """Path to SHA-256, hex, of the text."""
    return {file.path: hashlib.sha256(file.text.encode()).hexdigest() for file in files}


def load_stored(folder: Path, root: str) -> Stored | None:
    """What was kept for the project at `root` by this very program, if it can be trusted."""
    data = _read_own(folder / _name(root)) if _is_private(folder) else None
    if data is None:
        return None
    body = data.partition(b"\n")[2]
    if seal(body) != data:
        return None
    try:
        files, frame, graph = json.loads(body)
        return Stored(dict(files), decode(Project, frame), decode(Graph, graph))
    except (CodecError, ValueError, TypeError, RecursionError):
        return None


def save_stored(folder: Path, root: str, stored: Stored) -> None:
    """Keep `stored` for next time; where that is impossible, nothing is kept."""
    frame = replace(stored.frame, tables=())
    with contextlib.suppress(CodecError, OSError):
        form = [stored.files, encode(Project, frame), encode(Graph, stored.graph)]
        body = json.dumps(form, separators=(",", ":")).encode()
        if len(body) > _LARGEST or not _make_private(folder):
            return
        _put(folder / _name(root), seal(body))
        _drop_old(folder)


def seal(body: bytes) -> bytes:
    """`body` behind a line that says which program made it, and its checksum."""
    return f"{_program()} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the user's programs keep what they can make again."""
    written = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - never raises
    base = Path(written) if written.startswith("/") else Path(home, ".cache")
    return base / "lakewright" / "compiled"


def _name(root: str) -> str:
    return hashlib.sha256(root.encode(errors="surrogateescape")).hexdigest()[:32] + ".json"


def _program() -> str:
    """What decides how a project compiles: our code, Python, and the installed packages."""
    package = Path(__file__).parents[1]
    total = hashlib.sha256(sys.version.encode())
    for part in _COMPILERS:
        for path in sorted((package / part).rglob("*.py")):
            found = path.stat()
            total.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    for installed in _installed():
        total.update(f"{installed}\0".encode())
    return total.hexdigest()


def _installed() -> list[str]:
    """Names with versions of what is installed where the parser of SQL is."""
    spec = find_spec("sqlglot")
    assert spec is not None, "a dependency"
    assert spec.origin is not None, "a package with files"
    packages = Path(spec.origin).parents[1]
    return sorted(name for name in os.listdir(packages) if name.endswith(".dist-info"))  # noqa: PTH208 - names alone


def _is_private(folder: Path) -> bool:
    """Whether `folder` is the user's, and nobody else can put a file there."""
    if os.name != "posix":
        return False
    try:
        found = folder.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and not found.st_mode & 0o077


def _make_private(folder: Path) -> bool:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    return _is_private(folder)


def _read_own(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(handle, "rb") as file:  # noqa: PTH123 - what was opened, whatever stands there now
        found = os.fstat(handle)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or found.st_mode & 0o022 or found.st_size > _LARGEST:
            return None
        with contextlib.suppress(OSError):
            return file.read()
    return None


def _put(path: Path, data: bytes) -> None:
    """All of it or nothing: other processes see the old file or this one."""
    handle, temporary = tempfile.mkstemp(prefix="new-", dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - made and opened in one step
            file.write(data)
        os.replace(temporary, path)  # noqa: PTH105 - a name, as mkstemp gave it
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise


def _drop_old(folder: Path) -> None:
    """Keep the newest; what a killed process left behind counts as well."""
    newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in newest[_PROJECTS:]:
        path.unlink(missing_ok=True)
