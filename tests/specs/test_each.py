"""`for_each`: one spec, many tables; each stored with its own row only."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lakewright.specs import TableSpec, load_project, load_released
from specs.builders import found_in, project_of

SPEC = "pipelines/shop/gold/sales.yml"
INLINE = "for_each:\n  - {region: emea, limit: 5}\n  - {region: apac, limit: 7}\n"
SALES = "table: gold.sales_${each.region}\n" + INLINE
QUERY = {"sql/shop/gold/sales.sql": "SELECT 1 AS id, :each.region AS region\n"}


def made(yaml: str = SALES, **more: str) -> dict[str, TableSpec]:
    project = project_of({SPEC: yaml, **QUERY, **more})
    assert project.problems == ()
    return {str(spec.name): spec for spec in project.tables}


def refused(yaml: str, **more: str) -> list[tuple[str, int, int]]:
    return found_in(project_of({SPEC: yaml, **QUERY, **more}))


def stored(spec: TableSpec) -> str:
    return next(file.text for file in spec.files if file.path == SPEC)


def test_each_row_makes_a_table() -> None:
    found = made()
    assert list(found) == ["gold.sales_apac", "gold.sales_emea"]
    assert dict(found["gold.sales_emea"].each) == {"region": "emea", "limit": 5}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("regions.csv", "region,limit\nemea,5\napac,7\n"),
        ("regions.yml", "- {region: emea, limit: 5}\n- {region: apac, limit: 7}\n"),
    ],
)
@pytest.mark.parametrize("folder", ["pipelines/shop/gold/", ""])
def test_the_list_may_be_a_file(path: str, text: str, folder: str) -> None:
    yaml = f"table: gold.sales_${{each.region}}\nfor_each: {{file: {path}}}\n"
    inline = "table: gold.sales_${each.region}\n" + INLINE
    found, same = made(yaml, **{folder + path: text}), made(inline)
    assert [dict(spec.each) for spec in found.values()] == [dict(s.each) for s in same.values()]
    assert [[f.path for f in s.files] for s in found.values()] == [
        [f.path for f in s.files] for s in same.values()
    ]


def test_a_list_beside_a_spec_is_read_from_disk_and_is_no_spec(tmp_path: Path) -> None:
    files = {
        "lakewright.yml": "name: shop\n",
        SPEC: "table: gold.sales_${each.region}\nfor_each: {file: regions.yml}\n",
        "pipelines/shop/gold/regions.yml": "- region: emea\n",
        **QUERY,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    project = load_project(tmp_path)
    assert (project.problems, [str(t.name) for t in project.tables]) == ((), ["gold.sales_emea"])


def test_values_stand_in_texts_and_keep_their_type_as_operands() -> None:
    yaml = SALES + (
        'description: "Sales of ${each.region}, up to ${each.limit}"\n'
        'tags: ["${each.region}"]\n'
        'expect: [{between: {column: id, max: "${each.limit}"}, name: "most_${each.region}"}]\n'
    )
    spec = made(yaml)["gold.sales_emea"]
    assert (spec.description, spec.tags) == ("Sales of emea, up to 5", ("emea",))
    assert (spec.expect[0].argument, spec.expect[0].name) == (
        {"column": "id", "max": 5},
        "most_emea",
    )


def test_jinja_sees_names_and_whole_numbers() -> None:
    macro = "{% macro more(x, n) %}{{ x }} + {{ n }}{% endmacro %}"
    spec = made(
        **{
            "sql/shop/gold/sales.sql": "SELECT {{ more(each.region, each.limit) }} AS id",
            "sql/_macros/m.sql": macro,
        }
    )["gold.sales_emea"]
    assert spec.query is not None
    assert spec.query.text == "SELECT emea + 5 AS id"


def test_a_table_is_stored_with_its_own_row() -> None:
    before = made()
    more = made(SALES + "  - {region: latam, limit: 1}\n")
    assert stored(before["gold.sales_emea"]) == (
        'table: gold.sales_${each.region}\nfor_each: [{"limit": 5, "region": "emea"}]\n'
    )
    assert {name: spec.code for name, spec in more.items() if name in before} == {
        name: spec.code for name, spec in before.items()
    }


@pytest.mark.parametrize(
    "yaml",
    [
        SALES,
        SALES + "\n# about the table\nowner: ana\n",
        INLINE + "\ntable: gold.sales_${each.region}\n",
        "for_each:  # regions\n- region: emea   # first\n  limit: 5\n- region: apac\n  limit: 7\n"
        "# and\ntable: gold.sales_${each.region}\nowner: ana\n",
        "{table: 'gold.sales_${each.region}', for_each: [{region: emea, limit: 5}], owner: ana}",
        "  table: gold.sales_${each.region}\n  for_each:\n    - {region: emea}\n  owner: ana\n",
        "for_each: [{region: emea, day: 2013-01-31, at: '2013-01-31', x: 1.5, n: -1, b: true}]\n"
        "table: gold.sales_${each.region}\n",
        'for_each: [{r: emea, text: "O\'Fallon \\\\ \\" ü\\n"}]\ntable: gold.s_${each.r}\n',
    ],
)
def test_a_released_table_reads_as_it_was(yaml: str) -> None:
    project = project_of({SPEC: yaml, **QUERY})
    assert project.problems == ()
    released = load_released(spec.files for spec in project.tables)
    assert released.problems == ()
    for one, other in zip(released.tables, project.tables, strict=True):
        assert (one.name, one.code, dict(one.each)) == (other.name, other.code, dict(other.each))
        assert (one.owner, one.query) == (other.owner, other.query)


def test_dates_stay_dates() -> None:
    yaml = "table: gold.s_${each.r}\nfor_each: [{r: a, day: 2013-01-31}]\n"
    project = project_of({SPEC: yaml, **QUERY})
    released = load_released([project.tables[0].files])
    assert released.tables[0].each["day"] == date(2013, 1, 31)


@pytest.mark.parametrize(
    ("yaml", "found"),
    [
        ("table: gold.x\nfor_each: 5\n", [("LW152", 2, 11)]),
        ("table: gold.x\nfor_each: []\n", [("LW152", 2, 1)]),
        ("table: gold.x\nfor_each: {files: a.csv}\n", [("LW152", 2, 1)]),
        ("table: gold.x\nfor_each: {file: a.csv}\n", [("LW134", 2, 18)]),
        ("table: gold.x\nfor_each: {file: a.txt}\n", [("LW134", 2, 18)]),
        ("table: gold.x\nfor_each: {file: ../a.csv}\n", [("LW190", 2, 18)]),
        ("table: gold.x\nfor_each: [a]\n", [("LW152", 2, 12)]),
        ("table: gold.x\nfor_each: [{a: [1]}]\n", [("LW152", 2, 13)]),
        ("table: gold.x\nfor_each: [{a: null}]\n", [("LW152", 2, 13)]),
        ("table: gold.x\nfor_each: [{a b: 1}]\n", [("LW126", 2, 18)]),
        ("table: gold.x\nfor_each: [{_a: 1}]\n", [("LW126", 2, 17)]),
        ("table: gold.x\nfor_each: [{a: '${env:X}'}]\n", [("LW152", 2, 16)]),
        ("table: gold.x_${each.a}\nfor_each: [{a: 1, b: 2}, {a: 2}]\n", [("LW152", 2, 26)]),
        ("table: gold.x_${each.b}\nfor_each: [{a: 1}]\n", [("LW153", 1, 8)]),
        ("table: gold.x_${each}\nfor_each: [{a: 1}]\n", [("LW153", 1, 8)]),
        ("table: gold.x_${each.a}\nfor_each: [{a: a-b}]\n", [("LW101", 2, 12)]),
        ("table: gold.x_${each.a}\nfor_each: [{a: 'y; DROP TABLE t'}]\n", [("LW101", 2, 12)]),
        ("table: ${each.a}.x\nfor_each: [{a: iron}]\n", [("LW130", 2, 12)]),
        ("table: gold.x\nfor_each: [{a: 1}, {a: 2}]\n", [("LW131", 2, 20)]),
        ("table: gold.x_${each.a}\nfor_each: [{a: b}, {a: B}]\n", [("LW131", 2, 20)]),
    ],
)
def test_a_mistake_names_the_row(yaml: str, found: list[tuple[str, int, int]]) -> None:
    assert refused(yaml) == found


@pytest.mark.parametrize(
    "yaml",
    [
        "x: &r [{a: b}]\ntable: gold.x_${each.a}\nfor_each: *r\n",
        "table: gold.x_${each.a}\nfor_each: [{a: &o b}]\nowner: *o\n",
    ],
)
def test_a_list_that_the_rest_of_the_spec_shares_is_refused(yaml: str) -> None:
    assert "LW155" in [code for code, _, _ in refused(yaml)]


def test_the_mistake_of_one_table_has_a_note_with_its_row() -> None:
    project = project_of({SPEC: SALES + "kind: ${each.region}\n", **QUERY})
    notes = sorted(note for problem in project.problems for note in problem.notes)
    assert notes == [f"for the row at {SPEC}:3:5", f"for the row at {SPEC}:4:5"]


HOSTILE = "x' OR 1=1 --"


@pytest.mark.parametrize(
    "rule",
    [
        "{expression: \"region = '${each.region}'\"}",
        '{expression: "${each.region}"}',
        '{not_null: [id], where: "region = ${each.region}"}',
        '{unique: [id], keep: {order_by: ["${each.region} desc"]}, on_fail: drop}',
    ],
)
def test_a_value_that_is_more_than_a_word_never_becomes_sql_of_a_rule(rule: str) -> None:
    yaml = f'table: gold.sales\nfor_each: [{{region: "{HOSTILE}"}}]\nexpect: [{rule}]\n'
    assert refused(yaml) == [("LW154", 2, 21)]


@pytest.mark.parametrize("value", [f'"{HOSTILE}"', "-1", "1.5", "2013-01-01", "true"])
def test_a_value_that_is_more_than_a_word_never_becomes_sql_of_jinja(value: str) -> None:
    yaml = f"table: gold.sales\nfor_each: [{{region: {value}}}]\n"
    files = {SPEC: yaml, "sql/shop/gold/sales.sql": "SELECT\n  {{ each.region }} AS id"}
    assert found_in(project_of(files)) == [("LW154", 2, 3)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{{ each.nope }}", "LW153"),
        ("{{ each['region'] }}", "LW165"),
        ("{{ each.__class__ }}", "LW162"),
        ("{{ each }}", None),
    ],
)
def test_jinja_cannot_reach_around_the_guard(query: str, code: str | None) -> None:
    yaml = f'table: gold.sales\nfor_each: [{{region: "{HOSTILE}"}}]\n'
    project = project_of({SPEC: yaml, "sql/shop/gold/sales.sql": f"SELECT {query} AS id"})
    assert [problem.code for problem in project.problems] == ([code] if code else [])
    texts = [spec.query.text for spec in project.tables if spec.query]
    assert not any(HOSTILE in text for text in texts)


def test_without_a_list_each_is_no_name() -> None:
    files = {"sql/shop/gold/sales.sql": "SELECT {{ each.region }} AS id"}
    assert [code for code, _, _ in found_in(project_of(files))] == ["LW161"]


def test_other_rows_are_read_beside_a_broken_one() -> None:
    yaml = "table: gold.x_${each.a}\nfor_each: [{a: b-c}, {a: d}]\n"
    project = project_of({SPEC: yaml, **QUERY})
    assert [str(spec.name) for spec in project.tables] == ["gold.x_d"]
    assert found_in(project) == [("LW101", 2, 12)]
