"""Commands that write, each with what was there before: what the fault matrix goes through."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lakewright.plans import Plan
from lakewright.runtime import Report
from proof.histories.changes import ForeignWrite, happen
from proof.histories.market import MAIN, Market
from proof.histories.model import (
    INGEST,
    Expected,
    File,
    Inputs,
    Released,
    expect_apply,
    expect_refresh,
)
from proof.histories.project import Code

FIRST = Inputs(
    orders=(
        {"id": 1, "customer": "ann", "amount": 5},
        {"id": 2, "customer": "bob", "amount": 20},
        {"id": 3, "customer": "bob", "amount": -1},
        {"id": 4, "customer": "ann", "amount": 999},
    ),
    customers=({"customer": "ann", "region": "north"}, {"customer": "bob", "region": "south"}),
    files={"landing/a.csv": File((("ann", "1"), ("bob", "2"), ("bob", "many")))},
)
MORE = replace(
    FIRST,
    orders=(*FIRST.orders, {"id": 5, "customer": "ann", "amount": 7}),
    files={**FIRST.files, "landing/b.csv": File((("cyd", "7"), ("cyd", "none")))},
)
TWICE = replace(MORE, orders=(*MORE.orders, {"id": 5, "customer": "bob", "amount": 8}))
GOOD = Code()


@dataclass(frozen=True, slots=True)
class Situation:
    """A lake, the command that is given there, and the release that it should add."""

    name: str
    market: Market
    before: Released  # Released() for no release at all
    expected: Expected
    plan: Callable[[Market], Plan]
    leaving: Callable[[Collection[str]], Expected] | None = None  # a refresh that leaves tables

    def act(self, market: Market, process: str) -> Report:
        """Give the command as a process of that name."""
        return market.run(self.plan(market), process)

    def __str__(self) -> str:
        return self.name


@cache
def begun() -> Market:
    """Release 1, built once. Copy it, never change it."""
    market = Market.open(FIRST)
    report = market.run(market.plan(MAIN, GOOD), market.process())
    assert report.ok, report.problems
    return market


@cache
def first_release() -> Released:
    found = expect_apply(Released(), GOOD, begun().inputs).release
    assert found is not None
    return found


def applying(
    name: str,
    inputs: Inputs = FIRST,
    code: Code = GOOD,
    before: Code = GOOD,
    *,
    select: str = "",
    **how: Any,
) -> Situation:
    """An apply of `code` over `inputs` where `before` was released over the first deliveries."""
    market, released = _released(before)
    market.deliver(inputs)
    expected = expect_apply(released, code, market.inputs, select=select)

    def plan(where: Market) -> Plan:
        return where.plan(MAIN, code, select=select, **how)

    return Situation(name, market, released, expected, plan)


def refreshing(name: str, inputs: Inputs, then: Inputs | None = None) -> Situation:
    """A refresh over `inputs`; with `then` a second one over those."""
    market, released = _released(GOOD)
    market.deliver(inputs)
    if then is not None:
        market.run(market.plan_refresh(MAIN), market.process())
        released = expect_refresh(released, market.inputs).release or released
        market.deliver(then)

    def leaving(tables: Collection[str]) -> Expected:
        return expect_refresh(released, market.inputs, tables)

    def plan(where: Market) -> Plan:
        return where.plan_refresh(MAIN)

    return Situation(name, market, released, leaving(()), plan, leaving)


def first_build() -> Situation:
    market = Market.open(FIRST)
    expected = expect_apply(Released(), GOOD, market.inputs)
    return Situation(
        "first build", market, Released(), expected, lambda where: where.plan(MAIN, GOOD)
    )


def discarding() -> Situation:
    """An apply that puts back what a stranger wrote to an ingest, and loads a file."""
    found = applying("discard", MORE, drift="discard")
    latest = found.market.release(MAIN, 1)
    happen(found.market, ForeignWrite(INGEST, ""), latest)
    happen(found.market, ForeignWrite(INGEST, "__ledger"), latest)
    return found


@cache
def situations() -> tuple[Situation, ...]:
    """Every command that makes a release, and those that fail while they try."""
    return (
        first_build(),
        applying("new data", MORE),
        applying("new code", code=Code(factor=2, upper=True, bonus=1)),
        applying("new column", code=Code(shown=True)),
        applying("new column of an ingest", MORE, Code(clicks_note=True)),
        applying("new type", code=Code(extra="text"), before=Code(extra="int")),
        applying("new description", code=Code(described=True, some=False)),
        applying("view to table", code=Code(stored=True)),
        applying("table to view", before=Code(stored=True)),
        applying("drop", before=Code(extra="int")),
        applying("one table", MORE, Code(factor=3), select="silver.orders"),
        applying("failing apply", TWICE),
        refreshing("refresh", MORE),
        refreshing("refresh that holds", TWICE),
        refreshing("refresh that frees", TWICE, then=MORE),
        discarding(),
    )


def _released(code: Code) -> tuple[Market, Released]:
    market = begun().copy()
    if code == GOOD:
        return market, first_release()
    assert market.run(market.plan(MAIN, code), market.process()).ok
    found = expect_apply(first_release(), code, market.inputs).release
    assert found is not None
    return market, found
