"""A rollback beside another run, in every order of their steps: the rollback is never undone."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from lakewright.errors import LakeError
from lakewright.plans import Plan
from lakewright.runtime import Report
from runtime.back import go_back, heads, plan_back, run_back
from runtime.shop import DAY_TWO, Shop, StepHook
from runtime.test_two_deployers import ORDERS_EDIT, SHARED, edited, interleave_runs, orders_of


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    shop.orders(DAY_TWO)
    assert shop.refresh().ok
    return shop


def steps_of(run: Callable[[StepHook], object]) -> int:
    seen: list[str] = []
    run(seen.append)
    return len([step for step in seen if step[0] in SHARED])


def back_in_steps(shop: Shop, plan: Plan, process: str, stop: StepHook) -> Report:
    """A rollback that pauses where another run can meet it: one settled head stands for all."""

    def pause(step: str) -> None:
        if step in {"1 verified", "2 put", "3 settled silver.orders"}:
            stop(step)

    return run_back(shop, plan, process, pause)


def check_both(shop: Shop, applied: Report | None, back: Report | None, order: object) -> None:
    """Either the rollback came last, and is what readers have, or it was refused."""
    first = shop.world.lake().release("prod", 1)
    assert back is not None, order
    if back.ok:
        assert shop.latest().kind == "rollback", order
        assert shop.contents(shop.latest()) == shop.contents(first), order
        assert applied is None or applied.problems[0].code in {"LW333", "LW520"}, order
    else:
        assert back.problems[0].code == "LW450", order
        assert applied is not None, order
        assert applied.ok, order
        assert shop.latest().kind == "apply", order
    assert shop.latest().release == 3, order


def test_a_rollback_and_an_apply_never_mix_in_any_order(built: Shop) -> None:
    deploy: Plan = edited(built, ORDERS_EDIT, "silver.orders")
    back: Plan = plan_back(built, 1)
    one = steps_of(lambda stop: copy.deepcopy(built).run(deploy, "counter", stop))
    two = steps_of(lambda stop: back_in_steps(copy.deepcopy(built), back, "counter", stop))
    won = []
    for order in orders_of(one, two):
        shop = copy.deepcopy(built)
        reports = interleave_runs(
            (
                lambda stop, shop=shop: shop.run(deploy, "deployer", stop),
                lambda stop, shop=shop: back_in_steps(shop, back, "backer", stop),
            ),
            order,
        )
        check_both(shop, reports[0], reports[1], order)
        won.append(bool(reports[1] and reports[1].ok))
        # whoever comes next leaves the heads as the release says
        shop.world.kill("deployer")
        shop.world.kill("backer")
        if won[-1]:
            go_back(shop, 1, process="next")
            assert heads(shop) == shop.contents(shop.latest()), order
    assert True in won
    assert False in won


def test_two_rollbacks_at_once_make_one_release(built: Shop) -> None:
    plans = plan_back(built, 1), plan_back(built, 1, mode="replay")
    steps = steps_of(lambda stop: back_in_steps(copy.deepcopy(built), plans[0], "counter", stop))
    for order in orders_of(steps, steps):
        shop = copy.deepcopy(built)
        reports = interleave_runs(
            (
                lambda stop, shop=shop: back_in_steps(shop, plans[0], "one", stop),
                lambda stop, shop=shop: back_in_steps(shop, plans[1], "two", stop),
            ),
            order,
        )
        told = [report for report in reports if report is not None]
        assert sorted(report.ok for report in told) == [False, True], order
        assert next(r for r in told if not r.ok).problems[0].code == "LW450", order
        assert shop.latest().release == 3, order


def test_an_apply_that_waited_at_its_put_loses_and_puts_its_heads_back(built: Shop) -> None:
    plan = edited(built, ORDERS_EDIT, "silver.orders")
    told: list[Report] = []

    def stop(step: str) -> None:
        if step == "5 verified":
            told.append(go_back(built, 1, process="b"))

    report = built.run(plan, "a", stop)
    assert report.problems[0].code == "LW333"
    assert told[0].ok
    left = [str(table.table) for table in told[0].tables if table.note]
    assert "silver.orders" in left
    assert [row["id"] for row in heads(built)["silver.orders"]] == [1, 2, 5]  # as it found them
    go_back(built, 1, process="c")
    assert heads(built) == built.contents(built.latest())


def test_a_lost_answer_of_the_put_is_found_out(built: Shop) -> None:
    plan = plan_back(built, 1)
    path = f"_lakewright/env/prod/releases/{3:020d}.json"

    class Lost:
        times = 0

        def __call__(self, operation: str, at: str, moment: str) -> None:
            if (operation, at, moment) == ("put_new", path, "after"):
                self.times += 1
                raise LakeError("LW501", "the connection was lost")
            if (operation, at) == ("put_new", path) and self.times:
                raise LakeError("LW501", "the connection was lost")

    built.world.hook = Lost()
    report = run_back(built, plan)
    built.world.hook = None
    assert (report.ok, report.release) == (True, 3)
    assert heads(built) == built.contents(built.latest())


def test_when_storage_never_says_the_release_is_unknown(built: Shop) -> None:
    plan = plan_back(built, 1)
    path = f"_lakewright/env/prod/releases/{3:020d}.json"

    def silent(operation: str, at: str, moment: str) -> None:
        if operation == "put_new" and at == path:
            silent.reached = True  # type: ignore[attr-defined]
        if getattr(silent, "reached", False):
            raise LakeError("LW501", "the connection was lost")

    built.world.hook = silent
    report = run_back(built, plan)
    built.world.hook = None
    assert (report.ok, report.release, report.exit_code) == (False, "unknown", 5)
    assert built.latest().release == 2
