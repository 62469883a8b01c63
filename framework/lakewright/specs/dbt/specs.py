"""The files of the project that comes of it: specs, queries, settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lakewright.names import TableName, is_column_name
from lakewright.specs.csv_files import MAX_BYTES, MAX_ROWS
from lakewright.specs.dbt.models import DbtModel
from lakewright.specs.dbt.properties import as_list, as_mapping, describe
from lakewright.specs.dbt.queries import DbtQuery
from lakewright.specs.dbt.rules import TableRules
from lakewright.specs.dbt.seeds import seed_columns, with_written, written_type
from lakewright.specs.dbt.values import Properties, Property, Remark
from lakewright.specs.writing import write_yaml

_PERIODS = {"minute": "m", "hour": "h", "day": "d"}


@dataclass(frozen=True, slots=True)
class Said:
    """Where descriptions and owners are looked up while specs are written."""

    properties: Properties
    remarks: list[Remark]


def model_spec(model: DbtModel, kind: str, rules: TableRules, said: Said) -> dict[str, Any]:
    """The spec of one model."""
    enforced = as_mapping(model.config.get("contract")).get("enforced") is True
    return {
        "table": str(model.table),
        "kind": kind if kind != "table" else None,
        **_shared(model.said, model.config, said),
        "key": list(rules.key),
        "columns": _columns(model.said, said, {}, enforced=enforced),
        "expect": list(rules.expect),
        "cluster_by": _clustered(model) if kind == "table" else [],
    }


def seed_spec(model: DbtModel, text: str, rules: TableRules, said: Said) -> dict[str, Any]:
    """A csv file of the project: a seed, or an ingest where a seed's file cannot be like it."""
    delimiter = str(model.config.get("delimiter") or ",")[:1]
    types = with_written(
        seed_columns(text, delimiter), as_mapping(model.config.get("column_types"))
    )
    return {
        "table": str(model.table),
        **_data_of(seed_file(model), text, delimiter),
        **_shared(model.said, model.config, said),
        "key": list(rules.key),
        "columns": _columns(model.said, said, types, enforced=False),
        "expect": list(rules.expect),
    }


def _data_of(file: str, text: str, delimiter: str) -> dict[str, Any]:
    small = len(text.encode()) <= MAX_BYTES and text.count("\n") <= MAX_ROWS
    if small and delimiter == ",":
        return {"kind": "seed", "file": file}
    source = {"files": file, "format": "csv"}
    return {
        "kind": "ingest",
        "from": source if delimiter == "," else {**source, "delimiter": delimiter},
    }


def source_spec(
    key: tuple[str, str], table: TableName, each: Property, said: Said
) -> dict[str, Any]:
    """A table that somebody else writes; where it lies is for the author to say."""
    identifier = str(each.written.get("identifier") or key[1])
    return {
        "table": str(table),
        "kind": "source",
        "location": f"${{env:{location_variable(key[0])}}}/{identifier}",
        **_shared(each, each.written, said),
        "columns": _source_columns(each, said),
        "freshness": _freshness(each, said.remarks),
    }


def location_variable(source: str) -> str:
    """The variable that says where the Delta tables of a source lie."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in source.upper()) + "_LOCATION"


def seed_file(model: DbtModel) -> str:
    return f"seeds/{model.table.table}.csv"


def settings_file(name: str, layers: Mapping[str, str], variables: Mapping[str, Any]) -> str:
    """lakewright.yml"""
    head = write_yaml({"name": name, "schemas": layers, "vars": variables, "retention": "30d"})
    return head + (
        "targets:\n"
        "  dev:   {lake: .lake, engine: sail}    # needs no Java; environment dev_<user>\n"
        "  spark: {lake: .lake, engine: spark}\n"
        "default_target: dev\n"
    )


def usable_vars(
    queries: Iterable[DbtQuery], written: Mapping[str, Any], remarks: list[Remark]
) -> dict[str, Any]:
    """The variables that can be ours: plain names, plain values."""
    used = {name: value for query in queries for name, value in query.vars.items()}
    found = {}
    for name, value in sorted({**written, **used}.items()):
        plain = isinstance(value, str | int | float | date)
        made = isinstance(value, str) and ("{{" in value or "{%" in value)
        if plain and not made and is_column_name(name):
            found[name.lower()] = value
        elif name not in used or not is_column_name(name):
            reason = "is no plain value with a plain name"
            remarks.append(Remark("dbt_project.yml", 1, f"variable `{name}`", reason))
    return found


def commented(model: DbtModel, text: str, query: DbtQuery) -> str:
    """What stands in place of a query that could not be converted: the original, as a comment."""
    lines = [f"Not converted from {model.path}:"]
    lines += [f"  line {each.line}: {each.what} {each.reason}" for each in query.problems]
    lines += ["Write the query below; what stood there:", ""]
    lines += text.rstrip("\n").split("\n")
    plain = "\n".join(f"-- {line}".rstrip().rstrip("\\") for line in lines)
    for mark in ("{{", "{%", "{#"):
        plain = plain.replace(mark, f"{mark[0]} {mark[1]}")
    return plain + "\n"


def _shared(said_here: Property | None, config: Mapping[str, Any], said: Said) -> dict[str, Any]:
    written = said_here.written if said_here else {}
    meta = {**as_mapping(config.get("meta")), **as_mapping(written.get("meta"))}
    group = str(config.get("group") or written.get("group") or "")
    tags = dict.fromkeys(str(tag) for tag in as_list(config.get("tags")))
    return {
        "description": describe(written.get("description"), said.properties.docs),
        "owner": str(meta.get("owner") or said.properties.owners.get(group, "")),
        "tags": list(tags),
    }


def _source_columns(each: Property, said: Said) -> dict[str, Any]:
    """All columns or none: those that a spec of a source names are all that it has."""
    columns = _columns(each, said, {}, enforced=True)
    if not columns or all("type" in column for column in columns.values()):
        return columns
    if any("pii" in column for column in columns.values()):
        return columns
    what = f"columns of source table `{each.name}`"
    reason = "without types they may not be all of it: a spec names every column of a source"
    said.remarks.append(Remark(each.path, each.line("columns"), what, reason))
    return {}


def _columns(
    said_here: Property | None, said: Said, types: Mapping[str, str], *, enforced: bool
) -> dict[str, Any]:
    columns: dict[str, dict[str, Any]] = {
        name.lower(): {"type": type_} for name, type_ in types.items() if is_column_name(name)
    }
    for each in as_list(said_here.written.get("columns") if said_here else None):
        column = as_mapping(each)
        name = str(column.get("name", ""))
        if not is_column_name(name):
            assert said_here is not None
            what = f"column `{name}` of {said_here.name}"
            reason = "has a name that no column has here"
            said.remarks.append(Remark(said_here.path, said_here.line(), what, reason))
            continue
        columns.setdefault(name.lower(), {}).update(_column(column, said, enforced=enforced))
    return {name: column for name, column in columns.items() if column}


def _column(column: Mapping[str, Any], said: Said, *, enforced: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    known = written_type(str(column.get("data_type", ""))) if enforced else None
    if known:
        found["type"] = known
    if text := describe(column.get("description"), said.properties.docs):
        found["description"] = text
    meta = {**as_mapping(as_mapping(column.get("config")).get("meta"))}
    meta |= as_mapping(column.get("meta"))
    tags = [str(tag).lower() for tag in as_list(column.get("tags"))]
    if meta.get("pii") or meta.get("contains_pii") or "pii" in tags:
        word = meta.get("pii")
        found["pii"] = word if isinstance(word, str) and word.lower() != "none" else "personal"
    return found


def _clustered(model: DbtModel) -> list[str]:
    columns = [str(each) for each in as_list(model.config.get("cluster_by"))]
    return columns if all(map(is_column_name, columns)) else []


def _freshness(each: Property, remarks: list[Remark]) -> dict[str, Any] | None:
    written = as_mapping(each.written.get("freshness"))
    column = each.written.get("loaded_at_field")
    limits = {"warn": _age(written.get("warn_after")), "fail": _age(written.get("error_after"))}
    found = {key: value for key, value in limits.items() if value}
    if not found:
        return None
    if not isinstance(column, str) or not is_column_name(column):
        reason = "needs `loaded_at_field` with the name of a column"
        what = f"freshness of {each.name}"
        remarks.append(Remark(each.path, each.line(), what, reason))
        return None
    return {"column": column.lower(), **found}


def _age(written: Any) -> str | None:
    said = as_mapping(written)
    period = _PERIODS.get(str(said.get("period")))
    count = said.get("count")
    return f"{count}{period}" if period and isinstance(count, int) and count > 0 else None
