"""Two runs interleaved in every order of their steps: one wins or both land, none is lost."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from lakewright.errors import LakewrightError
from lakewright.plans import Plan
from lakewright.runtime import Report
from runtime.shop import FILES, Shop, StepHook, name

ORDERS_EDIT = (
    "sql/silver/orders.sql",
    "SELECT id, customer, amount + 1 AS amount FROM raw.orders\n",
)
SHARED = "12356"  # steps whose order matters to the other: checking and reporting touch nothing
BY_ONE, BY_TWO = [0, 6, 21, 1000], [1, 7, 22, 1001]  # amounts after each deployer's edit
CUSTOMERS_EDIT = (
    "sql/silver/customers.sql",
    "SELECT customer, upper(region) AS region FROM raw.customers\n",
)


class Turns:
    """Lets each of two threads run from one of its steps to its next, in a given order."""

    def __init__(self, order: tuple[int, ...]) -> None:
        self._order = list(order)
        self._turn = threading.Condition()
        self._done: set[int] = set()

    def wait_for(self, who: int) -> None:
        with self._turn:
            if self._order and self._order[0] == who:
                self._order.pop(0)
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._next() in {who, None}, timeout=20)

    def begin(self, who: int) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._next() in {who, None}, timeout=20)

    def finish(self, who: int) -> None:
        with self._turn:
            self._done.add(who)
            self._turn.notify_all()

    def _next(self) -> int | None:
        return next((who for who in self._order if who not in self._done), None)


def interleave(shop: Shop, plans: tuple[Plan, Plan], order: tuple[int, ...]) -> list[Report | None]:
    def run(who: int, stop: StepHook) -> Report:
        return shop.run(plans[who], f"deployer{who}", stop)

    return interleave_runs((partial(run, 0), partial(run, 1)), order)


def interleave_runs(
    runs: tuple[Callable[[StepHook], Report], Callable[[StepHook], Report]],
    order: tuple[int, ...],
) -> list[Report | None]:
    """Each run in a thread, step by step in the order; None for one that was refused."""
    turns = Turns(order)
    reports: list[Report | None] = [None, None]
    failures: list[BaseException] = []

    def pause(step: str, who: int) -> None:
        if step[0] in SHARED:
            turns.wait_for(who)

    def deploy(who: int) -> None:
        turns.begin(who)
        try:
            reports[who] = runs[who](lambda step: pause(step, who))
        except LakewrightError:
            reports[who] = None
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)
        finally:
            turns.finish(who)

    threads = [threading.Thread(target=deploy, args=(who,)) for who in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    return reports


def orders_of(first: int, second: int) -> Iterator[tuple[int, ...]]:
    """Every way to shuffle two sequences of steps that keeps each in its own order."""
    for places in itertools.combinations(range(first + second), first):
        yield tuple(0 if place in places else 1 for place in range(first + second))


def steps_of(shop: Shop, plan: Plan) -> int:
    seen: list[str] = []
    copy.deepcopy(shop).run(plan, "counter", seen.append)
    return len([step for step in seen if step[0] in SHARED])


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    shop.edit("pipelines/gold/totals.yml", FILES["pipelines/gold/totals.yml"])
    assert shop.apply().ok
    return shop


def edited(shop: Shop, edit: tuple[str, str], table: str) -> Plan:
    other = copy.deepcopy(shop)
    other.edit(*edit)
    return other.plan(select={name(table)})


def test_two_deployers_of_one_table_never_both_win_and_never_mix(built: Shop) -> None:
    first = edited(built, ORDERS_EDIT, "silver.orders")
    second = edited(built, (ORDERS_EDIT[0], ORDERS_EDIT[1].replace("+ 1", "+ 2")), "silver.orders")
    outcomes = []
    for order in orders_of(steps_of(built, first), steps_of(built, second)):
        shop = copy.deepcopy(built)
        reports = interleave(shop, (first, second), order)
        winners = [report for report in reports if report is not None and report.ok]
        assert len(winners) == 1, order
        amounts = sorted(row["amount"] for row in shop.contents(shop.latest())["silver.orders"])
        assert amounts in (BY_ONE, BY_TWO), order
        outcomes.append(amounts)
        assert shop.latest().release == 2
    assert BY_ONE in outcomes
    assert BY_TWO in outcomes


def test_two_deployers_of_different_tables_both_land_in_every_order(built: Shop) -> None:
    first = edited(built, ORDERS_EDIT, "silver.orders")
    second = edited(built, CUSTOMERS_EDIT, "silver.customers")
    for order in orders_of(steps_of(built, first), steps_of(built, second)):
        shop = copy.deepcopy(built)
        reports = interleave(shop, (first, second), order)
        assert all(report is not None and report.ok for report in reports), order
        latest = shop.latest()
        assert latest.release == 3, order
        contents = shop.contents(latest)
        assert sorted(row["amount"] for row in contents["silver.orders"]) == BY_ONE, order
        assert {row["region"] for row in contents["silver.customers"]} == {"NORTH", "SOUTH"}, order
