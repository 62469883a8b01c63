"""The candidate of the next release: what each table would be in it, while the tables are made."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from lakewright.errors import InternalError, LakewrightError, QualityError, SpecError
from lakewright.lake import Entry, Held, Release
from lakewright.names import TableName
from lakewright.plans import Change, DropTable, Made, RestoreTable, attempt_of, held_along
from lakewright.runtime.changing import change_table
from lakewright.runtime.run import Group, Run
from lakewright.runtime.values import Event, TableReport


class Candidate:
    """Versions pinned for each other, and what happened to each table so far.

    `make` may run in several threads: what they share changes only under the lock.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._groups: Mapping[TableName, Group] = {}
        self._vector: dict[TableName, Entry] = {}
        self._since = 0
        self.entries: dict[TableName, Entry] = {}
        self.reports: dict[TableName, TableReport] = {}
        self.errors: dict[TableName, LakewrightError] = {}
        self.held: list[Held] = []
        self.taken_back: set[TableName] = set()
        self.putting = False  # from here on the record may exist

    def open(self, groups: Mapping[TableName, Group], parent: Release | None) -> None:
        """Begin with what the parent says of every table."""
        self._groups = groups
        self._vector = dict(parent.tables) if parent else {}
        self._since = parent.release if parent else 0

    @property
    def needs(self) -> dict[TableName, frozenset[TableName]]:
        """The build order among the groups of this run."""
        steps = self._run.plan.graph.steps
        return {
            name: frozenset(
                needed
                for needed in (steps[name].upstream if name in steps else ())
                if needed in self._groups
            )
            for name in self._groups
        }

    def make(self, table: TableName) -> bool:
        """Change and check one table. True to go on with others."""
        group = self._groups[table]
        if self._is_blocked(group.change):
            self._report(TableReport(table, group.change.action, "none", "skipped"))
            return True
        self._run.watch(Event("started", table, group.change.action))
        began = time.monotonic()
        try:
            self._finish(group, began)
        except LakewrightError as error:
            self._fail(group, error, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - a bug in one table is told like a failure
            wrapped = InternalError("LW901", f"{table}: {type(error).__name__}: {error}")
            wrapped.__cause__ = error
            self._fail(group, wrapped, time.monotonic() - began)
        return not self.errors or self._run.plan.kind == "refresh"

    def close(self) -> None:
        """At the end: an apply raises what failed, a refresh holds it with what depends on it."""
        if not self.errors:
            return
        if self._run.plan.kind == "apply":
            problems = [problem for error in self.errors.values() for problem in error.problems]
            raise type(next(iter(self.errors.values()))).of(problems)
        self.taken_back = held_along(self._run.plan.graph, self.errors) & self._groups.keys()
        for table in sorted(self.taken_back):
            self._hold(table)

    def _finish(self, group: Group, began: float) -> None:
        with self._lock:
            vector = dict(self._vector)
        changed = change_table(self._run, group, vector, self._since + 1)
        seconds = time.monotonic() - began
        with self._lock:
            self.entries.update(changed.entries)
            self._vector.update(changed.entries)
        self._report(replace(changed.report, seconds=seconds))
        rows, checks = changed.report.rows_kept, changed.report.checks
        self._run.watch(Event("finished", group.table, "", rows, seconds, checks))

    def _report(self, report: TableReport) -> None:
        with self._lock:
            self.reports[report.table] = report

    def _fail(self, group: Group, error: LakewrightError, seconds: float) -> None:
        change, note = group.change, error.problems[0].message
        with self._lock:
            self.errors[group.table] = error
        self._report(
            TableReport(
                change.table, change.action, change.refresh, "failed", seconds=seconds, note=note
            )
        )
        self._run.watch(Event("failed", group.table, note, seconds=seconds))

    def _is_blocked(self, change: Change) -> bool:
        """Whether an input failed, so that this one cannot be built from the candidate."""
        if isinstance(change, DropTable | RestoreTable):
            return False
        with self._lock:
            bad = {name for name, report in self.reports.items() if report.outcome != "published"}
        return bool(bad.intersection(change.step.upstream))

    def _hold(self, table: TableName) -> None:
        """A verdict on code and rows waits for others; what surroundings broke is retried."""
        plan, error = self._run.plan, self.errors.get(table)
        made = Made(self._vector, plan.state.inputs, plan.now, plan.today)
        attempt = attempt_of(plan.graph.steps[table], made)
        reason = error.problems[0].message if error else "an input or a partner is held"
        if error is None:
            by, attempt = "upstream", ""
        elif isinstance(error, QualityError | SpecError):
            by = "check"
        else:
            by, attempt = "error", ""
        self.held.append(Held(table, by, self._since, reason=reason, attempt=attempt))
        for name in (table, table.quarantine, table.ledger):
            self.entries.pop(name, None)
        self._report(replace(self.reports[table], outcome="held", note=reason))
        self._run.watch(Event("held", table, reason))
