"""Patterns find files, in order, and nowhere else; content is hashed in blocks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import obstore.store
import pytest

from lakewright.errors import LakeError, RefusedError
from lakewright.lake import LoadedFile, hash_file, list_files
from lakewright.lake import cloud as cloud_module
from lakewright.lake.cloud import CloudStore
from lakewright.lake.listing import compare_files

FILES = ("a.csv", "b.csv", "B.CSV", "c.json", ".hidden.csv", "x/d.csv", "x/y/e.csv", ".git/f.csv")


@pytest.fixture(params=["local", "cloud"])
def listed(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Listed:
    if request.param == "local":
        for name in FILES:
            path = tmp_path / "landing" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        return Listed(str(tmp_path))
    bucket = obstore.store.MemoryStore()
    for name in FILES:
        obstore.put(bucket, f"landing/{name}", name.encode())
    prefixed = {}

    def open_cloud(uri: str) -> CloudStore:
        prefix = uri.removeprefix("s3://bucket").strip("/")
        return prefixed.setdefault(uri, CloudStore(_below(bucket, prefix)))

    monkeypatch.setattr(cloud_module, "open_cloud", open_cloud)
    return Listed("s3://bucket")


def _below(bucket: obstore.store.MemoryStore, prefix: str) -> obstore.store.MemoryStore:
    found = obstore.store.MemoryStore()
    for chunk in obstore.list(bucket, prefix or None):
        for item in chunk:
            name = item["path"].removeprefix(f"{prefix}/")
            obstore.put(found, name, bytes(obstore.get(bucket, item["path"]).bytes()))
    return found


class Listed:
    def __init__(self, root: str) -> None:
        self.root = root

    def __call__(self, pattern: str) -> list[str]:
        return [file.path for file in list_files(pattern, f"{self.root}/{pattern}")]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("landing/*.csv", ["landing/a.csv", "landing/b.csv"]),
        ("landing/?.csv", ["landing/a.csv", "landing/b.csv"]),
        ("landing/[ac].*", ["landing/a.csv", "landing/c.json"]),
        ("landing/[!a].csv", ["landing/b.csv"]),
        ("landing/a.csv", ["landing/a.csv"]),
        ("landing/*/*.csv", ["landing/x/d.csv"]),
        (
            "landing/**/*.csv",
            ["landing/a.csv", "landing/b.csv", "landing/x/d.csv", "landing/x/y/e.csv"],
        ),
        ("landing/x/**", ["landing/x/d.csv", "landing/x/y/e.csv"]),
        ("landing/**/y/*.csv", ["landing/x/y/e.csv"]),
        ("landing/*/**/e.csv", ["landing/x/y/e.csv"]),
        ("landing/.hidden.csv", ["landing/.hidden.csv"]),
        ("nowhere/*.csv", []),
        ("landing/missing.csv", []),
    ],
)
def test_pattern_finds(listed: Listed, pattern: str, found: list[str]) -> None:
    assert listed(pattern) == found


def test_secret_in_an_address_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "s3cret").mkdir()
    (tmp_path / "s3cret" / "a.csv").write_text("x")
    (file,) = list_files("${env:LANDING}/*.csv", f"{tmp_path}/s3cret/*.csv")
    assert file.path == "${env:LANDING}/a.csv"
    assert file.uri == f"{tmp_path}/s3cret/a.csv"


def test_absolute_pattern_keeps_absolute_paths(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (file,) = list_files(f"{tmp_path}/*.csv", f"{tmp_path}/*.csv")
    assert file.path == f"{tmp_path}/a.csv"


@pytest.mark.parametrize("pattern", ["../*.csv", "landing/../../*.csv", "landing//*.csv", ""])
def test_pattern_that_climbs_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(RefusedError) as error:
        list_files(pattern, f"{tmp_path}/{pattern}")
    assert error.value.code == "LW540"


def test_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "secret.csv").write_text("x")
    (tmp_path / "landing" / "a.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(RefusedError) as error:
        list_files("landing/*.csv", f"{tmp_path}/landing/*.csv")
    assert error.value.code == "LW540"


def test_link_inside_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("x")
    (tmp_path / "two.csv").symlink_to(tmp_path / "one.csv")
    assert len(list_files("*.csv", f"{tmp_path}/*.csv")) == 2


def test_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    data = b"x" * 3_000_000
    (tmp_path / "a").write_bytes(data)
    assert hash_file(str(tmp_path / "a")) == hashlib.sha256(data).hexdigest()


def test_digest_of_an_object(listed: Listed) -> None:
    expected = hashlib.sha256(b"a.csv").hexdigest()
    assert hash_file(f"{listed.root}/landing/a.csv") == expected


def test_file_that_is_gone_is_told(listed: Listed) -> None:
    with pytest.raises(LakeError) as error:
        hash_file(f"{listed.root}/landing/gone.csv")
    assert error.value.code == "LW541"


def test_a_path_that_was_loaded_with_two_contents_is_new_with_neither(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("old")
    (listed,) = list_files("*.csv", f"{tmp_path}/*.csv")
    digests = [hashlib.sha256(text).hexdigest() for text in (b"old", b"new")]
    ledger = [LoadedFile("a.csv", 1, listed.modified, digest) for digest in digests]
    assert compare_files((listed,), ledger).altered == ()
    assert compare_files((listed,), ledger[1:]).altered == ("a.csv",)
