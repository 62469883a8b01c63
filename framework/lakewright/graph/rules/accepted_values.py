"""`accepted_values: {column: c, values: [...]}`: the column holds nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.graph.near import listed
from lakewright.graph.rules.operands import is_plain, operand
from lakewright.graph.rules.rule import (
    Draft,
    RowDraft,
    Rule,
    WrittenRule,
    read_column,
    read_mapping,
)
from lakewright.names import quote


def _draft(written: WrittenRule) -> Sequence[Draft]:
    given = read_mapping(written, ("column", "values"))
    column = read_column(written, given["column"])
    values = given["values"]
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise written.fail("`values` needs a list that is not empty", at="values")
    if any(value is None for value in values):
        raise written.fail(
            "NULL passes by itself", "leave it out, or write nulls: fail", at="values"
        )
    literals = ", ".join(operand(written, column, value) for value in values)
    sentence = f"{column} is one of {listed(str(value) for value in values)}"
    passes = f"{quote(column)} IN ({literals})"
    return [RowDraft((column,), passes, sentence, constrains=is_plain(literals))]


ACCEPTED_VALUES = Rule("accepted_values", "row", _draft, nulls=True)
