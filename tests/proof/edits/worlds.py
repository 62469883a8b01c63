"""What a project's tables hold, computed from nothing by DuckDB, and a lake that released them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import sqlglot

from lakewright.graph import Graph, RowTest, SqlTransform, Step
from lakewright.lake import Field, InputVersion, LakeState, Release, SourceHead
from lakewright.names import TableName
from lakewright.runtime.entries import entry_of
from lakewright.specs import Project, SourceFile, load_released
from proof.edits.projects import ROWS, SOURCES

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Contents = Mapping[TableName, tuple[tuple[str, ...], list[tuple[object, ...]]]]


def loaded(files: Mapping[str, str], known: Project | None = None) -> Project:
    """The project; tables of `known` with the same files are not read again."""
    bundles = []
    for path in files:
        if path.startswith("pipelines/"):
            query = path.replace("pipelines/", "sql/").replace(".yml", ".sql")
            paths = ["lakewright.yml", path, *([query] if query in files else [])]
            bundles.append(tuple(SourceFile(name, files[name]) for name in paths))
    return load_released(bundles, known.tables if known else ())


def contents_of(graph: Graph, duck: duckdb.DuckDBPyConnection) -> Contents:
    """Columns and rows (in one order) of every table but sources; duckdb.Error where it fails."""
    found = {}
    for step in graph.steps.values():
        if isinstance(step.transform, SqlTransform):
            relation = _view(step.name)
            duck.execute(f"CREATE OR REPLACE TABLE {relation} AS {_kept(step, step.transform)}")
            rows = duck.execute(f"SELECT * FROM {relation}")
            columns = tuple(column[0] for column in rows.description or ())
            found[step.name] = (columns, sorted(rows.fetchall(), key=repr))
    return found


def fill_sources(duck: duckdb.DuckDBPyConnection) -> None:
    for name, columns in SOURCES.items():
        relation = _view(TableName.of(name))
        typed = ", ".join(f"{column} BIGINT" for column in columns)
        duck.execute(f"CREATE OR REPLACE TABLE {relation} ({typed})")
        marks = ", ".join("?" for _ in columns)
        duck.executemany(f"INSERT INTO {relation} VALUES ({marks})", ROWS[name])


def released(graph: Graph) -> LakeState:
    """An environment whose release holds every table of the graph, up to date."""
    heads = {
        name: SourceHead(f"/{name}", f"id of {name}", 3, data_version=3)
        for name in map(TableName.of, SOURCES)
    }
    tables = {}
    for step in graph.steps.values():
        fields = tuple(Field(column.name, column.type or "bigint") for column in step.columns or ())
        tables[step.name] = entry_of(
            step,
            fields,
            3,
            table_id=f"id of {step.name}",
            data_version=3,
            engine="duckdb",
            inputs={name: InputVersion(f"id of {name}", 3) for name in step.upstream},
        )
    release = Release("prod", 1, 0, NOW, "run", "apply", "", "duckdb", {}, tables)
    code = {step.code: step.files for step in graph.steps.values()}
    return LakeState("memory://lake", "0", "prod", False, release, heads, code=code)


def _kept(step: Step, transform: SqlTransform) -> str:
    """The query with the rules that set rows apart."""
    text = transform.render(_view, {})
    tests = [c.test.ok for c in step.checks if isinstance(c.test, RowTest)]
    where = " AND ".join(f"({test})" for test in tests)
    text = f"SELECT * FROM ({text}) AS made WHERE {where}" if where else text
    return sqlglot.transpile(text, read="spark", write="duckdb")[0]


def _view(name: TableName) -> str:
    return f"{name.schema}__{name.table}"
