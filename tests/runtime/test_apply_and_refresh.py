"""An apply is all or nothing; a refresh holds what failed and publishes the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest

from lakewright.errors import RefusedError
from lakewright.lake import ControlRecord, Held
from lakewright.specs import SourceFile
from runtime.shop import _CUSTOMER_FIELDS as CUSTOMER_FIELDS
from runtime.shop import CUSTOMERS, DAY_ONE, DAY_TWO, ENVIRONMENT, FILES, NOW, PEOPLE, Shop, name

TWICE = [*DAY_TWO, {"id": 5, "customer": "bob", "amount": 8}]  # breaks the key of silver.orders


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    return shop


def test_rows_are_kept_quarantined_and_dropped_and_add_up() -> None:
    shop = Shop.open()
    report = shop.apply()
    orders = next(table for table in report.tables if table.table == name("silver.orders"))
    assert (orders.rows_produced, orders.rows_kept) == (4, 2)
    assert (orders.rows_quarantined, orders.rows_dropped) == (1, 1)
    contents = shop.contents(shop.latest())
    assert [row["id"] for row in contents["silver.orders"]] == [1, 2]
    apart = contents["silver.orders__quarantine"]
    assert [(row["id"], row["_failed_rules"]) for row in apart] == [(3, ["not_negative"])]
    assert contents["gold.totals"] == [
        {"region": "north", "amount": 5},
        {"region": "south", "amount": 20},
    ]


def test_quarantine_of_a_table_is_state_and_empties_when_the_rows_are_good(built: Shop) -> None:
    built.orders([row for row in DAY_ONE if row["id"] != 3])
    assert built.apply().ok
    assert built.contents(built.latest())["silver.orders__quarantine"] == []


def test_a_failed_check_fails_the_whole_apply_and_puts_the_heads_back(built: Shop) -> None:
    before = built.contents(built.latest())
    heads = {location: rows[-1] for location, rows in built.world.versions.items()}
    built.orders(TWICE)
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, {"customer": "cy", "region": "east"}])
    report = built.apply()
    assert not report.ok
    assert report.exit_code == 1
    assert report.problems[0].code == "LW431"
    assert built.latest().release == 1
    assert built.contents(built.latest()) == before
    assert {table.outcome for table in report.tables} <= {"discarded", "failed", "skipped"}
    for location, head in heads.items():
        if location.startswith(built.world.uri) and "history" not in location:
            assert built.world.versions[location][-1].rows.equals(head.rows), location


def test_a_fail_rule_aborts_before_the_commit(built: Shop) -> None:
    built.orders([{"id": 9, "customer": None, "amount": 1}])
    versions = len(built.world.versions[f"{built.world.uri}/prod/silver/orders"])
    report = built.apply()
    assert report.problems[0].code == "LW401"
    assert len(built.world.versions[f"{built.world.uri}/prod/silver/orders"]) == versions


def test_a_refresh_holds_what_failed_with_its_descendants_and_publishes_the_rest(
    built: Shop,
) -> None:
    built.orders(TWICE)
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, {"customer": "cy", "region": "east"}])
    before = built.contents(built.latest())
    report = built.refresh()
    assert not report.ok
    assert report.exit_code == 1
    assert report.release == 2
    release = built.latest()
    after = built.contents(release)
    assert {row["customer"] for row in after["silver.customers"]} == {"ann", "bob", "cy"}
    assert after["silver.orders"] == before["silver.orders"]
    assert after["gold.totals"] == before["gold.totals"]
    assert {str(held.table): held.by for held in release.held} == {
        "silver.orders": "check",
        "gold.totals": "upstream",
        "gold.large": "upstream",
    }


def test_a_held_table_is_tried_again_only_when_its_inputs_or_code_change(built: Shop) -> None:
    built.orders(TWICE)
    built.refresh()
    assert built.plan_refresh().empty
    again = built.refresh()
    assert again.release is None
    assert again.exit_code == 1
    built.orders(DAY_TWO)
    healed = built.refresh()
    assert healed.ok
    assert built.latest().held == ()
    assert [row["id"] for row in built.contents(built.latest())["silver.orders"]] == [1, 2, 5]


def test_a_refresh_uses_the_released_code_and_deploys_nothing(built: Shop) -> None:
    built.edit("sql/gold/totals.sql", "SELECT 1 AS nothing")
    built.orders(DAY_TWO)
    assert built.refresh().ok
    release = built.latest()
    assert release.kind == "refresh"
    assert {row["region"] for row in built.contents(release)["gold.totals"]} == {"north", "south"}
    first = built.world.lake().release(ENVIRONMENT, 1)
    assert release.tables[name("gold.totals")].code == first.tables[name("gold.totals")].code


def test_publish_with_holds_the_partner_as_well(built: Shop) -> None:
    built.edit(
        "pipelines/silver/customers.yml",
        FILES["pipelines/silver/customers.yml"] + "publish_with: [silver.orders]\n",
    )
    assert built.apply().ok
    before = built.contents(built.latest())
    built.orders(TWICE)
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, {"customer": "cy", "region": "east"}])
    report = built.refresh()
    assert not report.ok
    assert built.contents(built.latest())["silver.customers"] == before["silver.customers"]


def test_the_report_is_stored_where_other_tools_read_it(built: Shop) -> None:
    data = built.world.lake().get_run(str(UUID(int=1)), "report.json")
    document = json.loads(data)
    assert document["ok"] is True
    assert document["release"] == 1
    assert {table["table"] for table in document["tables"]} == {
        "silver.orders",
        "silver.customers",
        "gold.totals",
        "gold.large",
    }


def test_an_interrupt_publishes_nothing_and_is_raised_again(built: Shop) -> None:
    built.orders(DAY_TWO)

    def interrupt(step: str) -> None:
        if step.startswith("5"):
            raise KeyboardInterrupt

    plan = built.plan()
    with pytest.raises(KeyboardInterrupt):
        built.run(plan, stop_at=interrupt)
    assert built.latest().release == 1
    document = json.loads(built.world.lake().get_run(str(UUID(int=built.runs)), "report.json"))
    assert document["exit_code"] == 130
    assert document["release"] is None
    assert built.apply().ok


def test_several_workers_give_the_same_release_as_one() -> None:
    alone, together = Shop.open(), Shop.open()
    assert alone.run(alone.plan(), workers=1).ok
    assert together.run(together.plan(), workers=4).ok
    assert alone.contents(alone.latest()) == together.contents(together.latest())


def test_a_commit_of_a_stranger_during_the_run_stops_the_release(built: Shop) -> None:
    built.orders(DAY_TWO)
    location = f"{built.world.uri}/prod/silver/orders"

    def disturb(step: str) -> None:
        if step.startswith("4 checked silver.orders"):
            rows = built.world.tables.rows(location, 1)
            built.world.tables.write(location, rows, "append", "stranger")

    report = built.run(built.plan(), stop_at=disturb)
    assert report.problems[0].code == "LW330"
    assert report.exit_code == 4
    assert built.latest().release == 1


def test_optimize_during_the_run_is_no_conflict(built: Shop) -> None:
    built.orders(DAY_TWO)

    def optimize(step: str) -> None:
        if step.startswith("4 checked silver.orders"):
            built.world.tables.touch(f"{built.world.uri}/prod/silver/orders", "OPTIMIZE")

    assert built.run(built.plan(), stop_at=optimize).ok


def test_an_interrupt_after_the_record_is_put_leaves_the_release_published(built: Shop) -> None:
    built.orders(DAY_TWO)

    def interrupt(step: str) -> None:
        if step.startswith("6"):
            raise KeyboardInterrupt

    plan = built.plan()
    with pytest.raises(KeyboardInterrupt):
        built.run(plan, stop_at=interrupt)
    assert built.latest().release == 2
    assert [row["id"] for row in built.contents(built.latest())["silver.orders"]] == [1, 2, 5]
    document = json.loads(built.world.lake().get_run(str(UUID(int=built.runs)), "report.json"))
    assert document["release"] == 2
    assert built.plan().empty


def test_a_held_table_with_nothing_left_to_do_is_freed_by_the_next_refresh(built: Shop) -> None:
    lake, release = built.world.lake(), built.latest()
    held = Held(name("gold.totals"), "check", 1, reason="a file that is gone now", attempt="other")
    lake.put_release(replace(release, release=2, parent=1, held=(held,)))
    plan = built.plan_refresh()
    assert not plan.empty
    assert plan.freed == (held,)
    assert built.run(plan).ok
    assert built.latest().held == ()
    assert built.plan_refresh().empty


def test_a_table_that_a_person_holds_is_left_by_a_refresh_and_freed_by_an_apply(
    built: Shop,
) -> None:
    lake = built.world.lake()
    said = ControlRecord("hold", "looking into it", "ana", NOW, (name("silver.orders"),))
    lake.put_control(ENVIRONMENT, said)
    built.orders(DAY_TWO)
    report = built.refresh()
    assert not report.ok
    before = [row["id"] for row in built.contents(built.latest())["silver.orders"]]
    assert before == [1, 2]
    assert built.apply().ok
    assert [row["id"] for row in built.contents(built.latest())["silver.orders"]] == [1, 2, 5]


def test_a_stopped_environment_refuses_to_plan(built: Shop) -> None:
    lake = built.world.lake()
    lake.put_control(ENVIRONMENT, ControlRecord("stop", "wrong rates", "ana", NOW))
    with pytest.raises(RefusedError) as caught:
        built.plan()
    assert caught.value.code == "LW310"


def test_a_refresh_refuses_code_that_no_apply_brought(built: Shop) -> None:
    lake, release = built.world.lake(), built.latest()
    forged = built.graph().steps[name("gold.totals")]
    planted = [SourceFile(f.path, f.text.replace("sum(", "max(")) for f in forged.files]
    entry = release.tables[name("gold.totals")]
    entry = replace(entry, code=lake.put_code(ENVIRONMENT, planted))
    tables = {**release.tables, entry.table: entry}
    lake.put_release(replace(release, release=2, parent=1, kind="refresh", tables=tables))
    with pytest.raises(RefusedError) as caught:
        built.plan_refresh()
    assert caught.value.code == "LW335"


def test_code_keeps_the_release_that_brought_it_through_refreshes(built: Shop) -> None:
    built.orders(DAY_TWO)
    assert built.refresh().ok
    assert {e.introduced for e in built.latest().tables.values() if e.code} == {1}
    built.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("o.amount", "o.id"))
    assert built.apply().ok
    assert built.latest().tables[name("gold.totals")].introduced == 3
    assert built.latest().tables[name("silver.orders")].introduced == 1
