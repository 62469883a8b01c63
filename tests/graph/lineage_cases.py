"""Queries of all shapes over three tables, for what is asked of lineage."""

from __future__ import annotations

from pathlib import Path

from graph.builders import name, project, source, table
from lakewright.graph import Step, compile_project

COLUMNS = {
    "a": {
        "id": "bigint",
        "x": "int",
        "y": "int",
        "arr": "array<int>",
        "s": "struct<f:int,g:string>",
    },
    "b": {"id": "bigint", "y": "int", "z": "int"},
    "c": {"k": "int", "v": "int", "day": "date"},
}
QUERIES = [
    line
    for line in Path(__file__).with_name("lineage_queries.sql").read_text().splitlines()
    if not line.startswith("--")
]


def compiled(query: str) -> Step:
    """The query as a table of a project that has its inputs as sources."""
    inputs = [
        source(f"bronze.{of}", [f"{column} {kind}" for column, kind in columns.items()])
        for of, columns in COLUMNS.items()
    ]
    text = query.replace("raw.", "bronze.")
    return compile_project(project(*inputs, table("silver.t", text))).steps[name("silver.t")]
