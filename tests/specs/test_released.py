"""A table's own files are enough to read it again, and change only with what made it."""

from __future__ import annotations

import pytest

from lakewright.specs import load_released
from specs.builders import SETTINGS, project_of, table_of

FILES = {
    "pipelines/_defaults.yml": "owner: ana\ntags: [shop]\nexpect: [{not_null: [id]}]\n",
    "pipelines/shop/silver/t.yml": "table: silver.t\nkey: [id]\nretention: 9d\n",
    "sql/shop/silver/t.sql": "SELECT {{ one() }} AS id, :vars.limit AS n\n",
    "sql/_macros/m.sql": "{% macro one() %}1{% endmacro %}",
    "sql/_macros/unused.sql": "{% macro two() %}2{% endmacro %}",
    "sql/shop/gold/top.sql": "SELECT * FROM silver.t WHERE d > :vars.season_start\n",
    "pipelines/shop/silver/inline.yml": (
        "table: silver.inline\nquery: |\n  SELECT {{ one() }} AS id\n"
    ),
    "pipelines/shop/bronze/files.yml": (
        "table: bronze.files\nkind: ingest\nfrom: {files: 'in/*.csv', format: csv}\n"
    ),
    "pipelines/shop/gold/p.yml": "table: gold.p\npython: 'p:build'\nreads: [silver.t]\n",
    "pipelines/shop/gold/p.py": "from lib import a\n\ndef build(inputs):\n    return 1\n",
    "pipelines/lib/a.py": "x = 1\n",
}


def test_all_tables_read_from_their_own_files_are_equal() -> None:
    project = project_of(FILES)
    assert project.problems == ()
    released = load_released(spec.files for spec in project.tables)
    assert (released.tables, released.problems) == (project.tables, ())
    assert [spec.code for spec in released.tables] == [spec.code for spec in project.tables]


def test_a_table_that_is_already_loaded_is_not_read_again() -> None:
    project = project_of(FILES)
    released = load_released((spec.files for spec in project.tables), project.tables)
    assert all(a is b for a, b in zip(released.tables, project.tables, strict=True))


def test_without_a_release_the_released_project_is_empty() -> None:
    assert load_released([]).tables == ()


def test_bundles_may_hold_different_versions_of_one_macro() -> None:
    other = {**FILES, "sql/_macros/m.sql": "{% macro one() %}1.0{% endmacro %}"}
    old = table_of(project_of(FILES), "silver.t")
    new = table_of(project_of(other), "silver.inline")
    released = load_released([old.files, new.files])
    texts = [spec.query.text for spec in released.tables if spec.query]
    assert texts == ["SELECT 1.0 AS id\n", "SELECT 1 AS id, :vars.limit AS n\n"]


def test_each_table_keeps_the_value_of_the_variable_it_was_released_with() -> None:
    later = SETTINGS.replace("limit: 5", "limit: 6")
    project = project_of(FILES, later)
    released = load_released([table_of(project, "silver.t").files])
    assert released.tables[0].vars == {"limit": 6}


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS + "targets: {dev: {lake: .lake}}\n",
        SETTINGS.replace("unused: x", "unused: y"),
        SETTINGS + "retention: 30d\n",
        "# a comment\n" + SETTINGS,
        SETTINGS + "schemas: {bronze: bronze, silver: silver, gold: gold, raw: bronze}\n",
    ],
)
def test_settings_that_a_table_does_not_use_leave_its_code_alone(settings: str) -> None:
    before, after = project_of(FILES), project_of(FILES, settings)
    assert [spec.code for spec in before.tables] == [spec.code for spec in after.tables]


def test_what_a_project_keeps_travels_with_the_code_of_every_table() -> None:
    project = project_of(FILES, SETTINGS + "retention: 90d\nkeep_releases: 4\n")
    for spec in project.tables:
        released = load_released([spec.files])
        assert (released.retention_days, released.keep_releases) == (90, 4)
        assert released.tables == (spec,)


@pytest.mark.parametrize(
    ("path", "text", "changed"),
    [
        ("sql/shop/gold/top.sql", "SELECT 1 AS id", {"gold.top"}),
        ("sql/_macros/m.sql", "{% macro one() %}2{% endmacro %}", {"silver.t", "silver.inline"}),
        ("sql/_macros/unused.sql", "{% macro two() %}3{% endmacro %}", set()),
        ("pipelines/lib/a.py", "x = 2\n", {"gold.p"}),
    ],
)
def test_a_file_changes_the_code_of_the_tables_it_makes(
    path: str, text: str, changed: set[str]
) -> None:
    before = {spec.name: spec.code for spec in project_of(FILES).tables}
    after = {spec.name: spec.code for spec in project_of({**FILES, path: text}).tables}
    assert {str(name) for name in before if before[name] != after[name]} == changed


def test_a_used_variable_changes_the_code_of_its_tables() -> None:
    before = project_of(FILES)
    after = project_of(FILES, SETTINGS.replace("2013-01-01", "2014-01-01"))
    pairs = zip(before.tables, after.tables, strict=True)
    assert [str(a.name) for a, b in pairs if a.code != b.code] == ["gold.top"]


@pytest.mark.parametrize(
    "value",
    ['"é\\u2028\\x7f😀"', "2013-01-01", "'2013-01-01'", "1e-7", "-0.5", "true", "'true'", "0"],
)
def test_any_variable_survives_the_way_through_a_release(value: str) -> None:
    project = project_of(
        {"sql/a/gold/t.sql": "SELECT :vars.x"}, f"name: shop\nvars: {{x: {value}}}\n"
    )
    spec = table_of(project, "gold.t")
    released = load_released([spec.files]).tables[0]
    assert (released.vars, type(released.vars["x"])) == (spec.vars, type(spec.vars["x"]))
    assert released == spec
