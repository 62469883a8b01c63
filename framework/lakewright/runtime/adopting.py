"""Rows that others wrote, published as they are: every rule is measured first, none may break.

Nothing is written to an adopted head but its definition, and to an adopted table nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from lakewright.errors import LakeError, Problem, QualityError, StalePlanError
from lakewright.graph import FilesTransform, Step
from lakewright.lake import (
    Ahead,
    CheckResult,
    Entry,
    Field,
    Pin,
    hash_file,
    read_redefined,
)
from lakewright.names import TableName
from lakewright.plans import AdoptHead, AdoptTable
from lakewright.runtime.binding import Binder, versions_used
from lakewright.runtime.building import companion_entry
from lakewright.runtime.checking import failed_problems, measured_results
from lakewright.runtime.definitions import define_main
from lakewright.runtime.entries import code_of, entry_of
from lakewright.runtime.loading import Load, note_files
from lakewright.runtime.parameters import clock_values
from lakewright.runtime.run import Group, Member, Run, Vector, define_member
from lakewright.runtime.values import TableReport


class Adopted(NamedTuple):
    """The entries of an adopted group, and what to tell."""

    entries: Mapping[TableName, Entry]
    report: TableReport


def expect_shown(run: Run, change: AdoptHead, member: Member, ahead: Ahead) -> None:
    """StalePlanError LW467 unless the head holds exactly what the plan showed."""
    shown = tuple(commit for commit in change.drift.commits if commit.changes_data)
    uri, version = member.uri, change.before.version
    redefined = read_redefined(run.lake.tables, uri, version)
    if ahead.strange != shown or ahead.ours or redefined != change.drift.redefined:
        raise StalePlanError(
            "LW467",
            f"{change.table} does not hold what the plan showed any more",
            hint="plan again, look, and adopt that",
        )


def take_found(run: Run, group: Group, change: AdoptTable) -> None:
    """Step 2 of a table that exists: it is still there, and the engine can work on it.

    In a place of ours its head is the base, which nobody may move until the release is put.
    """
    found = change.found
    head = run.lake.tables.head(found.head.location)
    if head is None or head.table_id != found.head.table_id:
        raise LakeError("LW441", f"{change.table} is not at {found.told} any more")
    features = head.reader_features
    if not _place(change).is_foreign(run.plan.environment):
        features = head.writer_features
        group.members[change.table] = Member(
            change.table, found.location, head.location, None, found.head, head.table_id
        )
    if features:
        run.engine.check_tables({change.table: features})


def adopt_head(run: Run, group: Group, change: AdoptHead, vector: Vector) -> Adopted:
    """Steps 3 and 4 of a head that others wrote to. QualityError LW431, LW466 leave it as it is."""
    step, member = change.step, group.members[change.table]
    assert member.base is not None
    checks = _judge(run, step, Pin(member.uri, member.table_id, member.base_version), vector)
    run.stop_at(f"4 checked {step.name}")
    fields = _adopted_fields(change.before.schema, member.base.definition.fields)
    define_member(run, group, step.name, define_main(step, fields))
    run.stop_at(f"3 written {step.name}")
    written = [commit.version for commit in change.drift.commits if commit.changes_data]
    version = member.version if member.commits else member.base_version
    rows, size = run.lake.tables.size(member.uri, version)
    entry = replace(
        change.before,
        version=version,
        data_version=written[-1] if written else change.before.data_version,
        token=run.token(step.name) if member.commits else "",
        schema=fields,
        rows=rows,
        bytes=size,
        checks=checks,
        **code_of(step),
    )
    companions = {
        name: other.released
        for name, other in group.members.items()
        if other.released is not None and name != step.name
    }
    return Adopted({**companions, step.name: entry}, _report(change, entry))


def adopt_table(run: Run, group: Group, change: AdoptTable, vector: Vector) -> Adopted:
    """Steps 3 and 4 of a table that exists; QualityError LW431, LW466 when a rule breaks on it."""
    step, found = change.step, change.found
    head = found.head
    checks = _judge(run, step, Pin(head.location, head.table_id, head.version), vector)
    run.stop_at(f"4 checked {step.name}")
    rows, size = run.lake.tables.size(head.location, head.version)
    entry = entry_of(
        step,
        head.definition.fields,
        head.version,
        location=found.location,
        base=found.base,
        table_id=head.table_id,
        inputs=versions_used(step, vector, run.plan.state.inputs),
        rows=rows,
        bytes=size,
        checks=checks,
        clock=clock_values(step, run.plan.now, run.plan.today),
        data_version=found.data_version,
    )
    entries = {step.name: entry}
    if change.files is not None:
        entries[step.name.ledger] = _ledger(run, group, change)
    run.stop_at(f"3 written {step.name}")
    return Adopted(entries, _report(change, entry))


def _judge(run: Run, step: Step, pin: Pin, vector: Vector) -> tuple[CheckResult, ...]:
    """Every rule on exactly that version; what a rule would have set apart cannot be now."""
    session = run.engine.session()
    try:
        binder = Binder(session, run.plan.graph, run.lake, vector, run.plan.state.inputs)
        for name in step.references:
            if name != step.name:
                binder.bind(name)
        session.bind(step.name, pin)
        results = measured_results(step, session, step.checks, None)
    finally:
        session.close()
    problems = [*failed_problems(step, results), *_acting_problems(step, results)]
    if problems:
        raise QualityError.of(problems)
    return results


def _acting_problems(step: Step, results: Sequence[CheckResult]) -> list[Problem]:
    by_name = {check.name: check for check in step.checks}
    return [
        Problem(
            "LW466",
            f"{step.name}: {result.failed_rows} of {result.rows} rows break {result.name}"
            f" (on_fail: {result.on_fail}), and rows that are there cannot be set apart",
            by_name[result.name].where,
            hint="correct the rows where they are, and plan again",
        )
        for result in results
        if result.on_fail in {"quarantine", "drop"} and result.failed_rows
    ]


def _adopted_fields(recorded: tuple[Field, ...], live: tuple[Field, ...]) -> tuple[Field, ...]:
    """The recorded columns, and those that others added."""
    known = {field.name for field in recorded}
    return (*recorded, *(field for field in live if field.name not in known))


def _ledger(run: Run, group: Group, change: AdoptTable) -> Entry:
    transform, files = change.step.transform, change.files or ()
    assert isinstance(transform, FilesTransform)
    load = Load(transform, files, tuple(hash_file(file.uri) for file in files))
    return companion_entry(note_files(run, group, change.step, load), "ledger", grows=True)


def _place(change: AdoptTable) -> Entry:
    """An entry that says where the table lies, and nothing else of it."""
    found = change.found
    return entry_of(change.step, (), found.head.version, location=found.location, base=found.base)


def _report(change: AdoptHead | AdoptTable, entry: Entry) -> TableReport:
    return TableReport(
        change.table,
        change.action,
        change.refresh,
        "published",
        version=entry.version,
        checks=entry.checks,
        note=f"adopted as it is, {entry.rows if entry.rows is not None else 'unknown'} rows",
    )
