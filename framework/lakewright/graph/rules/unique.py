"""`unique: [a, b]` or `unique: {columns: [a, b]}`: no two rows have the same values there.

A NULL in one of the columns passes, as in SQL; with `nulls: fail` NULLs are values like others.
With `keep` the first row of each by that order stays, and the others go where `on_fail` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakewright.graph.expressions import read_order
from lakewright.graph.near import listed
from lakewright.graph.rules.rule import (
    Draft,
    Rule,
    TestDraft,
    WrittenRule,
    read_columns,
    read_mapping,
)
from lakewright.graph.values import KeepTest, TableTest
from lakewright.names import quote


def duplicates(columns: Sequence[str], conditions: Sequence[str]) -> str:
    """SQL that counts rows beyond the first of each value, among rows that meet the conditions."""
    names = ", ".join(quote(column) for column in columns)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    groups = f"SELECT count(*) AS `n` FROM {{table}}{where} GROUP BY {names} HAVING count(*) > 1"
    return f"(SELECT coalesce(sum(`n` - 1), 0) FROM ({groups}) AS `groups`)"


def _draft(written: WrittenRule) -> Sequence[Draft]:
    argument = written.expect.argument
    at = ""
    if isinstance(argument, Mapping):
        argument, at = read_mapping(written, ("columns",))["columns"], "columns"
    columns = read_columns(written, argument, at)
    conditions = [f"{quote(column)} IS NOT NULL" for column in columns]
    if written.expect.nulls == "fail":
        conditions = []
    if written.only_where:
        conditions.append(written.only_where)
    if written.expect.keep is None:
        test: KeepTest | TableTest = TableTest(duplicates(columns, conditions))
        return [TestDraft(columns, test, f"{listed(columns)} is unique")]
    order = read_order(written.expect.keep, written.table, written.columns, written.place("keep"))
    test = KeepTest(columns, order.sql, " AND ".join(conditions) or None)
    return [TestDraft(columns, test, f"one row for each {listed(columns)}, by {order.sql}")]


UNIQUE = Rule("unique", "unique", _draft, nulls=True)
