"""What would change: compares the graph with the lake's state. Pure."""

from lakewright.plans.making import attempt_of, make_plan
from lakewright.plans.released import compile_released, merge_selected
from lakewright.plans.values import (
    AlterTable,
    BuildTable,
    Category,
    Change,
    ColumnChanges,
    DropTable,
    Plan,
    PublishView,
    Reason,
    Refresh,
)

__all__ = [
    "AlterTable",
    "BuildTable",
    "Category",
    "Change",
    "ColumnChanges",
    "DropTable",
    "Plan",
    "PublishView",
    "Reason",
    "Refresh",
    "attempt_of",
    "compile_released",
    "make_plan",
    "merge_selected",
]
