"""How far a change reaches: action, category and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from lakewright.graph import Step
from lakewright.lake import Entry, Field
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
    return compare_types(
        entry.schema,
        {column.name.lower(): column.type if column.declared else None for column in step.columns},
    )


def compare_types(before: Sequence[Field], after: Mapping[str, str | None]) -> ColumnChanges:
    """Columns as they were against names in lower case with their types; None is not compared."""
    old = {field.name.lower(): field.type for field in before}
    return ColumnChanges(
        added=tuple(name for name in after if name not in old),
        removed=tuple(name for name in old if name not in after),
        retyped={
            name: (old[name], kind)
            for name, kind in after.items()
            if name in old and kind is not None and old[name] != kind
        },
    )
