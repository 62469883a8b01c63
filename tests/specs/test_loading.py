"""A project's files become tables; what is broken is reported and left out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lakewright.errors import SpecError
from lakewright.names import TableName
from lakewright.specs import DeltaInput, FilesInput, load_files, load_project
from specs.builders import found_in, problems_of, project_of, spec_of, table_of


def test_a_spec_without_a_kind_is_a_table() -> None:
    assert spec_of("description: All\n").kind == "table"


def test_the_query_is_found_in_the_twin_tree() -> None:
    spec = spec_of("", "SELECT 2 AS id\n")
    assert spec.query is not None
    assert (spec.query.path, spec.query.text) == ("sql/shop/silver/t.sql", "SELECT 2 AS id\n")


def test_the_query_is_found_beside_the_spec() -> None:
    spec = spec_of("", None, **{"pipelines/shop/silver/t.sql": "SELECT 2 AS id\n"})
    assert spec.query is not None
    assert spec.query.path == "pipelines/shop/silver/t.sql"


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("sql/other/q.sql", "sql/other/q.sql"),
        ("q.sql", "pipelines/shop/silver/q.sql"),
        ("q.sql", "sql/shop/silver/q.sql"),
    ],
)
def test_the_key_query_names_a_file(query: str, path: str) -> None:
    spec = spec_of(f"query: {query}\n", None, **{path: "SELECT 1 AS id"})
    assert spec.query is not None
    assert spec.query.path == path


def test_an_inline_query_has_places_in_the_yaml_file() -> None:
    spec = spec_of("query: |\n  SELECT 1 AS id,\n         nope\nowner: x\n", None)
    assert spec.query is not None
    place = spec.query.place(spec.query.text.index("nope"))
    assert (place.path, place.line, place.column) == ("pipelines/shop/silver/t.yml", 4, 10)


def test_an_inline_query_with_a_macro_has_places_in_the_yaml_file() -> None:
    macros = {"sql/_macros/m.sql": "{% macro one() %}1 + 1{% endmacro %}"}
    spec = spec_of("query: |\n  SELECT {{ one() }} AS id,\n    nope\n", None, **macros)
    assert spec.query is not None
    assert spec.query.text == "SELECT 1 + 1 AS id,\n  nope\n"
    at = [spec.query.place(spec.query.text.index(word)) for word in ("1 + 1", "AS", "nope")]
    assert [(place.line, place.column) for place in at] == [(3, 10), (3, 22), (4, 5)]


def test_a_one_line_inline_query_is_copied() -> None:
    spec = spec_of("query: SELECT 1 AS id\n", None)
    assert spec.query is not None
    place = spec.query.place(7)
    assert (spec.query.text, place.line, place.column) == ("SELECT 1 AS id", 2, 15)


def test_a_query_without_a_spec_is_a_table_of_its_folder() -> None:
    spec = table_of(project_of({"sql/shop/gold/top.sql": "SELECT 1 AS id"}), "gold.top")
    assert (spec.kind, spec.layer, spec.where.path) == ("table", "gold", "sql/shop/gold/top.sql")


def test_a_query_without_a_spec_takes_the_defaults_of_the_twin_folder() -> None:
    files = {"pipelines/shop/_defaults.yml": "owner: ana\n", "sql/shop/gold/top.sql": "SELECT 1"}
    assert table_of(project_of(files), "gold.top").owner == "ana"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"sql/top.sql": "SELECT 1"}, "LW143"),
        ({"pipelines/shop/silver/u.sql": "SELECT 1"}, "LW143"),
        ({"sql/shop/notes/u.sql": "SELECT 1"}, "LW130"),
        ({"sql/shop/gold/a b.sql": "SELECT 1"}, "LW101"),
        ({"sql/shop/gold/a.sql": " \n"}, "LW117"),
    ],
)
def test_a_lone_query_in_a_wrong_place_is_reported(files: dict[str, str], code: str) -> None:
    assert [found[0] for found in found_in(project_of(files))] == [code]


def test_no_query_at_all_is_reported() -> None:
    assert problems_of("table: silver.t\n", None) == [("LW140", 1, 8)]


def test_two_queries_are_reported() -> None:
    assert problems_of("table: silver.t\nquery: SELECT 1\n") == [("LW141", 2, 8)]


def test_a_missing_query_file_is_reported_with_near_names() -> None:
    files = {"pipelines/shop/silver/t.yml": "table: silver.t\nquery: sql/a/silver/ordres.sql\n"}
    files["sql/a/silver/orders.sql"] = "SELECT 1"
    problem = project_of(files).problems[0]
    assert (problem.code, "`sql/a/silver/orders.sql`" in problem.hint) == ("LW142", True)


def test_a_query_outside_the_project_is_refused() -> None:
    assert problems_of("table: silver.t\nquery: ../../x.sql\n", None) == [("LW190", 2, 8)]


def test_a_query_for_a_kind_without_one_is_reported() -> None:
    text = "table: silver.t\nkind: source\nlocation: /data/t\n"
    assert problems_of(text) == [("LW141", 2, 7)]


def test_the_query_of_a_broken_spec_is_not_a_table_of_its_own() -> None:
    files = {"pipelines/shop/silver/t.yml": "table: [", "sql/shop/silver/t.sql": "SELECT 1"}
    project = project_of(files)
    assert project.tables == ()
    assert project.broken == (TableName("silver", "t"),)


def test_a_table_defined_twice_is_reported_with_both_places() -> None:
    files = {
        "pipelines/a/t.yml": "table: silver.t\n",
        "sql/a/t.sql": "SELECT 1",
        "sql/b/silver/t.sql": "SELECT 1",
    }
    problem = project_of(files).problems[0]
    assert (problem.code, str(problem.where)) == ("LW131", "sql/b/silver/t.sql:1:1")
    assert "pipelines/a/t.yml:1" in problem.message


def test_a_table_defined_twice_is_reported_though_the_first_is_broken() -> None:
    files = {
        "pipelines/a.yml": "table: silver.t\nowner: 5\nquery: SELECT 1\n",
        "pipelines/b.yml": "table: silver.T\nquery: SELECT 1\n",
    }
    assert found_in(project_of(files)) == [("LW122", 2, 8), ("LW131", 1, 8)]


def test_an_unknown_schema_is_reported_with_near_names() -> None:
    problem = project_of({"pipelines/t.yml": "table: sliver.t\nquery: SELECT 1\n"}).problems[0]
    assert (problem.code, problem.hint) == ("LW130", "did you mean `silver`?")


def test_a_source_keeps_its_location_unresolved() -> None:
    spec = spec_of("kind: source\nsystem: SAP\nlocation: '${env:CRM}/c'\n", None)
    assert isinstance(spec.input, DeltaInput)
    assert (spec.input.location, spec.system) == ("${env:CRM}/c", "SAP")


def test_freshness_is_kept_in_seconds() -> None:
    text = "kind: source\nlocation: x\nfreshness: {column: at, warn: 6h, fail: 1d}\n"
    fresh = spec_of(text, None).freshness
    assert fresh is not None
    assert (fresh.column, fresh.warn_seconds, fresh.fail_seconds) == ("at", 21600, 86400)


def test_an_ingest_keeps_how_its_files_are_written() -> None:
    text = (
        "kind: ingest\non_change: ignore\n"
        'from: {files: "in/*.csv", format: csv, delimiter: ";", header: false, null_values: [NA]}\n'
    )
    files = spec_of(text, None).input
    assert isinstance(files, FilesInput)
    assert (files.pattern, files.delimiter, files.header) == ("in/*.csv", ";", False)
    assert (files.null_values, files.on_change) == (("NA",), "ignore")


def test_an_option_of_another_format_is_reported() -> None:
    text = "table: silver.t\nkind: ingest\nfrom: {files: x, format: parquet, header: true}\n"
    assert problems_of(text, None) == [("LW123", 3, 35)]


@pytest.mark.parametrize("reference", ["${CRM}/x", "${env:}", "$${x}", "${sys:HOME}"])
def test_another_reference_than_env_and_file_is_refused(reference: str) -> None:
    text = f"table: silver.t\nkind: source\nlocation: '{reference}'\n"
    assert problems_of(text, None) == [("LW182", 3, 11)]


def test_rules_keep_their_argument_and_options() -> None:
    text = (
        "expect:\n"
        "  - {not_null: [a], on_fail: warn, where: b > 1, name: has_a, tolerance: 1%}\n"
        "  - {unique: [a], on_fail: drop, keep: {order_by: [b desc, c]}, nulls: fail}\n"
    )
    first, second = spec_of(text).expect
    assert (first.rule, first.argument, first.on_fail) == ("not_null", ["a"], "warn")
    assert (first.only_where, first.name, first.tolerance) == ("b > 1", "has_a", 0.01)
    assert (second.keep, second.nulls) == ("b desc, c", "fail")


def test_a_rule_fails_by_default() -> None:
    assert spec_of("expect: [{not_null: [a]}]\n").expect[0].on_fail == "fail"


def test_the_places_of_rules_and_columns_are_known() -> None:
    spec = spec_of("columns:\n  a: {type: int}\nexpect:\n  - {not_null: [a, b]}\n")
    keys = ("columns.a", "columns.a.type", "expect.0", "expect.0.not_null.1")
    places = [(spec.places[key].line, spec.places[key].column) for key in keys]
    assert places == [(3, 3), (3, 13), (5, 6), (5, 20)]


def test_defaults_add_lists_and_are_overridden_by_nearer_scalars() -> None:
    files = {
        "pipelines/_defaults.yml": "owner: all\ntags: [a, b]\nretention: 9d\n",
        "pipelines/shop/_defaults.yml": "\nowner: shop\ntags: [b, c]\n",
    }
    spec = spec_of("tags: [d]\n", **files)
    assert (spec.owner, spec.tags, spec.retention_days) == ("shop", ("a", "b", "c", "d"), 9)
    assert spec.provenance == {
        "owner": "pipelines/shop/_defaults.yml:2",
        "tags.a": "pipelines/_defaults.yml:2",
        "tags.b": "pipelines/_defaults.yml:2",
        "tags.c": "pipelines/shop/_defaults.yml:3",
        "retention": "pipelines/_defaults.yml:3",
    }


def test_inherited_rules_come_first_and_keep_their_place() -> None:
    files = {"pipelines/shop/_defaults.yml": "expect:\n  - {not_null: [id]}\n"}
    spec = spec_of("expect:\n  - {unique: [id]}\n", **files)
    assert [rule.rule for rule in spec.expect] == ["not_null", "unique"]
    assert spec.places["expect.0"].path == "pipelines/shop/_defaults.yml"
    assert spec.places["expect.1"].path == "pipelines/shop/silver/t.yml"


def test_defaults_of_another_kind_are_left_out() -> None:
    files = {"pipelines/_defaults.yml": "on_change: append\nexpect: [{not_null: [id]}]\n"}
    spec = spec_of("kind: source\nlocation: x\n", None, **files)
    assert spec.expect == ()


def test_a_schema_gives_retention_to_its_tables() -> None:
    settings = "name: shop\nschemas: {silver: {layer: silver, retention: 90d}}\n"
    project = project_of({"sql/x/silver/t.sql": "SELECT 1"}, settings)
    assert table_of(project, "silver.t").retention_days == 90


def test_vars_keep_their_types() -> None:
    project = project_of({})
    assert project.vars == {"season_start": date(2013, 1, 1), "limit": 5, "unused": "x"}


def test_a_wrong_setting_is_reported_and_the_rest_is_read() -> None:
    project = project_of({}, "name: shop\nretention: 30\nstrct: true\ntimezone: UTC\n")
    assert found_in(project) == [("LW127", 2, 12), ("LW120", 3, 1)]
    assert project.name == "shop"


def test_a_layer_must_be_one_of_the_layers() -> None:
    project = project_of({}, "name: shop\nlayers: [raw]\nschemas: {crm: row}\n")
    assert [code for code, _, _ in found_in(project)] == ["LW132"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_time_zone_is_kept(zone: str) -> None:
    assert project_of({}, f"name: shop\ntimezone: {zone}\n").timezone == zone


@pytest.mark.parametrize("zone", ["Mars/Base", "../UTC", "/etc/localtime", "Europe", "''"])
def test_an_unknown_time_zone_is_reported(zone: str) -> None:
    found = found_in(project_of({}, f"name: shop\ntimezone: {zone}\n"))
    assert found == [("LW122", 2, 11)]


@pytest.mark.parametrize("text", ["", "name: [", "- a\n"])
def test_without_readable_settings_there_is_no_project(text: str) -> None:
    with pytest.raises(SpecError):
        project_of({}, text)


def test_line_ends_do_not_change_the_code() -> None:
    unix = spec_of("owner: a\n")
    windows = {
        "pipelines/shop/silver/t.yml": "\ufefftable: silver.t\r\nowner: a\r\n",
        "sql/shop/silver/t.sql": "SELECT 1 AS id\r\n",
    }
    assert table_of(project_of(windows), "silver.t").code == unix.code


def test_equal_files_in_any_order_give_equal_projects() -> None:
    files = {f"sql/x/silver/t{i}.sql": f"SELECT {i} AS id" for i in range(5)}
    assert project_of(files) == project_of(dict(reversed(files.items())))


def test_the_root_is_found_by_walking_up(tmp_path: Path) -> None:
    (tmp_path / "lakewright.yml").write_text("name: shop\n")
    (tmp_path / "pipelines" / "deep").mkdir(parents=True)
    assert load_project(tmp_path / "pipelines" / "deep").root == str(tmp_path.resolve())


def test_no_project_is_lw110(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load_project(tmp_path)
    assert caught.value.code == "LW110"


def test_bad_files_on_disk_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "lakewright.yml").write_text("name: shop\n")
    folder = tmp_path / "pipelines" / "silver"
    folder.mkdir(parents=True)
    (folder / "latin.yml").write_bytes(b"table: silver.x\nowner: Ren\xe9\n")
    (folder / "other.yaml").write_text("table: silver.y\n")
    (folder / "link.yml").symlink_to(tmp_path.parent / "elsewhere.yml")
    (folder / "broken.yml").symlink_to(folder / "gone.yml")
    (folder / ".hidden.yml").write_text("nonsense")
    project = load_project(tmp_path)
    found = [(p.code, p.where.line) for p in project.problems if p.where]
    assert sorted(found) == [("LW111", 1), ("LW112", 2), ("LW118", 1), ("LW190", 1)]


def test_the_same_project_from_disk_and_from_memory_is_equal(tmp_path: Path) -> None:
    files = {"lakewright.yml": "name: shop\n", "sql/x/silver/t.sql": "SELECT 1 AS id\n"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    project = load_project(tmp_path)
    again = load_files(project.tables[0].files, project.root)
    assert again.tables == project.tables
