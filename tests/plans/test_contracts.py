"""What a contract and `on_schema_change` refuse, by the plan and by a run."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from lakewright.errors import RefusedError
from lakewright.lake import Field
from lakewright.plans import Plan
from lakewright.specs import Consumer, Contract
from runtime.shop import ORDERS, Shop, name

SPEC, QUERY = "pipelines/gold/board.yml", "sql/gold/board.sql"
BOARD = Consumer("delay board", "ops@example.com", "https://bi/7")
CONSUMERS = "consumers: [{name: delay board, owner: ops@example.com, url: https://bi/7}]"
NARROW = [Field("id", "int"), Field("customer", "string"), Field("amount", "bigint")]


def spec(version: int | None = 1, more: str = "") -> str:
    contract = "" if version is None else f"contract: {{version: {version}, {CONSUMERS}}}\n"
    return f"table: gold.board\n{contract}{more}"


@cache
def _released(text: str) -> Shop:
    shop = Shop.open()
    for path in [path for path in shop.files if "/gold/" in path]:
        del shop.files[path]
    shop.files |= {SPEC: text, QUERY: "SELECT id, amount FROM silver.orders"}
    assert shop.apply().ok
    return shop


def released(text: str) -> Shop:
    return copy.deepcopy(_released(text))


def refusal(shop: Shop, **options: object) -> list[str]:
    """The codes the plan is refused with; none for a plan that would do something."""
    try:
        plan: Plan = shop.plan(**options)
    except RefusedError as error:
        return [problem.code for problem in error.problems]
    assert not plan.empty
    return []


def test_the_release_holds_the_contract() -> None:
    board = released(spec()).latest().tables[name("gold.board")]
    assert board.contract == Contract(1, (BOARD,))


def test_a_contract_alone_alters_and_rebuilds_nothing() -> None:
    shop = released(spec(None))
    shop.edit(SPEC, spec(1))
    change = shop.plan().changes[0]
    assert (change.action, change.category) == ("alter", "metadata")
    assert [reason.detail for reason in change.reasons] == ["contract none -> 1"]
    assert shop.apply().ok
    assert shop.latest().tables[name("gold.board")].contract == Contract(1, (BOARD,))
    assert shop.plan().empty


BREAKING = "SELECT id FROM silver.orders"
TYPED = "columns: {amount: {type: double}}\n"


@pytest.mark.parametrize(
    ("query", "more"), [(BREAKING, ""), ("SELECT id, amount FROM silver.orders", TYPED)]
)
def test_a_breaking_change_needs_another_version(query: str, more: str) -> None:
    shop = released(spec())
    shop.edit(QUERY, query)
    shop.edit(SPEC, spec(1, more))
    assert refusal(shop) == ["LW336"]
    shop.edit(SPEC, spec(None, more))
    assert refusal(shop) == ["LW336"]
    shop.edit(SPEC, spec(2, more))
    assert refusal(shop) == []
    assert shop.apply().ok


def test_the_refusal_names_every_consumer_with_owner_and_place() -> None:
    shop = released(spec())
    shop.edit(QUERY, BREAKING)
    with pytest.raises(RefusedError) as caught:
        shop.plan()
    assert "delay board (ops@example.com, https://bi/7)" in caught.value.problems[0].message
    assert "amount is removed" in caught.value.problems[0].message


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, amount, customer FROM silver.orders",
        "SELECT id, amount + 1 AS amount FROM silver.orders",
        "SELECT id, amount FROM silver.orders WHERE id > 1",
    ],
)
def test_more_columns_and_other_rows_break_no_contract(query: str) -> None:
    shop = released(spec())
    shop.edit(QUERY, query)
    assert refusal(shop) == []


def test_a_table_with_a_contract_is_dropped_only_when_it_was_given_up_before() -> None:
    shop = released(spec())
    left = {path: text for path, text in shop.files.items() if path not in {SPEC, QUERY}}
    kept, shop.files = shop.files, left
    board = {name("gold.board")}
    assert refusal(shop, allow_destructive=board) == ["LW337"]
    assert shop.plan().empty  # pending: nobody said to drop it
    shop.files = {**kept, SPEC: spec(None)}
    assert shop.apply().ok
    shop.files = left
    assert refusal(shop, allow_destructive=board) == []


ADDED = "SELECT id, amount, customer FROM silver.orders"
SAME = "SELECT id, amount FROM silver.orders"
WIDER = "columns: {amount: {type: 'decimal(30,0)'}}\n"


@pytest.mark.parametrize(
    ("choice", "query", "more", "codes"),
    [
        ("fail", ADDED, "", ["LW338"]),
        ("fail", BREAKING, "", ["LW338"]),
        ("fail", SAME + " WHERE id > 1", "", []),
        ("add", ADDED, "", []),
        ("add", BREAKING, "", ["LW338"]),
        ("add", SAME, WIDER, ["LW338"]),
        ("widen", ADDED, "", []),
        ("widen", SAME, WIDER, []),
        ("widen", SAME, TYPED, ["LW338"]),
        ("widen", BREAKING, "", ["LW338"]),
    ],
)
def test_on_schema_change_says_which_changes_are_allowed(
    choice: str, query: str, more: str, codes: list[str]
) -> None:
    said = f"on_schema_change: {choice}\n"
    shop = released(spec(None, said))
    shop.edit(QUERY, query)
    shop.edit(SPEC, spec(None, said + more))
    assert refusal(shop) == codes


def test_another_version_of_the_contract_allows_what_on_schema_change_forbids() -> None:
    shop = released(spec(1, "on_schema_change: fail\n"))
    shop.edit(QUERY, ADDED)
    assert refusal(shop) == ["LW338"]
    shop.edit(SPEC, spec(2, "on_schema_change: fail\n"))
    assert refusal(shop) == []


def test_a_folder_may_say_on_schema_change_for_its_tables() -> None:
    shop = released(spec(None))
    shop.edit("pipelines/gold/_defaults.yml", "on_schema_change: fail\n")
    shop.edit(QUERY, ADDED)
    assert refusal(shop) == ["LW338"]


@pytest.mark.parametrize(("more", "code"), [("", "LW336"), ("on_schema_change: fail\n", "LW336")])
def test_columns_that_only_an_engine_knows_are_refused_before_rows_are_written(
    more: str, code: str
) -> None:
    text = spec(1, 'python: "made:build"\nreads: [silver.orders]\n' + more)
    shop = released(spec())
    del shop.files[QUERY]
    shop.edit(SPEC, text)
    keep = "def build(inputs):\n    return inputs['silver.orders'].select('id, amount')\n"
    shop.edit("pipelines/gold/made.py", keep)
    assert shop.apply().ok
    before = shop.latest()
    shop.edit("pipelines/gold/made.py", keep.replace("id, amount", "id"))
    report = shop.apply()
    assert [problem.code for problem in report.problems] == [code]
    assert report.exit_code == 4
    assert shop.latest() == before


def test_a_refresh_holds_a_table_whose_columns_its_inputs_change() -> None:
    shop = Shop.open()
    shop.files = {
        path: text for path, text in shop.files.items() if "raw" in path or "/" not in path
    }
    shop.edit("sql/silver/all.sql", "SELECT * FROM raw.orders")
    shop.edit("pipelines/silver/all.yml", "table: silver.all\non_schema_change: fail\n")
    shop.edit("pipelines/raw/orders.yml", f"table: raw.orders\nkind: source\nlocation: {ORDERS}\n")
    assert shop.apply().ok
    fields = (*NARROW[1:], Field("id", "bigint"), Field("more", "string"))
    shop.source(ORDERS, fields, [{"id": 1, "customer": "a", "amount": 1, "more": "x"}])
    report = shop.refresh()
    assert [str(hold.table) for hold in report.held] == ["silver.all"]
    assert "more is added" in report.held[0].reason
