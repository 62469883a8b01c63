"""An existing Delta table taken under management: pinned as it is, written only where it may be."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fakes.lake import Crash
from fakes.lake import StopAt as CrashAt
from lakewright.errors import LakewrightError
from lakewright.lake import Definition, Field, read_source
from lakewright.plans import FoundTable, Plan, make_plan, plan_adoption
from runtime.bronze import BRONZE, PROJECT, Bronze
from runtime.shop import _CUSTOMER_FIELDS as CUSTOMER_FIELDS
from runtime.shop import CUSTOMERS, ENVIRONMENT, NOW, PEOPLE, Shop, name

TABLE = name("silver.customers")
INSIDE = "memory://lake/prod/old/customers"
OUTSIDE = "memory://elsewhere/customers"
MORE = [*PEOPLE, {"customer": "cyd", "region": "east"}]


@pytest.fixture
def shop() -> Shop:
    made = Shop.open()
    for uri in (INSIDE, OUTSIDE):
        made.source(uri, CUSTOMER_FIELDS, PEOPLE)
    return made


def found(shop: Shop, uri: str) -> FoundTable:
    source = read_source(shop.world.tables, uri)
    base = "" if uri.startswith("memory://lake/") else "memory://elsewhere"
    location = uri.removeprefix("memory://lake/").removeprefix("memory://elsewhere/")
    head = shop.world.tables.at(uri, source.version)
    return FoundTable(head, location, base, source.data_version)


def adoption(shop: Shop, uri: str, table: str = "silver.customers", **options: Any) -> Plan:
    graph = shop.graph()
    state = shop.world.lake().state(ENVIRONMENT, graph.inputs)
    return plan_adoption(
        graph, state, graph.steps[name(table)], found(shop, uri), now=NOW, **options
    )


def commits(shop: Shop, uri: str) -> int:
    return len(shop.world.tables.commits(uri, -1))


@pytest.mark.parametrize("uri", [INSIDE, OUTSIDE])
def test_the_first_release_pins_the_version_that_is_there(shop: Shop, uri: str) -> None:
    before = commits(shop, uri)
    report = shop.run(adoption(shop, uri))
    assert (report.ok, report.release) == (True, 1)
    release = shop.latest()
    entry = release.tables[TABLE]
    assert (release.kind, entry.version, entry.token, entry.rows) == ("apply", before - 1, "", 2)
    assert commits(shop, uri) == before
    lake = shop.world.lake()
    assert lake.entry_uri(entry) == uri
    lake.verify_pin(entry)
    assert shop.world.lake().code(ENVIRONMENT, entry.code)


@pytest.mark.parametrize("uri", [INSIDE, OUTSIDE])
def test_a_plan_after_an_adoption_leaves_the_table_alone(shop: Shop, uri: str) -> None:
    assert shop.run(adoption(shop, uri)).ok
    assert TABLE not in {change.table for change in shop.plan().changes}
    assert shop.apply().ok
    assert commits(shop, uri) == 2
    assert shop.plan().empty
    assert shop.plan_refresh().empty


def test_a_table_in_a_place_of_ours_is_written_there_later(shop: Shop) -> None:
    assert shop.run(adoption(shop, INSIDE)).ok
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, MORE)
    assert shop.apply().ok
    entry = shop.latest().tables[TABLE]
    assert (entry.location, entry.base) == ("prod/old/customers", "")
    assert len(shop.contents(shop.latest())["silver.customers"]) == 3
    assert shop.plan().empty


def test_a_table_elsewhere_gets_a_place_of_its_own_at_its_first_write(shop: Shop) -> None:
    assert shop.run(adoption(shop, OUTSIDE)).ok
    before = commits(shop, OUTSIDE)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, MORE)
    assert shop.apply().ok
    entry = shop.latest().tables[TABLE]
    assert (entry.location, entry.base) == ("prod/silver/customers", "")
    assert commits(shop, OUTSIDE) == before
    assert shop.plan().empty


def test_what_others_write_elsewhere_is_no_drift(shop: Shop) -> None:
    assert shop.run(adoption(shop, OUTSIDE)).ok
    shop.source(OUTSIDE, CUSTOMER_FIELDS, MORE)
    assert shop.plan().state.drift == ()
    shop.edit("pipelines/silver/customers.yml", "table: silver.customers\nkey: [customer]\n"
              "description: People.\n")  # fmt: skip
    before = commits(shop, OUTSIDE)
    assert shop.apply().ok
    assert commits(shop, OUTSIDE) == before
    assert not shop.latest().tables[TABLE].is_foreign(ENVIRONMENT)


@pytest.mark.parametrize("uri", [INSIDE, OUTSIDE])
def test_rows_that_break_a_rule_are_refused_with_counts(shop: Shop, uri: str) -> None:
    shop.source(uri, CUSTOMER_FIELDS, [*PEOPLE, PEOPLE[0]])
    before = commits(shop, uri)
    report = shop.run(adoption(shop, uri))
    assert (report.exit_code, report.problems[0].code, report.release) == (1, "LW431", None)
    assert shop.world.lake().latest(ENVIRONMENT) is None
    assert commits(shop, uri) == before


def test_rows_that_would_be_set_apart_are_refused(shop: Shop) -> None:
    rows = [{"id": 1, "customer": "ann", "amount": -5}]
    fields = (Field("id", "bigint"), Field("customer", "string"), Field("amount", "bigint"))
    shop.source("memory://lake/prod/old/orders", fields, rows)
    report = shop.run(adoption(shop, "memory://lake/prod/old/orders", "silver.orders"))
    assert (report.exit_code, report.problems[0].code) == (1, "LW466")


def test_every_difference_of_columns_is_listed(shop: Shop) -> None:
    shop.edit(
        "pipelines/silver/customers.yml",
        "table: silver.customers\ncolumns: {customer: {type: string}, region: {type: string}}\n",
    )
    uri = "memory://lake/prod/old/odd"
    tables = shop.world.tables
    fields = (Field("customer", "bigint"), Field("age", "int"))
    tables.define(uri, Definition(fields), "theirs", table_id="odd", now=NOW)
    tables.write(uri, pa.table({"customer": [1], "age": [2]}), "overwrite", "theirs")
    with pytest.raises(LakewrightError) as caught:
        adoption(shop, uri)
    assert [problem.code for problem in caught.value.problems] == ["LW327"] * 3
    told = " ".join(problem.message for problem in caught.value.problems)
    assert all(word in told for word in ("`customer` is bigint", "`region`", "`age`"))


def test_a_released_table_is_not_adopted_again(shop: Shop) -> None:
    assert shop.run(adoption(shop, INSIDE)).ok
    with pytest.raises(LakewrightError) as caught:
        adoption(shop, OUTSIDE)
    assert caught.value.code == "LW325"


@pytest.mark.parametrize("table", ["gold.large", "raw.customers"])
def test_views_and_sources_have_nothing_to_adopt(shop: Shop, table: str) -> None:
    with pytest.raises(LakewrightError) as caught:
        adoption(shop, INSIDE, table)
    assert caught.value.code == "LW326"


def test_a_table_over_unreleased_ones_waits_for_them(shop: Shop) -> None:
    with pytest.raises(LakewrightError) as caught:
        adoption(shop, INSIDE, "gold.totals")
    assert [problem.code for problem in caught.value.problems] == ["LW328", "LW328"]


def test_a_write_before_the_record_is_put_is_not_published(shop: Shop) -> None:
    plan = adoption(shop, INSIDE)
    shop.source(INSIDE, CUSTOMER_FIELDS, MORE)
    report = shop.run(plan)
    assert (report.exit_code, report.problems[0].code) == (4, "LW330")


@pytest.mark.parametrize("uri", [INSIDE, OUTSIDE])
def test_a_crash_at_any_operation_of_an_adoption_leaves_nothing_or_all(
    shop: Shop, uri: str
) -> None:
    before = commits(shop, uri)
    point, crashed = 0, True
    while crashed:
        point += 1
        tried = copy.deepcopy(shop)
        crashed = crash_at(tried, adoption(tried, uri), point)
        assert commits(tried, uri) == before, f"point {point}"
        if tried.world.lake().latest(ENVIRONMENT) is None:
            assert tried.run(adoption(tried, uri)).ok, f"point {point}"
        entry = tried.latest().tables[TABLE]
        assert (tried.latest().release, entry.version) == (1, before - 1), f"point {point}"
    assert point > 10


def crash_at(shop: Shop, plan: Plan, point: int) -> bool:
    shop.world.hook = CrashAt(point)
    try:
        shop.run(plan, "dying")
    except Crash:
        return True
    finally:
        shop.world.hook = None
        shop.world.kill("dying")
    return False


def test_a_foreign_write_at_any_operation_of_an_adoption_is_not_published(shop: Shop) -> None:
    point, refused, intruding = 0, 0, True
    while intruding:
        point += 1
        tried = copy.deepcopy(shop)
        intruding, report = intrude_at(tried, adoption(tried, INSIDE), point)
        refused += not report.ok
        if report.ok:
            assert len(tried.contents(tried.latest())["silver.customers"]) == 2, f"point {point}"
        else:
            assert tried.world.lake().latest(ENVIRONMENT) is None, f"point {point}"
            assert [problem.code for problem in report.problems] == ["LW330"], f"point {point}"
        assert tried.world.tables.rows(INSIDE, commits(tried, INSIDE) - 1).num_rows >= 2
    assert refused > 5


def intrude_at(shop: Shop, plan: Plan, point: int) -> tuple[bool, Any]:
    """Run the plan while a stranger overwrites the table at that operation."""
    passed = [0]

    def hook(operation: str, path: str, moment: str) -> None:
        del operation, path, moment
        passed[0] += 1
        if passed[0] == point:
            shop.world.hook = None
            shop.source(INSIDE, CUSTOMER_FIELDS, MORE)

    shop.world.hook = hook
    try:
        report = shop.run(plan)
    finally:
        shop.world.hook = None
    return passed[0] >= point, report


# Ingest


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    """Files that are there, a table with 1 and 2 at a place of ours, nothing released."""
    made = Bronze(tmp_path)
    made.shop.files = dict(PROJECT)
    made.land("one.csv", 1, 2)
    made.shop.source(INSIDE, (Field("a", "bigint"),), [{"a": 1}, {"a": 2}])
    made.shop.source(OUTSIDE, (Field("a", "bigint"),), [{"a": 1}, {"a": 2}])
    return made


def adopt_bronze(bronze: Bronze, uri: str, files: Any) -> Any:
    graph = bronze.shop.graph()
    plan = plan_adoption(
        graph, bronze.state(), graph.steps[BRONZE], found(bronze.shop, uri), now=NOW, files=files
    )
    return bronze.shop.run(plan)


def test_files_noted_as_loaded_are_not_loaded_again(bronze: Bronze) -> None:
    assert adopt_bronze(bronze, INSIDE, "loaded").ok
    assert BRONZE not in {change.table for change in bronze.plan().changes}
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert bronze.released() == [1, 2, 3]
    assert bronze.plan().empty


def test_pending_files_are_loaded_by_the_next_run(bronze: Bronze) -> None:
    assert adopt_bronze(bronze, INSIDE, "pending").ok
    assert bronze.apply().ok
    assert bronze.released() == [1, 1, 2, 2]
    assert bronze.plan().empty


def test_a_table_of_files_elsewhere_goes_on_at_a_place_of_its_own(bronze: Bronze) -> None:
    assert adopt_bronze(bronze, OUTSIDE, "loaded").ok
    before = commits(bronze.shop, OUTSIDE)
    assert bronze.apply().ok
    bronze.land("two.csv", 3)
    assert bronze.apply().ok
    assert bronze.released() == [1, 2, 3]
    assert commits(bronze.shop, OUTSIDE) == before


def test_what_was_adopted_is_discarded_to_and_adopted_from_like_any_version(
    bronze: Bronze,
) -> None:
    assert adopt_bronze(bronze, INSIDE, "loaded").ok
    assert bronze.apply().ok
    bronze.write(7)
    discarded = copy.deepcopy(bronze)
    assert discarded.apply(drift="discard").ok
    assert discarded.head() == [1, 2]
    assert bronze.apply(drift="adopt").ok
    assert bronze.released() == [1, 2, 7]


def test_make_plan_knows_the_adopted_inputs(shop: Shop) -> None:
    assert shop.run(adoption(shop, INSIDE)).ok
    graph = shop.graph()
    state = shop.world.lake().state(ENVIRONMENT, graph.inputs)
    plan = make_plan(graph, state, NOW, select={TABLE})
    assert plan.empty
