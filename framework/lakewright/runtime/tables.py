"""The shop floor: one table after the other, or several at once, through steps 3 and 4."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from lakewright.engines.port import Session
from lakewright.errors import InternalError, LakewrightError
from lakewright.graph import Step
from lakewright.lake import CheckResult, Entry, Held, Release
from lakewright.names import TableName
from lakewright.plans import (
    AlterTable,
    BuildTable,
    Change,
    DropTable,
    PublishView,
    attempt_of,
)
from lakewright.runtime.binding import Binder, versions_used
from lakewright.runtime.building import Built, build_table, companion_entry
from lakewright.runtime.checking import (
    counted_results,
    measured_later,
    measured_results,
    refuse_failed,
)
from lakewright.runtime.definitions import decide_fields, define_main
from lakewright.runtime.entries import code_of, entry_of
from lakewright.runtime.loading import Load, prepare_load
from lakewright.runtime.parameters import clock_values
from lakewright.runtime.run import Group, Run, define_member
from lakewright.runtime.values import Event, TableReport

INPUT_CHANGED = "LW701"  # an engine met a file whose content is not what was hashed


class Shop:
    """The candidate vector of a run, and what happened to each table so far.

    `work` may run in several threads: what they share changes only under the lock.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._groups: Mapping[TableName, Group] = {}
        self._vector: dict[TableName, Entry] = {}
        self.entries: dict[TableName, Entry] = {}
        self.reports: dict[TableName, TableReport] = {}
        self.errors: dict[TableName, LakewrightError] = {}
        self.held: list[Held] = []
        self.taken_back: set[TableName] = set()
        self._since = 0

    def open(self, groups: Mapping[TableName, Group], parent: Release | None) -> None:
        self._groups = groups
        self._vector = dict(parent.tables) if parent else {}
        self._since = parent.release if parent else 0

    @property
    def needs(self) -> dict[TableName, frozenset[TableName]]:
        """The build order among the groups of this run."""
        graph = self._run.plan.graph
        return {
            name: frozenset(
                needed
                for needed in (graph.steps[name].upstream if name in graph.steps else ())
                if needed in self._groups
            )
            for name in self._groups
        }

    def work(self, table: TableName) -> bool:
        """Build and check one table. True to go on with others."""
        group = self._groups[table]
        if self._is_blocked(group.change):
            self._report(TableReport(table, group.change.action, "none", "skipped"))
            return True
        self._run.watch(Event("started", table, group.change.action))
        began = time.monotonic()
        try:
            self._finish(group, began)
        except LakewrightError as error:
            self._note_failure(group, error, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - a bug in one table is told like a failure
            wrapped = InternalError("LW901", f"{table}: {type(error).__name__}: {error}")
            wrapped.__cause__ = error
            self._note_failure(group, wrapped, time.monotonic() - began)
        return not self.errors or self._run.plan.kind == "refresh"

    def close(self) -> None:
        """At the end: an apply raises what failed, a refresh holds it with what depends on it."""
        if not self.errors:
            return
        if self._run.plan.kind == "apply":
            problems = [problem for error in self.errors.values() for problem in error.problems]
            raise type(next(iter(self.errors.values()))).of(problems)
        self._hold_failed()

    def _finish(self, group: Group, began: float) -> None:
        report = self._apply(group)
        report = replace(report, seconds=time.monotonic() - began)
        self._report(report)
        self._run.watch(
            Event("finished", group.table, "", report.rows_kept, report.seconds, report.checks)
        )

    def _apply(self, group: Group) -> TableReport:
        change = group.change
        match change:
            case BuildTable():
                return self._build(group, change)
            case PublishView():
                return self._publish_view(change)
            case AlterTable():
                return self._alter(group, change)
            case DropTable():
                return TableReport(change.table, change.action, "none", "published")
            case _:
                assert_never(change)

    def _build(self, group: Group, change: BuildTable) -> TableReport:
        load = prepare_load(self._run, change) if change.step.kind == "ingest" else None
        waiting: list[str] = []
        while True:
            session = self._run.engine.session()
            try:
                return self._build_in(session, group, change, load=load, waiting=tuple(waiting))
            except LakewrightError as error:
                if load is None or error.code != INPUT_CHANGED:
                    raise
                path = error.problems[0].notes[0]
                waiting.append(path)
                load = load.without(path)
            finally:
                session.close()

    def _build_in(
        self,
        session: Session,
        group: Group,
        change: BuildTable,
        *,
        load: Load | None,
        waiting: tuple[str, ...],
    ) -> TableReport:
        step = change.step
        built = build_table(self._run, group, change, session, vector=self._seen(), load=load)
        self._run.stop_at(f"3 written {step.name}")
        main = built.entries[step.name]
        session.bind(step.name, self._run.lake.pin(main))
        measured = measured_results(step, session, measured_later(step))
        checks = _in_order(step, (*counted_results(step, built.result), *measured))
        refuse_failed(step, checks)
        self._run.stop_at(f"4 checked {step.name}")
        entries = {**built.entries, step.name: replace(main, checks=checks)}
        self._publish_entries(entries)
        note = f"waiting for the next run: {', '.join(waiting)}" if waiting else ""
        return _built_report(change, entries[step.name], built, checks, note)

    def _publish_view(self, change: PublishView) -> TableReport:
        """A view has no rows of its own: it is checked as its readers will see it."""
        step, run = change.step, self._run
        session = run.engine.session()
        try:
            vector = self._seen()
            binder = Binder(session, run.plan.graph, run.lake, vector, run.plan.state.inputs)
            for name in step.references:
                binder.bind(name)
            rows = binder.rows_of(step, run.plan.now, run.plan.today)
            fields = decide_fields(step, session.analyse(rows), None)
            session.bind_view(step.name, rows)
            checks = measured_results(step, session, step.checks)
            refuse_failed(step, checks)
        finally:
            session.close()
        number = self._since + 1
        entry = entry_of(
            step,
            fields,
            number,
            inputs=versions_used(step, vector, run.plan.state.inputs),
            checks=checks,
            clock=clock_values(step, run.plan.now, run.plan.today),
            sql=rows.transform.source.text if rows.transform else "",
            data_version=number,
        )
        self._publish_entries({step.name: entry})
        return TableReport(
            step.name, change.action, "none", "published", checks=checks, version=number
        )

    def _alter(self, group: Group, change: AlterTable) -> TableReport:
        """Rows stay. Rules are measured on them first: a constraint they break is never added."""
        step, before = change.step, change.before
        checks = self._measure_released(step, before)
        refuse_failed(step, checks)
        entry = replace(before, checks=checks, **code_of(step))
        entries = {
            name: member.released
            for name, member in group.members.items()
            if member.released is not None and name != step.name
        }
        if step.kind != "view":
            fields = decide_fields(step, before.schema, before)
            member = define_member(self._run, group, step.name, define_main(step, fields))
            self._run.stop_at(f"3 written {step.name}")
            altered = companion_entry(member, step.kind, grows=True)
            entry = replace(entry, version=altered.version, token=altered.token, schema=fields)
        self._publish_entries({**entries, step.name: entry})
        return TableReport(
            step.name, change.action, "none", "published", entry.version, checks=checks
        )

    def _measure_released(self, step: Step, before: Entry) -> tuple[CheckResult, ...]:
        """The rules as they are written now, over the released rows.

        Drop and quarantine rules are unchanged here: their numbers are those of the build.
        """
        kept = {check.name: check for check in before.checks}
        acting = {c.name for c in step.checks if c.on_fail in {"drop", "quarantine"}}
        chosen = [check for check in step.checks if check.name not in acting]
        results = [kept[name] for name in kept if name in acting]
        if chosen:
            session = self._run.engine.session()
            try:
                vector, inputs = self._seen(), self._run.plan.state.inputs
                binder = Binder(session, self._run.plan.graph, self._run.lake, vector, inputs)
                for name in (step.name, *step.references):
                    binder.bind(name)
                results += measured_results(step, session, chosen)
            finally:
                session.close()
        return _in_order(step, tuple(results))

    def _seen(self) -> dict[TableName, Entry]:
        with self._lock:
            return dict(self._vector)

    def _publish_entries(self, entries: Mapping[TableName, Entry]) -> None:
        with self._lock:
            self.entries.update(entries)
            self._vector.update(entries)

    def _report(self, report: TableReport) -> None:
        with self._lock:
            self.reports[report.table] = report

    def _note_failure(self, group: Group, error: LakewrightError, seconds: float) -> None:
        change = group.change
        with self._lock:
            self.errors[group.table] = error
        self._report(
            TableReport(
                group.table,
                change.action,
                change.refresh,
                "failed",
                seconds=seconds,
                note=error.problems[0].message,
            )
        )
        self._run.watch(Event("failed", group.table, error.problems[0].message, seconds=seconds))

    def _is_blocked(self, change: Change) -> bool:
        """Whether an input failed, so that this one cannot be built from the candidate."""
        if isinstance(change, DropTable):
            return False
        with self._lock:
            bad = {name for name, report in self.reports.items() if report.outcome != "published"}
        return bool(bad.intersection(change.step.upstream))

    def _hold_failed(self) -> None:
        """Take back the failed, their descendants and what must be published with them."""
        graph = self._run.plan.graph
        bad = set(self.errors)
        while True:
            more = graph.descendants(bad)
            more |= {
                step.name for step in graph.steps.values() if bad.intersection(step.publish_with)
            }
            more |= {
                name
                for table in bad
                if table in graph.steps
                for name in graph.steps[table].publish_with
            }
            if more <= bad:
                break
            bad |= more
        self.taken_back = {table for table in bad if table in self._groups}
        for table in sorted(self.taken_back):
            self._hold(table)

    def _hold(self, table: TableName) -> None:
        step = self._run.plan.graph.steps[table]
        error = self.errors.get(table)
        failed = self.reports[table]
        attempt = attempt_of(step, self._vector, self._run.plan.state.inputs)
        reason = error.problems[0].message if error else "an input or a partner is held"
        by = "check" if error else "upstream"
        self.held.append(Held(table, by, self._since, reason=reason, attempt=attempt))
        for name in (table, table.quarantine, table.ledger):
            self.entries.pop(name, None)
        self._report(replace(failed, outcome="held", note=reason))
        self._run.watch(Event("held", table, reason))


def _in_order(step: Step, results: tuple[CheckResult, ...]) -> tuple[CheckResult, ...]:
    by_name = {result.name: result for result in results}
    return tuple(by_name[check.name] for check in step.checks if check.name in by_name)


def _built_report(
    change: BuildTable, entry: Entry, built: Built, checks: tuple[CheckResult, ...], note: str
) -> TableReport:
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
        checks=checks,
        note=note,
    )
