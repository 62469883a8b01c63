"""`kind: seed`: where its file is, and that the file is part of the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.specs import Project, load_project, load_released
from specs.builders import found_in, project_of, table_of

SPEC = "pipelines/shop/silver/carriers.yml"
SEED = "table: silver.carriers\nkind: seed\nfile: carriers.csv\n"
BESIDE = "pipelines/shop/silver/carriers.csv"
CSV = "carrier,name\nAA,American\n"


def seed(csv: str = CSV, at: str = BESIDE, spec: str = SEED) -> Project:
    return project_of({SPEC: spec, at: csv})


def on_disk(root: Path, **files: str | bytes) -> Project:
    for path, text in {"lakewright.yml": "name: shop\n", SPEC: SEED, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_project(root)


@pytest.mark.parametrize("at", [BESIDE, "carriers.csv"])
def test_the_file_is_beside_the_spec_or_at_the_root(at: str) -> None:
    found = table_of(seed(at=at), "silver.carriers").seed
    assert found is not None
    assert found.file.path == at


def test_the_file_beside_the_spec_wins() -> None:
    project = project_of({SPEC: SEED, BESIDE: CSV, "carriers.csv": "x\n1\n"})
    found = table_of(project, "silver.carriers").seed
    assert found is not None
    assert found.file.path == BESIDE


def test_the_file_is_part_of_the_code() -> None:
    spec = table_of(seed(), "silver.carriers")
    assert [file.path for file in spec.files] == ["lakewright.yml", BESIDE, SPEC]
    assert spec.code != table_of(seed(CSV + "BB,Blue\n"), "silver.carriers").code


def test_a_released_seed_is_read_from_its_own_files() -> None:
    project = seed()
    released = load_released([project.tables[0].files])
    assert (released.tables, released.problems) == (project.tables, ())


def test_key_rules_tags_and_retention_are_those_of_tables() -> None:
    more = "key: [carrier]\ntags: [ref]\nretention: 9d\nexpect: [{not_null: [name]}]\n"
    spec = table_of(seed(spec=SEED + more), "silver.carriers")
    assert (spec.key, spec.tags, spec.retention_days) == (("carrier",), ("ref",), 9)
    assert [rule.rule for rule in spec.expect] == ["not_null"]


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("carrier.csv", ("LW134", 3, 7)),
        ("carriers.parquet", ("LW134", 3, 7)),
        ("../carriers.csv", ("LW190", 3, 7)),
        ("/etc/passwd.csv", ("LW190", 3, 7)),
    ],
)
def test_a_file_that_is_not_there_is_refused(file: str, problem: tuple[str, int, int]) -> None:
    assert found_in(seed(spec=SEED.replace("carriers.csv", file))) == [problem]


def test_the_mistakes_of_a_file_are_told_at_its_lines() -> None:
    (problem,) = seed("carrier,name\nAA\n").problems
    assert problem.where is not None
    assert (problem.code, problem.where.path, problem.where.line) == ("LW135", BESIDE, 2)


def test_a_query_where_the_seed_would_have_one_is_refused() -> None:
    files = {SPEC: SEED, BESIDE: CSV, "sql/shop/silver/carriers.sql": "SELECT 1 AS id"}
    assert [code for code, _, _ in found_in(project_of(files))] == ["LW141"]


def test_only_files_that_specs_name_are_read_from_disk(tmp_path: Path) -> None:
    other = "pipelines/shop/silver/other.csv"
    project = on_disk(tmp_path, **{BESIDE: CSV, other: b"\xff\xfe not read"})
    assert project.problems == ()
    assert project.tables[0].seed is not None


def test_bytes_that_are_no_text_are_told_at_their_line(tmp_path: Path) -> None:
    project = on_disk(tmp_path, **{BESIDE: b"carrier,name\nAA,\xff\n"})
    assert found_in(project) == [("LW112", 2, 4)]


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    project = on_disk(tmp_path, **{BESIDE: "a\n" + "x" * 1_000_000})
    assert found_in(project) == [("LW133", 1, 1)]
    assert [str(name) for name in project.broken] == ["silver.carriers"]


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(CSV)
    root = tmp_path / "project"
    (root / BESIDE).parent.mkdir(parents=True)
    (root / BESIDE).symlink_to(secret)
    assert [code for code, _, _ in found_in(on_disk(root))] == ["LW190"]


@pytest.mark.parametrize("file", ["x" * 300 + ".csv", '"\\0.csv"', ".csv", "'.'", "'*.csv'"])
def test_a_name_that_no_file_has_is_refused(tmp_path: Path, file: str) -> None:
    project = on_disk(tmp_path, **{SPEC: f"table: silver.carriers\nkind: seed\nfile: {file}\n"})
    assert [code for code, _, _ in found_in(project)] in (["LW134"], ["LW190"])


def test_line_ends_of_a_checkout_change_nothing() -> None:
    windows = table_of(seed(CSV.replace("\n", "\r\n")), "silver.carriers")
    assert windows.code == table_of(seed(), "silver.carriers").code
