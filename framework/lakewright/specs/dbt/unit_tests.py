"""dbt's unit tests as tests of ours: given rows, expected rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from lakewright.names import TableName
from lakewright.specs.dbt.properties import as_list, as_mapping
from lakewright.specs.dbt.rules import find_table
from lakewright.specs.dbt.values import DbtFiles, Names, Property, Remark


class _UnfitError(Exception):
    """Why a test has no counterpart."""


def convert_unit_tests(
    tests: Iterable[Property],
    files: DbtFiles,
    names: Names,
    remarks: list[Remark],
) -> dict[TableName, list[dict[str, Any]]]:
    """The tests of each table, as the entries of its file below tests/."""
    found: dict[TableName, list[dict[str, Any]]] = {}
    for test in tests:
        try:
            table, entry = _convert(test, files, names)
        except _UnfitError as why:
            what = f"unit test `{test.name}`"
            remarks.append(Remark(test.path, test.line(), what, str(why)))
            continue
        found.setdefault(table, []).append(entry)
    return found


def _convert(test: Property, files: DbtFiles, names: Names) -> tuple[TableName, dict[str, Any]]:
    model = str(test.written.get("model", ""))
    table = names.models.get(model)
    if table is None:
        raise _UnfitError(f"there is no model `{model}`")
    given: dict[str, Any] = {}
    for each in as_list(test.written.get("given")):
        said = as_mapping(each)
        written = str(said.get("input", ""))
        if written.strip() == "this":
            raise _UnfitError("a query cannot read the table it makes")
        name = find_table(written, names)
        if name is None:
            raise _UnfitError(f"`{written}` names nothing of this project")
        given[str(name)] = _given(said, files)
    expect = _expected(as_mapping(test.written.get("expect")), files)
    return table, {
        "name": _sentence(test),
        "given": given,
        "vars": _overridden(test),
        "expect": expect,
    }


def _sentence(test: Property) -> str:
    return test.name.removeprefix("test_").replace("_", " ")


def _overridden(test: Property) -> dict[str, Any]:
    overrides = as_mapping(test.written.get("overrides"))
    macros = as_mapping(overrides.get("macros"))
    if macros.get("is_incremental"):
        raise _UnfitError("it tests the branch for increments, and tables are rebuilt in full")
    if set(macros) - {"is_incremental"} or overrides.get("env_vars"):
        raise _UnfitError("it replaces macros or values of the surroundings")
    return {str(name).lower(): value for name, value in as_mapping(overrides.get("vars")).items()}


def _given(said: Mapping[str, Any], files: DbtFiles) -> Any:
    match said.get("format", "dict"):
        case "dict":
            return [dict(as_mapping(row)) for row in as_list(said.get("rows"))]
        case "csv":
            return {"csv": _csv_text(said, files)}
        case "sql":
            query = str(said.get("rows") or "").strip()
            if not query or "{{" in query:
                raise _UnfitError("its rows are a query that is not read here")
            return {"sql": query}
        case other:
            raise _UnfitError(f"rows as `{other}` are not read here")


def _expected(said: Mapping[str, Any], files: DbtFiles) -> list[dict[str, Any]]:
    match said.get("format", "dict"):
        case "dict":
            return [dict(as_mapping(row)) for row in as_list(said.get("rows"))]
        case "csv":
            rows = csv.DictReader(io.StringIO(_csv_text(said, files)))
            return [{key.strip(): value or None for key, value in row.items()} for row in rows]
        case other:
            raise _UnfitError(f"expected rows as `{other}` are not read here")


def _csv_text(said: Mapping[str, Any], files: DbtFiles) -> str:
    text = said.get("rows")
    if text is None and said.get("fixture"):
        name = f"{said['fixture']}.csv"
        paths = [path for path in files.texts if PurePosixPath(path).name == name]
        text = files.texts[paths[0]] if len(paths) == 1 else None
    if not isinstance(text, str):
        raise _UnfitError("its rows are not found")
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines) + "\n"
