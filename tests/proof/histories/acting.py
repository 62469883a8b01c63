"""One act in a history: done by a process that may be killed, then judged by the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from lakewright.errors import LakewrightError
from lakewright.lake import ControlRecord
from lakewright.lake.control import active_holds
from lakewright.lake.values import Release
from lakewright.plans import RollbackMode
from lakewright.runtime import Report
from proof.histories.changes import Change, Edit, ForeignWrite, happen, place_of
from proof.histories.environment import Environment
from proof.histories.judging import compare
from proof.histories.market import BEGIN, DEV, MAIN, name
from proof.histories.model import INGEST, READS, Expected, Released, descendants
from proof.histories.situations import begun, first_release


class Acting(RuleBasedStateMachine):
    """A lake with release 1. `ended`: environments that are no more, with their releases."""

    def __init__(self) -> None:
        super().__init__()
        self.market = begun().copy()
        self.environments = {MAIN: Environment()}
        self.environments[MAIN].note(first_release(), BEGIN)
        self.ended: dict[str, Environment] = {}

    def here(self, where: str) -> tuple[str, Environment]:
        """The environment of that name; MAIN when there is none."""
        where = where if where in self.environments else MAIN
        return where, self.environments[where]

    def do(
        self,
        act: Callable[[str], Report],
        expected: Expected,
        dies_at: int | None,
        *,
        tear: bool = False,
        discard: bool = False,
        partly: bool = False,
        stops: bool = True,
        where: str = MAIN,
    ) -> None:
        """Do it, alive or until it dies; then the latest release is R or R+1, as expected."""
        here = self.environments[where]
        allowed = set(expected.refusals)
        allowed |= {"LW310"} if here.stopped and stops else set()
        allowed |= {"LW320"} if here.drifted and not discard and stops else set()
        told: list[Report | LakewrightError] = []

        def tell(process: str) -> None:
            try:
                told.append(act(process))
            except LakewrightError as error:
                told.append(error)

        others = self.bytes_beside(where)
        before = here.number
        died = self.market.dies(tell, dies_at or 0, tear=tear)
        assert self.bytes_beside(where) == others, "another environment was written"
        self.note(where, before, expected.release, partly=partly)
        if not died:
            self._judge(told[0], expected, allowed, moved=here.number > before, here=here)

    def note(self, where: str, before: int, expected: Released | None, *, partly: bool) -> None:
        """Learn of the release that was made, if one was. `partly`: others stay held as before."""
        numbers = self.market.numbers(where)
        assert numbers[-1] in (before, before + 1), "a release was lost, or one too many made"
        if numbers[-1] == before + 1:
            assert expected is not None, "what fails was published"
            self.environments[where].note(expected, self.market.now)
            held = {str(hold.table) for hold in self.latest(where).held}
            if partly:
                expected = replace(expected, failed=frozenset(held))
                self.environments[where].releases[before + 1] = expected
            assert expected.failed <= held <= descendants(expected.failed), (held, expected.failed)

    def happen(self, first: list[Change], where: str) -> None:
        """Edits are of the checkout of `where`; strangers write where its tables are."""
        for change in first:
            if isinstance(change, Edit):
                here = self.environments[where]
                here.code = replace(here.code, **{change.choice: change.value})
                continue
            happen(self.market, change, self.latest(where))
            if isinstance(change, ForeignWrite) and change.table == INGEST:
                self.drift(where, change.table + change.companion)

    def drift(self, where: str, table: str) -> None:
        """A stranger wrote to the ingest as `where` has it: in its own place, or in MAIN's."""
        place = place_of(self.market, self.latest(where), table)
        owner = DEV if f"/{DEV}/" in place else MAIN
        if place and owner in self.environments:
            self.environments[owner].drifted = True

    def hear(self, moved: set[str], where: str) -> None:
        """An apply ends the holds of what it moved, unless it died before it could say so."""
        here = self.environments[where]
        told = {str(hold.table) for hold in active_holds(self.market.lake().control(where))}
        assert told <= here.said
        assert here.said - told <= moved
        here.said = told
        # What was resumed since is not held, though the last release says so still.
        here.rolled &= {str(h.table) for h in self.latest(where).held if h.by == "rollback"}

    def hold_rolled(self, where: str, before: int, mode: RollbackMode) -> None:
        """With `hold` what went back is held: at least all whose rows are others now."""
        here = self.environments[where]
        held = {str(h.table) for h in self.latest(where).held if h.by == "rollback"}
        old, new = here.releases[before].tables, here.latest.tables
        other = {table for table in READS if table in new and new[table] != old.get(table)}
        here.rolled = (here.rolled & held) if mode != "hold" else held
        assert mode != "hold" or other <= held

    def put_word(self, where: str, kind: Any, *names: str) -> None:
        about = tuple(name(one) for one in names)
        number = self.environments[where].number
        record = ControlRecord(kind, "said", "ana", self.market.now, about, number)
        self.market.lake().put_control(where, record)

    def latest(self, where: str) -> Release:
        return self.market.release(where, self.environments[where].number)

    def refused(self, where: str, number: int) -> set[str]:
        """Tables whose rows in this release nobody gets to see any more."""
        gone = self.market.collected(where)
        tables = self.market.release(where, number).tables
        return {str(table) for table in tables if gone.has(number, table)}

    def bytes_beside(self, where: str) -> dict[str, Any]:
        """All bytes, commits and files outside an environment, but for what all runs write."""
        world, shared = self.market.world, ("_lakewright/runs/", "_lakewright/history/")
        own = (f"{where}/", f"_lakewright/env/{where}/", *shared)
        found: dict[str, Any] = {
            path: data for path, data in world.objects.items() if not path.startswith(own)
        }
        for location, versions in world.versions.items():
            if not location.removeprefix(f"{world.uri}/").startswith(own):
                found[location] = len(versions), sorted(world.files.get(location, ()))
        return found

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
