"""Plans in an environment that reads tables of another: over a base, and what a first write costs.

Pure, like all of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lakewright.errors import Problem, RefusedError
from lakewright.lake import Entry, LakeState
from lakewright.lake.forks import Origin, borrow_entries
from lakewright.plans.detectors import size_text
from lakewright.plans.values import AlterTable, BuildTable, Change, Plan, Reason


def state_over(own: LakeState, base: LakeState, origin: Origin) -> LakeState:
    """`own` as it would be after a fork from `origin`, the latest release of `base`.

    Inputs are those of `base`, whose ledgers say what is loaded. Nothing is written for this.
    """
    assert base.release is not None, "only a release can be a base"
    tables = borrow_entries(base.release, origin.base)
    held = tuple(replace(hold, since_release=1) for hold in base.release.held)
    return replace(
        own,
        release=replace(base.release, tables=tables, held=held),
        inputs=base.inputs,
        drift=(),
        holds=base.holds,
        restorable_from=None,
        code=base.code,
        base=str(origin),
    )


def tell_first_writes(
    plan: Plan, clones: Callable[[Entry], bool], redefines: Callable[[AlterTable], bool]
) -> Plan:
    """The plan with a reason at each table that begins with rows of another environment.

    `clones`: whether a table begins as a clone of that entry; else its bytes are copied.
    `redefines`: whether an alteration is one of the table's log; else the table stays where it is.
    """
    changes = (_told(change, plan, clones, redefines) for change in plan.changes)
    return replace(plan, changes=tuple(changes))


def has_first_writes(plan: Plan) -> bool:
    return any(next(_begun(change, plan), None) is not None for change in plan.changes)


def refuse_clones(plan: Plan) -> None:
    """RefusedError LW366 when tables are shallow clones: for an engine that cannot read them."""
    tables = plan.state.release.tables.values() if plan.state.release else ()
    cloned = sorted({entry.table.group for entry in tables if is_clone(entry)})
    if cloned and plan.changes:
        raise RefusedError.of(clone_problem(name, plan.environment) for name in map(str, cloned))


def is_clone(entry: Entry) -> bool:
    """Whether the table's log names files outside it. (A view's `borrows` say where it reads.)"""
    return bool(entry.location and entry.borrows)


def clone_problem(table: str, environment: str) -> Problem:
    return Problem(
        "LW366",
        f"{table} of {environment} is a shallow clone, and this engine cannot read files outside a"
        " table's own folder",
        hint="use --engine spark",
    )


def _told(
    change: Change,
    plan: Plan,
    clones: Callable[[Entry], bool],
    redefines: Callable[[AlterTable], bool],
) -> Change:
    if not isinstance(change, BuildTable | AlterTable):
        return change
    begun = list(_begun(change, plan))
    if not begun or (isinstance(change, AlterTable) and not redefines(change)):
        return change
    place = begun[0].location.partition("/")[0]
    sizes = [entry.bytes for entry in begun]
    known = sum(size for size in sizes if size is not None)
    amount = "unknown bytes" if None in sizes else size_text(known)
    detail = f"clones from {place}" if all(map(clones, begun)) else f"copies {amount} from {place}"
    return replace(change, reasons=(*change.reasons, Reason("fork", detail, place)))


def _begun(change: Change, plan: Plan) -> Iterator[Entry]:
    """The entries whose rows a change takes over: it builds on them, or leaves them as they are."""
    in_full = isinstance(change, BuildTable) and change.refresh == "full"
    if in_full or not isinstance(change, BuildTable | AlterTable) or plan.state.release is None:
        return
    for name in (change.table, change.table.quarantine, change.table.ledger):
        entry = plan.state.release.tables.get(name)
        if entry is not None and entry.is_foreign(plan.environment):
            yield entry
