"""What would change: compares the graph with the lake's state. Pure."""

from lakewright.plans.adopting import FilesChoice, plan_adoption
from lakewright.plans.drift import fate_of, is_append_like, refuse_undecided
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
    AdoptHead,
    AdoptTable,
    AlterTable,
    BuildTable,
    Category,
    Change,
    ColumnChanges,
    DriftChoice,
    DropTable,
    FoundTable,
    Plan,
    PublishView,
    Reason,
    Refresh,
    RestoreTable,
    Rollback,
    RollbackMode,
)

__all__ = [
    "AdoptHead",
    "AdoptTable",
    "AlterTable",
    "BuildTable",
    "Category",
    "Change",
    "ColumnChanges",
    "DriftChoice",
    "DropTable",
    "FilesChoice",
    "Found",
    "FoundTable",
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
    "compile_released",
    "compile_target",
    "fate_of",
    "held_along",
    "is_append_like",
    "make_plan",
    "make_rollback",
    "merge_selected",
    "plan_adoption",
    "refuse_collected",
    "refuse_undecided",
    "refuse_unfit_pending",
]
