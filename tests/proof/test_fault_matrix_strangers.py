"""Groups 4, 9 and 10 on fakes: others act between any two steps of a run, and clocks disagree.

What somebody else commits is never published as ours and never undone by a run that failed;
maintenance is no conflict; and a run that lost its claim writes and publishes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from fakes.lake import MemoryStore, World
from lakewright.errors import RefusedError
from lakewright.graph import compile_project
from lakewright.lake import StoreClaims, is_ours
from lakewright.names import TableName
from lakewright.plans import make_plan
from lakewright.specs import SourceFile, load_files
from proof.histories.judging import compare
from proof.histories.market import MAIN, Market, name
from proof.histories.model import INGEST, expect_apply
from proof.histories.project import Code, files_of
from proof.histories.situations import MORE, Situation, applying, first_release

MORE_CODE = Code(factor=2, shown=True)
TABLES = (INGEST, "silver.orders", "gold.totals")


def working() -> Situation:
    """An apply that loads a file, rewrites a table with another schema, and rebuilds a third."""
    return applying("work", MORE, MORE_CODE)


@pytest.fixture(scope="module")
def situation() -> Situation:
    return working()


@pytest.fixture(scope="module")
def steps(situation: Situation) -> list[str]:
    seen: list[str] = []
    market = situation.market.copy()
    assert market.run(situation.plan(market), market.process(), seen.append).ok
    return ["0 planned", *seen[:-1]]


def location(market: Market, table: str) -> str:
    return market.lake().location_uri(market.release(MAIN, 1).tables[name(table)].location)


def append(market: Market, where: str) -> None:
    head = market.world.tables.head(where)
    assert head is not None
    schema = market.world.tables.rows(where, head.version).schema
    row = pa.Table.from_pylist([dict.fromkeys(schema.names)], schema=schema)
    market.world.tables.write(where, row, "append", None)


def empty(market: Market, where: str) -> None:
    head = market.world.tables.head(where)
    assert head is not None
    rows = market.world.tables.rows(where, head.version).slice(0, 0)
    market.world.tables.write(where, rows, "overwrite", None)


def optimize(market: Market, where: str) -> None:
    market.world.tables.touch(where, "OPTIMIZE")


def vacuum(market: Market, where: str) -> None:
    market.world.tables.touch(where, "VACUUM START")
    market.world.tables.touch(where, "VACUUM END")


def undescribe(market: Market, where: str) -> None:
    """By hand: constraints dropped, a property set."""
    head = market.world.tables.head(where)
    assert head is not None
    changed = replace(head.definition, constraints={}, properties={"theirs": "1"})
    tables = market.world.tables
    tables.define(where, changed, "theirs", table_id=head.table_id, now=market.now)


@dataclass(frozen=True)
class Outcome:
    ok: bool
    codes: frozenset[str]


def disturbed(
    situation: Situation, step: str, act: Callable[[Market], None]
) -> tuple[Market, Outcome]:
    """The command, in the middle of which somebody acts."""
    market = situation.market.copy()
    plan = situation.plan(market)
    if step == "0 planned":
        act(market)

    def stop_at(reached: str) -> None:
        if reached == step:
            act(market)

    report = market.run(plan, market.process(), stop_at)
    return market, Outcome(report.ok, frozenset(problem.code for problem in report.problems))


def reads(market: Market, situation: Situation) -> None:
    """The latest release is R or R+1, complete, and R is what it was."""
    numbers = market.numbers(MAIN)
    assert numbers in ((1,), (1, 2))
    compare(market.rows(market.release(MAIN, 1)), first_release(), "release 1")
    if len(numbers) == 2:
        assert situation.expected.release is not None
        compare(market.rows(market.release(MAIN, 2)), situation.expected.release, "release 2")


def converges(market: Market, situation: Situation) -> None:
    expected = expect_apply(first_release(), MORE_CODE, market.inputs).release
    assert expected is not None
    plan = market.plan(MAIN, MORE_CODE, drift="discard")
    assert market.run(plan, market.process()).ok
    latest = market.lake().latest(MAIN)
    assert latest is not None
    compare(market.rows(latest), expected, "the next release")


@pytest.mark.parametrize("act", [append, empty, undescribe], ids=lambda act: act.__name__)
@pytest.mark.parametrize("table", TABLES)
def test_what_a_stranger_writes_is_never_published_whenever_it_comes(
    situation: Situation, steps: list[str], table: str, act: Callable[[Market, str], None]
) -> None:
    outcomes = []
    for step in steps:
        where = location(situation.market, table)
        market, outcome = disturbed(situation, step, lambda m, w=where: act(m, w))  # type: ignore[misc]
        reads(market, situation)
        if not outcome.ok:
            assert market.numbers(MAIN) == (1,), step
            assert outcome.codes <= {"LW330", "LW320", "LW442"}, (step, outcome)
            strange = [c for c in market.world.tables.commits(where, -1) if not is_ours(c)]
            assert len(strange) == 1
        outcomes.append(outcome.ok)
        converges(market, situation)
        market.close()
    assert not all(outcomes)


@pytest.mark.parametrize("act", [optimize, vacuum], ids=lambda act: act.__name__)
@pytest.mark.parametrize("table", TABLES)
def test_maintenance_by_a_stranger_stops_no_run_whenever_it_comes(
    situation: Situation, steps: list[str], table: str, act: Callable[[Market, str], None]
) -> None:
    where = location(situation.market, table)
    for step in steps:
        market, outcome = disturbed(situation, step, lambda m: act(m, where))
        assert outcome.ok, (step, outcome)
        assert market.numbers(MAIN) == (1, 2)
        reads(market, situation)
        converges(market, situation)
        market.close()


def test_a_lost_claim_ends_the_run_whenever_it_is_lost(
    situation: Situation, steps: list[str]
) -> None:
    """Another took the table: nothing more is written to it, nothing is published or put back."""
    where = location(situation.market, "silver.orders")
    for step in steps[1:]:
        seen: list[int] = []

        def take(market: Market, seen: list[int] = seen) -> None:
            market.world.claimed[MAIN, name("silver.orders")] = ("other", "another run")
            seen.append(len(market.world.versions[where]))

        market, outcome = disturbed(situation, step, take)
        reads(market, situation)
        if step[0] in "1234" or step == "5 verified":
            late = step == "5 verified"  # the record was about to be put: its claim was seen
            assert outcome.ok == late, (step, outcome)
            assert late or outcome.codes == {"LW521"}, (step, outcome)
        assert len(market.world.versions[where]) == seen[0], step
        assert market.world.claimed[MAIN, name("silver.orders")] == ("other", "another run")
        market.world.claimed.clear()
        converges(market, situation)
        market.close()


# Clocks


def test_a_clock_that_jumps_between_runs_changes_no_number_and_no_row(situation: Situation) -> None:
    market = situation.market.copy()
    began = market.now
    for days in (0, -1, 365, -366, 1):
        market.set_clock(began + timedelta(days=days))
        expected = expect_apply(first_release(), MORE_CODE, market.inputs).release
        assert expected is not None
        assert market.run(market.plan(MAIN, MORE_CODE), market.process()).ok
        number = market.numbers(MAIN)[-1]
        compare(market.rows(market.release(MAIN, number)), expected, f"{days} days")
        assert market.plan(MAIN, MORE_CODE).empty
    assert market.numbers(MAIN) == (1, 2, 3, 4, 5, 6)
    market.close()


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = TableName("silver", "orders")


@pytest.mark.parametrize("apart", [timedelta(minutes=10), timedelta(minutes=-10)])
def test_hosts_whose_clocks_differ_never_both_hold_a_claim(apart: timedelta) -> None:
    """A host that is ahead may take a claim early; its holder notices before it publishes."""
    store = MemoryStore(World())
    here = StoreClaims(store, clock=lambda: NOON)
    there = StoreClaims(store, clock=lambda: NOON + apart)
    first = here.claim(MAIN, TABLE, "first", NOON)
    try:
        second = there.claim(MAIN, TABLE, "second", NOON + apart)
    except RefusedError:
        first.verify()
        return
    second.verify()
    with pytest.raises(RefusedError) as lost:
        first.verify()
    assert lost.value.code == "LW521"


@pytest.mark.parametrize(
    ("zone", "now", "today"),
    [
        ("UTC", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "2026-03-29"),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "2026-03-29"),
        ("Europe/Berlin", datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), "2026-10-24"),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC), "2026-10-25"),
        ("America/St_Johns", datetime(2026, 3, 8, 3, 29, 59, tzinfo=UTC), "2026-03-07"),
    ],
)
def test_today_is_the_day_of_the_zone_also_when_its_clocks_change(
    zone: str, now: datetime, today: str
) -> None:
    files = dict(files_of(Code()))
    files["lakewright.yml"] += f"timezone: {zone}\n"
    graph = compile_project(load_files(SourceFile(p, t) for p, t in files.items()))
    market = applying("zones").market
    plan = make_plan(graph, market.state(MAIN, graph), now)
    assert plan.today.isoformat() == today
    market.close()
