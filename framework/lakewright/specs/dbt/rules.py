"""dbt's tests of a model as rules: one function for each test that has a counterpart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakewright.names import TableName, is_column_name
from lakewright.specs.dbt.properties import as_list, as_mapping
from lakewright.specs.dbt.values import Names, Property, Remark

RELATION = "relationships"
_TO = re.compile(r"\s*(?:\{\{)?\s*(ref|source)\(\s*([^)]*?)\s*\)\s*(?:\}\})?\s*\Z")
_SETTINGS = ("severity", "where", "warn_if", "error_if", "limit", "store_failures", "enabled")
_SAID_BESIDE = (*_SETTINGS, "config", "name", "arguments", "tags", "meta", "description", "alias")
_COUNTS_ANY = ("!=0", "!= 0", ">0", "> 0", ">=1", ">= 1")


@dataclass(frozen=True, slots=True)
class DbtTest:
    """One generic test as written: its name, arguments and settings."""

    name: str
    column: str | None
    arguments: Mapping[str, Any]
    config: Mapping[str, Any]
    called: str
    line: int


@dataclass(frozen=True, slots=True)
class TableRules:
    """The rules of one table. `reads`: the tables that its foreign keys look into."""

    expect: tuple[dict[str, Any], ...]
    key: tuple[str, ...]
    reads: frozenset[TableName]


class _UnfitError(Exception):
    """Why a test has no counterpart."""


def convert_tests(
    said: Property, table: TableName, names: Names, remarks: list[Remark]
) -> TableRules:
    """All tests of one model. `not_null` and `unique` of one column are its key."""
    expect: list[dict[str, Any]] = []
    reads: set[TableName] = set()
    tests = [test for test in _tests(said) if test.config.get("enabled") is not False]
    key = _key(tests)
    seen: list[tuple[str, str | None, Any]] = []
    for test in tests:
        same = (test.name, test.column, test.arguments)
        if same in seen or (test.column in key and test.name in ("not_null", "unique")):
            continue
        seen.append(same)
        try:
            rule = _rule(test, names)
        except _UnfitError as why:
            what = f"test `{test.name}` of {said.name}"
            remarks.append(Remark(said.path, test.line, what, str(why)))
            continue
        expect.append(rule)
        reads |= {TableName.of(to.rpartition(".")[0]) for to in _references(rule)}
        _tell_loose(test, said, remarks)
    return TableRules(tuple(expect), key, frozenset(reads - {table}))


def _tests(said: Property) -> list[DbtTest]:
    found = list(_tests_at(said, said.written, None))
    for at, column in enumerate(as_list(said.written.get("columns"))):
        name = str(as_mapping(column).get("name", ""))
        found += _tests_at(said, as_mapping(column), name, "columns", at)
    return found


def _tests_at(
    said: Property, written: Mapping[str, Any], column: str | None, *loc: str | int
) -> Iterator[DbtTest]:
    for key in ("data_tests", "tests"):
        for at, each in enumerate(as_list(written.get(key))):
            yield _read_test(each, column, said.line(*loc, key, at))


def _read_test(written: Any, column: str | None, line: int) -> DbtTest:
    if not isinstance(written, Mapping):
        return DbtTest(str(written), column, {}, {}, "", line)
    if "test_name" in written:
        name, said = str(written["test_name"]), dict(written)
        said.pop("test_name")
    else:
        name = str(next(iter(written), ""))
        said = dict(as_mapping(written.get(name)))
        said.update({key: value for key, value in written.items() if key != name})
    beside = {key: value for key, value in said.items() if key not in _SAID_BESIDE}
    arguments = {**beside, **as_mapping(said.get("arguments"))}
    settings = {key: said[key] for key in _SETTINGS if key in said}
    config = {**settings, **as_mapping(said.get("config"))}
    column = column or arguments.pop("column_name", None)
    return DbtTest(name, column, arguments, config, str(said.get("name") or ""), line)


def _key(tests: list[DbtTest]) -> tuple[str, ...]:
    """The one column that is tested as never NULL and unique, without conditions."""
    plain = {(test.name, test.column) for test in tests if not test.config and not test.arguments}
    both = sorted({c for name, c in plain if name == "not_null" and ("unique", c) in plain and c})
    return tuple(both) if len(both) == 1 and is_column_name(both[0]) else ()


def _rule(test: DbtTest, names: Names) -> dict[str, Any]:
    short = test.name.removeprefix("dbt.")
    if short != RELATION and short not in _TESTS:
        raise _UnfitError("has no counterpart; an `expression` rule may say the same")
    if test.column is not None and not is_column_name(test.column):
        raise _UnfitError(f"`{test.column}` is not the name of a column here")
    rule = _relationships(test, names) if short == RELATION else _TESTS[short](test)
    if str(test.config.get("severity", "error")).lower() == "warn":
        rule["on_fail"] = "warn"
    where = test.config.get("where")
    if where:
        if "{{" in str(where) or "{%" in str(where):
            raise _UnfitError("its `where` holds Jinja")
        rule["where"] = str(where)
    if test.called and is_column_name(test.called):
        rule["name"] = test.called.lower()
    return rule


def _tell_loose(test: DbtTest, said: Property, remarks: list[Remark]) -> None:
    """Thresholds count rows in dbt; here a share of them may fail, which is for the author."""
    for option in ("warn_if", "error_if"):
        written = str(test.config.get(option, ""))
        if written and written.strip() not in _COUNTS_ANY:
            what = f"`{option}: {written}` of test `{test.name}` of {said.name}"
            reason = "any row that breaks the rule counts; `tolerance` allows a share"
            remarks.append(Remark(said.path, test.line, what, reason, "changed"))


def _references(rule: Mapping[str, Any]) -> list[str]:
    found = as_mapping(rule.get("foreign_key")).get("references")
    return [str(found)] if found else []


def _column(test: DbtTest) -> str:
    if test.column is None:
        raise _UnfitError("names no column")
    return test.column.lower()


def _argument(test: DbtTest, name: str) -> Any:
    value = test.arguments.get(name)
    if value is None:
        raise _UnfitError(f"its argument `{name}` is missing")
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        raise _UnfitError(f"its argument `{name}` holds Jinja")
    return value


def _not_null(test: DbtTest) -> dict[str, Any]:
    return {"not_null": [_column(test)]}


def _unique(test: DbtTest) -> dict[str, Any]:
    return {"unique": [_column(test)]}


def _accepted_values(test: DbtTest) -> dict[str, Any]:
    values = as_list(_argument(test, "values"))
    if test.arguments.get("quote") is not False:
        values = [value if isinstance(value, bool) else str(value) for value in values]
    return {"accepted_values": {"column": _column(test), "values": values}}


def _relationships(test: DbtTest, names: Names) -> dict[str, Any]:
    to = find_table(str(test.arguments.get("to", "")), names)
    if to is None:
        raise _UnfitError(f"`{test.arguments.get('to')}` names nothing of this project")
    field = str(_argument(test, "field")).lower()
    return {"foreign_key": {"column": _column(test), "references": f"{to}.{field}"}}


def _expression(test: DbtTest) -> dict[str, Any]:
    text = str(_argument(test, "expression"))
    return {"expression": f"{test.column} {text}" if test.column else text}


def _combination(test: DbtTest) -> dict[str, Any]:
    columns = [str(each).lower() for each in as_list(_argument(test, "combination_of_columns"))]
    if not all(map(is_column_name, columns)):
        raise _UnfitError("names what is no plain column")
    return {"unique": columns, "nulls": "fail"}


def _accepted_range(test: DbtTest) -> dict[str, Any]:
    column = _column(test)
    bounds = {
        short: test.arguments[name]
        for short, name in (("min", "min_value"), ("max", "max_value"))
        if test.arguments.get(name) is not None
    }
    if not bounds:
        raise _UnfitError("has no bounds")
    if any("{{" in str(bound) for bound in bounds.values()):
        raise _UnfitError("its bounds hold Jinja")
    plain = all(isinstance(bound, int | float) for bound in bounds.values())
    if plain and test.arguments.get("inclusive") is not False:
        return {"between": {"column": column, **bounds}}
    equal = "" if test.arguments.get("inclusive") is False else "="
    signs = {"min": f">{equal}", "max": f"<{equal}"}
    parts = [f"{column} {signs[end]} {bound}" for end, bound in bounds.items()]
    return {"expression": " AND ".join(parts)}


def _not_empty(test: DbtTest) -> dict[str, Any]:
    return {"expression": f"trim({_column(test)}) <> ''"}


def _share_not_null(test: DbtTest) -> dict[str, Any]:
    share = _argument(test, "at_least")
    if not isinstance(share, int | float):
        raise _UnfitError("its `at_least` is no number")
    return {"not_null": [_column(test)], "tolerance": round(1 - float(share), 9)}


_TESTS: Mapping[str, Callable[[DbtTest], dict[str, Any]]] = {
    "not_null": _not_null,
    "unique": _unique,
    "accepted_values": _accepted_values,
    "dbt_utils.expression_is_true": _expression,
    "dbt_utils.unique_combination_of_columns": _combination,
    "dbt_utils.accepted_range": _accepted_range,
    "dbt_utils.not_empty_string": _not_empty,
    "dbt_utils.not_null_proportion": _share_not_null,
}


def find_table(written: str, names: Names) -> TableName | None:
    """The table that a text such as `ref('orders')` names."""
    found = _TO.match(written)
    if found is None:
        return None
    parts = [part.strip().strip("'\"") for part in found[2].split(",")]
    if found[1] == "ref":
        return names.models.get(parts[-1])
    return names.sources.get((parts[0], parts[-1])) if len(parts) == 2 else None
