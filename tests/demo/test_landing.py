"""Landing the demo's files, and the fixture made from the same data."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from demo.warehouses import FIXTURES, ROOT


def load(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def land() -> ModuleType:
    return load(ROOT / "infra" / "demo" / "land.py")


def test_a_second_landing_writes_nothing(land: ModuleType, tmp_path: Path) -> None:
    assert len(land.land(tmp_path, [1], land.package_folder())) == 5
    assert land.land(tmp_path, [1], land.package_folder()) == []


def test_months_together_are_the_file_as_delivered(land: ModuleType) -> None:
    package = land.package_folder()
    header, *delivered = land.flight_lines(package)
    months = land.flights_by_month(package).values()
    landed = [data.splitlines(keepends=True) for data in months]
    assert all(lines[0] == header for lines in landed)
    assert sorted(line for lines in landed for line in lines[1:]) == sorted(delivered)


def test_reference_files_are_landed_byte_for_byte(land: ModuleType, tmp_path: Path) -> None:
    package = land.package_folder()
    land.land(tmp_path, [], package)
    for name in land.REFERENCE:
        assert (tmp_path / name / f"{name}.csv").read_bytes() == (
            package / f"{name}.csv"
        ).read_bytes()


def test_the_fixture_is_what_its_script_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    load(FIXTURES / "make.py").make(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert made == {path: (FIXTURES / path).read_bytes() for path in made}
