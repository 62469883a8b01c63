"""The settings of a model or seed: its file's, then its YAML's, then those of its folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from lakewright.specs.dbt.properties import as_list, as_mapping

_KNOWN = frozenset(
    [
        "alias",
        "cluster_by",
        "column_types",
        "database",
        "enabled",
        "full_refresh",
        "grants",
        "group",
        "incremental_strategy",
        "materialized",
        "meta",
        "on_schema_change",
        "partition_by",
        "persist_docs",
        "post_hook",
        "pre_hook",
        "quote_columns",
        "schema",
        "tags",
        "unique_key",
        "delimiter",
        "contract",
        "access",
    ]
)
_ADDING = ("tags", "meta")


def folder_config(tree: Any, project: str, path: str, folders: tuple[str, ...]) -> dict[str, Any]:
    """What `models:` or `seeds:` of dbt_project.yml say about the file at `path`."""
    inner = next(
        (
            path.removeprefix(f"{folder}/")
            for folder in sorted(folders, key=len, reverse=True)
            if path.startswith(f"{folder}/")
        ),
        path,
    )
    parts = (project, *PurePosixPath(inner).with_suffix("").parts)
    found = _own_keys(as_mapping(tree))
    node = as_mapping(tree)
    for part in parts:
        node = as_mapping(node.get(part))
        found = lay_over(found, _own_keys(node))
    return found


def lay_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with nearer ones on top: tags and meta add up, all else is replaced."""
    found = {**under, **over}
    if "tags" in under and "tags" in over:
        found["tags"] = [*as_list(under["tags"]), *as_list(over["tags"])]
    if isinstance(under.get("meta"), Mapping) and isinstance(over.get("meta"), Mapping):
        found["meta"] = {**under["meta"], **over["meta"]}
    return found


def property_config(written: Mapping[str, Any]) -> dict[str, Any]:
    """What a model's entry in YAML says: under `config:`, or beside its name."""
    beside = {key: written[key] for key in (*_ADDING, "group", "docs") if key in written}
    return lay_over(beside, dict(as_mapping(written.get("config"))))


def _own_keys(node: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, value in node.items():
        name = key.removeprefix("+")
        if key.startswith("+") or (name in _KNOWN and not isinstance(value, Mapping)):
            found[name.replace("-", "_")] = value
    return found
