"""The plan that takes an existing Delta table under management. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from lakewright.errors import Problem, RefusedError, SpecError
from lakewright.graph import FilesTransform, Graph, Step
from lakewright.lake import FileListing, LakeState, ListedFile, SourceHead, normal_type
from lakewright.names import TableName
from lakewright.plans.drift import is_append_like
from lakewright.plans.values import AdoptTable, FoundTable, Plan, Reason

FilesChoice = Literal["loaded", "pending"]
_INGEST_COLUMNS = ("_ingested_at", "_source_file")  # added to the table by its first load


def plan_adoption(
    graph: Graph,
    state: LakeState,
    step: Step,
    found: FoundTable,
    *,
    now: datetime,
    files: FilesChoice | None = None,
) -> Plan:
    """The one change that pins `found` as the first version of `step`; nothing is read or written.

    RefusedError LW310 while the line is stopped, LW325 for a table that is released already,
    LW326 for a kind without rows of its own, LW328 when an input is not released; SpecError LW327
    names every difference between the table and its spec. `files` must be said for an ingest.
    """
    if state.stopped:
        raise RefusedError("LW310", f"{state.environment} is stopped: {state.stopped}")
    _refuse_known(state, step)
    _refuse_unread(state, step)
    differences = tuple(_differences(step, found))
    if differences:
        raise SpecError.of(differences)
    noted = _listed(state, step) if files == "loaded" else None
    change = AdoptTable(step, found, tuple(_reasons(found, noted)), files=noted)
    return Plan(
        environment=state.environment,
        kind="apply",
        graph=graph,
        state=state,
        changes=(change,),
        pending=(),
        unchanged=tuple(name for name in graph.steps if _is_released(state, name)),
        held=state.release.held if state.release else (),
        now=now,
        today=now.astimezone(ZoneInfo(graph.timezone)).date(),
    )


def _reasons(found: FoundTable, files: tuple[ListedFile, ...] | None) -> Iterator[Reason]:
    yield Reason("adopted", f"adopts {found.told} at version {found.head.version}")
    if files is not None:
        yield Reason("adopted", f"notes {len(files)} files as loaded")


def _refuse_known(state: LakeState, step: Step) -> None:
    if _is_released(state, step.name):
        raise RefusedError(
            "LW325",
            f"{step.name} is released in {state.environment} already",
            step.where,
            hint="`lakewright history` shows its versions; drop it first to adopt another table",
        )
    if step.kind in {"source", "view"}:
        raise RefusedError(
            "LW326",
            f"{step.name} is a {step.kind}: it has no rows of its own to adopt",
            step.where,
            hint="a source is read where it is, and a view is its query; `lakewright apply`",
        )


def _refuse_unread(state: LakeState, step: Step) -> None:
    """An input without a version could not be recorded: the next plan would build the table."""
    problems = [
        Problem(
            "LW328",
            f"{step.name} reads {name}, which is not there yet",
            step.where,
            hint=f"apply or adopt {name} first",
        )
        for name in step.upstream
        if not _is_there(state, name)
    ]
    if problems:
        raise RefusedError.of(problems)


def _is_there(state: LakeState, name: TableName) -> bool:
    head = state.inputs.get(name)
    return not head.missing if isinstance(head, SourceHead) else _is_released(state, name)


def _is_released(state: LakeState, name: TableName) -> bool:
    return state.release is not None and name in state.release.tables


def _listed(state: LakeState, step: Step) -> tuple[ListedFile, ...]:
    listing = state.inputs.get(step.name)
    return listing.files if isinstance(listing, FileListing) else ()


def _differences(step: Step, found: FoundTable) -> Iterator[Problem]:
    """Columns that the spec or its query names and the table lacks, has otherwise, or has more."""
    live = {field.name.lower(): field.type for field in found.head.definition.fields}
    wanted = [
        column
        for column in step.columns or step.declared
        if not (step.kind == "ingest" and column.name in _INGEST_COLUMNS)
    ]
    for column in wanted:
        have = live.get(column.name.lower())
        if have is None:
            yield _unfit(step, f"it has no column `{column.name}`")
        elif column.declared and column.type and normal_type(column.type) != normal_type(have):
            yield _unfit(step, f"`{column.name}` is {have} there and declared as {column.type}")
    names = {column.name.lower() for column in wanted}
    extra = [name for name in live if name not in names]
    if wanted and not _lets_in(step):
        for name in extra:
            if not (step.kind == "ingest" and name in _INGEST_COLUMNS):
                yield _unfit(step, f"its column `{name}` is none of {step.name}")


def _lets_in(step: Step) -> bool:
    """Whether columns beyond the known ones belong: those of files may, or none are known."""
    if is_append_like(step):
        assert isinstance(step.transform, FilesTransform)
        return step.transform.input.on_new_column == "add"
    return step.columns is None


def _unfit(step: Step, what: str) -> Problem:
    return Problem(
        "LW327",
        f"the table does not fit {step.name}: {what}",
        step.where,
        hint="change the spec to what is there, or the table to its spec",
    )
