"""Projects in memory, an analyst's files as keyword-like paths."""

from __future__ import annotations

from collections.abc import Mapping

from lakewright.names import TableName
from lakewright.specs import Project, SourceFile, TableSpec, load_files

SETTINGS = "name: shop\nvars: {season_start: 2013-01-01, limit: 5, unused: x}\n"


def project_of(files: Mapping[str, str], settings: str = SETTINGS) -> Project:
    """The project that these files and a small `lakewright.yml` are."""
    sources = {"lakewright.yml": settings, **files}
    return load_files(SourceFile(path, text) for path, text in sources.items())


def table_of(project: Project, name: str) -> TableSpec:
    """The table of that name, in a project without problems."""
    assert project.problems == ()
    return next(spec for spec in project.tables if spec.name == TableName.of(name))


def spec_of(yaml: str, sql: str | None = "SELECT 1 AS id\n", **more: str) -> TableSpec:
    """The table `silver.t` written in `yaml` after its first line."""
    files = {"pipelines/shop/silver/t.yml": "table: silver.t\n" + yaml, **more}
    if sql is not None:
        files["sql/shop/silver/t.sql"] = sql
    return table_of(project_of(files), "silver.t")


def problems_of(yaml: str, sql: str | None = "SELECT 1 AS id\n") -> list[tuple[str, int, int]]:
    """Code, line and column of what is wrong with a spec; the lines are those of the file."""
    files = {"pipelines/shop/silver/t.yml": yaml}
    if sql is not None:
        files["sql/shop/silver/t.sql"] = sql
    return found_in(project_of(files))


def found_in(project: Project) -> list[tuple[str, int, int]]:
    return [(p.code, p.where.line, p.where.column) for p in project.problems if p.where]
