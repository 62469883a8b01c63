"""Steps 3 and 4 for one table: make the change, then judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from lakewright.engines.port import Session
from lakewright.errors import LakewrightError
from lakewright.graph import Step
from lakewright.lake import CheckResult, Entry
from lakewright.names import TableName
from lakewright.plans import (
    AdoptHead,
    AdoptTable,
    AlterTable,
    BuildTable,
    DropTable,
    PublishView,
    RestoreTable,
    refuse_fields,
)
from lakewright.runtime.adopting import adopt_head, adopt_table
from lakewright.runtime.binding import Binder, versions_used
from lakewright.runtime.building import Built, build_table
from lakewright.runtime.checking import (
    counted_results,
    measured_later,
    measured_results,
    refuse_failed,
)
from lakewright.runtime.definitions import decide_fields, define_main
from lakewright.runtime.entries import code_of, entry_of
from lakewright.runtime.groups import begin_again, record_jvm
from lakewright.runtime.loading import Load, prepare_load
from lakewright.runtime.parameters import clock_values
from lakewright.runtime.run import Group, Run, Vector, define_member
from lakewright.runtime.values import TableReport

INPUT_CHANGED = "LW701"  # an engine met a file whose content is not what was hashed


@dataclass(frozen=True, slots=True)
class Changed:
    """A group as it would be published, and what to tell about it."""

    entries: Mapping[TableName, Entry]
    report: TableReport


def change_table(run: Run, group: Group, vector: Vector, release: int) -> Changed:
    """Make and check one change over the versions of `vector`; `release` is being made.

    Raises when a check fails; what was written by then is put back by whoever holds the claim.
    """
    change = group.change
    match change:
        case BuildTable():
            return _build(run, group, change, vector)
        case PublishView():
            return _publish_view(run, change, vector, release)
        case AlterTable():
            return _alter(run, group, change, vector)
        case AdoptHead():
            return Changed(*adopt_head(run, group, change, vector))
        case AdoptTable():
            return Changed(*adopt_table(run, group, change, vector))
        case DropTable():
            return Changed({}, TableReport(change.table, change.action, "none", "published"))
        case RestoreTable():
            raise AssertionError(f"{change.table}: what goes back is never built")
        case _:
            assert_never(change)


def _build(run: Run, group: Group, change: BuildTable, vector: Vector) -> Changed:
    """A file that changes while it is loaded is left for the next run; the others go on."""
    load = prepare_load(run, change) if change.step.kind == "ingest" else None
    waiting: list[str] = []
    while True:
        try:
            built, checks = _build_once(run, group, change, vector=vector, load=load)
            break
        except LakewrightError as error:
            if load is None or error.code != INPUT_CHANGED:
                raise
            waiting.append(error.problems[0].notes[0])
            load = load.without(waiting[-1])
            begin_again(run, group)
    main = replace(built.entries[change.table], checks=checks)
    note = f"waiting for the next run: {', '.join(waiting)}" if waiting else _overwritten(group)
    report = _built_report(change, main, built, note)
    return Changed({**built.entries, change.table: main}, report)


def _overwritten(group: Group) -> str:
    told = [
        f"{member.table} version {commit.version} ({commit.operation})"
        for member in group.members.values()
        for commit in member.overwritten
    ]
    return f"overwrote what others had written: {', '.join(told)}" if told else ""


def _build_once(
    run: Run, group: Group, change: BuildTable, *, vector: Vector, load: Load | None
) -> tuple[Built, tuple[CheckResult, ...]]:
    session = run.engine.session()
    try:
        record_jvm(run, group)
        return _build_in(run, group, change, session, vector=vector, load=load)
    finally:
        session.close()


def _build_in(
    run: Run,
    group: Group,
    change: BuildTable,
    session: Session,
    *,
    vector: Vector,
    load: Load | None,
) -> tuple[Built, tuple[CheckResult, ...]]:
    step = change.step
    built = build_table(run, group, change, session, vector=vector, load=load)
    run.stop_at(f"3 written {step.name}")
    main = built.entries[step.name]
    session.bind(step.name, run.lake.pin(main))
    measured = measured_results(step, session, measured_later(step), main.rows)
    checks = _in_order(step, (*counted_results(step, built.result), *measured))
    refuse_failed(step, checks)
    run.stop_at(f"4 checked {step.name}")
    return built, checks


def _publish_view(run: Run, change: PublishView, vector: Vector, release: int) -> Changed:
    """A view has no rows of its own: it is checked as its readers will see it."""
    step, inputs = change.step, run.plan.state.inputs
    session = run.engine.session()
    try:
        binder = Binder(session, run.plan.graph, run.lake, vector, inputs)
        for name in step.references:
            binder.bind(name)
        rows = binder.rows_of(step, run.plan.now, run.plan.today)
        fields = decide_fields(step, session.analyse(rows), None, run.engine.name)
        refuse_fields(step, change.before, fields)
        session.bind_view(step.name, rows)
        checks = measured_results(step, session, step.checks, None)
        refuse_failed(step, checks)
    finally:
        session.close()
    entry = entry_of(
        step,
        fields,
        release,
        inputs=versions_used(step, vector, inputs),
        checks=checks,
        clock=clock_values(step, run.plan.now, run.plan.today),
        engine=run.engine.name,
        sql=rows.transform.source.text if rows.transform else "",
        data_version=release,
    )
    report = TableReport(
        step.name, change.action, "none", "published", version=release, checks=checks
    )
    return Changed({step.name: entry}, report)


def _alter(run: Run, group: Group, change: AlterTable, vector: Vector) -> Changed:
    """Rows stay. Rules are measured on them first: a constraint they break is never added."""
    step, before = change.step, change.before
    checks = _measure_released(run, step, before, vector)
    refuse_failed(step, checks)
    used = versions_used(step, vector, run.plan.state.inputs)
    inputs = {name: before.inputs.get(name, version) for name, version in used.items()}
    # A table of another environment stands in one of ours by now, with the same rows; or it stays
    # where it is, with its companions.
    own = group.members.get(step.name)
    standing = own.released if own is not None and own.released is not None else before
    entry = replace(standing, checks=checks, inputs=inputs, **code_of(step))
    entries = {name: vector[name] for name in (step.name.quarantine, step.name.ledger)
               if name in vector}  # fmt: skip
    entries |= {
        name: member.released
        for name, member in group.members.items()
        if member.released is not None and name != step.name
    }
    if own is not None:
        fields = decide_fields(step, before.schema, before, before.engine)
        member = define_member(run, group, step.name, define_main(step, fields))
        run.stop_at(f"3 written {step.name}")
        token = member.commits[-1].token if member.commits else standing.token
        entry = replace(entry, version=member.version, token=token or "", schema=fields)
    report = TableReport(
        step.name, change.action, "none", "published", version=entry.version, checks=checks
    )
    return Changed({**entries, step.name: entry}, report)


def _measure_released(
    run: Run, step: Step, before: Entry, vector: Vector
) -> tuple[CheckResult, ...]:
    """The rules as they are written now, over the released rows.

    Drop and quarantine rules are unchanged here: their numbers are those of the build.
    """
    acting = {check.name for check in step.checks if check.on_fail in {"drop", "quarantine"}}
    results = [check for check in before.checks if check.name in acting]
    chosen = [check for check in step.checks if check.name not in acting]
    if chosen:
        session = run.engine.session()
        try:
            binder = Binder(session, run.plan.graph, run.lake, vector, run.plan.state.inputs)
            for name in (step.name, *step.references):
                binder.bind(name)
            results += measured_results(step, session, chosen, before.rows)
        finally:
            session.close()
    return _in_order(step, tuple(results))


def _in_order(step: Step, results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    by_name = {result.name: result for result in results}
    return tuple(by_name[check.name] for check in step.checks if check.name in by_name)


def _built_report(change: BuildTable, entry: Entry, built: Built, note: str) -> TableReport:
    result = built.result
    return TableReport(
        table=change.table,
        action=change.action,
        refresh=change.refresh,
        outcome="published",
        version=entry.version,
        rows_produced=result.produced,
        rows_kept=result.kept,
        rows_quarantined=result.quarantined,
        rows_dropped=result.dropped,
        checks=entry.checks,
        note="; ".join(text for text in (note, *result.notes) if text),
    )
