"""A cluster, a bundle and a shop, made once; each test works on copies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lakewright.cli import bundle_main
from lakewright.cli.bundle_files import bundle_files, zipped
from lakewright.cli.main import run_command
from proof.shops import ENVIRONMENT, FEBRUARY, TESTS, Shop
from submit.clusters import Cluster, Place, started_cluster, started_connect

# Sail builds what Spark goes on with, in a process of its own: one engine a process.
SAIL = """
import sys
from pathlib import Path
from lakewright.engines import open_engine
from proof.shops import FEBRUARY, Shop
home = Path(sys.argv[1])
engine = open_engine("sail")
shop = Shop.make(home / "shop")
assert shop.apply(engine).ok
wanted = shop.copy(home / "wanted")
wanted.land("2024_02", FEBRUARY)
assert wanted.refresh(engine).ok
engine.close()
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A machine that submits: a lake, landed files, the bundle and its main file; no checkout."""

    home: Path
    place: Place
    run: Callable[[list[str]], int]

    @property
    def shop(self) -> Shop:
        return Shop(self.home)

    @property
    def table_log(self) -> Path:
        return self.home / ".lake" / ENVIRONMENT / "bronze" / "orders" / "_delta_log"

    def land(self) -> None:
        self.shop.land("2024_02", FEBRUARY)

    def submit(self, master: str, *words: str, **settings: str) -> int:
        """`lakewright submit --wait`, in this process; its exit code."""
        spark = ("--master", master, *self.place.settings(**settings), "--py-files", "b.zip")
        return self.run(["submit", "--wait", "--json", "--", *spark, "main.py", *words])

    def refresh(self, master: str, *words: str) -> int:
        return self.submit(master, "refresh", "--lake", ".lake", "-e", ENVIRONMENT, *words)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place.make(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="session")
def cluster(place: Place) -> Iterator[Cluster]:
    with started_cluster(place) as started:
        yield started


@pytest.fixture(scope="session")
def connect(place: Place) -> Iterator[str]:
    """The address of a Connect server; its Python workers have Arrow."""
    with started_connect(place) as address:
        yield address


@pytest.fixture(scope="session")
def bundle(place: Place) -> Path:
    file = place.home / "b.zip"
    file.write_bytes(zipped(bundle_files()))
    return file


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`shop` with release 1, and `wanted` with what a refresh here makes of a second file."""
    home = tmp_path_factory.mktemp("shops")
    environ = {**os.environ}
    environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), environ.get("PYTHONPATH", "")])
    subprocess.run([sys.executable, "-c", SAIL, str(home)], env=environ, check=True)
    return home


@pytest.fixture(scope="session")
def wanted(shops: Path) -> dict[str, list[dict[str, Any]]]:
    return Shop(shops / "wanted").rows()


@pytest.fixture
def site(
    shops: Path, place: Place, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """Release 1 in a lake of its own, beside the files that landed."""
    home = tmp_path / "site"
    for part in (".lake", "incoming"):
        shutil.copytree(shops / "shop" / part, home / part)
    (home / "b.zip").symlink_to(bundle)
    shutil.copy(bundle_main.__file__, home / "main.py")
    environ = place.environ
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home)
    return Site(home, place, run_command)


@pytest.fixture
def told(capfd: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """The document that the last command answered with."""

    def read() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(capfd.readouterr().out)
        return found

    return read
