"""Schemas for editors agree with what the program reads, on real files and on mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from lakewright.observe.schemas import (
    SCHEMAS,
    defaults_schema,
    settings_schema,
    table_schema,
    unit_tests_schema,
)
from lakewright.specs.documents import parse_document

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
    Draft7Validator.check_schema(SCHEMAS[name][1]())


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


def test_short_and_long_forms_are_both_known() -> None:
    settings = {"name": "p", "schemas": {"raw": "bronze", "gold": {"layer": "gold"}}}
    assert errors(settings_schema(), settings) == []
    rule = {"unique": ["x"], "on_fail": "drop", "keep": {"order_by": ["t desc"]}}
    tolerant = {"expression": "x > 0", "tolerance": "1%"}
    assert errors(table_schema(), {"table": "a.b", "expect": [rule, tolerant]}) == []
