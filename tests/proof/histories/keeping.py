"""Rules about environments and what is kept: forks, their end, collections, pins, catalogs."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from lakewright.errors import LakewrightError
from lakewright.runtime import ServeReport
from proof.histories.acting import Acting
from proof.histories.changes import Change, Orders, good_orders
from proof.histories.environment import Environment
from proof.histories.judging import compare
from proof.histories.market import DEV, MAIN

deaths = st.integers(1, 50)  # the write to the lake that kills
places = st.sampled_from([MAIN, DEV])  # the fork, once there is one
_few = st.none() | st.integers(1, 15)
_sold = st.lists(st.builds(Orders, good_orders), max_size=2)


class Keeping(Acting):
    """What makes no rows."""

    def apply_all(self, where: str, first: list[Change], dies_at: int | None) -> None:
        raise NotImplementedError

    @rule(where=places, sold=_sold, days=st.sampled_from([40, 29, 0]), dies_at=_few)
    def collect(self, where: str, sold: list[Change], days: int, dies_at: int | None) -> None:
        """gc, days after some applies. It adds a release of the same rows, or finds nothing."""
        where, here = self.here(where)
        for order in sold:
            self.apply_all(where, [order], None)
        self.market.set_clock(self.market.now + timedelta(days=days))
        told = list[str]()
        here.die(self.market.now)

        def act(process: str) -> None:
            try:
                self.market.collect(where, process)
            except LakewrightError as error:
                told.extend(problem.code for problem in error.problems)

        others, before = self.bytes_beside(where), here.number
        died = self.market.dies(act, dies_at or 0, tear=False)
        assert self.bytes_beside(where) == others, "another environment was written"
        self.note(where, before, here.latest, partly=False)
        assert set(told) <= ({"LW310"} if here.stopped else set())
        if not died and not told:
            self.market.collect(where, "again")
            assert self.market.numbers(where)[-1] == here.number, "a second one found something"

    @rule(back=st.integers(0, 2), dies_at=st.none() | st.integers(1, 20))
    def fork(self, back: int, dies_at: int | None) -> None:
        """DEV begins as a release of MAIN; killed, the same again finishes it."""
        main = self.environments[MAIN]
        if DEV in self.environments or DEV in self.ended:
            return
        number, told = max(1, main.number - back), list[set[str]]()
        others = self.bytes_beside(DEV)
        if self.market.dies(
            lambda process: told.append(self.market.fork(number, process)), dies_at or 0, tear=False
        ):
            told.append(self.market.fork(number, "again"))
        assert self.bytes_beside(DEV) == others, "another environment was written"
        if told[-1]:
            assert told[-1] == {"LW362"}
            assert number not in main.promised
            return
        dev = Environment(code=main.code, said=set(main.said))
        dev.note(main.releases[number], self.market.now)
        self.environments[DEV] = dev
        dev.rolled = {str(h.table) for h in self.latest(DEV).held if h.by == "rollback"}

    @rule(withdrawn=st.booleans(), days=st.sampled_from([0, 2]), dies_at=_few)
    def end_fork(self, withdrawn: bool, days: int, dies_at: int | None) -> None:
        """DEV is dropped, or it expires, which takes nothing out of a catalog; then gc."""
        if DEV not in self.environments:
            return
        self.market.end(DEV)
        self.ended[DEV] = self.environments.pop(DEV)
        others = self.bytes_beside(DEV)
        if withdrawn:
            if self.market.dies(lambda it: self.market.withdraw(DEV, it), dies_at or 0, tear=False):
                self.market.withdraw(DEV, "again")
            assert not self.market.shown(DEV)
        written = self.market.world.now  # later than our clock, where that went back
        self.market.set_clock(self.market.now + timedelta(days=days))
        shown, before = self.market.shown(DEV), self.market.data_of(DEV)
        if self.market.dies(lambda it: self.market.collect(DEV, it), dies_at or 0, tear=False):
            self.market.collect(DEV, "again")
        assert self.bytes_beside(DEV) == others, "another environment was written"
        if shown:
            assert self.market.data_of(DEV) == before, "what a catalog shows was collected"
        elif self.market.now > written + timedelta(days=1):
            assert not self.market.data_of(DEV), "files of an ended environment are left"

    @rule(where=places, back=st.integers(0, 5))
    def pin(self, where: str, back: int) -> None:
        """A release is kept for good, or let go. One that was collected cannot be kept."""
        where, here = self.here(where)
        number = max(1, here.number - back)
        if number in here.pinned:
            self.market.unpin(where, number)
            here.pinned.remove(number)
            return
        refused = self.market.pin(where, number)
        if refused:
            assert refused == {"LW384"}
            assert number not in here.promised
        else:
            here.pinned.add(number)

    @rule(where=places, dies_at=_few)
    def serve(self, where: str, dies_at: int | None) -> None:
        """The catalog is brought to the latest release; killed, the next one goes on."""
        where, here = self.here(where)
        others, told = self.bytes_beside(where), list[ServeReport]()
        died = self.market.dies(
            lambda process: told.append(self.market.serve(where, process)), dies_at or 0, tear=False
        )
        assert self.bytes_beside(where) == others, "another environment was written"
        if died:
            return
        assert told[0].exit_code == 0, told[0].problems
        views = self.market.views(where)
        assert set(views) == {table for table in here.latest.tables if "__" not in table}
        latest = self.latest(where)
        for table, view in views.items():
            entry = next(entry for name, entry in latest.tables.items() if str(name) == table)
            if entry.location:
                assert view.pins == [(self.market.lake().pin(entry).location, entry.version)]

    @invariant()
    def every_view_shows_a_release(self) -> None:
        """Collected or not, of an ended environment or not: what stands in the catalog is read."""
        for environment, known in (self.environments | self.ended).items():
            for table, view in self.market.views(environment).items():
                found = [self.market.rows_at(*pin) for pin in view.pins]
                expected = known.releases[view.release]
                if self.market.is_stored(environment, view.release, table):
                    where = f"{environment} view {table} of release {view.release}"
                    compare({table: found[0]}, expected, where, only=table)
