"""`rules/*.yml`: one rule a file, known to the tables that use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.specs import load_project, load_released
from specs.builders import found_in, project_of, table_of

RULE = """\
rule: at_least
description: "{column} is at least {limit}"
parameters:
  column: column
  limit: {type: number, default: 0}
expression: ":column >= :limit"
"""
TABLE = {
    "pipelines/shop/silver/t.yml": "table: silver.t\nexpect: [{at_least: {column: id}}]\n",
    "sql/shop/silver/t.sql": "SELECT 1 AS id\n",
    "sql/shop/silver/other.sql": "SELECT 1 AS id\n",
}


def test_a_table_has_the_rules_that_it_uses_and_their_files() -> None:
    project = project_of({**TABLE, "rules/at_least.yml": RULE})
    spec = table_of(project, "silver.t")
    assert [rule.name for rule in spec.rules] == ["at_least"]
    assert "rules/at_least.yml" in {file.path for file in spec.files}
    assert table_of(project, "silver.other").rules == ()


def test_a_rule_that_a_folder_gives_is_one_that_its_tables_use() -> None:
    defaults = "expect: [{at_least: {column: id}}]\n"
    files = {**TABLE, "rules/r.yml": RULE, "pipelines/shop/_defaults.yml": defaults}
    project = project_of(files)
    assert [rule.name for rule in table_of(project, "silver.other").rules] == ["at_least"]


def test_a_released_table_brings_its_rules() -> None:
    project = project_of({**TABLE, "rules/at_least.yml": RULE})
    released = load_released(spec.files for spec in project.tables)
    assert (released.tables, released.problems) == (project.tables, ())


def test_rules_are_read_from_disk(tmp_path: Path) -> None:
    files = {"lakewright.yml": "name: shop\n", "rules/deep/at_least.yml": RULE, **TABLE}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert [rule.name for rule in load_project(tmp_path).rules] == ["at_least"]


@pytest.mark.parametrize(
    ("yaml", "found"),
    [
        ("rule: where\nexpression: x\n", ("LW157", 1, 7)),
        ("rule: key\nexpression: x\n", ("LW157", 1, 7)),
        ("rule: Big\nexpression: x\n", ("LW157", 1, 7)),
        ("rule: a b\nexpression: x\n", ("LW126", 1, 7)),
        ("rule: a\n", ("LW121", 1, 1)),
        ("rule: a\nexpression: x\nsql: y\n", ("LW120", 3, 1)),
        ("rule: a\nexpression: x\nparameters: {c: colum}\n", ("LW125", 3, 17)),
        ("rule: a\nexpression: x\nparameters: {C: column}\n", ("LW126", 3, 14)),
        ("rule: a\nexpression: x\nparameters: {c: {type: number, default: x}}\n", ("LW157", 3, 41)),
        ("rule: a\nexpression: [x]\n", ("LW122", 2, 1)),
        ("- rule\n", ("LW117", 1, 1)),
    ],
)
def test_a_mistake_is_told_at_its_place(yaml: str, found: tuple[str, int, int]) -> None:
    project = project_of({"rules/a.yml": yaml})
    assert found in found_in(project)
    assert project.rules == ()


def test_a_name_is_defined_once() -> None:
    project = project_of({"rules/a.yml": RULE, "rules/b.yml": RULE})
    assert [(p.code, p.where and p.where.path) for p in project.problems] == [
        ("LW157", "rules/b.yml")
    ]


def test_a_broken_rule_is_known_by_name() -> None:
    assert project_of({"rules/a.yml": "rule: good\n"}).broken_rules == ("good",)
    assert project_of({"rules/a.yml": "rule: [\n"}).broken_rules == ("a",)
