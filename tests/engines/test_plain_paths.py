"""Folders that Sail would miss are reached through links, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.engines.plain_paths import PlainPaths


@pytest.mark.parametrize(
    "location", ["/lake/prod/silver/x__quarantine-1a2b", "s3://b/a b", "memory://a/b c", "a b"]
)
def test_what_is_plain_or_no_local_path_stays_as_it_is(location: str) -> None:
    assert PlainPaths()(location) == location


@pytest.mark.parametrize("name", ["a b", "é", "x#y", "50%"])
def test_a_strange_folder_is_reached_through_one_link(tmp_path: Path, name: str) -> None:
    paths = PlainPaths()
    found = paths(f"{tmp_path}/{name}/lake/silver/t")
    assert name not in found
    Path(found).mkdir(parents=True)
    assert (tmp_path / name / "lake/silver/t").is_dir()
    assert Path(paths(f"file://{tmp_path}/{name}/other")).parent == Path(found).parents[2]
    paths.close()
    assert not Path(found).exists()
    assert (tmp_path / name / "lake/silver/t").is_dir()
