"""What strangers do to the tables of a `Bronze` shop, and runs that they, or a crash, disturb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from lakewright.lake import Field
from lakewright.plans import Plan
from runtime.bronze import BRONZE, Bronze


def append(bronze: Bronze) -> None:
    bronze.write(7)


def delete(bronze: Bronze) -> None:
    bronze.write(mode="overwrite")


def overwrite(bronze: Bronze) -> None:
    bronze.write(8, 9, mode="overwrite")


def several(bronze: Bronze) -> None:
    bronze.write(7)
    bronze.write(8)
    bronze.write(9, mode="overwrite")


def between_optimizes(bronze: Bronze) -> None:
    bronze.shop.world.tables.touch(bronze.uri())
    bronze.write(7)
    bronze.shop.world.tables.touch(bronze.uri())
    bronze.write(8)
    bronze.shop.world.tables.touch(bronze.uri(), "VACUUM END")


def redefine(bronze: Bronze, **changes: Any) -> None:
    head = bronze.shop.world.tables.head(bronze.uri())
    assert head is not None
    bronze.shop.world.tables.redefine(bronze.uri(), replace(head.definition, **changes))


def dropped_constraint(bronze: Bronze) -> None:
    redefine(bronze, constraints={})


def added_column(bronze: Bronze) -> None:
    head = bronze.shop.world.tables.head(bronze.uri())
    assert head is not None
    redefine(bronze, fields=(*head.definition.fields, Field("note", "string")))


def other_retention(bronze: Bronze) -> None:
    redefine(bronze, properties={"delta.logRetentionDuration": "interval 1 days"})


STRANGERS = (append, delete, overwrite, several, between_optimizes)
REDEFINED = (dropped_constraint, added_column, other_retention)
strangers = pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: one.__name__)
redefiners = pytest.mark.parametrize("stranger", REDEFINED, ids=lambda one: one.__name__)


def change_of(plan: Plan, table: Any = BRONZE) -> Any:
    return next(change for change in plan.changes if change.table == table)


def crash_at(bronze: Bronze, plan: Plan, point: int, *, tear: bool) -> bool:
    world = bronze.shop.world
    world.hook = CrashAt(point, tear=tear)
    try:
        bronze.shop.run(plan, "dying")
    except Crash:
        return True
    finally:
        world.hook = None
        world.kill("dying")
    return False


def intrude_at(
    bronze: Bronze, plan: Plan, point: int, *, act: Callable[[Bronze], object]
) -> tuple[bool, Any]:
    """Run the plan while a stranger acts at that operation; whether there was one."""
    world, passed = bronze.shop.world, [0]

    def hook(operation: str, path: str, moment: str) -> None:
        del operation, path, moment
        passed[0] += 1
        if passed[0] == point:
            world.hook = None
            act(bronze)

    world.hook = hook
    try:
        report = bronze.shop.run(plan)
    finally:
        world.hook = None
    return passed[0] >= point, report
