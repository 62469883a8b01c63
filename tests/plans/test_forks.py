"""What a plan says of tables that lie in another environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lakewright.errors import RefusedError
from lakewright.lake import Entry
from lakewright.lake.forks import Origin
from lakewright.plans import (
    AlterTable,
    Plan,
    has_first_writes,
    make_plan,
    refuse_clones,
    state_over,
    tell_first_writes,
)
from runtime.estate import Estate
from runtime.shop import DAY_TWO, NOW, name


@pytest.fixture
def forked(tmp_path: Path) -> Estate:
    estate = Estate.build(tmp_path)
    estate.fork("dev")
    return estate


def told(plan: Plan, *, clones: bool, redefines: bool = True) -> dict[str, list[str]]:
    """The reasons about the first write, by table."""
    found = tell_first_writes(plan, lambda entry: clones, lambda change: redefines)
    return {
        str(change.table): [reason.detail for reason in change.reasons if reason.kind == "fork"]
        for change in found.changes
    }


def test_first_write_that_goes_on_from_rows_says_what_it_copies(forked: Estate) -> None:
    forked.land("two", 3)
    plan = forked.plan_in("dev")
    group = [name("raw.clicks"), name("raw.clicks").ledger, name("raw.clicks").quarantine]
    tables = forked.last("dev").tables
    size = sum(tables[one].bytes or 0 for one in group)
    copied = told(plan, clones=False)
    assert copied["raw.clicks"] == [f"copies {size} B from prod"]
    assert copied["silver.clicks"] == []
    assert told(plan, clones=True)["raw.clicks"] == ["clones from prod"]


def test_altered_table_says_it_too(forked: Estate) -> None:
    text = forked.files["pipelines/silver/orders.yml"]
    forked.edit("pipelines/silver/orders.yml", text.replace("One row per", "A row for each"))
    assert told(forked.plan_in("dev"), clones=True) == {"silver.orders": ["clones from prod"]}


def test_table_that_is_altered_in_no_log_says_nothing(forked: Estate) -> None:
    text = forked.files["pipelines/silver/orders.yml"]
    forked.edit("pipelines/silver/orders.yml", f"{text}owner: ana\n")
    assert told(forked.plan_in("dev"), clones=True, redefines=False) == {"silver.orders": []}


def test_only_tables_whose_rows_lie_elsewhere_are_asked_what_an_alteration_needs(
    forked: Estate,
) -> None:
    forked.land("two", 3)
    for path in ("pipelines/gold/large.yml", "pipelines/silver/orders.yml"):
        forked.edit(path, f"{forked.files[path]}owner: ana\n")
    plan, asked = forked.plan_in("dev"), list[str]()
    assert {str(it.table) for it in plan.changes if it.action == "alter"} >= {
        "gold.large",
        "silver.orders",
    }

    def redefines(change: AlterTable) -> bool:
        asked.append(str(change.table))
        return False

    tell_first_writes(plan, lambda _entry: False, redefines)
    assert asked == ["silver.orders"]


def test_size_that_nobody_knows_is_unknown(forked: Estate) -> None:
    forked.land("two", 3)
    plan = forked.plan_in("dev")
    release = plan.state.release
    assert release is not None
    ledger = name("raw.clicks").ledger
    unknown = {ledger: replace(release.tables[ledger], bytes=None)}
    release = replace(release, tables={**release.tables, **unknown})
    plan = replace(plan, state=replace(plan.state, release=release))
    assert told(plan, clones=False)["raw.clicks"] == ["copies unknown bytes from prod"]


def test_table_that_is_written_anew_copies_nothing(forked: Estate) -> None:
    forked.orders(DAY_TWO)
    plan = forked.plan_in("dev")
    assert not has_first_writes(plan)
    assert all(reasons == [] for reasons in told(plan, clones=False).values())


def test_second_write_says_nothing(forked: Estate) -> None:
    forked.land("two", 3)
    forked.apply("dev")
    forked.land("three", 4)
    assert not has_first_writes(forked.plan_in("dev"))


def test_plan_in_the_parent_says_nothing(forked: Estate) -> None:
    forked.land("two", 3)
    assert not has_first_writes(forked.plan_in("prod"))


def test_environment_with_clones_is_refused_to_an_engine_that_cannot_read_them(
    forked: Estate,
) -> None:
    forked.clones = True
    forked.land("two", 3)
    forked.apply("dev")
    refuse_clones(forked.plan_in("dev"))  # nothing runs
    forked.land("three", 4)
    with pytest.raises(RefusedError) as error:
        refuse_clones(forked.plan_in("dev"))
    assert error.value.code == "LW366"
    assert "--engine spark" in error.value.problems[0].hint
    refuse_clones(forked.plan_in("prod"))


def test_view_that_remembers_an_old_place_is_no_clone(forked: Estate) -> None:
    query = "SELECT id, customer, amount + 100 AS amount FROM raw.orders\n"
    forked.edit("sql/silver/orders.sql", query)
    forked.apply("dev", select=[name("silver.orders")])
    assert forked.last("dev").tables[name("gold.large")].borrows
    refuse_clones(forked.plan_in("dev"))


# Over a base


def over(estate: Estate, base: str = "") -> Plan:
    """What a plan in `pr`, which has no release, is over the latest release of prod."""
    graph, lake = estate.graph(), estate.lake()
    own = lake.state("pr", graph.inputs, resolve=estate.resolve)
    there = lake.state("prod", graph.inputs, resolve=estate.resolve)
    assert there.release is not None
    origin = Origin("prod", there.release.release, base)
    return make_plan(graph, state_over(own, there, origin), NOW)


def test_plan_over_a_base_shows_only_what_the_branch_changes(forked: Estate) -> None:
    assert over(forked).empty
    totals = forked.files["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
    forked.edit("sql/gold/totals.sql", totals)
    plan = over(forked)
    assert [(str(change.table), change.action) for change in plan.changes] == [
        ("gold.totals", "rebuild")
    ]
    assert (plan.environment, plan.base_release, plan.state.base) == ("pr", 1, "prod@1")


def test_files_that_the_base_has_loaded_are_loaded(forked: Estate) -> None:
    forked.land("two", 3)
    (clicks,) = [c for c in over(forked).changes if str(c.table) == "raw.clicks"]
    assert [file.path for file in getattr(clicks, "files", ())] == ["landing/two.csv"]


def test_entries_over_a_base_lake_name_it_as_written(forked: Estate) -> None:
    release = over(forked, "${env:BASE}").state.release
    assert release is not None

    def base(table: str) -> str:
        entry: Entry = release.tables[name(table)]
        return entry.base

    assert base("silver.orders") == "${env:BASE}"
    assert base("gold.large") == ""
