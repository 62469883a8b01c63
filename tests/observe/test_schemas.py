"""Schemas for editors agree with what the program reads, on real files and on mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from lakewright.observe.schemas import (
    SCHEMAS,
    defaults_schema,
    rules_schema,
    settings_schema,
    table_schema,
    unit_tests_schema,
)
from lakewright.specs import RuleSpec
from lakewright.specs.documents import parse_document
from specs.builders import project_of

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "framework/lakewright/cli/template"


def written(path: Path) -> Any:
    problems: list[Any] = []
    document = parse_document(path.name, path.read_text(), problems)
    assert document is not None, problems
    return _plain(document.root.value)


def _plain(value: Any) -> Any:
    """As an editor sees YAML: dates are texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def errors(schema: Any, value: Any) -> list[str]:
    return [error.message for error in Draft7Validator(schema).iter_errors(value)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_of_draft_7(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name][1](()))


def test_every_file_of_the_demo_fits_its_schema() -> None:
    specs = [*(ROOT / "pipelines").rglob("*.yml"), *(TEMPLATE / "pipelines").rglob("*.yml")]
    assert len(specs) > 10
    for path in specs:
        schema = defaults_schema() if path.name == "_defaults.yml" else table_schema()
        assert errors(schema, written(path)) == [], path
    for path in (ROOT / "lakewright.yml", TEMPLATE / "lakewright.yml"):
        assert errors(settings_schema(), written(path)) == [], path
    for path in (ROOT / "tests/flights").rglob("*.yml"):
        assert errors(unit_tests_schema(), written(path)) == [], path


@pytest.mark.parametrize(
    "spec",
    [
        {"table": "a.b", "kind": "tabel"},
        {"table": "a.b", "descripton": "misspelt"},
        {"kind": "table"},
        {"table": "a.b", "kind": "source"},
        {"table": "a.b", "kind": "view", "python": "m:f"},
        {"table": "a.b", "expect": [{"not_nul": ["x"]}]},
        {"table": "a.b", "expect": [{"not_null": ["x"], "on_fail": "ignore"}]},
        {"table": "a.b", "retention": 30},
        {"table": "a.b", "columns": {"x": {"typ": "int"}}},
    ],
)
def test_mistakes_are_seen_while_writing(spec: Any) -> None:
    assert errors(table_schema(), spec)


RULE = """\
rule: at_least
parameters: {column: column, limit: {type: number, default: 0}}
expression: ":column >= :limit"
"""


def own() -> tuple[RuleSpec, ...]:
    return project_of({"rules/at_least.yml": RULE}).rules


@pytest.mark.parametrize(
    "rule",
    [
        {"at_least": {"column": "n"}},
        {"at_least": {"column": "n", "limit": 5}, "on_fail": "drop"},
        {"at_least": {"column": "n", "limit": "${each.limit}"}},
    ],
)
def test_rules_of_the_project_are_known(rule: Any) -> None:
    spec = {"table": "a.b", "expect": [rule]}
    assert errors(table_schema(own()), spec) == []
    assert errors(defaults_schema(own()), {"expect": [rule]}) == []
    assert errors(table_schema(), spec)


@pytest.mark.parametrize(
    "rule",
    [
        {"at_least": {}},
        {"at_least": {"column": "n", "limit": "many"}},
        {"at_least": {"column": "n", "lim": 5}},
        {"at_most": {"column": "n"}},
    ],
)
def test_wrong_uses_of_the_projects_rules_are_seen(rule: Any) -> None:
    assert errors(table_schema(own()), {"table": "a.b", "expect": [rule]})


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ({"table": "a.b", "kind": "seed", "file": "b.csv"}, True),
        ({"table": "a.b", "kind": "seed"}, False),
        ({"table": "a.b", "kind": "seed", "file": "b.csv", "query": "SELECT 1"}, False),
        ({"table": "a.b_${each.r}", "for_each": [{"r": "x"}]}, True),
        ({"table": "a.b_${each.r}", "for_each": {"file": "r.csv"}}, True),
        ({"table": "a.b_${each.r}", "for_each": []}, False),
        ({"table": "a.b_${each.r}", "for_each": {"path": "r.csv"}}, False),
    ],
)
def test_seeds_and_lists_are_known(spec: Any, fits: bool) -> None:
    assert (errors(table_schema(), spec) == []) is fits


def test_a_rule_file_fits_its_schema() -> None:
    rule = {"rule": "a", "expression": "x", "parameters": {"c": "column", "n": {"type": "number"}}}
    assert errors(rules_schema(), rule) == []
    assert errors(rules_schema(), {**rule, "parameters": {"c": "colum"}})
    assert errors(rules_schema(), {"rule": "a"})


def test_short_and_long_forms_are_both_known() -> None:
    settings = {"name": "p", "schemas": {"raw": "bronze", "gold": {"layer": "gold"}}}
    assert errors(settings_schema(), settings) == []
    rule = {"unique": ["x"], "on_fail": "drop", "keep": {"order_by": ["t desc"]}}
    tolerant = {"expression": "x > 0", "tolerance": "1%"}
    assert errors(table_schema(), {"table": "a.b", "expect": [rule, tolerant]}) == []
