"""Step 3: write one group's rows, and collect what its entries will say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from lakewright.engines import load_function
from lakewright.engines.port import BuildJob, BuildResult, PythonRows, Rows, Session, Sink
from lakewright.errors import LakeError
from lakewright.graph import (
    FilesTransform,
    NoTransform,
    PythonTransform,
    SeedTransform,
    SqlTransform,
)
from lakewright.lake import Entry, Field
from lakewright.names import TableName
from lakewright.plans import BuildTable, refuse_fields
from lakewright.runtime.binding import Binder, versions_used, written_by
from lakewright.runtime.definitions import decide_fields, define_main, define_quarantine
from lakewright.runtime.entries import companion, entry_of, retained_costs
from lakewright.runtime.loading import Load, analyse_files, append_ledger, file_rows
from lakewright.runtime.parameters import clock_values
from lakewright.runtime.run import Group, Member, Run, define_member, record_commits
from lakewright.runtime.seeding import seed_rows


@dataclass(frozen=True, slots=True)
class Built:
    """A group as written and not yet checked. `entries` name the versions to check and publish."""

    entries: Mapping[TableName, Entry]
    result: BuildResult
    waiting: tuple[str, ...] = ()  # files that changed while they were loaded


def build_table(
    run: Run,
    group: Group,
    change: BuildTable,
    session: Session,
    *,
    vector: Mapping[TableName, Entry],
    load: Load | None,
) -> Built:
    """Write the table and its companions; `vector` holds the versions its inputs are pinned to.

    An error leaves commits behind that nobody published: `put_back` undoes them.
    """
    step = change.step
    inputs, fresh = run.plan.state.inputs, written_by(run, vector)
    binder = Binder(session, run.plan.graph, run.lake, vector, inputs, fresh=fresh)
    for name in step.references:
        binder.bind(name)
    rows, analysed = _analyse(run, change, session, binder, load)
    fields = decide_fields(step, analysed, change.before, run.engine.name)
    refuse_fields(step, change.before, fields)
    main = define_member(run, group, step.name, define_main(step, fields))
    quarantine = None
    if step.quarantines:
        definition = define_quarantine(step, fields)
        quarantine = define_member(run, group, step.name.quarantine, definition)
    if load is not None:
        rows = file_rows(load, fields)
    job = _job(run, change, rows=rows, fields=fields, main=main, quarantine=quarantine)
    check_sinks(run, job)
    result = session.build(job)
    entries = {step.name: _main_entry(run, change, main, result, vector=vector, fields=fields)}
    if quarantine is not None:
        entries[step.name.quarantine] = _quarantine_entry(run, change, quarantine, result)
    if load is not None:
        ledger = append_ledger(run, group, change, load)
        entries[step.name.ledger] = companion_entry(ledger, "ledger", grows=True)
    return Built(entries, result)


def companion_entry(member: Member, kind: str, *, grows: bool) -> Entry:
    """The entry of a quarantine or ledger table: a version, and no code of its own."""
    rows, size = _grown(member, member.released if grows else None)
    return companion(
        member.table,
        kind,
        member.version,
        location=member.location,
        table_id=member.table_id,
        token=_token(member, member.released),
        rows=rows,
        bytes=size,
        data_version=_data_version(member, member.released),
        borrows=member.borrows,
        costs=retained_costs(member, member.released, grows=grows),
    )


def _analyse(
    run: Run, change: BuildTable, session: Session, binder: Binder, load: Load | None
) -> tuple[Rows, tuple[Field, ...]]:
    step = change.step
    match step.transform:
        case SqlTransform():
            rows: Rows = binder.rows_of(step, run.plan.now, run.plan.today)
        case PythonTransform(ref):
            for name in step.reads:
                binder.bind(name)
            where = f"{ref.where.path}:{ref.where.line}"
            function = load_function(ref)
            now, today = run.plan.now, run.plan.today
            rows = PythonRows(
                function, step.reads, step.vars, now, today, place=where, each=step.each
            )
        case FilesTransform():
            assert load is not None
            return analyse_files(change, load, session)
        case SeedTransform():
            rows = seed_rows(step)
        case NoTransform():
            raise AssertionError(f"{step.name}: a source is never built")
        case _:
            assert_never(step.transform)
    return rows, session.analyse(rows)


def _job(
    run: Run,
    change: BuildTable,
    *,
    rows: Rows,
    fields: tuple[Field, ...],
    main: Member,
    quarantine: Member | None,
) -> BuildJob:
    step = change.step
    mode: Literal["overwrite", "append"] = "overwrite" if change.refresh == "full" else "append"
    sink = None
    if quarantine is not None:
        # An empty table needs no emptying: appending to it spares a commit when all rows are good.
        sink_mode = "append" if _is_empty(quarantine) else mode
        sink = Sink(quarantine.uri, sink_mode, run.token(quarantine.table))
    return BuildJob(
        table=step.name,
        rows=rows,
        fields=fields,
        checks=tuple(check for check in step.checks if check.before),
        target=Sink(main.uri, mode, run.token(step.name)),
        quarantine=sink,
        deterministic=step.deterministic,
        staging=run.lake.runs_uri(run.run_id, f"staged/{step.name}"),
        run_id=run.run_id,
        now=run.plan.now,
        cluster_by=step.cluster_by,
    )


def check_sinks(run: Run, job: BuildJob) -> None:
    """RefusedError LW542 before an engine writes anywhere outside the environment."""
    sinks = (job.target, *((job.quarantine,) if job.quarantine is not None else ()))
    for place in (*(sink.location for sink in sinks), job.staging):
        run.lake.check_sink(place)


def _is_empty(member: Member) -> bool:
    """Whether the head is known to hold no rows: it is new, or as an empty release left it."""
    entry = member.released
    if member.base is None or entry is None:
        return member.base is None
    return entry.version == member.base_version and entry.rows == 0


def _main_entry(
    run: Run,
    change: BuildTable,
    member: Member,
    result: BuildResult,
    *,
    vector: Mapping[TableName, Entry],
    fields: tuple[Field, ...],
) -> Entry:
    step = change.step
    record_commits(run, member)
    kept = sum(commit.rows or 0 for commit in member.written)
    known = all(commit.rows is not None for commit in member.written)
    if known and (kept != result.kept or _sum(result) != result.produced):
        raise LakeError(
            "LW442",
            f"{step.name}: {result.produced} rows were produced, {result.kept} kept,"
            f" {result.quarantined} quarantined, {result.dropped} dropped,"
            f" but the commit holds {kept}",
            hint="run it again; if it stays, mark the transform as not deterministic",
        )
    grows = change.refresh == "incremental"
    rows, size = _grown(member, change.before if grows else None)
    return entry_of(
        step,
        fields,
        member.version,
        location=member.location,
        table_id=member.table_id,
        token=_token(member, member.released),
        engine=run.engine.name,
        inputs=versions_used(step, vector, run.plan.state.inputs),
        rows=rows,
        bytes=size,
        clock=clock_values(step, run.plan.now, run.plan.today),
        data_version=_data_version(member, member.released),
        borrows=member.borrows,
        costs=retained_costs(member, member.released, grows=grows),
    )


def _quarantine_entry(run: Run, change: BuildTable, member: Member, result: BuildResult) -> Entry:
    record_commits(run, member)
    apart = sum(commit.rows or 0 for commit in member.written)
    known = all(commit.rows is not None for commit in member.written)
    if known and apart != result.quarantined:
        raise LakeError(
            "LW442",
            f"{member.table}: {result.quarantined} rows were counted, the commit holds {apart}",
            hint="run it again; if it stays, mark the transform as not deterministic",
        )
    return companion_entry(member, "quarantine", grows=change.refresh != "full")


def _sum(result: BuildResult) -> int:
    return result.kept + result.quarantined + result.dropped


def _grown(member: Member, before: Entry | None) -> tuple[int | None, int | None]:
    """Rows and bytes after this run's commits; `before` is what an append adds to."""
    added = member.written
    if any(commit.rows is None for commit in added):
        return None, None
    rows, size = sum(c.rows or 0 for c in added), sum(c.bytes for c in added)
    if before is None:
        return rows, size
    known = before.rows is not None and before.bytes is not None
    return (rows + (before.rows or 0), size + (before.bytes or 0)) if known else (None, None)


def _data_version(member: Member, before: Entry | None) -> int:
    if member.written:
        return member.written[-1].version
    return before.data_version if before is not None else member.version


def _token(member: Member, before: Entry | None) -> str:
    """The token of the commit at the published version."""
    if member.commits:
        return member.commits[-1].token or ""
    return before.token if before is not None else ""
