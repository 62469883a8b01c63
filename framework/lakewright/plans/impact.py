"""How far a change reaches: action, category and columns."""

from __future__ import annotations

from typing import Literal

from lakewright.graph import Step
from lakewright.lake import Entry
from lakewright.plans.values import Category, ColumnChanges, Reason

_REBUILDING = {"code", "asked", "upstream"}
_SEEDING = {"seed"}  # a rebuild for other rows of the same code


def action_of(reasons: tuple[Reason, ...]) -> Literal["create", "rebuild", "refresh"]:
    """Code makes a rebuild, new data a refresh, whatever else comes with it."""
    kinds = {reason.kind for reason in reasons}
    if "new" in kinds:
        return "create"
    return "rebuild" if kinds & (_REBUILDING | _SEEDING) else "refresh"


def category_of(reasons: tuple[Reason, ...], columns: ColumnChanges) -> Category:
    """Breaking: a reader that names columns may fail. Additive: other rows or more columns."""
    kinds = {reason.kind for reason in reasons}
    if "new" in kinds:
        return "new"
    if columns.removed or columns.retyped:
        return "breaking"
    if kinds & _REBUILDING or (kinds & _SEEDING and columns.added):
        return "additive"
    if kinds & {"seed", "input", "files", "drift"}:
        return "data"
    return "clock" if "clock" in kinds else "metadata"


def compare_columns(step: Step, entry: Entry | None) -> ColumnChanges:
    """Columns of the code against those of the released table; unknown types are not compared."""
    if entry is None or step.columns is None or not entry.schema:
        return ColumnChanges()
    before = {field.name.lower(): field.type for field in entry.schema}
    after = {column.name.lower(): column for column in step.columns}
    return ColumnChanges(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        retyped={
            name: (before[name], column.type)
            for name, column in after.items()
            if name in before
            and column.type is not None
            and column.declared
            and before[name] != column.type
        },
    )
