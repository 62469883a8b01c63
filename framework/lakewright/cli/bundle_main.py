"""The main file of a bundle: `spark-submit --py-files lakewright-bundle.zip main.py VERB …`.

It finds the bundle, checks it against its checksums, unpacks it once, and runs the verb with what
is in it. Needs nothing but Python; this text is `main.py` of every bundle.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

SUMS = "SHA256SUMS"
ABOUT = "bundle.json"
SURROUNDINGS = 5  # the exit code for what this machine lacks


def main() -> None:
    bundle = find_bundle()
    with zipfile.ZipFile(bundle) as archive:
        refuse_other_python(json.loads(archive.read(ABOUT)))
        home = unpacked(archive)
    site = str(home / "site")
    sys.path.insert(0, site)
    os.environ["LAKEWRIGHT_BUNDLE"] = str(bundle)
    os.environ["LAKEWRIGHT_SITE"] = site
    os.environ.setdefault("LAKEWRIGHT_ENGINE", "spark")
    # Only the bundle has it.
    from lakewright.cli.main import main as run

    run(sys.argv[1:])


def find_bundle() -> Path:
    """The archive named by `--py-files`, else one beside this file or in the current folder."""
    here = Path(__file__).resolve().parent
    named = [Path(entry) for entry in sys.path if entry]
    beside = [*sorted(here.glob("*.zip")), *sorted(Path.cwd().glob("*.zip"))]
    for path in (*named, *beside):
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if {SUMS, ABOUT} <= set(archive.namelist()):
                    return path.resolve()
    raise stopped(
        "LW645",
        "there is no bundle",
        "spark-submit --py-files lakewright-bundle.zip main.py …, or put it beside main.py",
    )


def refuse_other_python(about: dict[str, str]) -> None:
    """A bundle holds native code of one Python and one kind of machine."""
    found = this_python()
    if any(about[key] != value for key, value in found.items()):
        made = " ".join(about[key] for key in found)
        raise stopped(
            "LW646",
            f"the bundle is made for {made}, and this is {' '.join(found.values())}",
            "make it with the Python of the cluster, or set PYSPARK_PYTHON to one like it",
        )


def this_python() -> dict[str, str]:
    """What native code depends on."""
    return {
        "python": f"{sys.implementation.name}-{sys.version_info[0]}.{sys.version_info[1]}",
        "system": platform.system().lower(),
        "machine": platform.machine().lower(),
    }


def unpacked(archive: zipfile.ZipFile) -> Path:
    """The folder of what the archive holds; made once a digest, whole or not at all."""
    sums = archive.read(SUMS)
    home = cache() / hashlib.sha256(sums).hexdigest()[:32]
    if home.is_dir():
        return home
    made = Path(tempfile.mkdtemp(dir=home.parent))
    for line in sums.decode().splitlines():
        digest, _, name = line.partition("  ")
        data = archive.read(name)
        if hashlib.sha256(data).hexdigest() != digest:
            shutil.rmtree(made)
            raise stopped("LW647", f"{name} of the bundle is damaged", "copy the bundle again")
        target = made / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    try:
        made.rename(home)
    except OSError:
        shutil.rmtree(made)  # another process was first: its folder holds the same
    return home


def cache() -> Path:
    """A folder of this user alone; one for this process only where nothing else can be written."""
    root = os.environ.get("LAKEWRIGHT_CACHE")
    try:
        base = Path(root) if root else Path.home() / ".cache" / "lakewright"
        folder = base / "bundles"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, RuntimeError):  # the second: a user without a home
        folder = Path(tempfile.mkdtemp(prefix="lakewright-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def stopped(code: str, message: str, hint: str) -> SystemExit:
    """Tell it as every command of Lakewright does, and how to end: by the code of surroundings."""
    sys.stderr.write(f"error[{code}]: {message}\nhelp: {hint}\n")
    return SystemExit(SURROUNDINGS)


if __name__ == "__main__":
    main()
