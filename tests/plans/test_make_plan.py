"""Why tables change, and why they do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakewright.errors import RefusedError
from lakewright.graph.fingerprints import Material, own_1
from lakewright.plans import Plan
from runtime.shop import DAY_TWO, ENVIRONMENT, FILES, NOW, ORDERS, Shop, name


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    return shop


def actions(plan: Plan) -> dict[str, str]:
    return {str(change.table): change.action for change in plan.changes}


def reasons(plan: Plan, table: str) -> list[str]:
    change = next(change for change in plan.changes if str(change.table) == table)
    return [reason.detail for reason in change.reasons]


def test_an_empty_environment_creates_every_table_in_build_order() -> None:
    plan = Shop.open().plan()
    assert set(actions(plan).values()) == {"create"}
    order = [str(change.table) for change in plan.changes]
    assert order.index("silver.orders") < order.index("gold.totals")
    assert plan.base_release is None


def test_a_second_plan_after_an_apply_is_empty(built: Shop) -> None:
    assert built.plan().empty
    assert built.plan_refresh().empty


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sql/gold/totals.sql", "-- a comment\n" + FILES["sql/gold/totals.sql"]),
        ("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("\n", "  \n")),
    ],
)
def test_a_comment_or_white_space_changes_nothing(built: Shop, path: str, text: str) -> None:
    built.edit(path, text)
    assert built.plan().empty


def test_a_description_alters_and_never_rebuilds(built: Shop) -> None:
    text = FILES["pipelines/silver/orders.yml"].replace("One row per order.", "Orders.")
    built.edit("pipelines/silver/orders.yml", text)
    assert actions(built.plan()) == {"silver.orders": "alter"}
    before = built.contents(built.latest())
    assert built.apply().ok
    assert built.contents(built.latest()) == before
    assert built.plan().empty


def test_a_fail_rule_alters_and_a_quarantine_rule_rebuilds(built: Shop) -> None:
    text = FILES["pipelines/silver/orders.yml"]
    built.edit("pipelines/silver/orders.yml", text + "  - {not_null: [amount]}\n")
    assert actions(built.plan()) == {"silver.orders": "alter"}
    built.edit("pipelines/silver/orders.yml", text.replace("amount >= 0", "amount >= 6"))
    assert actions(built.plan())["silver.orders"] == "rebuild"


def test_a_gold_query_touches_only_itself(built: Shop) -> None:
    built.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("o.amount", "o.id"))
    plan = built.plan()
    assert actions(plan) == {"gold.totals": "rebuild"}
    assert plan.changes[0].category == "additive"


def test_a_silver_query_takes_its_descendants_along_and_names_itself(built: Shop) -> None:
    built.edit("sql/silver/orders.sql", "SELECT id, customer, amount * 2 AS amount FROM raw.orders")
    plan = built.plan()
    assert set(actions(plan)) == {"silver.orders", "gold.totals", "gold.large"}
    assert reasons(plan, "gold.totals") == ["reads silver.orders"]


def test_a_removed_column_is_breaking(built: Shop) -> None:
    built.edit("sql/gold/totals.sql", "SELECT count(*) AS orders FROM silver.orders")
    change = built.plan().changes[0]
    assert change.category == "breaking"
    assert change.columns.added == ("orders",)
    assert set(change.columns.removed) == {"region", "amount"}


def test_a_source_that_moved_refreshes_its_readers_and_names_versions(built: Shop) -> None:
    built.orders(DAY_TWO)
    plan = built.plan()
    assert actions(plan)["silver.orders"] == "refresh"
    assert reasons(plan, "silver.orders") == ["raw.orders 1 -> 2"]
    assert "silver.customers" not in actions(plan)


def test_optimize_of_a_source_changes_nothing(built: Shop) -> None:
    built.world.tables.touch(ORDERS, "OPTIMIZE")
    assert built.plan().empty


def test_optimize_of_our_own_table_changes_nothing_and_is_no_drift(built: Shop) -> None:
    entry = built.latest().tables[name("silver.orders")]
    built.world.tables.touch(f"{built.world.uri}/{entry.location}", "OPTIMIZE")
    plan = built.plan()
    assert plan.empty
    assert plan.state.drift == ()


def test_the_clock_makes_a_query_stale_only_when_its_day_changes(built: Shop) -> None:
    built.edit("sql/gold/totals.sql", "SELECT :today AS day, count(*) AS n FROM silver.orders")
    assert built.apply().ok
    assert built.plan(now=NOW + timedelta(hours=1)).empty
    plan = built.plan(now=NOW + timedelta(days=1))
    assert [change.category for change in plan.changes] == ["clock"]


def test_a_removed_spec_is_pending_until_the_drop_is_named(built: Shop) -> None:
    del built.files["pipelines/gold/large.yml"], built.files["sql/gold/large.sql"]
    plan = built.plan()
    assert plan.empty
    assert [str(drop.table) for drop in plan.pending] == ["gold.large"]
    allowed = built.plan(allow_destructive={name("gold.large")})
    assert actions(allowed) == {"gold.large": "drop"}
    assert built.run(allowed).ok
    assert name("gold.large") not in built.latest().tables


def test_a_drop_that_names_nothing_is_refused(built: Shop) -> None:
    with pytest.raises(RefusedError) as caught:
        built.plan(allow_destructive={name("silver.orders")})
    assert caught.value.code == "LW311"


def test_a_selection_limits_the_changes(built: Shop) -> None:
    built.orders(DAY_TWO)
    plan = built.plan(select={name("silver.orders")})
    assert actions(plan) == {"silver.orders": "refresh"}
    assert built.run(plan).ok
    later = built.plan()
    assert actions(later) == {"gold.totals": "refresh", "gold.large": "refresh"}
    assert built.latest().environment == ENVIRONMENT


def older_algorithm(material: Material) -> str:
    return "older" + own_1(material)


@pytest.mark.parametrize("comment", ["", "-- looked at again\n"], ids=["same", "comment"])
def test_an_upgraded_fingerprint_algorithm_rebuilds_nothing(comment: str) -> None:
    shop = Shop.open()
    assert shop.apply(graph=shop.graph({0: older_algorithm})).ok
    assert shop.latest().tables[name("gold.totals")].algorithm == 0
    shop.edit("sql/gold/totals.sql", comment + FILES["sql/gold/totals.sql"])
    assert shop.plan().empty


def test_an_edit_is_still_seen_after_an_upgrade_of_the_algorithm() -> None:
    shop = Shop.open()
    assert shop.apply(graph=shop.graph({0: older_algorithm})).ok
    shop.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("o.amount", "o.id"))
    assert actions(shop.plan()) == {"gold.totals": "rebuild"}


def test_planning_twice_gives_equal_plans(built: Shop) -> None:
    built.orders(DAY_TWO)
    assert built.plan() == built.plan()
