"""Columns, constraints and properties that others changed: shown, and put right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakewright.errors import DriftError
from runtime.bronze import BRONZE, GOLD, SPEC, Bronze
from runtime.strangers import (
    added_column,
    change_of,
    dropped_constraint,
    redefine,
    redefiners,
)


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze.open(tmp_path)


@redefiners
def test_another_definition_is_shown_and_blocks_nothing(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    stranger(bronze)
    plan = bronze.plan()
    assert plan.empty
    assert bronze.fates(plan) == {"raw.w": "leave"}
    assert bool(plan.state.drift[0].redefined)


@redefiners
def test_the_next_run_that_touches_the_table_puts_its_definition_right(
    bronze: Bronze, stranger: Callable[[Bronze], None]
) -> None:
    declared = bronze.shop.world.tables.head(bronze.uri())
    stranger(bronze)
    bronze.land("two.csv", 3)
    plan = bronze.plan()
    assert bronze.fates(plan) == {"raw.w": "repair"}
    assert bronze.shop.run(plan).ok
    head = bronze.shop.world.tables.head(bronze.uri())
    assert declared is not None
    assert head is not None
    assert (head.definition, bronze.released()) == (declared.definition, [1, 2, 3])
    assert bronze.plan().state.drift == ()


@redefiners
@pytest.mark.parametrize("table", [BRONZE, GOLD])
def test_discard_puts_a_definition_right_at_once(
    bronze: Bronze, stranger: Callable[[Bronze], None], table: Any
) -> None:
    if table == GOLD and stranger is dropped_constraint:
        table = BRONZE  # the gold table has none
    before = bronze.shop.world.tables.head(bronze.uri(table))
    rows = bronze.head(table)
    stranger(bronze)
    plan = bronze.plan(drift="discard")
    assert change_of(plan).action == "alter"
    assert bronze.shop.run(plan).ok
    head = bronze.shop.world.tables.head(bronze.uri(table))
    assert before is not None
    assert head is not None
    assert (head.definition, bronze.head(table)) == (before.definition, rows)
    after = bronze.plan()
    assert (after.empty, after.state.drift) == (True, ())


def test_a_property_of_a_newer_client_is_no_drift(bronze: Bronze) -> None:
    redefine(bronze, properties={"delta.enableDeletionVectors": "true"})
    plan = bronze.plan()
    assert (plan.empty, plan.state.drift) == (True, ())


def test_an_added_column_is_refused_where_the_spec_lets_none_in(bronze: Bronze) -> None:
    added_column(bronze)
    bronze.write(7)
    with pytest.raises(DriftError) as caught:
        bronze.plan(drift="adopt")
    assert caught.value.code == "LW323"


def test_an_added_column_is_adopted_with_on_new_column_add(tmp_path: Path) -> None:
    bronze = Bronze(tmp_path)
    spec = SPEC.replace("expect:", "on_new_column: add\nexpect:")
    bronze.shop.files = {"lakewright.yml": bronze.shop.files["lakewright.yml"]}
    bronze.shop.edit("pipelines/raw/w.yml", spec)
    bronze.land("one.csv", 1, 2)
    assert bronze.apply().ok
    added_column(bronze)
    bronze.write(7)
    assert bronze.apply(drift="adopt").ok
    assert [field.name for field in bronze.entry().schema][-1] == "note"
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert bronze.released() == [1, 2, 3, 7]
