"""What the schemas, tables and layers of a dbt project are called here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from lakewright.names import TableName

SEEDS = "seeds"
_FIRST = ("raw", "source", "sources", "seeds", "landing", "bronze")
_MIDDLE = ("staging", "stg", "base", "intermediate", "int", "prep", "silver")
LAYERS = ("bronze", "silver", "gold")


def plain_name(written: str) -> str:
    """A dbt name as a part of a name of ours."""
    found = re.sub(r"[^a-z0-9_]", "_", str(written).lower())[:100] or "x"
    found = found if found[0].isalpha() or found[0] == "_" else f"_{found}"
    return re.sub(r"__(quarantine|ledger)\Z", r"_\1", found)


def model_schema(path: str, folders: tuple[str, ...], custom: str | None, project: str) -> str:
    """The custom schema; else the first folder below the models; else the project's name."""
    if custom:
        return plain_name(custom)
    for folder in folders:
        inner = path.removeprefix(folder.strip("/") + "/")
        if inner != path and len(PurePosixPath(inner).parts) > 1:
            return plain_name(PurePosixPath(inner).parts[0])
    return plain_name(project)


def layer_of(schema: str) -> str:
    """The layer that a schema's name speaks of: bronze, silver, and gold for all others."""
    if schema in _FIRST or schema.startswith("raw_"):
        return "bronze"
    return "silver" if schema in _MIDDLE else "gold"


def settle_layers(
    first: Mapping[str, str], reads: Iterable[tuple[TableName, TableName]]
) -> dict[str, str]:
    """The layer of each schema, raised where one reads a later one: layers read backwards only."""
    at = {schema: LAYERS.index(layer) for schema, layer in first.items()}
    edges = {(reader.schema, read.schema) for reader, read in reads}
    for _ in LAYERS:
        for reader, read in sorted(edges):
            at[reader] = max(at[reader], at[read])
    return {schema: LAYERS[layer] for schema, layer in sorted(at.items())}
