"""JSON Schema (draft-7) of the files of a project, made from the models that read them.

For editors: completion and hints while writing. What a file means is checked by `validate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakewright.graph import RULE_NAMES
from lakewright.specs.kinds import MODELS
from lakewright.specs.models import DefaultsModel, Model, RuleModel, SettingsModel
from lakewright.specs.unit_tests import UnitTestFileModel

DRAFT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]


def table_schema() -> Schema:
    """Specs, `pipelines/**/*.yml`: the keys that a kind has, `table` where none is said."""
    definitions: Schema = {}
    branches = []
    for kind, model in MODELS.items():
        definitions[kind] = _whole(model, definitions)
        is_kind = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        branches.append({"if": is_kind, "then": {"$ref": f"#/definitions/{kind}"}})
    unsaid = {"not": {"required": ["kind"]}}
    branches.append({"if": unsaid, "then": {"$ref": "#/definitions/table"}})
    return {
        "$schema": DRAFT,
        "title": "A table of Lakewright",
        "type": "object",
        "required": ["table"],
        "properties": {"kind": {"enum": list(MODELS)}},
        "allOf": branches,
        "definitions": definitions,
    }


def settings_schema() -> Schema:
    """lakewright.yml"""
    return _file(SettingsModel, "Settings of a Lakewright project")


def defaults_schema() -> Schema:
    """_defaults.yml"""
    return _file(DefaultsModel, "Defaults for the tables below a folder")


def unit_tests_schema() -> Schema:
    """tests/**/*.yml"""
    return _file(UnitTestFileModel, "Unit tests of a table")


SCHEMAS: dict[str, tuple[str, Callable[[], Schema]]] = {
    "lakewright": ("lakewright.yml", settings_schema),
    "table": ("pipelines/**/*.yml", table_schema),
    "defaults": ("pipelines/**/_defaults.yml", defaults_schema),
    "tests": ("tests/**/*.yml", unit_tests_schema),
}


def _file(model: type[Model], title: str) -> Schema:
    definitions: Schema = {}
    whole = _whole(model, definitions)
    return {"$schema": DRAFT, **whole, "title": title, "definitions": definitions}


def _whole(model: type[Model], definitions: Schema) -> Schema:
    """The model's schema; what it refers to is added to `definitions`."""
    found = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions.update(found.pop("$defs", {}))
    definitions["Rule"] = _rule_schema(definitions)
    for schema in (found, *definitions.values()):
        _polish(schema)
    if "expect" in found.get("properties", {}) and model is not UnitTestFileModel:
        found["properties"]["expect"]["items"] = {"$ref": "#/definitions/Rule"}
    return found


def _rule_schema(definitions: Schema) -> Schema:
    """One rule with its options beside it; what a rule takes is checked when it is compiled."""
    options = RuleModel.model_json_schema(ref_template="#/definitions/{model}")
    definitions.update(options.pop("$defs", {}))
    rules: Schema = {name: {"description": f"The rule {name}."} for name in RULE_NAMES}
    return {
        "type": "object",
        "properties": {**rules, **options["properties"]},
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in RULE_NAMES],
    }


def _polish(schema: Any) -> None:
    """No generated titles, and no defaults in another form than people write."""
    if isinstance(schema, list):
        for item in schema:
            _polish(item)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("title"), str):
        del schema["title"]
    if schema.get("type") == "string" and isinstance(schema.get("default"), int):
        del schema["default"]
    for item in schema.values():
        _polish(item)
