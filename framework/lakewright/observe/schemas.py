"""JSON Schema (draft-7) of the files of a project, made from the models that read them.

For editors: completion and hints while writing. What a file means is checked by `validate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lakewright.graph import RULE_NAMES
from lakewright.specs import RuleSpec
from lakewright.specs.kinds import MODELS
from lakewright.specs.models import DefaultsModel, Model, RuleModel, SettingsModel
from lakewright.specs.rule_models import RuleFileModel
from lakewright.specs.unit_tests import UnitTestFileModel

DRAFT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]
OwnRules = Sequence[RuleSpec]

# A row of `for_each` may stand for any value, as the text `${each.name}`.
_FILLED: Schema = {"type": "string", "pattern": "[$][{]each[.]"}
_PARAMETERS: dict[str, Schema] = {
    "column": {"type": "string"},
    "text": {"type": "string"},
    "number": {"anyOf": [{"type": "number"}, _FILLED]},
    "boolean": {"anyOf": [{"type": "boolean"}, _FILLED]},
    "date": {"type": "string"},
    "list": {"type": "array", "minItems": 1},
}


def table_schema(own: OwnRules = ()) -> Schema:
    """Specs, `pipelines/**/*.yml`: the keys that a kind has, `table` where none is said."""
    definitions: Schema = {}
    branches = []
    for kind, model in MODELS.items():
        definitions[kind] = _whole(model, definitions, own)
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


def settings_schema(own: OwnRules = ()) -> Schema:
    """lakewright.yml"""
    del own
    return _file(SettingsModel, "Settings of a Lakewright project")


def defaults_schema(own: OwnRules = ()) -> Schema:
    """_defaults.yml"""
    return _file(DefaultsModel, "Defaults for the tables below a folder", own)


def unit_tests_schema(own: OwnRules = ()) -> Schema:
    """tests/**/*.yml"""
    del own
    return _file(UnitTestFileModel, "Unit tests of a table")


def rules_schema(own: OwnRules = ()) -> Schema:
    """rules/**/*.yml"""
    del own
    return _file(RuleFileModel, "A row rule of the project")


SCHEMAS: dict[str, tuple[str, Callable[[OwnRules], Schema]]] = {
    "lakewright": ("lakewright.yml", settings_schema),
    "table": ("pipelines/**/*.yml", table_schema),
    "defaults": ("pipelines/**/_defaults.yml", defaults_schema),
    "rules": ("rules/**/*.yml", rules_schema),
    "tests": ("tests/**/*.yml", unit_tests_schema),
}


def _file(model: type[Model], title: str, own: OwnRules = ()) -> Schema:
    definitions: Schema = {}
    whole = _whole(model, definitions, own)
    return {"$schema": DRAFT, **whole, "title": title, "definitions": definitions}


def _whole(model: type[Model], definitions: Schema, own: OwnRules) -> Schema:
    """The model's schema; what it refers to is added to `definitions`."""
    found = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    definitions.update(found.pop("$defs", {}))
    definitions["Rule"] = _rule_schema(definitions, own)
    for schema in (found, *definitions.values()):
        _polish(schema)
    if "expect" in found.get("properties", {}) and model is not UnitTestFileModel:
        found["properties"]["expect"]["items"] = {"$ref": "#/definitions/Rule"}
    return found


def _rule_schema(definitions: Schema, own: OwnRules) -> Schema:
    """One rule with its options beside it; what a rule takes is checked when it is compiled."""
    options = RuleModel.model_json_schema(ref_template="#/definitions/{model}")
    definitions.update(options.pop("$defs", {}))
    rules: Schema = {name: {"description": f"The rule {name}."} for name in RULE_NAMES}
    rules.update({rule.name: _own_schema(rule) for rule in own})
    return {
        "type": "object",
        "properties": {**rules, **options["properties"]},
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in rules],
    }


def _own_schema(rule: RuleSpec) -> Schema:
    """What a rule of the project takes: a mapping of its parameters."""
    parameters = rule.parameters.items()
    return {
        "description": rule.description or f"The project's rule {rule.name}.",
        "type": "object",
        "properties": {name: dict(_PARAMETERS[it.type]) for name, it in parameters},
        "required": [name for name, it in parameters if it.required],
        "additionalProperties": False,
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
