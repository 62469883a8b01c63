"""Groups 1, 6 and 8 of the fault matrix on fakes: every command, stopped at every write.

The process is killed before a write (and so after the one before it), the write is torn, storage
fails once or for good, or its answer is lost. Each time the latest release is R or R+1, complete;
the same command again converges; nothing is doubled; and a failure has a code with a page that says
what to do next. With SOAK=1 every fault meets every command; else all are killed, some suffer all.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from fakes.lake import Crash, Moment
from lakewright.errors import LakewrightError
from lakewright.errors.pages import read_page
from lakewright.runtime import Report
from proof.histories.faults import WRITES, Fault, die, fail
from proof.histories.judging import compare
from proof.histories.market import MAIN, Market
from proof.histories.model import Released
from proof.histories.situations import Situation, situations

FAULTS: dict[str, Callable[[int], Fault]] = {
    "killed": lambda at: Fault(at, "before", die),
    "torn": lambda at: Fault(at, "before", die, tear=True),
    "failed once": lambda at: Fault(at, "before", fail),
    "failed for good": lambda at: Fault(at, "before", fail, lasting=True),
    "answer lost": lambda at: Fault(at, "after", fail),
}
ALWAYS = {"new data", "new type", "failing apply", "refresh that holds"}
CASES = [
    pytest.param(situation, kind, id=f"{situation}-{kind}".replace(" ", "_"))
    for situation in situations()
    for kind in FAULTS
    if kind in {"killed", "torn"} or situation.name in ALWAYS or os.environ.get("SOAK")
]


@pytest.mark.parametrize(("situation", "kind"), CASES)
def test_a_fault_at_any_write_leaves_one_release_and_the_next_run_converges(
    situation: Situation, kind: str
) -> None:
    writes = _writes_of(situation)
    chosen = [at for at, operation in enumerate(writes, 1) if kind != "torn" or operation == "put"]
    assert len(chosen) > 1
    for at in chosen:
        market, fault = situation.market.copy(), FAULTS[kind](at)
        try:
            _suffer(situation, market, fault)
            assert fault.met or kind == "answer lost"
            _converge(situation, market)
        except BaseException as error:
            error.add_note(f"{situation}: {kind}, write {at}: {fault.met}")
            raise
        finally:
            market.close()


def _writes_of(situation: Situation) -> list[str]:
    """The writes of the command when nothing goes wrong."""
    market, found = situation.market.copy(), []

    def note(operation: str, path: str, moment: Moment) -> None:
        if operation in WRITES and moment == "before":
            found.append(operation)

    market.world.hook = note
    situation.act(market, market.process())
    market.close()
    return found


def _suffer(situation: Situation, market: Market, fault: Fault) -> None:
    """The command with the fault; then readers see R or R+1 and a failure has its code."""
    told: list[Report] = []
    market.world.hook = fault
    process = market.process()
    try:
        told.append(situation.act(market, process))
    except Crash:
        pass
    except LakewrightError as error:
        _is_told(error.exit_code, {problem.code for problem in error.problems})
    finally:
        market.world.hook = None
        market.world.kill(process)
    _see(situation, market)
    for report in told:
        if not report.ok:
            _is_told(report.exit_code, {problem.code for problem in report.problems})
        if report.release == "unknown":
            assert {problem.code for problem in report.problems} == {"LW515"}


def _see(situation: Situation, market: Market) -> None:
    begun = max(situation.market.numbers(MAIN), default=0)
    number = max(market.numbers(MAIN), default=0)
    assert number in (begun, begun + 1)
    expected = situation.before if number == begun else _published(situation, market, number)
    if number:
        compare(market.rows(market.release(MAIN, number)), expected, f"release {number}")


def _published(situation: Situation, market: Market, number: int) -> Released:
    """What the command publishes; a refresh leaves the tables that storage failed."""
    failed = [str(h.table) for h in market.release(MAIN, number).held if h.by == "error"]
    assert not failed or situation.leaving is not None
    expected = situation.leaving(failed) if situation.leaving and failed else situation.expected
    assert expected.release is not None
    return expected.release


def _is_told(exit_code: int, codes: set[str]) -> None:
    assert exit_code in {1, 4, 5}
    assert codes
    assert all(read_page(code) for code in codes)


def _converge(situation: Situation, market: Market) -> None:
    """The same command, once more, reaches what it would have reached."""
    expected = situation.expected
    report = situation.act(market, market.process())
    if expected.release is None:
        assert {problem.code for problem in report.problems} <= expected.refusals
        _see(situation, market)
        return
    assert report.ok or expected.release.failed, report.problems
    assert situation.plan(market).empty
    number = max(market.numbers(MAIN))
    compare(market.rows(market.release(MAIN, number)), expected.release, f"release {number}")
    assert number <= max(situation.market.numbers(MAIN), default=0) + 2
