"""What becomes of rows and definitions that others wrote: adopted, put back, overwritten, left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from lakewright.errors import DriftError, Problem
from lakewright.graph import FilesTransform, Graph, Step
from lakewright.lake import Drift, Entry, LakeState
from lakewright.names import TableName
from lakewright.plans.values import (
    AdoptHead,
    BuildTable,
    ColumnChanges,
    DropTable,
    Plan,
    Reason,
    RestoreTable,
)

Fate = Literal["adopt", "discard", "overwrite", "repair", "decide", "wait", "leave"]


def is_append_like(step: Step) -> bool:
    """Whether the table builds on its own past, so that no query could bring its rows back."""
    return isinstance(step.transform, FilesTransform)


def told_commits(drift: Drift) -> str:
    """The commits in a few words: `3 commits of others (WRITE 5, 6; DELETE 7)`."""
    versions: dict[str, list[str]] = {}
    for commit in drift.commits:
        versions.setdefault(commit.operation, []).append(str(commit.version))
    told = "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in versions.items())
    noun = "commit" if len(drift.commits) == 1 else "commits"
    where = "" if drift.table == drift.table.group else f" to {drift.table}"
    return f"{len(drift.commits)} {noun} of others{where} ({told})"


def is_adoptable(drift: Drift) -> bool:
    """Whether the rows can be judged: those of the table itself, over released ones."""
    return drift.table == drift.table.group and not drift.mixed


def fate_of(plan: Plan, drift: Drift) -> Fate:
    """What the plan does about it.

    `decide`: a person must, before the plan can be applied. `wait`, `leave`: the plan does not
    write the table, so nothing is done and nothing is blocked; the first waits for a person, the
    second for a run that writes it. `repair`: only the definition had changed.
    """
    change = next((it for it in plan.changes if it.table == drift.table.group), None)
    if change is None or isinstance(change, DropTable | RestoreTable):
        step = plan.graph.steps.get(drift.table.group)
        grows = step is not None and is_append_like(step)
        return "wait" if grows and drift.changes_data else "leave"
    if isinstance(change, AdoptHead):
        return "adopt"
    if not drift.changes_data:
        return "repair"
    if plan.drift == "discard":
        return "discard"
    in_full = isinstance(change, BuildTable) and change.refresh == "full"
    return "overwrite" if in_full and not is_append_like(change.step) else "decide"


def refuse_undecided(plan: Plan) -> None:
    """DriftError LW320 that names every table which the plan writes and a person must judge."""
    problems = [
        Problem(
            "LW320",
            f"{drift.table} was written by somebody else: {told_commits(drift)}",
            hint=f"{_choices(drift)} decides; --exclude {drift.table.group} leaves it out",
        )
        for drift in plan.state.drift
        if fate_of(plan, drift) == "decide"
    ]
    if problems:
        raise DriftError.of(problems)


def _choices(drift: Drift) -> str:
    return "--drift adopt or --drift discard" if is_adoptable(drift) else "--drift discard"


def refuse_adoption(graph: Graph, state: LakeState, select: Collection[TableName] | None) -> None:
    """DriftError for drift among the selected tables that cannot be adopted.

    LW321: a table equals its query. LW322: rows in a companion, or of a dead run of ours.
    LW323: columns that the spec does not let in.
    """
    problems = [
        problem
        for drift in state.drift
        if (step := graph.steps.get(drift.table.group)) is not None
        and (select is None or step.name in select)
        for problem in _unadoptable(step, drift)
    ]
    if problems:
        raise DriftError.of(problems)


def adopt_head(step: Step, entry: Entry, reasons: tuple[Reason, ...], drift: Drift) -> AdoptHead:
    """The change that adopts; DriftError LW324 when the table would be loaded anew as well.

    Files wait: they are loaded by the next run, on top of what was adopted.
    """
    if {reason.kind for reason in reasons} & {"code", "asked", "upstream"}:
        raise DriftError(
            "LW324",
            f"{step.name} is loaded anew by this plan, so there is nothing to adopt to",
            step.where,
            hint="adopt with the released code first; or --drift discard",
        )
    waiting = tuple(
        Reason("files", f"{reason.detail} (waits for the next run)", reason.about)
        if reason.kind == "files"
        else reason
        for reason in reasons
    )
    columns = ColumnChanges(added=drift.redefined.added)
    return AdoptHead(step, waiting, entry, drift, columns)


def _unadoptable(step: Step, drift: Drift) -> Iterator[Problem]:
    if not is_append_like(step):
        yield Problem(
            "LW321",
            f"{step.name} equals its query, so it cannot adopt {told_commits(drift)}",
            step.where,
            hint="edit the query, or let the next run overwrite them; -s chooses what to adopt",
        )
    elif not is_adoptable(drift):
        what = (
            "rows of a run that was never published lie below them"
            if drift.mixed
            else "what others write there cannot be judged"
        )
        yield Problem(
            "LW322",
            f"{step.name} cannot adopt {told_commits(drift)}: {what}",
            step.where,
            hint="--drift discard puts the table back",
        )
    else:
        yield from _strange_columns(step, drift)


def _strange_columns(step: Step, drift: Drift) -> Iterator[Problem]:
    assert isinstance(step.transform, FilesTransform)
    lets_in = step.transform.input.on_new_column == "add"
    gone = (*(f"{name} is gone" for name in drift.redefined.removed), *drift.redefined.retyped)
    came = () if lets_in else tuple(f"{name} came" for name in drift.redefined.added)
    if gone or came:
        yield Problem(
            "LW323",
            f"{step.name} has other columns now: {', '.join((*gone, *came))}",
            step.where,
            hint="only added columns are adopted, with on_new_column: add;"
            " --drift discard puts the table back",
        )
