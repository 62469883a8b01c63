"""What would change: compares the graph with the lake's state. Pure."""

from lakewright.plans.forks import (
    clone_problem,
    has_first_writes,
    is_clone,
    refuse_clones,
    state_over,
    tell_first_writes,
)
from lakewright.plans.holding import Made, attempt_of, held_along
from lakewright.plans.making import make_plan
from lakewright.plans.released import compile_released, merge_selected, refuse_unfit_pending
from lakewright.plans.rolling_back import (
    Found,
    Return,
    Way,
    choose_return,
    compile_target,
    make_rollback,
    refuse_collected,
)
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
    RestoreTable,
    Rollback,
    RollbackMode,
)

__all__ = [
    "AlterTable",
    "BuildTable",
    "Category",
    "Change",
    "ColumnChanges",
    "DropTable",
    "Found",
    "Made",
    "Plan",
    "PublishView",
    "Reason",
    "Refresh",
    "RestoreTable",
    "Return",
    "Rollback",
    "RollbackMode",
    "Way",
    "attempt_of",
    "choose_return",
    "clone_problem",
    "compile_released",
    "compile_target",
    "has_first_writes",
    "held_along",
    "is_clone",
    "make_plan",
    "make_rollback",
    "merge_selected",
    "refuse_clones",
    "refuse_collected",
    "refuse_unfit_pending",
    "state_over",
    "tell_first_writes",
]
