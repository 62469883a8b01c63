"""Where each setting of a table came from: complete for every key of every kind."""

from __future__ import annotations

from typing import Any

import pytest

from lakewright.graph import compile_project
from lakewright.names import TableName
from lakewright.observe.steps import render_step, step_document
from lakewright.specs import KINDS, Project
from lakewright.specs.models import keys_of
from specs.builders import project_of

SETTINGS = """\
name: shop
vars: {limit: 5}
retention: 20d
schemas:
  bronze: bronze
  silver: {layer: silver, retention: 9d}
  gold: gold
"""
DEFAULTS = """\
owner: ana
tags: [shop]
expect:
  - {at_least: {column: id}, on_fail: warn}
"""
RULE = 'rule: at_least\nparameters: {column: column}\nexpression: ":column > 0"\n'
FILES = {
    "rules/at_least.yml": RULE,
    "pipelines/_defaults.yml": DEFAULTS,
    "pipelines/bronze/crm.yml": (
        "table: bronze.crm\nkind: source\nlocation: /crm\nsystem: SAP\ncolumns: {id: {type: int}}\n"
    ),
    "pipelines/bronze/raw.yml": (
        "table: bronze.raw\nkind: ingest\nfrom:\n  files: in/*.csv\n  format: csv\n"
        "on_change: append\ncolumns: {id: {type: int}}\nretention: 3d\n"
    ),
    "pipelines/silver/ref.yml": (
        "table: silver.ref_${each.r}\nkind: seed\nfile: ref.csv\nfor_each:\n  - {r: a}\n"
        "columns:\n  id: {description: which}\n"
    ),
    "pipelines/silver/ref.csv": "id,name\n1,x\n",
    "pipelines/gold/t.yml": (
        "table: gold.t\ntags: [daily]\nkey: [id]\nexpect:\n"
        "  - {not_null: [id], on_fail: warn, name: has_id}\n"
    ),
    "sql/gold/t.sql": "SELECT id, :vars.limit AS n FROM silver.ref_a\n",
    "pipelines/gold/v.yml": "table: gold.v\nkind: view\nquery: SELECT id FROM gold.t\n",
}


def project() -> Project:
    found = project_of(FILES, SETTINGS)
    assert found.problems == ()
    return found


def document(name: str) -> dict[str, Any]:
    read, table = project(), TableName.of(name)
    graph = compile_project(read)
    spec = next(spec for spec in read.tables if spec.name == table)
    return step_document(graph.steps[table], spec, graph, read)


def origins(name: str) -> dict[str, str]:
    return {key: setting["from"] for key, setting in document(name)["settings"].items()}


@pytest.mark.parametrize(
    ("table", "setting", "origin"),
    [
        ("gold.t", "owner", "pipelines/_defaults.yml:1"),
        ("gold.t", "tags", "pipelines/_defaults.yml:2, pipelines/gold/t.yml:2"),
        ("gold.t", "key", "pipelines/gold/t.yml:3"),
        ("gold.t", "refresh", "default"),
        ("gold.t", "retention", "lakewright.yml:3"),
        ("gold.t", "query", "sql/gold/t.sql:1"),
        ("gold.t", "vars.limit", "lakewright.yml:2"),
        ("gold.v", "query", "pipelines/gold/v.yml:3"),
        ("bronze.raw", "retention", "pipelines/bronze/raw.yml:8"),
        ("bronze.raw", "from.files", "pipelines/bronze/raw.yml:4"),
        ("bronze.raw", "from.delimiter", "default"),
        ("bronze.raw", "on_change", "pipelines/bronze/raw.yml:6"),
        ("bronze.crm", "location", "pipelines/bronze/crm.yml:3"),
        ("bronze.crm", "system", "pipelines/bronze/crm.yml:4"),
        ("silver.ref_a", "file", "pipelines/silver/ref.yml:3"),
        ("silver.ref_a", "retention", "lakewright.yml:6"),
        ("silver.ref_a", "each.r", "pipelines/silver/ref.yml:5"),
    ],
)
def test_a_setting_says_where_it_came_from(table: str, setting: str, origin: str) -> None:
    assert origins(table)[setting] == origin


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("source", "bronze.crm"),
        ("ingest", "bronze.raw"),
        ("seed", "silver.ref_a"),
        ("table", "gold.t"),
        ("view", "gold.v"),
    ],
)
def test_every_key_of_a_kind_is_shown(kind: str, table: str) -> None:
    elsewhere = {"columns", "expect", "for_each"}
    shown = {name.partition(".")[0] for name in origins(table)}
    assert set(keys_of(KINDS[kind].model)) - elsewhere <= shown


def test_items_of_a_list_have_a_place_each() -> None:
    assert document("gold.t")["settings"]["tags"]["items"] == [
        {"value": "shop", "from": "pipelines/_defaults.yml:2"},
        {"value": "daily", "from": "pipelines/gold/t.yml:2"},
    ]


def test_columns_say_what_declares_them() -> None:
    found = {column["name"]: column["from"] for column in document("silver.ref_a")["columns"]}
    assert found == {"id": "pipelines/silver/ref.yml:7", "name": "pipelines/silver/ref.csv:1"}
    assert {column["from"] for column in document("gold.t")["columns"]} == {"sql/gold/t.sql"}


def test_rules_say_where_they_are_used_and_defined_and_their_options() -> None:
    rules = {rule["name"]: rule for rule in document("gold.t")["rules"]}
    inherited, written = rules["at_least_id"], rules["has_id"]
    assert inherited["where"].startswith("pipelines/_defaults.yml:4")
    assert inherited["defined"] == "rules/at_least.yml:1"
    assert inherited["options"]["on_fail"]["value"] == "warn"
    assert written["options"]["name"] == {"value": "has_id", "from": "pipelines/gold/t.yml:5"}
    assert written["options"]["nulls"]["from"] == "default"
    assert written["defined"] is None


def test_the_text_has_the_same_places() -> None:
    read, table = project(), TableName.of("gold.t")
    graph = compile_project(read)
    spec = next(spec for spec in read.tables if spec.name == table)
    text = render_step(graph.steps[table], spec, graph, read)
    for place in (
        "pipelines/_defaults.yml:1",
        "lakewright.yml:3",
        "defined in rules/at_least.yml:1",
    ):
        assert place in text
