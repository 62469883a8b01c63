"""What would change: compares the graph with the lake's state. Pure."""

from lakewright.plans.holding import Made, attempt_of, held_along
from lakewright.plans.making import make_plan
from lakewright.plans.released import compile_released, merge_selected, refuse_unfit_pending
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
    "Made",
    "Plan",
    "PublishView",
    "Reason",
    "Refresh",
    "attempt_of",
    "compile_released",
    "held_along",
    "make_plan",
    "merge_selected",
    "refuse_unfit_pending",
]
