"""`not_null: [a, b]`: each of the columns has a value."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.graph.rules.rule import Draft, RowDraft, Rule, WrittenRule, read_columns
from lakewright.names import quote


def _draft(written: WrittenRule) -> Sequence[Draft]:
    return [
        RowDraft(
            (column,), f"{quote(column)} IS NOT NULL", f"{column} is never NULL", constrains=True
        )
        for column in read_columns(written, written.expect.argument)
    ]


NOT_NULL = Rule("not_null", "row", _draft)
