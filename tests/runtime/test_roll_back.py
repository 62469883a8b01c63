"""A rollback is one record with old entries; heads follow, and refreshes leave it alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lakewright.errors import LakewrightError, RefusedError
from lakewright.lake import ControlRecord, encode_release
from lakewright.lake.control import active_holds, held_now
from lakewright.lake.records import ControlKind
from lakewright.plans import Plan, RestoreTable, make_plan
from lakewright.runtime import plan_refresh
from runtime.back import WHY, go_back, heads, plan_back, resume, run_back
from runtime.shop import _CUSTOMER_FIELDS as CUSTOMER_FIELDS
from runtime.shop import (
    CUSTOMERS,
    DAY_TWO,
    ENVIRONMENT,
    FILES,
    NOW,
    PEOPLE,
    Shop,
    name,
)

NEW_TOTALS = FILES["sql/gold/totals.sql"].replace("sum(o.amount)", "sum(o.amount) + 1")
CYD = {"customer": "cyd", "region": "east"}
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


# Holding


def test_what_went_back_is_held_and_a_refresh_leaves_it(shop: Shop) -> None:
    go_back(shop, 1)
    assert held_of(shop) == dict.fromkeys(
        ("gold.large", "gold.totals", "silver.orders"), "rollback"
    )
    shop.orders(DAY_THREE)
    assert shop.refresh().release is None
    assert shop.contents(shop.latest()) == rows_of(shop, 1)


def test_a_refresh_goes_on_with_what_did_not_go_back(shop: Shop) -> None:
    go_back(shop, 1)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    assert shop.refresh().release == 4
    contents = shop.contents(shop.latest())
    assert {row["customer"] for row in contents["silver.customers"]} == {"ann", "bob", "cyd"}
    assert contents["gold.totals"] == rows_of(shop, 1)["gold.totals"]
    assert held_of(shop)["gold.totals"] == "rollback"


def test_a_descendant_that_did_not_go_back_waits_for_what_is_held(shop: Shop) -> None:
    shop.edit("sql/gold/counted.sql", "SELECT count(*) AS n FROM silver.orders, raw.customers")
    shop.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"])
    assert shop.apply().ok
    text = FILES["sql/silver/orders.sql"].replace("amount FROM", "amount + 0 AS amount FROM")
    shop.edit("sql/silver/orders.sql", text)
    assert shop.apply().ok
    go_back(shop, 3)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    before = shop.contents(shop.latest())["gold.counted"]
    shop.refresh()
    assert shop.contents(shop.latest())["gold.counted"] == before


def test_resume_lets_the_next_refresh_go_on(shop: Shop) -> None:
    go_back(shop, 1)
    resume(shop)
    assert shop.refresh().ok
    assert shop.latest().held == ()
    orders = shop.contents(shop.latest())["silver.orders"]
    assert [row["id"] for row in orders] == [1, 2, 5]
    # the code stays that of release 1: a refresh deploys nothing
    totals = shop.contents(shop.latest())["gold.totals"]
    assert {row["amount"] for row in totals} == {12, 20}


def test_resume_of_one_table_leaves_the_others_held(shop: Shop) -> None:
    go_back(shop, 1)
    resume(shop, "silver.orders")
    shop.refresh()
    assert [row["id"] for row in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5]
    assert held_of(shop) == dict.fromkeys(("gold.large", "gold.totals"), "rollback")
    assert shop.contents(shop.latest())["gold.totals"] == rows_of(shop, 1)["gold.totals"]


def test_an_older_resume_frees_nothing(shop: Shop) -> None:
    resume(shop)
    go_back(shop, 1)
    assert shop.refresh().release is None
    assert held_of(shop)["silver.orders"] == "rollback"


def test_an_apply_frees_what_it_selects(shop: Shop) -> None:
    go_back(shop, 1)
    assert shop.apply().ok
    assert shop.latest().held == ()
    assert shop.contents(shop.latest()) == rows_of(shop, 2)


def test_replay_holds_nothing(shop: Shop) -> None:
    assert go_back(shop, 1, mode="replay").ok
    assert shop.latest().held == ()
    assert shop.refresh().ok
    assert [row["id"] for row in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5]


def test_a_hold_of_before_stays_where_nothing_went_back(shop: Shop) -> None:
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, PEOPLE[0]])
    shop.refresh()
    assert held_of(shop)["silver.customers"] == "check"
    go_back(shop, 1)
    assert held_of(shop)["silver.customers"] == "check"


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


# Files


INGEST = """\
table: raw.w
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {a: {type: bigint}}
"""


class Landing:
    """A shop with an ingest over real files and a table that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "landing"
        self.folder.mkdir()
        self.shop = Shop.open()
        self.shop.files = {
            "lakewright.yml": FILES["lakewright.yml"],
            "pipelines/raw/w.yml": INGEST,
            "sql/gold/sums.sql": "SELECT CAST(sum(a) AS BIGINT) AS a FROM raw.w\n",
        }

    def resolve(self, text: str) -> str:
        return f"{self.folder.parent}/{text}"

    def land(self, file: str, *lines: str) -> None:
        (self.folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def apply(self) -> None:
        graph = self.shop.graph()
        state = self.shop.world.lake().state(ENVIRONMENT, graph.inputs, resolve=self.resolve)
        assert self.shop.run(make_plan(graph, state, NOW)).ok

    def refresh(self) -> None:
        plan = plan_refresh(self.shop.world.lake(), ENVIRONMENT, NOW, resolve=self.resolve)
        self.shop.run(plan)

    def rows(self) -> tuple[list[int], list[int]]:
        found = self.shop.contents(self.shop.latest())
        return [r["a"] for r in found["raw.w"]], [r["a"] for r in found["gold.sums"]]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    landing = Landing(tmp_path)
    landing.land("a.csv", "a", "1", "2")
    landing.apply()
    landing.land("b.csv", "a", "30")
    landing.land("c.csv", "a", "400", "bad")
    landing.land("d.csv", "a", "5")
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 400, 5], [438])
    return landing


def test_files_loaded_since_are_listed_with_what_is_at_their_path(landing: Landing) -> None:
    (landing.folder / "b.csv").unlink()
    landing.land("c.csv", "a", "7")
    change = changes_of(plan_back(landing.shop, 1, resolve=landing.resolve))["raw.w"]
    assert [(file.path, file.now) for file in change.files] == [
        ("landing/b.csv", "gone"),
        ("landing/c.csv", "changed"),
        ("landing/d.csv", "there"),
    ]


def test_a_held_ingest_loads_nothing_until_it_is_resumed(landing: Landing) -> None:
    go_back(landing.shop, 1)
    landing.land("e.csv", "a", "6")
    landing.refresh()
    assert landing.rows() == ([1, 2], [3])
    (landing.folder / "c.csv").unlink()
    resume(landing.shop)
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 5, 6], [44])
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 5, 6], [44])


def test_replay_loads_each_file_once_again(landing: Landing) -> None:
    go_back(landing.shop, 1, mode="replay")
    assert landing.rows() == ([1, 2], [3])
    landing.refresh()
    assert sorted(landing.rows()[0]) == [1, 2, 5, 30, 400]
    quarantined = landing.shop.contents(landing.shop.latest())["raw.w__quarantine"]
    assert len(quarantined) == 1


def test_keep_ingest_leaves_loaded_files_and_rebuilds_with_the_code_of_then(
    landing: Landing,
) -> None:
    landing.shop.edit("sql/gold/sums.sql", "SELECT CAST(sum(a) * 2 AS BIGINT) AS a FROM raw.w")
    landing.apply()
    plan = plan_back(landing.shop, 1, mode="keep-ingest", resolve=landing.resolve)
    assert list(changes_of(plan)) == ["gold.sums"]
    assert plan.rollback is not None
    assert [str(it) for it in plan.rollback.kept] == ["raw.w"]
    assert run_back(landing.shop, plan).ok
    assert landing.rows() == ([1, 2, 30, 400, 5], [3])
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 400, 5], [438])


# A person's hold


def say(shop: Shop, kind: ControlKind, *tables: str) -> None:
    said = tuple(map(name, tables))
    record = ControlRecord(kind, "looking", "ana", NOW, said, release=shop.latest().release)
    shop.world.lake().put_control(ENVIRONMENT, record)


def test_a_person_holds_a_table_until_it_is_resumed(shop: Shop) -> None:
    say(shop, "hold", "silver.orders")
    shop.orders(DAY_THREE)
    shop.refresh()
    assert shop.contents(shop.latest())["silver.orders"] == rows_of(shop, 2)["silver.orders"]
    say(shop, "resume", "silver.orders")
    assert shop.refresh().ok
    assert [r["id"] for r in shop.contents(shop.latest())["silver.orders"]] == [1, 2, 5, 6]


def test_an_apply_ends_a_persons_hold_of_what_it_selects(shop: Shop) -> None:
    say(shop, "hold", "silver.orders", "silver.customers")
    shop.orders(DAY_THREE)
    assert shop.apply(select={name("silver.orders"), name("gold.totals"), name("gold.large")}).ok
    records = shop.world.lake().control(ENVIRONMENT)
    assert [str(hold.table) for hold in active_holds(records)] == ["silver.customers"]


def test_an_apply_of_a_held_table_that_needs_nothing_ends_the_hold_once(shop: Shop) -> None:
    say(shop, "hold", "silver.orders")
    assert shop.apply().release == 3
    assert active_holds(shop.world.lake().control(ENVIRONMENT)) == ()
    assert shop.plan().empty


def test_what_is_held_is_told_with_resumes_taken_off(shop: Shop) -> None:
    say(shop, "hold", "silver.customers")
    go_back(shop, 1)
    lake = shop.world.lake()

    def told() -> dict[str, str]:
        held = held_now(shop.latest(), lake.control(ENVIRONMENT))
        return {str(hold.table): hold.by for hold in held}

    assert told() == {
        "gold.large": "rollback",
        "gold.totals": "rollback",
        "silver.customers": "person",
        "silver.orders": "rollback",
    }
    say(shop, "resume", "silver.customers", "gold.large")
    assert told() == {"gold.totals": "rollback", "silver.orders": "rollback"}
    say(shop, "resume")
    assert told() == {}
