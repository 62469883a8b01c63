"""All problems of a project come at once, each at the user's own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldens import Golden
from lakewright import errors
from lakewright.specs import Project, load_released
from specs.builders import found_in, problems_of, project_of

TEN_MISTAKES = {
    "pipelines/shop/_defaults.yml": "owner: ops@example.com\nowners: [ana]\n",
    "pipelines/shop/bronze/orders.yml": (
        "table: bronze.orders\n"
        "kind: ingest\n"
        "from: {files: landing/orders/*.csv, format: cvs}\n"
        "on_change: error\n"
        "on_change: append\n"
    ),
    "pipelines/shop/bronze/clicks.yml": "table: bronze.clicks\nkind: append\n",
    "pipelines/shop/silver/orders.yml": (
        "table: silver.orders\n"
        "description: 2013\n"
        "key: order_id\n"
        "columns:\n"
        "  order_id: {type: string}\n"
        "  net amount: {type: double}\n"
        "expect:\n"
        "  - {not_null: [order_id], on_fial: warn}\n"
        '  - {expression: "net > 0", tolerance: 5}\n'
    ),
    "sql/shop/silver/orders.sql": "SELECT order_id FROM bronze.orders\n",
    "pipelines/shop/silver/items.yml": "table: sliver.items\nkind: view\ncluster_by: [id]\n",
    "sql/shop/silver/items.sql": "SELECT {{ cent('price') }} AS price\nFROM bronze.items\n",
    "pipelines/shop/gold/score.yml": (
        "table: gold.score\npython: score.build\nreads: [silver.orders]\n"
    ),
    "pipelines/shop/gold/sum.yml": "table: gold.sum\ndescription: Sum: by day\n",
    "pipelines/shop/gold/top.yml": "table: gold.top\nqury: SELECT 1\n",
    "sql/_macros/money.sql": "{% macro cents(x) %}{{ x }} * 100{% endmacro %}\n",
}


def described(project: Project) -> str:
    return "".join(f"{problem}\n" for problem in project.problems)


def test_a_project_with_many_mistakes_reports_all_of_them(golden: Golden) -> None:
    golden("specs/many_mistakes.txt", described(project_of(TEN_MISTAKES)))


def test_what_is_sound_is_loaded_beside_what_is_broken() -> None:
    files = {**TEN_MISTAKES, "sql/shop/gold/fine.sql": "SELECT 1 AS id"}
    assert [str(spec.name) for spec in project_of(files).tables] == ["gold.fine"]


def test_names_of_broken_tables_are_known() -> None:
    broken = [str(name) for name in project_of(TEN_MISTAKES).broken]
    assert {"bronze.orders", "silver.orders", "gold.sum", "gold.top"} <= set(broken)


@pytest.mark.parametrize(
    ("yaml", "found"),
    [
        ("table: t\n", ("LW101", 1, 8)),
        ("table: silver.t__ledger\n", ("LW102", 1, 8)),
        ("description: x\n", ("LW121", 1, 1)),
        ("table: [a]\n", ("LW122", 1, 1)),
        ("table: silver.t\nowner:\n", ("LW122", 2, 1)),
        ("table: silver.t\nowner: true\n", ("LW122", 2, 8)),
        ("table: silver.t\nowner: 2013-01-01\n", ("LW122", 2, 8)),
        ("table: silver.t\ntags: a\n", ("LW122", 2, 7)),
        ("table: silver.t\ntags: [a, 1]\n", ("LW122", 2, 11)),
        ("table: silver.t\ntags: {a: 1}\n", ("LW122", 2, 1)),
        ("table: silver.t\nkey: [a b]\n", ("LW126", 2, 7)),
        ("table: silver.t\nkind: tabel\n", ("LW125", 2, 7)),
        ("table: silver.t\nkind: append\n", ("LW124", 2, 7)),
        ("table: silver.t\nhistory: true\n", ("LW124", 2, 1)),
        ("table: silver.t\nlocation: x\n", ("LW123", 2, 1)),
        ("table: silver.t\nrefresh: fast\n", ("LW125", 2, 10)),
        ("table: silver.t\nretention: 6h\n", ("LW127", 2, 12)),
        ("table: silver.t\ncolumns: {a: {typ: int}}\n", ("LW120", 2, 15)),
        ("table: silver.t\ncolumns: {a: int}\n", ("LW122", 2, 14)),
        ("table: silver.t\ncolumns: {a: {}, A: {}}\n", ("LW114", 2, 18)),
        ("table: silver.t\nexpect: {not_null: [a]}\n", ("LW122", 2, 1)),
        ("table: silver.t\nexpect: [positive]\n", ("LW122", 2, 10)),
        ("table: silver.t\nexpect: [{on_fail: warn}]\n", ("LW150", 2, 11)),
        ("table: silver.t\nexpect: [{a: 1, b: 2}]\n", ("LW150", 2, 17)),
        ("table: silver.t\nexpect: [{a: 1, on_fail: x}]\n", ("LW125", 2, 26)),
        ("table: silver.t\nexpect: [{a: 1, tolerance: 101%}]\n", ("LW151", 2, 28)),
        ("table: silver.t\nexpect: [{a: 1, from_release: 0}]\n", ("LW122", 2, 31)),
        ("table: silver.t\nexpect: [{a: 1, keep: {order: b}}]\n", ("LW120", 2, 24)),
        ("table: silver.t\npublish_with: [gold]\n", ("LW101", 2, 16)),
    ],
)
def test_a_mistake_is_reported_at_its_place(yaml: str, found: tuple[str, int, int]) -> None:
    assert found in problems_of(yaml)


@pytest.mark.parametrize(
    ("yaml", "hint"),
    [
        ("table: silver.t\nonwer: x\n", "did you mean `owner`?"),
        ("table: silver.t\ndescription: 5\n", "write it in quotes"),
        ("table: silver.t\ntags: a\n", "write [a]"),
        ("table: silver.t\nkind: vew\n", "did you mean `view`?"),
        ("table: silver.t\nexpect: [{a: [b], on_fial: warn}]\n", "did you mean `on_fail`?"),
        ("table: silver.t\nlocation: x\n", "it is a key of source"),
    ],
)
def test_a_hint_says_what_was_probably_meant(yaml: str, hint: str) -> None:
    files = {"pipelines/a/silver/t.yml": yaml, "sql/a/silver/t.sql": "SELECT 1 AS id"}
    assert hint in [problem.hint for problem in project_of(files).problems]


def test_problems_are_in_the_order_of_files_and_lines() -> None:
    places = [p.where for p in project_of(TEN_MISTAKES).problems if p.where]
    keys = [(place.path, place.line, place.column) for place in places]
    assert keys == sorted(keys)


def test_a_mistake_in_defaults_is_reported_once() -> None:
    files = {f"sql/shop/silver/t{i}.sql": "SELECT 1 AS id" for i in range(3)}
    files["pipelines/_defaults.yml"] = "expect: [{not_null: [a], on_fial: warn}]\n"
    assert found_in(project_of(files)) == [("LW150", 1, 26)]


def test_problems_of_released_code_are_kept() -> None:
    spec = project_of({"sql/a/gold/t.sql": "SELECT 1 AS id"}).tables[0]
    broken = tuple(
        type(file)(file.path, file.text + "{{") if file.path.endswith(".sql") else file
        for file in spec.files
    )
    assert [problem.code for problem in load_released([broken]).problems] == ["LW160"]


def test_every_code_of_files_and_projects_has_a_page() -> None:
    package = Path(errors.__file__).parents[1]
    sources = package.rglob("*.py")
    used = {word for file in sources for word in _codes(file.read_text(encoding="utf-8"))}
    pages = {page.stem: page for page in (package / "errors" / "pages").glob("LW1*.md")}
    assert used == set(pages)
    assert all(page.read_text().startswith(f"# {code}: ") for code, page in pages.items())


def _codes(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text)) if text[at : at + 3] == "LW1"}
