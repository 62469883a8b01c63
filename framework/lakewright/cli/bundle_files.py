"""What a bundle is made of: the installed program, what it needs, a list, main.py, checksums."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

import lakewright
from lakewright.cli import bundle_main
from lakewright.errors import LakeError

PROGRAM = "lakewright"
_FOLDER = PurePosixPath("site")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can say
_FOR_SPARK = ("pandas",)  # PySpark asks for it where Python reads files, and brings it nowhere
_LEVEL = 1  # a third of the time of 6, and a tenth larger
_OF_THE_MACHINE = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_WHEEL = "Wheel-Version: 1.0\nGenerator: lakewright\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

Files = Mapping[str, bytes]


def bundle_files() -> Files:
    """Every file of the archive by its path; the same installation gives the same bytes.

    LakeError LW648 for a dependency that is missing or whose files are not on record.
    """
    needed = needed_distributions()
    program = program_files()
    files = {f"{_FOLDER}/{path}": data for path, data in program.items()}
    for found in needed:
        files |= {f"{_FOLDER}/{path}": data for path, data in installed_files(found)}
    version = distribution(PROGRAM).version
    files[f"{PROGRAM}-{version}-py3-none-any.whl"] = wheel_of(program, version)
    files["requirements.txt"] = _requirements(needed)
    files["main.py"] = Path(bundle_main.__file__).read_bytes()
    files[bundle_main.ABOUT] = _about(version)
    files[bundle_main.SUMS] = _sums(files)
    return files


def needed_distributions() -> tuple[Distribution, ...]:
    """What the program and its tasks need to run under Spark, by name; not Spark, not itself."""
    found: dict[str, Distribution] = {}
    waiting = [*_required(distribution(PROGRAM)), *((name, True) for name in _FOR_SPARK)]
    while waiting:
        name, certain = waiting.pop()
        if name in found or name == PROGRAM:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError as error:
            if not certain:
                continue  # asked for on other machines
            raise LakeError(
                "LW648",
                f"{name} is not installed, and a bundle needs it",
                hint="pip install 'lakewright[spark]' brings what a bundle holds",
            ) from error
        waiting += _required(found[name])
    return tuple(found[name] for name in sorted(found))


def program_files() -> Files:
    """The program's own files as a wheel holds them, from wherever it is imported."""
    home = Path(lakewright.__file__).parent
    files = {
        f"{PROGRAM}/{path.relative_to(home).as_posix()}": path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and not _is_compiled(PurePosixPath(path))
    }
    own = distribution(PROGRAM)
    about = f"{PROGRAM}-{own.version}.dist-info"
    for name in ("METADATA", "entry_points.txt"):
        text = own.read_text(name)
        if text is not None:
            files[f"{about}/{name}"] = text.encode()
    files[f"{about}/WHEEL"] = _WHEEL.encode()
    return files


def installed_files(found: Distribution) -> Iterator[tuple[str, bytes]]:
    """The files of a distribution, as its record names them, without what pip adds."""
    name = found.metadata["Name"]
    if not found.files:
        raise LakeError(
            "LW648",
            f"nothing is on record about the files of {name}",
            hint=f"install it with pip: pip install --force-reinstall {name}=={found.version}",
        )
    for file in sorted(found.files, key=str):
        about = file.parent.name.endswith(".dist-info")
        outside = ".." in file.parts or (about and file.name in _OF_THE_MACHINE)
        if not outside and not _is_compiled(file) and file.suffix != ".pth":
            yield file.as_posix(), Path(str(file.locate())).read_bytes()


def wheel_of(program: Files, version: str) -> bytes:
    """An installable wheel of the program's files."""
    record = f"{PROGRAM}-{version}.dist-info/RECORD"
    lines = [
        f"{path},sha256={_urlsafe(data)},{len(data)}" for path, data in sorted(program.items())
    ]
    text = "".join(f"{line}\n" for line in (*lines, f"{record},,"))
    return zipped({**program, record: text.encode()})


def zipped(files: Files) -> bytes:
    """The files as one archive, sorted and all of one time: the same files are the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            packed = path.endswith(".whl")
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=None if packed else _LEVEL)
    return made.getvalue()


def _required(found: Distribution) -> list[tuple[str, bool]]:
    """Names that a distribution asks for, and whether it does so on every machine."""
    asked = []
    for line in found.requires or ():
        wanted, _, condition = line.partition(";")
        if "extra" not in condition:
            name = re.split(r"[^A-Za-z0-9._-]", wanted.strip(), maxsplit=1)[0]
            asked.append((re.sub(r"[-_.]+", "-", name).lower(), not condition.strip()))
    return asked


def _requirements(needed: tuple[Distribution, ...]) -> bytes:
    lines = [f"{found.metadata['Name']}=={found.version}\n" for found in needed]
    return "".join(sorted(lines, key=str.lower)).encode()


def _about(version: str) -> bytes:
    about = {"format_version": "1.0", "lakewright": version, **bundle_main.this_python()}
    return (json.dumps(about, indent=1, sort_keys=True) + "\n").encode()


def _sums(files: Files) -> bytes:
    lines = [f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in files.items()]
    return "".join(sorted(lines, key=lambda line: line[66:])).encode()


def _is_compiled(path: PurePosixPath) -> bool:
    return "__pycache__" in path.parts or path.suffix in {".pyc", ".pyo"}


def _urlsafe(data: bytes) -> str:
    digest = hashlib.sha256(data).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
