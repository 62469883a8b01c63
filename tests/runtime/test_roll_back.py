"""A rollback is one record with old entries; heads follow, and refreshes leave it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lakewright.errors import LakewrightError, RefusedError
from lakewright.lake import ControlRecord, encode_release
from lakewright.plans import Plan, RestoreTable
from lakewright.runtime import plan_refresh
from runtime.back import WHY, go_back, heads, plan_back, resume, run_back
from runtime.shop import (
    DAY_TWO,
    ENVIRONMENT,
    FILES,
    NOW,
    Shop,
    name,
)

NEW_TOTALS = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
DAY_THREE = [*DAY_TWO, {"id": 6, "customer": "bob", "amount": 3}]


@pytest.fixture
def shop() -> Shop:
    """Release 1, and release 2 with the rows and the query of the next day."""
    shop = Shop.open()
    assert shop.apply().ok
    shop.orders(DAY_TWO)
    shop.edit("sql/gold/totals.sql", NEW_TOTALS)
    assert shop.apply().ok
    return shop


def rows_of(shop: Shop, number: int) -> dict[str, list[dict[str, object]]]:
    return shop.contents(shop.world.lake().release(ENVIRONMENT, number))


def changes_of(plan: Plan) -> dict[str, RestoreTable]:
    return {str(it.table): it for it in plan.changes if isinstance(it, RestoreTable)}


def held_of(shop: Shop) -> dict[str, str]:
    return {str(hold.table): hold.by for hold in shop.latest().held}


# What readers and heads have afterwards


def test_readers_and_heads_have_the_rows_of_the_earlier_release(shop: Shop) -> None:
    report = go_back(shop, 1)
    assert (report.ok, report.exit_code, report.release) == (True, 0, 3)
    assert shop.latest().kind == "rollback"
    assert shop.latest().reason == WHY
    assert shop.contents(shop.latest()) == rows_of(shop, 1)
    expected = rows_of(shop, 1)
    assert {table: len(rows) for table, rows in heads(shop).items()} == {
        table: len(rows) for table, rows in expected.items()
    }


def test_the_code_goes_back_with_the_rows(shop: Shop) -> None:
    go_back(shop, 1)
    first = shop.world.lake().release(ENVIRONMENT, 1)
    totals = shop.latest().tables[name("gold.totals")]
    assert totals.code == first.tables[name("gold.totals")].code
    assert (
        plan_refresh(shop.world.lake(), ENVIRONMENT, NOW).graph.steps[name("gold.totals")].code
        == totals.code
    )


def test_a_table_that_is_there_already_keeps_its_entry_and_its_head(shop: Shop) -> None:
    before = shop.latest().tables[name("silver.customers")]
    versions = len(shop.world.versions[f"{shop.world.uri}/{before.location}"])
    plan = plan_back(shop, 1)
    assert "silver.customers" not in changes_of(plan)
    assert name("silver.customers") in plan.unchanged
    run_back(shop, plan)
    assert shop.latest().tables[name("silver.customers")] == before
    assert len(shop.world.versions[f"{shop.world.uri}/{before.location}"]) == versions


def test_a_table_that_did_not_exist_leaves_and_one_that_was_dropped_comes_back(
    shop: Shop,
) -> None:
    del shop.files["pipelines/gold/large.yml"], shop.files["sql/gold/large.sql"]
    del shop.files["sql/silver/customers.sql"], shop.files["pipelines/silver/customers.yml"]
    shop.edit("sql/gold/totals.sql", "SELECT count(*) AS n FROM silver.orders")
    shop.edit("sql/gold/renamed.sql", "SELECT customer, region FROM raw.customers")
    dropped = {name("gold.large"), name("silver.customers")}
    assert shop.apply(allow_destructive=dropped).ok
    changes = changes_of(plan_back(shop, 1))
    assert changes["gold.renamed"].after is None
    assert changes["silver.customers"].before is None
    assert go_back(shop, 1).ok
    assert shop.contents(shop.latest()) == rows_of(shop, 1)
    assert name("gold.renamed") not in shop.latest().tables


def test_a_table_that_was_made_anew_elsewhere_goes_back_to_its_earlier_place(shop: Shop) -> None:
    del shop.files["pipelines/gold/large.yml"], shop.files["sql/gold/large.sql"]
    gone = FILES["sql/gold/totals.sql"]
    del shop.files["pipelines/gold/totals.yml"], shop.files["sql/gold/totals.sql"]
    assert shop.apply(allow_destructive={name("gold.totals"), name("gold.large")}).ok
    shop.edit("sql/gold/totals.sql", gone)
    assert shop.apply().ok
    there = shop.latest().tables[name("gold.totals")].location
    assert go_back(shop, 1).ok
    assert shop.latest().tables[name("gold.totals")].location != there
    assert shop.contents(shop.latest()) == rows_of(shop, 1)


def test_a_rollback_can_be_rolled_back(shop: Shop) -> None:
    go_back(shop, 1)
    assert go_back(shop, 2).ok
    assert shop.latest().release == 4
    assert shop.contents(shop.latest()) == rows_of(shop, 2)
    assert go_back(shop, 3).ok
    assert shop.contents(shop.latest()) == rows_of(shop, 1)


def test_going_back_to_where_one_is_makes_no_release(shop: Shop) -> None:
    go_back(shop, 1)
    plan = plan_back(shop, 1)
    assert plan.empty
    assert run_back(shop, plan).release is None
    assert shop.latest().release == 3


def test_what_a_table_has_in_storage_is_as_much_as_before(shop: Shop) -> None:
    before = shop.latest().tables[name("silver.orders")]
    go_back(shop, 1)
    after = shop.latest().tables[name("silver.orders")]
    assert before.bytes is not None
    assert after.bytes is not None
    retained = after.costs["retained_bytes"]
    assert after.bytes + retained == before.bytes + before.costs.get("retained_bytes", 0)


def test_a_second_settling_of_a_head_makes_no_commit(shop: Shop) -> None:
    go_back(shop, 1)
    entry = shop.latest().tables[name("silver.orders")]
    uri = f"{shop.world.uri}/{entry.location}"
    versions = len(shop.world.versions[uri])
    text = FILES["pipelines/silver/orders.yml"].replace("One row per order.", "Orders.")
    shop.edit("pipelines/silver/orders.yml", text)
    shop.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"])
    resume(shop)
    assert shop.apply(select={name("silver.orders")}).ok
    assert len(shop.world.versions[uri]) > versions
    operations = [it.commit.operation for it in shop.world.versions[uri][versions:]]
    assert "RESTORE" not in operations


def test_tables_of_another_environment_are_never_restored(shop: Shop) -> None:
    release = shop.latest()
    place = "other/silver/orders"
    uri = f"{shop.world.uri}/{release.tables[name('silver.orders')].location}"
    shop.world.versions[f"{shop.world.uri}/{place}"] = list(shop.world.versions[uri])
    shop.world.files[f"{shop.world.uri}/{place}"] = dict(shop.world.files[uri])
    first = shop.world.lake().release(ENVIRONMENT, 1)
    borrowed = {
        number: replace(
            found,
            tables={
                **found.tables,
                name("silver.orders"): replace(found.tables[name("silver.orders")], location=place),
            },
        )
        for number, found in ((1, first), (2, release))
    }
    for number, found in borrowed.items():
        path = f"_lakewright/env/prod/releases/{number:020d}.json"
        shop.world.objects[path] = (encode_release(found), NOW)
    versions = len(shop.world.versions[f"{shop.world.uri}/{place}"])
    assert go_back(shop, 1).ok
    assert shop.latest().tables[name("silver.orders")].version == (
        first.tables[name("silver.orders")].version
    )
    assert len(shop.world.versions[f"{shop.world.uri}/{place}"]) == versions


# A part


def test_a_part_takes_what_reads_it_along_and_says_so(shop: Shop) -> None:
    plan = plan_back(shop, 1, select=("silver.orders",))
    assert plan.rollback is not None
    assert [str(it) for it in plan.rollback.along] == ["gold.large", "gold.totals"]
    assert run_back(shop, plan).ok
    assert shop.contents(shop.latest()) == rows_of(shop, 1)


def test_a_part_leaves_what_does_not_read_it(shop: Shop) -> None:
    assert go_back(shop, 1, select=("gold.totals",)).ok
    after, second = shop.contents(shop.latest()), rows_of(shop, 2)
    assert after["gold.totals"] == rows_of(shop, 1)["gold.totals"]
    assert after["silver.orders"] == second["silver.orders"]
    assert held_of(shop) == {"gold.totals": "rollback"}
    assert (
        shop.latest().tables[name("raw.orders")]
        == (shop.world.lake().release(ENVIRONMENT, 2).tables[name("raw.orders")])
    )


def test_a_part_goes_back_with_what_read_it_then(shop: Shop) -> None:
    shop.edit("sql/gold/totals.sql", "SELECT region, 1 AS amount FROM silver.customers")
    shop.edit("sql/silver/orders.sql", "SELECT id, customer, amount + 1 AS amount FROM raw.orders")
    assert shop.apply().ok
    plan = plan_back(shop, 2, select=("silver.orders",))
    assert "gold.totals" in changes_of(plan)


def test_a_part_whose_code_does_not_fit_is_refused_with_the_smallest_that_does(
    shop: Shop,
) -> None:
    shop.edit("sql/silver/orders.sql", "SELECT id, customer, amount AS money FROM raw.orders")
    shop.edit(
        "pipelines/silver/orders.yml",
        FILES["pipelines/silver/orders.yml"].replace("amount", "money"),
    )
    shop.edit("sql/gold/totals.sql", NEW_TOTALS.replace("o.amount", "o.money"))
    shop.edit("sql/gold/large.sql", FILES["sql/gold/large.sql"].replace("amount", "money"))
    assert shop.apply().ok
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 2, select=("gold.totals",))
    assert caught.value.code == "LW350"
    assert "gold.totals silver.orders" in caught.value.problems[0].hint


# What cannot be


def gc_says(shop: Shop, release: int, *tables: str) -> None:
    record = ControlRecord("expire", "gc", "gc", NOW, tuple(map(name, tables)), release)
    shop.world.lake().put_control(ENVIRONMENT, record)


def test_a_collected_release_is_refused_before_anything_moves(shop: Shop) -> None:
    shop.orders(DAY_THREE)
    assert shop.apply().ok
    gc_says(shop, 1)
    objects = dict(shop.world.objects)
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 1)
    assert caught.value.code == "LW352"
    assert "--to 2" in caught.value.problems[0].hint
    assert shop.world.objects == objects


def test_a_pinned_release_is_not_collected(shop: Shop) -> None:
    shop.world.lake().put_control(
        ENVIRONMENT, ControlRecord("pin", "audit", "ana", NOW, release=1, name="audit")
    )
    gc_says(shop, 1)
    assert go_back(shop, 1).ok


def test_only_the_collected_tables_are_named(shop: Shop) -> None:
    gc_says(shop, 1, "gold.totals")
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 1)
    assert [it.code for it in caught.value.problems] == ["LW352"]
    assert "gold.totals+" in caught.value.problems[0].hint


def test_a_view_goes_back_only_while_the_rows_it_reads_are_there(shop: Shop) -> None:
    gc_says(shop, 1)
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 1, select=("gold.large",))
    assert [it.code for it in caught.value.problems] == ["LW352"]


def test_a_collection_that_came_after_the_plan_is_refused(shop: Shop) -> None:
    plan = plan_back(shop, 1)
    gc_says(shop, 1)
    report = run_back(shop, plan)
    assert (report.exit_code, report.problems[0].code) == (4, "LW450")
    assert shop.latest().release == 2


def lose_files(shop: Shop, uri: str, version: int) -> None:
    shop.world.lost.add((uri, version))


def lose_log(shop: Shop, uri: str, version: int) -> None:
    del shop.world.versions[uri][version:]


def replace_table(shop: Shop, uri: str, version: int) -> None:
    shop.world.versions[uri] = [replace(it, table_id="another") for it in shop.world.versions[uri]]


@pytest.mark.parametrize("loss", [lose_files, lose_log, replace_table])
def test_rows_that_are_gone_are_refused_before_anything_moves(
    shop: Shop, loss: Callable[[Shop, str, int], None]
) -> None:
    entry = shop.world.lake().release(ENVIRONMENT, 1).tables[name("silver.orders")]
    loss(shop, f"{shop.world.uri}/{entry.location}", entry.version)
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 1)
    assert {it.code for it in caught.value.problems} == {"LW353"}
    assert shop.latest().release == 2


def test_a_part_without_what_is_gone_is_possible(shop: Shop) -> None:
    entry = shop.world.lake().release(ENVIRONMENT, 1).tables[name("silver.orders")]
    lose_files(shop, f"{shop.world.uri}/{entry.location}", entry.version)
    with pytest.raises(RefusedError):
        plan_back(shop, 1, select=("silver.orders",))
    assert go_back(shop, 1, select=("gold.totals",)).ok


def test_the_nearest_release_that_has_the_rows_is_named(shop: Shop) -> None:
    entry = shop.world.lake().release(ENVIRONMENT, 1).tables[name("gold.totals")]
    lose_files(shop, f"{shop.world.uri}/{entry.location}", entry.version)
    shop.orders(DAY_THREE)
    assert shop.apply().ok
    with pytest.raises(RefusedError) as caught:
        plan_back(shop, 1)
    assert "--to 2 is possible" in caught.value.problems[0].hint


def test_an_unreadable_record_is_refused(shop: Shop) -> None:
    path = f"_lakewright/env/prod/releases/{1:020d}.json"
    shop.world.objects[path] = (b"{", NOW)
    with pytest.raises(LakewrightError) as caught:
        plan_back(shop, 1)
    assert caught.value.code == "LW513"


def test_a_stopped_line_may_go_back(shop: Shop) -> None:
    shop.world.lake().put_control(ENVIRONMENT, ControlRecord("stop", "smoke", "ana", NOW))
    assert go_back(shop, 1).ok


# Others


def test_a_head_that_somebody_writes_is_left_and_said(shop: Shop) -> None:
    lake = shop.world.lake("busy")
    claim = lake.claim(ENVIRONMENT, name("silver.orders"), "other run", NOW)
    report = go_back(shop, 1)
    assert report.ok
    noted = {str(it.table): it.note for it in report.tables if it.note}
    assert list(noted) == ["silver.orders"]
    assert "other run" in noted["silver.orders"]
    assert shop.contents(shop.latest()) == rows_of(shop, 1)
    claim.release()
    assert len(heads(shop)["silver.orders"]) == 3
    run_back(shop, plan_back(shop, 1))  # nothing to publish: the head follows
    assert len(heads(shop)["silver.orders"]) == 2
    assert shop.latest().release == 3


def test_rows_of_strangers_at_a_head_are_not_discarded(shop: Shop) -> None:
    entry = shop.latest().tables[name("gold.totals")]
    uri = f"{shop.world.uri}/{entry.location}"
    rows = shop.world.versions[uri][-1].rows
    shop.world.tables.write(uri, rows.slice(0, 1), "append", "theirs")
    report = go_back(shop, 1)
    assert report.ok
    assert "somebody else" in next(it.note for it in report.tables if it.table == entry.table)
    assert shop.world.versions[uri][-1].commit.token == "theirs"


def test_a_release_that_came_after_the_plan_wins(shop: Shop) -> None:
    plan = plan_back(shop, 1)
    shop.orders(DAY_THREE)
    assert shop.apply(process="b").ok
    third = shop.contents(shop.latest())
    report = run_back(shop, plan)
    assert (report.exit_code, report.problems[0].code, report.release) == (4, "LW450", None)
    assert shop.latest().release == 3
    assert shop.contents(shop.latest()) == third


def test_the_report_is_stored_and_says_restore(shop: Shop) -> None:
    report = go_back(shop, 1)
    stored = shop.world.lake().get_run(report.run_id, "report.json")
    assert b'"action": "restore"' in stored
