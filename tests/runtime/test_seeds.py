"""Seeds from the first apply to a rollback, over the in-memory lake and engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lakewright.plans import BuildTable, Plan
from runtime.shop import ENVIRONMENT, Shop, name

SPEC = "pipelines/silver/regions.yml"
CSV = "pipelines/silver/regions.csv"
SEED = "table: silver.regions\nkind: seed\nfile: regions.csv\nkey: [region]\n"
ROWS = "region,since\nnorth,2013-01-01\nsouth,\n"


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open()
    shop.edit(SPEC, SEED)
    shop.edit(CSV, ROWS)
    assert shop.apply().ok
    return shop


def seeded(shop: Shop) -> list[dict[str, Any]]:
    return shop.contents(shop.latest())["silver.regions"]


def change(plan: Plan) -> tuple[str, str, tuple[str, ...]]:
    (found,) = [it for it in plan.changes if it.table == name("silver.regions")]
    assert isinstance(found, BuildTable)
    return found.action, found.category, tuple(reason.detail for reason in found.reasons)


def test_a_seed_is_built_with_the_values_of_its_file(shop: Shop) -> None:
    north = {"region": "north", "since": date(2013, 1, 1)}
    assert seeded(shop) == [north, {"region": "south", "since": None}]


def test_nothing_changes_while_the_file_stays(shop: Shop) -> None:
    assert shop.plan().empty
    shop.edit(CSV, ROWS.replace("north", '"north"'))
    assert shop.plan().empty


def test_other_rows_rebuild_the_table_and_name_the_file(shop: Shop) -> None:
    shop.edit(CSV, ROWS + "east,2014-01-01\n")
    assert change(shop.plan()) == ("rebuild", "data", ("code: regions.csv",))
    assert shop.apply().ok
    assert len(seeded(shop)) == 3


@pytest.mark.parametrize(
    ("text", "category", "reason"),
    [
        ("region,since,n\nnorth,2013-01-01,1\n", "additive", "code: regions.csv, n added"),
        ("region\nnorth\n", "breaking", "code: regions.csv, since removed (breaking)"),
        ("region,since\nnorth,soon\n", "breaking", "since date -> string (breaking)"),
    ],
)
def test_other_columns_have_the_category_they_deserve(
    shop: Shop, text: str, category: str, reason: str
) -> None:
    shop.edit(CSV, text)
    action, found, (told,) = change(shop.plan())
    assert (action, found) == ("rebuild", category)
    assert told.endswith(reason)
    assert shop.apply().ok
    assert shop.plan().empty


def test_a_declared_type_is_a_change_of_the_code(shop: Shop) -> None:
    shop.edit(SPEC, SEED + "columns: {since: {type: string}}\n")
    action, category, reasons = change(shop.plan())
    assert (action, category) == ("rebuild", "breaking")
    assert reasons[0] == "code: since date -> string (breaking)"


def test_a_description_alters_and_builds_nothing(shop: Shop) -> None:
    shop.edit(SPEC, SEED + "description: Where we sell.\n")
    (found,) = shop.plan().changes
    assert (found.table, found.action) == (name("silver.regions"), "alter")


def test_readers_follow_a_seed(shop: Shop) -> None:
    shop.edit("sql/shop/gold/named.sql", "SELECT region FROM silver.regions")
    assert shop.apply().ok
    shop.edit(CSV, ROWS + "east,2014-01-01\n")
    assert {str(it.table) for it in shop.plan().changes} == {"silver.regions", "gold.named"}


def test_a_refresh_has_the_rows_without_a_checkout(shop: Shop) -> None:
    shop.files.clear()
    location = shop.world.lake().location_uri(shop.latest().tables[name("silver.regions")].location)
    shop.world.tables.write(
        location, shop.world.tables.rows(location, 1).slice(0, 0), "overwrite", "x"
    )
    assert shop.refresh().ok
    assert len(seeded(shop)) == 2


def test_a_rollback_brings_the_file_back_with_the_rows(shop: Shop) -> None:
    lake = shop.world.lake()
    before = shop.latest().tables[name("silver.regions")]
    shop.edit(CSV, ROWS + "east,2014-01-01\n")
    assert shop.apply().ok
    stored = {file.path: file.text for file in lake.code(ENVIRONMENT, before.code)}
    assert stored[CSV] == ROWS


def test_a_rule_sets_rows_of_a_seed_apart(shop: Shop) -> None:
    shop.edit(SPEC, SEED + "expect: [{not_null: [since], on_fail: quarantine}]\n")
    report = shop.apply()
    (table,) = [it for it in report.tables if it.table == name("silver.regions")]
    assert (table.rows_produced, table.rows_kept, table.rows_quarantined) == (2, 1, 1)


def test_a_key_that_is_broken_stops_the_run(shop: Shop) -> None:
    shop.edit(CSV, ROWS + "north,2014-01-01\n")
    report = shop.apply()
    assert not report.ok
    assert len(seeded(shop)) == 2
