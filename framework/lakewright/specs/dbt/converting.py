"""A dbt project as the files of a project of ours, with everything that did not come along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakewright.names import TableName
from lakewright.specs.dbt.macros import DbtMacros, read_dbt_macros, tell_macros
from lakewright.specs.dbt.models import (
    Estate,
    convert_models,
    kind_of,
    project_vars,
    survey,
)
from lakewright.specs.dbt.names import layer_of, plain_name, settle_layers
from lakewright.specs.dbt.properties import read_properties
from lakewright.specs.dbt.queries import DbtQuery, Surroundings
from lakewright.specs.dbt.reading import read_dbt_files
from lakewright.specs.dbt.rules import TableRules, convert_tests
from lakewright.specs.dbt.specs import (
    Said,
    commented,
    location_variable,
    model_spec,
    seed_file,
    seed_spec,
    settings_file,
    source_spec,
    usable_vars,
)
from lakewright.specs.dbt.unit_tests import convert_unit_tests
from lakewright.specs.dbt.values import DbtFiles, Imported, Properties, Property, Remark
from lakewright.specs.writing import write_yaml

Edges = set[tuple[TableName, TableName]]


@dataclass(frozen=True, slots=True)
class _Work:
    """The project while it is converted."""

    files: DbtFiles
    said: Properties
    estate: Estate
    queries: Mapping[TableName, DbtQuery]
    rules: Mapping[TableName, TableRules]
    remarks: list[Remark]


def import_dbt(root: Path) -> Imported:
    """Read the dbt project at `root` and convert it. Writes nothing and runs nothing.

    SpecError LW185 where there is none, LW186 where its settings cannot be read.
    """
    remarks: list[Remark] = []
    files = read_dbt_files(root, remarks)
    said = read_properties(files, remarks)
    macros = read_dbt_macros(files, remarks)
    estate = survey(files, said, macros, remarks)
    variables = project_vars(files)
    around = Surroundings(files.name, estate.names, macros, variables)
    queries = convert_models(estate.models, around, files)
    rules = _all_rules(estate, said, remarks)
    edges = _edges(estate, queries)
    rules = _without_circles(estate, rules, edges, remarks)
    tell_macros(macros, frozenset().union(*(q.expanded for q in queries.values())), remarks)
    _tell_rest(files, said, estate, remarks)
    work = _Work(files, said, estate, queries, rules, remarks)
    return _imported(work, macros, edges, usable_vars(queries.values(), variables, remarks))


def _imported(
    work: _Work, macros: DbtMacros, edges: Edges, variables: Mapping[str, Any]
) -> Imported:
    files, estate = work.files, work.estate
    name = plain_name(files.name)
    sources = _outside(estate, work.said)
    tests = convert_unit_tests(work.said.unit_tests, files, estate.names, work.remarks)
    tables = {*(each.table for each in (*estate.models, *estate.seeds)), *sources}
    first = {table.schema: _first_layer(table.schema, estate, sources) for table in tables}
    written = {
        "lakewright.yml": settings_file(name, settle_layers(first, edges), variables),
        ".gitignore": ".lake/\n",
        **macros.files,
        **dict(_table_files(work, f"pipelines/{name}", f"sql/{name}")),
        **dict(_source_files(work, sources, f"pipelines/{name}")),
        **{
            f"tests/{table.schema}/{table.table}.yml": write_yaml(_test_file(table, entries))
            for table, entries in tests.items()
        },
    }
    counts = {
        "models": sum(not work.queries[each.table].problems for each in estate.models),
        "seeds": len(estate.seeds),
        "sources": len(sources),
        "macros": len(macros.kept),
        "rules": sum(len(each.expect) + bool(each.key) for each in work.rules.values()),
        "unit_tests": sum(map(len, tests.values())),
    }
    return Imported(name, written, tuple(sorted(set(work.remarks))), counts)


def _table_files(work: _Work, specs: str, queries: str) -> Iterator[tuple[str, str]]:
    said = Said(work.said, work.remarks)
    none = TableRules((), (), frozenset())
    for seed in work.estate.seeds:
        text, rules = work.files.texts[seed.path], work.rules.get(seed.table, none)
        yield f"{specs}/{_inner(seed.table)}.yml", write_yaml(seed_spec(seed, text, rules, said))
        yield seed_file(seed), text
    for model in work.estate.models:
        query, rules = work.queries[model.table], work.rules.get(model.table, none)
        kind = kind_of(model, query, work.remarks)
        spec = model_spec(model, kind, rules, said)
        yield f"{specs}/{_inner(model.table)}.yml", write_yaml(spec)
        text = work.files.texts[model.path]
        written = commented(model, text, query) if query.problems else query.text
        yield f"{queries}/{_inner(model.table)}.sql", written
        work.remarks.extend(
            Remark(model.path, problem.line, problem.what, problem.reason)
            for problem in query.problems
        )


def _source_files(
    work: _Work, sources: Mapping[TableName, tuple[str, str]], specs: str
) -> Iterator[tuple[str, str]]:
    said = Said(work.said, work.remarks)
    for table, key in sorted(sources.items()):
        spec = source_spec(key, table, work.said.sources[key], said)
        yield f"{specs}/{_inner(table)}.yml", write_yaml(spec)


def _inner(table: TableName) -> str:
    return f"{table.schema}/{table.table}"


def _test_file(table: TableName, entries: list[dict[str, Any]]) -> dict[str, Any]:
    kept = [{key: value for key, value in each.items() if value != {}} for each in entries]
    return {"table": str(table), "rules": False, "tests": kept}  # dbt checks no test's rows


def _outside(estate: Estate, said: Properties) -> dict[TableName, tuple[str, str]]:
    """The tables of sources that no seed stands behind."""
    seeds = {seed.table for seed in estate.seeds}
    found = {table: key for key, table in estate.names.sources.items() if table not in seeds}
    return {table: key for table, key in found.items() if key in said.sources}


def _first_layer(schema: str, estate: Estate, sources: Iterable[TableName]) -> str:
    bottom = {each.table.schema for each in estate.seeds} | {each.schema for each in sources}
    return "bronze" if schema in bottom else layer_of(schema)


def _all_rules(
    estate: Estate, said: Properties, remarks: list[Remark]
) -> dict[TableName, TableRules]:
    found: dict[TableName, TableRules] = {}
    for model in (*estate.models, *estate.seeds):
        if model.said is not None:
            found[model.table] = convert_tests(model.said, model.table, estate.names, remarks)
    for key in _outside(estate, said).values():
        _tell_source_tests(said.sources[key], remarks)
    return found


def _tell_source_tests(said: Property, remarks: list[Remark]) -> None:
    columns = said.written.get("columns") or ()
    tested = [said.written, *(each for each in columns if isinstance(each, Mapping))]
    if any(each.get("tests") or each.get("data_tests") for each in tested):
        reason = "rules stand at the tables that read a source, not at the source"
        what = f"tests of source table `{said.name}`"
        remarks.append(Remark(said.path, said.line(), what, reason))


def _edges(estate: Estate, queries: Mapping[TableName, DbtQuery]) -> Edges:
    return {(each.table, read) for each in estate.models for read in queries[each.table].reads}


def _without_circles(
    estate: Estate,
    rules: Mapping[TableName, TableRules],
    edges: Edges,
    remarks: list[Remark],
) -> dict[TableName, TableRules]:
    """A foreign key is an edge of the build order: one that would close a circle is left out."""
    found: dict[TableName, TableRules] = {}
    for table, each in sorted(rules.items()):
        closing = {to for to in each.reads if _reaches(to, table, edges)}
        edges |= {(table, to) for to in each.reads - closing}
        kept = tuple(rule for rule in each.expect if not _looks_into(rule, closing))
        if closing:
            model = next(m for m in (*estate.models, *estate.seeds) if m.table == table)
            names = ", ".join(map(str, sorted(closing)))
            reason = f"{names} is made of {table}, so it cannot be looked into before"
            path, line = (model.said.path, model.said.line()) if model.said else (model.path, 1)
            remarks.append(Remark(path, line, f"test `relationships` of {model.name}", reason))
        found[table] = replace(each, expect=kept)
    return found


def _looks_into(rule: Mapping[str, Any], tables: set[TableName]) -> bool:
    to = rule.get("foreign_key", {}).get("references", "")
    return TableName.of(to.rpartition(".")[0]) in tables if to else False


def _reaches(start: TableName, end: TableName, edges: Edges) -> bool:
    todo, seen = [start], {start}
    while todo:
        at = todo.pop()
        if at == end:
            return True
        following = {read for reader, read in edges if reader == at} - seen
        seen |= following
        todo.extend(following)
    return False


def _tell_rest(files: DbtFiles, said: Properties, estate: Estate, remarks: list[Remark]) -> None:
    """What has no counterpart at all, and what the author has to say."""
    for path in files.below(files.test_paths, ".sql"):
        reason = "is a query of its own; write what it looks for as an `expression` rule"
        remarks.append(Remark(path, 1, "a singular test", reason))
    remarks.extend(
        Remark(path, 1, "the file", "snapshots and analyses are not converted")
        for path in files.below(files.other_paths, ".sql")
    )
    for key in ("on-run-start", "on-run-end", "query-comment", "dispatch"):
        if files.settings.get(key):
            reason = "has no counterpart: nothing runs beside the tables"
            remarks.append(Remark("dbt_project.yml", 1, f"`{key}`", reason))
    for table, source in sorted(_outside(estate, said).items()):
        each = said.sources[source]
        variable = location_variable(source[0])
        reason = f"{table} is read below ${{env:{variable}}}: set it, or change its spec"
        what = f"source table `{'.'.join(source)}`"
        remarks.append(Remark(each.path, each.line(), what, reason, "changed"))
