"""What a table promises its readers about its columns, and the changes that the promise refuses.

Decided as soon as columns are known: by the plan, or where an engine must analyse first, before
anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lakewright.errors import Problem, RefusedError
from lakewright.graph import Step
from lakewright.lake import Entry, Field, widens
from lakewright.plans.impact import compare_types
from lakewright.plans.values import Change, ColumnChanges, DropTable, RestoreTable
from lakewright.specs import Contract


def refuse_breaches(changes: Iterable[Change]) -> None:
    """RefusedError LW336, LW337 or LW338 when a change breaks what was promised."""
    problems = [problem for change in changes for problem in _problems_of(change)]
    if problems:
        raise RefusedError.of(problems)


def refuse_fields(step: Step, before: Entry | None, fields: Sequence[Field]) -> None:
    """The same for columns that only an engine could tell. `fields`: what would be written."""
    if before is None:
        return
    after = {field.name.lower(): field.type for field in fields}
    columns = compare_types(before.schema, after)
    problems = list(_problems(step, before, columns))
    if problems:
        raise RefusedError.of(problems)


def _problems_of(change: Change) -> Iterator[Problem]:
    if isinstance(change, RestoreTable) or change.before is None:
        return
    if isinstance(change, DropTable):
        if change.before.contract is not None:
            yield _dropped(change, change.before.contract)
        return
    yield from _problems(change.step, change.before, change.columns)


def _problems(step: Step, before: Entry, columns: ColumnChanges) -> Iterator[Problem]:
    if _is_raised(step.contract, before.contract):
        return
    if before.contract is not None and (columns.removed or columns.retyped):
        version = before.contract.version
        yield Problem(
            "LW336",
            f"{step.name} breaks contract {version} with {_told(before.contract)}:"
            f" {_listed(columns)}",
            step.where,
            hint=f"tell them, and write `contract: {{version: {version + 1}, ...}}`",
        )
    elif not _is_allowed(step, columns):
        yield Problem(
            "LW338",
            f"{step.name} says on_schema_change: {step.on_schema_change}, and its columns change:"
            f" {_listed(columns)}",
            step.where,
            hint="raise `contract.version` with it, or allow the change in on_schema_change",
        )


def _is_raised(now: Contract | None, before: Contract | None) -> bool:
    """Whether the code promises something else than what is released."""
    return now is not None and (before is None or now.version > before.version)


def _is_allowed(step: Step, columns: ColumnChanges) -> bool:
    match step.on_schema_change:
        case None:
            return True
        case "fail":
            return not (columns.added or columns.removed or columns.retyped)
        case "add":
            return not (columns.removed or columns.retyped)
        case "widen":
            wider = (widens(old, new) for old, new in columns.retyped.values())
            return not columns.removed and all(wider)


def _dropped(change: DropTable, contract: Contract) -> Problem:
    return Problem(
        "LW337",
        f"{change.table} has a contract with {_told(contract)}, and would be dropped",
        hint="bring its spec back without `contract:`, apply that, then drop it",
    )


def _told(contract: Contract) -> str:
    return ", ".join(map(str, contract.consumers)) or "consumers that it does not name"


def _listed(columns: ColumnChanges) -> str:
    """The changes, in words; those that break nobody last."""
    return ", ".join(
        [
            *(f"{name} is removed" for name in columns.removed),
            *(f"{name} {old} -> {new}" for name, (old, new) in sorted(columns.retyped.items())),
            *(f"{name} is added" for name in columns.added),
        ]
    )
