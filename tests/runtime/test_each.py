"""`for_each` from the first apply on: a row is a table, and touches no other."""

from __future__ import annotations

import pytest

from runtime.shop import DAY_TWO, Shop

SPEC = "pipelines/gold/sales.yml"
YAML = """\
table: gold.sales_${each.region}
description: Sales of ${each.label}.
for_each:
  - {region: north, label: "O'Neill's; --"}
  - {region: south, label: South}
"""
SQL = """\
SELECT o.id, :each.label AS label FROM silver.orders AS o
JOIN silver.customers AS c ON c.customer = o.customer WHERE c.region = :each.region
"""


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open()
    shop.edit(SPEC, YAML)
    shop.edit("sql/gold/sales.sql", SQL)
    assert shop.apply().ok
    return shop


def changed(shop: Shop) -> dict[str, str]:
    return {str(change.table): change.action for change in shop.plan().changes}


def test_each_table_holds_what_its_row_says(shop: Shop) -> None:
    contents = shop.contents(shop.latest())
    assert contents["gold.sales_north"] == [{"id": 1, "label": "O'Neill's; --"}]
    assert contents["gold.sales_south"] == [{"id": 2, "label": "South"}]


def test_another_row_creates_one_table_and_touches_no_other(shop: Shop) -> None:
    before = shop.latest().tables
    shop.edit(SPEC, YAML + "  - {region: west, label: West}\n")
    assert changed(shop) == {"gold.sales_west": "create"}
    assert shop.apply().ok
    after = shop.latest().tables
    assert {name: after[name] for name in before} == before


def test_another_value_rebuilds_its_own_table_alone(shop: Shop) -> None:
    shop.edit(SPEC, YAML.replace("label: South", "label: The south"))
    assert changed(shop) == {"gold.sales_south": "rebuild"}


def test_rows_in_another_order_change_nothing(shop: Shop) -> None:
    first, second = YAML.splitlines(keepends=True)[3:]
    shop.edit(SPEC, YAML.replace(first + second, second + first))
    assert shop.plan().empty


def test_a_row_that_is_gone_leaves_a_drop_to_be_allowed(shop: Shop) -> None:
    shop.edit(SPEC, "".join(YAML.splitlines(keepends=True)[:4]))
    plan = shop.plan()
    assert [str(drop.table) for drop in plan.pending] == ["gold.sales_south"]
    assert plan.empty


def test_a_refresh_needs_no_list(shop: Shop) -> None:
    shop.files.clear()
    shop.orders(DAY_TWO)
    assert shop.refresh().ok
    assert [row["id"] for row in shop.contents(shop.latest())["gold.sales_north"]] == [1, 5]
