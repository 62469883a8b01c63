"""`expression: "dep_delay > -120"`: a condition over the columns of one row."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.graph.expressions import fits_constraint, read_condition
from lakewright.graph.rules.rule import Draft, RowDraft, Rule, WrittenRule


def _draft(written: WrittenRule) -> Sequence[Draft]:
    found = read_condition(
        written.expect.argument,
        written.table,
        written.columns,
        written.where,
        source=written.expect.texts.get("expression"),
    )
    return [RowDraft(found.columns, f"({found.sql})", found.sql, fits_constraint(found.sql))]


EXPRESSION = Rule("expression", "row", _draft, nulls=True)
