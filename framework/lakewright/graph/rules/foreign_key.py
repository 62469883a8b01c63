"""`foreign_key: {column: c, references: schema.table.column}`: the value is found in another table.

Several columns: `{columns: [a, b], references: schema.table.(x, y)}`. A NULL in any of them passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lakewright.errors import SpecError
from lakewright.graph.near import listed, near_hint
from lakewright.graph.rules.rule import (
    Draft,
    Rule,
    TestDraft,
    WrittenRule,
    read_columns,
    read_mapping,
)
from lakewright.graph.values import ReferenceTest
from lakewright.names import TableName

_REFERENCE = re.compile(r"\s*([^.\s]+\.[^.\s]+)\.(?:\(([^()]+)\)|([^.\s()]+))\s*\Z")


def referenced_table(argument: object) -> TableName | None:
    """The table a foreign key points to, None while its argument cannot be read."""
    text = argument.get("references") if isinstance(argument, Mapping) else None
    found = _REFERENCE.match(text) if isinstance(text, str) else None
    try:
        return TableName.parse(found.group(1)) if found else None
    except SpecError:
        return None


def _draft(written: WrittenRule) -> Sequence[Draft]:
    several = isinstance(written.expect.argument, Mapping) and "columns" in written.expect.argument
    given = read_mapping(written, ("columns" if several else "column", "references"))
    own = "columns" if several else "column"
    columns = read_columns(written, given[own], own)
    to, to_columns = _reference(written, given["references"])
    if len(columns) != len(to_columns):
        raise written.fail(f"{len(columns)} columns refer to {len(to_columns)}")
    test = ReferenceTest(columns, to, to_columns, written.only_where)
    sentence = f"{listed(columns)} is found in {to} ({listed(to_columns)})"
    return [TestDraft(columns, test, sentence)]


def _reference(written: WrittenRule, text: object) -> tuple[TableName, tuple[str, ...]]:
    found = _REFERENCE.match(text) if isinstance(text, str) else None
    if not found:
        raise written.fail(
            f"`{text}` is not a column of a table",
            "write schema.table.column, or schema.table.(a, b)",
            at="references",
        )
    where = written.place("references")
    to = TableName.parse(found.group(1), where)
    if to == written.table:
        raise written.fail("a table cannot refer to itself", code="LW236", at="references")
    problem = written.known.problem(to, where)
    if problem:
        raise SpecError.of([problem])
    names = tuple(name.strip().lower() for name in (found.group(2) or found.group(3)).split(","))
    known = written.tables.get(to)
    for name in names:
        if known is not None and name not in known:
            raise written.fail(
                f"{to} has no column `{name}`",
                near_hint(name, known, f"columns are {listed(known)}"),
                code="LW236",
                at="references",
            )
    return to, names


FOREIGN_KEY = Rule("foreign_key", "reference", _draft)
