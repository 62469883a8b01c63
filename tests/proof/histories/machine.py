"""Histories: everything that may happen to a lake, in any order, each step judged by the model.

An operation says what release it should add (`expect`) and does it (`act`). It is done by a process
that may be killed at any of its operations on the lake. A new operation is one rule below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lakewright.errors import LakewrightError
from lakewright.lake import ControlRecord
from lakewright.lake.control import active_holds
from lakewright.lake.values import Release
from lakewright.plans import RollbackMode
from lakewright.runtime import Report
from proof.histories.changes import (
    Change,
    Edit,
    ForeignWrite,
    Orders,
    append_click,
    changes,
    good_orders,
    happen,
    is_ahead,
    is_written_over,
    tables,
)
from proof.histories.judging import compare
from proof.histories.market import BEGIN, DEV, MAIN, name
from proof.histories.model import (
    INGEST,
    READS,
    Expected,
    Released,
    Rows,
    descendants,
    expect_adoption,
    expect_apply,
    expect_refresh,
    expect_rollback,
    tables_of,
)
from proof.histories.project import Code
from proof.histories.situations import FIRST, GOOD, begun, first_release

deaths = st.integers(1, 50)  # the write to the lake that kills
before = st.lists(changes, max_size=3)
places = st.sampled_from([MAIN, DEV])  # the fork, once there is one
RETENTION = timedelta(days=30)


@dataclass(slots=True)
class Environment:
    """What the model knows of one environment."""

    releases: dict[int, Released] = field(default_factory=dict)
    code: Code = GOOD  # as its checkout has it now
    said: set[str] = field(default_factory=set)  # held by a person
    rolled: set[str] = field(default_factory=set)  # held by a rollback
    stopped: bool = False
    drifted: bool = False  # somebody may have written to the ingest or its companions
    made: dict[int, datetime] = field(default_factory=dict)  # when a release replaced another
    dead: set[int] = field(default_factory=set)  # what a collection may have taken
    pinned: set[int] = field(default_factory=set)

    @property
    def number(self) -> int:
        return max(self.releases, default=0)

    @property
    def latest(self) -> Released:
        return self.releases.get(self.number, Released())

    @property
    def promised(self) -> set[int]:
        """Releases that must be there, whatever was collected."""
        return self.releases.keys() - self.dead | self.pinned

    def note(self, release: Released, now: datetime) -> None:
        """One more; a clock that went back makes no release older than one before it."""
        self.made[self.number + 1] = max([now, *self.made.values()])
        self.releases[self.number + 1] = release

    def die(self, now: datetime) -> None:
        """From now on nobody promises what was replaced a retention ago."""
        old = now - RETENTION
        self.dead |= {n for n in self.releases if n + 1 in self.made and self.made[n + 1] <= old}


class Histories(RuleBasedStateMachine):
    """One lake from release 1 on."""

    def __init__(self) -> None:
        super().__init__()
        self.market = begun().copy()
        self.environments = {MAIN: Environment()}
        self.environments[MAIN].note(first_release(), BEGIN)

    def teardown(self) -> None:
        try:
            self._mend_everything()
        finally:
            self.market.close()

    @rule(where=places, first=before, drop=st.booleans(), discard=st.booleans())
    def apply(self, where: str, first: list[Change], drop: bool, discard: bool) -> None:
        self._apply(where, first, None, drop=drop, discard=discard)

    @rule(where=places, first=before, dies_at=deaths, tear=st.booleans(), drop=st.booleans())
    def apply_and_die(
        self, where: str, first: list[Change], dies_at: int, tear: bool, drop: bool
    ) -> None:
        self._apply(where, first, dies_at, tear=tear, drop=drop, discard=True)

    @rule(where=places, first=before)
    def refresh(self, where: str, first: list[Change]) -> None:
        self._refresh(where, first, None, tear=False)

    @rule(where=places, first=before, dies_at=deaths, tear=st.booleans())
    def refresh_and_die(self, where: str, first: list[Change], dies_at: int, tear: bool) -> None:
        self._refresh(where, first, dies_at, tear=tear)

    @rule(first=before, table=tables, dies_at=st.none() | deaths)
    def apply_one(self, first: list[Change], table: str, dies_at: int | None) -> None:
        self._happen(first)
        here = self.environments[MAIN]
        if table == "gold.extra" and not here.code.extra:
            return
        expected = expect_apply(here.latest, here.code, self.market.inputs, select=table)

        def act(process: str) -> Report:
            plan = self.market.plan(MAIN, here.code, process=process, select=table)
            return self.market.run(plan, process)

        held = {str(hold.table) for hold in self._latest(MAIN).held}
        self._do(act, expected, dies_at, partly=True)
        assert {str(hold.table) for hold in self._latest(MAIN).held} <= held
        self._hear({table})

    @rule(
        first=before,
        back=st.integers(0, 5),
        mode=st.sampled_from(["hold", "replay", "keep-ingest"]),
        table=st.just("") | tables,
        dies_at=st.none() | deaths,
    )
    def roll_back(
        self,
        first: list[Change],
        back: int,
        mode: RollbackMode,
        table: str,
        dies_at: int | None,
    ) -> None:
        self._happen(first)
        here = self.environments[MAIN]
        to = max(1, here.number - back)
        then = here.releases[to]
        if table and not (then.has(table) or here.latest.has(table)):
            return
        expected = expect_rollback(
            here.latest, then, select=table, keep_ingest=mode == "keep-ingest"
        )

        def act(process: str) -> Report:
            return self.market.roll_back(MAIN, to, process, mode=mode, select=table)

        if to not in here.promised:
            expected = replace(expected, refusals=expected.refusals | {"LW352", "LW373"})
        number = here.number
        self._do(act, expected, dies_at, partly=True, stops=False)
        if here.number > number:
            self._hold_rolled(number, mode)

    @rule(word=st.sampled_from(["hold", "hold", "resume", "stop or clear"]), table=tables)
    def say(self, word: str, table: str) -> None:
        """A person's word, as a control record."""
        here = self.environments[MAIN]
        if word == "hold":
            self._say("hold", table)
            here.said.add(table)
        elif word == "resume":
            self._say("resume")
            here.said.clear()
            here.rolled.clear()
        else:
            self._say("clear" if here.stopped else "stop")
            here.stopped = not here.stopped

    @rule(
        where=places,
        sold=st.lists(st.builds(Orders, good_orders), max_size=2),
        days=st.sampled_from([40, 29, 0]),
        dies_at=st.none() | st.integers(1, 15),
    )
    def collect(self, where: str, sold: list[Change], days: int, dies_at: int | None) -> None:
        """gc, days after some applies. It adds a release of the same rows, or finds nothing."""
        where = where if where in self.environments else MAIN
        for order in sold:
            self._apply(where, [order], None)
        self.market.set_clock(self.market.now + timedelta(days=days))
        here, told = self.environments[where], list[str]()
        here.die(self.market.now)

        def act(process: str) -> None:
            try:
                self.market.collect(where, process)
            except LakewrightError as error:
                told.extend(problem.code for problem in error.problems)

        others, before = self._bytes_beside(where), here.number
        died = self.market.dies(act, dies_at or 0, tear=False)
        assert self._bytes_beside(where) == others, "another environment was written"
        self._note(where, before, here.latest, partly=False)
        assert set(told) <= ({"LW310"} if here.stopped else set())
        if not died and not told:
            self.market.collect(where, "again")
            assert self.market.numbers(where)[-1] == here.number, "a second one found something"

    @initialize(forked=st.booleans())
    def begin(self, forked: bool) -> None:
        """Half of all histories have the fork from the start."""
        if forked:
            self.fork(0, None)

    @rule(back=st.integers(0, 2), dies_at=st.none() | st.integers(1, 20))
    def fork(self, back: int, dies_at: int | None) -> None:
        """DEV begins as a release of MAIN; killed, the same again finishes it."""
        main = self.environments[MAIN]
        if DEV in self.environments:
            return
        number, told = max(1, main.number - back), list[set[str]]()
        others = self._bytes_beside(DEV)
        if self.market.dies(
            lambda process: told.append(self.market.fork(number, process)), dies_at or 0, tear=False
        ):
            told.append(self.market.fork(number, "again"))
        assert self._bytes_beside(DEV) == others, "another environment was written"
        if told[-1]:
            assert told[-1] == {"LW362"}
            assert number not in main.promised
            return
        dev = Environment(code=main.code, said=set(main.said))
        dev.note(main.releases[number], self.market.now)
        self.environments[DEV] = dev
        dev.rolled = {str(h.table) for h in self._latest(DEV).held if h.by == "rollback"}

    @rule(back=st.integers(0, 5))
    def pin(self, back: int) -> None:
        """A release is kept for good, or let go. One that was collected cannot be kept."""
        here = self.environments[MAIN]
        number = max(1, here.number - back)
        if number in here.pinned:
            self.market.unpin(MAIN, number)
            here.pinned.remove(number)
            return
        refused = self.market.pin(MAIN, number)
        if refused:
            assert refused == {"LW384"}
            assert number not in here.promised
        else:
            here.pinned.add(number)

    @rule(first=before, number=st.integers(1, 9), dies_at=st.none() | deaths)
    def adopt(self, first: list[Change], number: int, dies_at: int | None) -> None:
        """A stranger appends to the ingest, and a person says that it is right."""
        self._happen(first)
        here = self.environments[MAIN]
        if is_written_over(self.market, self._latest(MAIN)):
            return
        left = is_ahead(self.market, self._latest(MAIN))  # by a run of ours that was killed
        row = {"customer": "dee", "n": number}
        append_click(self.market, self._latest(MAIN), row)
        here.drifted = True
        expected = expect_adoption(here.latest, row)
        if left:
            expected = replace(expected, refusals=frozenset({"LW322"}))

        def act(process: str) -> Report:
            code = here.latest.code  # another one of the ingest may load all anew
            plan = self.market.plan(MAIN, code, process=process, select=INGEST, drift="adopt")
            return self.market.run(plan, process)

        number_before = here.number
        self._do(act, expected, dies_at, discard=True, partly=True)
        if here.number > number_before:
            here.drifted = is_written_over(self.market, self._latest(MAIN))
            assert not here.drifted, "what was adopted is more than the release has"
        self._hear({INGEST})

    # What always holds

    @invariant()
    def every_release_reads_as_it_was_made(self) -> None:
        """A collected one, too, as far as it is not refused."""
        for environment, known in self.environments.items():
            assert self.market.numbers(environment) == tuple(known.releases), environment
            for number, expected in known.releases.items():
                refused = self._refused(environment, number)
                assert not refused or number not in known.promised, f"{number} is promised"
                found = self.market.rows(self.market.release(environment, number), refused)
                left = {n: rows for n, rows in expected.tables.items() if n not in refused}
                compare(found, replace(expected, tables=left), f"{environment}@{number}")

    # How

    def _apply(
        self,
        where: str,
        first: list[Change],
        dies_at: int | None,
        *,
        tear: bool = False,
        drop: bool = True,
        discard: bool = True,
    ) -> None:
        where = where if where in self.environments else MAIN
        self._happen(first, where)
        here = self.environments[where]
        expected = expect_apply(here.latest, here.code, self.market.inputs, drop=drop)
        drift = "discard" if discard else None

        def act(process: str) -> Report:
            plan = self.market.plan(where, here.code, process=process, drop=drop, drift=drift)
            return self.market.run(plan, process)

        moved = tables_of(here.code) | ({"gold.extra"} if drop else set())
        self._do(act, expected, dies_at, tear=tear, discard=discard, environment=where)
        self._hear(moved, where)
        if discard and here.latest is expected.release:
            here.drifted = is_written_over(self.market, self._latest(where))
            assert not here.drifted or dies_at, "what was discarded is there"
        if dies_at is None and here.latest is expected.release and not here.drifted:
            plan = self.market.plan(where, here.code, drop=drop, drift="discard")
            assert plan.empty, [(change.table, change.reasons) for change in plan.changes]

    def _refresh(self, where: str, first: list[Change], dies_at: int | None, *, tear: bool) -> None:
        where = where if where in self.environments else MAIN
        self._happen(first, where)
        here = self.environments[where]
        expected = expect_refresh(here.latest, self.market.inputs, here.said | here.rolled)

        def act(process: str) -> Report:
            return self.market.run(self.market.plan_refresh(where, process), process)

        self._do(act, expected, dies_at, tear=tear, environment=where)

    def _hold_rolled(self, before: int, mode: RollbackMode) -> None:
        """With `hold` what went back is held: at least all whose rows are others now."""
        here = self.environments[MAIN]
        held = {str(h.table) for h in self._latest(MAIN).held if h.by == "rollback"}
        old, new = here.releases[before].tables, here.latest.tables
        other = {table for table in READS if table in new and new[table] != old.get(table)}
        here.rolled = (here.rolled & held) if mode != "hold" else held
        assert mode != "hold" or other <= held

    def _hear(self, moved: set[str], where: str = MAIN) -> None:
        """An apply ends the holds of what it moved, unless it died before it could say so."""
        here = self.environments[where]
        told = {str(hold.table) for hold in active_holds(self.market.lake().control(where))}
        assert told <= here.said
        assert here.said - told <= moved
        here.said = told
        # What was resumed since is not held, though the last release says so still.
        here.rolled &= {str(h.table) for h in self._latest(where).held if h.by == "rollback"}

    def _happen(self, first: list[Change], where: str = MAIN) -> None:
        """Edits are of the checkout of `where`; strangers write to the tables of MAIN."""
        here, main = self.environments[where], self.environments[MAIN]
        for change in first:
            if isinstance(change, Edit):
                here.code = replace(here.code, **{change.choice: change.value})
            else:
                happen(self.market, change, self._latest(MAIN))
                main.drifted |= isinstance(change, ForeignWrite) and change.table == INGEST

    def _do(
        self,
        act: Callable[[str], Report],
        expected: Expected,
        dies_at: int | None,
        *,
        tear: bool = False,
        discard: bool = False,
        partly: bool = False,
        stops: bool = True,
        environment: str = MAIN,
    ) -> None:
        """Do it, alive or until it dies; then the latest release is R or R+1, as expected."""
        here = self.environments[environment]
        allowed = set(expected.refusals)
        allowed |= {"LW310"} if here.stopped and stops else set()
        allowed |= {"LW320"} if here.drifted and not discard and stops else set()
        told: list[Report | LakewrightError] = []

        def tell(process: str) -> None:
            try:
                told.append(act(process))
            except LakewrightError as error:
                told.append(error)

        others = self._bytes_beside(environment)
        before = here.number
        died = self.market.dies(tell, dies_at or 0, tear=tear)
        assert self._bytes_beside(environment) == others, "another environment was written"
        self._note(environment, before, expected.release, partly=partly)
        if not died:
            self._judge(told[0], expected, allowed, moved=here.number > before, here=here)

    def _note(
        self, environment: str, before: int, expected: Released | None, *, partly: bool
    ) -> None:
        numbers = self.market.numbers(environment)
        assert numbers[-1] in (before, before + 1), "a release was lost, or one too many made"
        if numbers[-1] == before + 1:
            assert expected is not None, "what fails was published"
            self.environments[environment].note(expected, self.market.now)
            held = {str(hold.table) for hold in self._latest(environment).held}
            if partly:  # others stay held as they were
                expected = replace(expected, failed=frozenset(held))
                self.environments[environment].releases[before + 1] = expected
            assert expected.failed <= held <= descendants(expected.failed), (held, expected.failed)

    def _judge(
        self,
        told: Report | LakewrightError,
        expected: Expected,
        allowed: set[str],
        *,
        moved: bool,
        here: Environment,
    ) -> None:
        codes = {problem.code for problem in told.problems}
        if isinstance(told, LakewrightError) or (told.problems and told.release is None):
            if not (expected.release and expected.release.failed):
                assert codes <= allowed, (codes, allowed, told)
                assert codes
            assert not moved
            return
        assert "LW310" not in allowed, "a stopped environment was written"
        assert expected.release is not None, "what should fail was done"
        assert moved == isinstance(told.release, int)
        for table in told.tables:
            if table.rows_produced is not None and table.outcome == "published":
                parts = (table.rows_kept, table.rows_quarantined, table.rows_dropped)
                assert table.rows_produced == sum(part or 0 for part in parts)
        if not moved:
            compare(here.latest.tables, expected.release, "left as it was")

    def _mend_everything(self) -> None:
        """Whatever happened, good code over good data converges in one apply."""
        if self.environments[MAIN].stopped:
            self.say("stop or clear", "")
        for environment in self.environments:
            self._mend(environment)

    def _mend(self, environment: str) -> None:
        here = self.environments[environment]
        files = {**FIRST.files, **self.market.inputs.files, **here.latest.loaded}
        self.market.deliver(replace(FIRST, files=files))
        here.code = replace(GOOD, clicks_note=here.latest.code.clicks_note)
        self._apply(environment, [], None)
        assert not here.latest.failed
        self.every_release_reads_as_it_was_made()
        for number, expected in here.releases.items():
            if expected.has("gold.large") and not self._refused(environment, number):
                found = self._read_large(environment, number)
                compare({"gold.large": found}, expected, f"view {number}", only="gold.large")

    def _read_large(self, environment: str, number: int) -> Rows:
        release = self.market.release(environment, number)
        if release.tables[name("gold.large")].location:
            return self.market.rows(release)["gold.large"]
        return self.market.view(release, "gold.large")

    def _say(self, kind: Any, *names: str) -> None:
        about = tuple(name(one) for one in names)
        number = self.environments[MAIN].number
        record = ControlRecord(kind, "said", "ana", self.market.now, about, number)
        self.market.lake().put_control(MAIN, record)

    def _latest(self, environment: str) -> Release:
        return self.market.release(environment, self.environments[environment].number)

    def _refused(self, environment: str, number: int) -> set[str]:
        """Tables whose rows in this release nobody gets to see any more."""
        gone = self.market.collected(environment)
        tables = self.market.release(environment, number).tables
        return {str(table) for table in tables if gone.has(number, table)}

    def _bytes_beside(self, environment: str) -> dict[str, Any]:
        """All bytes, commits and files outside an environment, but for what all runs write."""
        world, shared = self.market.world, ("_lakewright/runs/", "_lakewright/history/")
        own = (f"{environment}/", f"_lakewright/env/{environment}/", *shared)
        found: dict[str, Any] = {
            path: data for path, data in world.objects.items() if not path.startswith(own)
        }
        for location, versions in world.versions.items():
            if not location.removeprefix(f"{world.uri}/").startswith(own):
                found[location] = len(versions), sorted(world.files.get(location, ()))
        return found
