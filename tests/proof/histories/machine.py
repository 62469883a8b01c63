"""Histories: everything that may happen to a lake, in any order, each step judged by the model.

An operation says what release it should add and does it. It is done by a process that may be killed
at any of its writes. A new operation is one rule: here one that makes a release from rows and code;
in `keeping.py` one about environments, collections, pins and catalogs.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from lakewright.plans import RollbackMode
from lakewright.runtime import Report
from proof.histories.changes import (
    Change,
    append_click,
    changes,
    is_ahead,
    is_written_over,
    tables,
)
from proof.histories.judging import compare
from proof.histories.keeping import Keeping, deaths, places
from proof.histories.market import name
from proof.histories.model import (
    INGEST,
    Rows,
    expect_adoption,
    expect_apply,
    expect_refresh,
    expect_rollback,
    expect_taking,
    tables_of,
)
from proof.histories.situations import FIRST, GOOD

before = st.lists(changes, max_size=3)


class Histories(Keeping):
    """One lake from release 1 on."""

    def teardown(self) -> None:
        try:
            self._mend_everything()
        finally:
            self.market.close()

    @initialize(forked=st.booleans(), clones=st.booleans())
    def begin(self, forked: bool, clones: bool) -> None:
        """Half of all histories have the fork from the start, half an engine that clones."""
        self.market.clones = clones
        if forked:
            self.fork(0, None)

    @rule(where=places, first=before, drop=st.booleans(), discard=st.booleans())
    def apply(self, where: str, first: list[Change], drop: bool, discard: bool) -> None:
        self.apply_all(where, first, None, drop=drop, discard=discard)

    @rule(where=places, first=before, dies_at=deaths, tear=st.booleans(), drop=st.booleans())
    def apply_and_die(
        self, where: str, first: list[Change], dies_at: int, tear: bool, drop: bool
    ) -> None:
        self.apply_all(where, first, dies_at, tear=tear, drop=drop, discard=True)

    @rule(where=places, first=before)
    def refresh(self, where: str, first: list[Change]) -> None:
        self._refresh(where, first, None, tear=False)

    @rule(where=places, first=before, dies_at=deaths, tear=st.booleans())
    def refresh_and_die(self, where: str, first: list[Change], dies_at: int, tear: bool) -> None:
        self._refresh(where, first, dies_at, tear=tear)

    @rule(where=places, first=before, table=tables, dies_at=st.none() | deaths)
    def apply_one(self, where: str, first: list[Change], table: str, dies_at: int | None) -> None:
        where, here = self.here(where)
        self.happen(first, where)
        if table == "gold.extra" and not here.code.extra:
            return
        expected = expect_apply(here.latest, here.code, self.market.inputs, select=table)

        def act(process: str) -> Report:
            plan = self.market.plan(where, here.code, process=process, select=table)
            return self.market.run(plan, process)

        held = {str(hold.table) for hold in self.latest(where).held}
        self.do(act, expected, dies_at, partly=True, where=where)
        assert {str(hold.table) for hold in self.latest(where).held} <= held
        self.hear({table}, where)

    @rule(
        where=places,
        first=before,
        back=st.integers(0, 5),
        mode=st.sampled_from(["hold", "replay", "keep-ingest"]),
        table=st.just("") | tables,
        dies_at=st.none() | deaths,
    )
    def roll_back(
        self,
        where: str,
        first: list[Change],
        back: int,
        mode: RollbackMode,
        table: str,
        dies_at: int | None,
    ) -> None:
        where, here = self.here(where)
        self.happen(first, where)
        to = max(1, here.number - back)
        then = here.releases[to]
        if table and not (then.has(table) or here.latest.has(table)):
            return
        expected = expect_rollback(
            here.latest, then, select=table, keep_ingest=mode == "keep-ingest"
        )

        def act(process: str) -> Report:
            return self.market.roll_back(where, to, process, mode=mode, select=table)

        if to not in here.promised:
            expected = replace(expected, refusals=expected.refusals | {"LW352", "LW373"})
        number = here.number
        self.do(act, expected, dies_at, partly=True, stops=False, where=where)
        if here.number > number:
            self.hold_rolled(where, number, mode)

    @rule(where=places, first=before, number=st.integers(1, 9), dies_at=st.none() | deaths)
    def adopt(self, where: str, first: list[Change], number: int, dies_at: int | None) -> None:
        """A stranger appends to the ingest, and a person says that it is right."""
        where, here = self.here(where)
        self.happen(first, where)
        latest = self.latest(where)
        if latest.tables[name(INGEST)].is_foreign(where) or is_written_over(self.market, latest):
            return
        left = is_ahead(self.market, latest)  # by a run of ours that was killed
        row = {"customer": "dee", "n": number}
        append_click(self.market, latest, row)
        here.drifted = True
        expected = expect_adoption(here.latest, row)
        if left:
            expected = replace(expected, refusals=frozenset({"LW322"}))

        def act(process: str) -> Report:
            code = here.latest.code  # another one of the ingest may load all anew
            plan = self.market.plan(where, code, process=process, select=INGEST, drift="adopt")
            return self.market.run(plan, process)

        number_before = here.number
        self.do(act, expected, dies_at, discard=True, partly=True, where=where)
        if here.number > number_before:
            here.drifted = is_written_over(self.market, self.latest(where))
            assert not here.drifted, "what was adopted is more than the release has"
        self.hear({INGEST}, where)

    @rule(where=places, extra=st.sampled_from(["int", "text"]), dies_at=st.none() | deaths)
    def take(self, where: str, extra: str, dies_at: int | None) -> None:
        """`adopt`: a table that somebody built outside comes under management, and is only read."""
        where, here = self.here(where)
        if here.latest.has("gold.extra"):
            return
        here.code = replace(here.code, extra=extra)
        expected = expect_taking(here.latest, here.code)
        assert expected.release is not None
        rows = expected.release.tables["gold.extra"]
        location = self.market.build_outside(rows, "bigint" if extra == "int" else "string")

        def act(process: str) -> Report:
            plan = self.market.plan_taking(where, here.code, location, process)
            return self.market.run(plan, process)

        self.do(act, expected, dies_at, partly=True, discard=True, where=where)
        self.hear({"gold.extra"}, where)

    @rule(
        where=places,
        word=st.sampled_from(["hold", "hold", "resume", "stop or clear"]),
        table=tables,
    )
    def say(self, where: str, word: str, table: str) -> None:
        """A person's word, as a control record."""
        where, here = self.here(where)
        if word == "hold":
            self.put_word(where, "hold", table)
            here.said.add(table)
        elif word == "resume":
            self.put_word(where, "resume")
            here.said.clear()
            here.rolled.clear()
        else:
            self.put_word(where, "clear" if here.stopped else "stop")
            here.stopped = not here.stopped

    # What always holds

    @invariant()
    def every_release_reads_as_it_was_made(self) -> None:
        """A collected one, too, as far as it is not refused."""
        for environment, known in self.environments.items():
            assert self.market.numbers(environment) == tuple(known.releases), environment
            for number, expected in known.releases.items():
                refused = self.refused(environment, number)
                assert not refused or number not in known.promised, f"{number} is promised"
                found = self.market.rows(self.market.release(environment, number), refused)
                left = {n: rows for n, rows in expected.tables.items() if n not in refused}
                compare(found, replace(expected, tables=left), f"{environment}@{number}")

    # How

    def apply_all(
        self,
        where: str,
        first: list[Change],
        dies_at: int | None,
        *,
        tear: bool = False,
        drop: bool = True,
        discard: bool = True,
    ) -> None:
        where, here = self.here(where)
        self.happen(first, where)
        expected = expect_apply(here.latest, here.code, self.market.inputs, drop=drop)
        drift = "discard" if discard else None

        def act(process: str) -> Report:
            plan = self.market.plan(where, here.code, process=process, drop=drop, drift=drift)
            return self.market.run(plan, process)

        moved = tables_of(here.code) | ({"gold.extra"} if drop else set())
        self.do(act, expected, dies_at, tear=tear, discard=discard, where=where)
        self.hear(moved, where)
        if discard and here.latest is expected.release:
            here.drifted = is_written_over(self.market, self.latest(where))
            assert not here.drifted or dies_at, "what was discarded is there"
        if dies_at is None and here.latest is expected.release and not here.drifted:
            plan = self.market.plan(where, here.code, drop=drop, drift="discard")
            assert plan.empty, [(change.table, change.reasons) for change in plan.changes]

    def _refresh(self, where: str, first: list[Change], dies_at: int | None, *, tear: bool) -> None:
        where, here = self.here(where)
        self.happen(first, where)
        expected = expect_refresh(here.latest, self.market.inputs, here.said | here.rolled)

        def act(process: str) -> Report:
            return self.market.run(self.market.plan_refresh(where, process), process)

        self.do(act, expected, dies_at, tear=tear, where=where)

    def _mend_everything(self) -> None:
        """Whatever happened, good code over good data converges in one apply."""
        for environment, here in self.environments.items():
            if here.stopped:
                self.say(environment, "stop or clear", "")
            self._mend(environment)
            self.serve(environment, None)

    def _mend(self, environment: str) -> None:
        here = self.environments[environment]
        files = {**FIRST.files, **self.market.inputs.files, **here.latest.loaded}
        self.market.deliver(replace(FIRST, files=files))
        here.code = replace(GOOD, clicks_note=here.latest.code.clicks_note)
        self.apply_all(environment, [], None)
        assert not here.latest.failed
        self.every_release_reads_as_it_was_made()
        for number, expected in here.releases.items():
            if expected.has("gold.large") and not self.refused(environment, number):
                found = self._read_large(environment, number)
                compare({"gold.large": found}, expected, f"view {number}", only="gold.large")

    def _read_large(self, environment: str, number: int) -> Rows:
        release = self.market.release(environment, number)
        if release.tables[name("gold.large")].location:
            return self.market.rows(release)["gold.large"]
        return self.market.view(release, "gold.large")
