"""Sequences that once could publish what was not checked, or lose what was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes.engine import FakeEngine
from lakewright.errors import LakeError, RefusedError
from lakewright.graph import compile_project
from lakewright.lake import ControlRecord, Held
from lakewright.plans import Plan, make_plan, merge_selected, refuse_unfit_pending
from lakewright.runtime import apply_plan, plan_refresh
from lakewright.runtime.binding import Binder
from lakewright.runtime.reading import as_released
from lakewright.specs import SourceFile, load_files
from runtime.shop import _CUSTOMER_FIELDS as CUSTOMER_FIELDS
from runtime.shop import (
    CUSTOMERS,
    DAY_ONE,
    DAY_TWO,
    ENVIRONMENT,
    FILES,
    NOW,
    PEOPLE,
    Shop,
    name,
)

CYD = {"customer": "cyd", "region": "east"}
INGEST = """\
table: raw.w
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {a: {type: bigint}}
"""


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    return shop


class Landing:
    """A shop with one ingest over real files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "landing").mkdir()
        self.shop = Shop.open()
        self.shop.files = {
            "lakewright.yml": FILES["lakewright.yml"],
            "pipelines/raw/w.yml": INGEST,
        }

    def land(self, file: str, *lines: str) -> None:
        (self.folder / "landing" / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def plan(self, **options: Any) -> Plan:
        graph = self.shop.graph()
        lake = self.shop.world.lake()
        state = lake.state(ENVIRONMENT, graph.inputs, resolve=lambda text: f"{self.folder}/{text}")
        return make_plan(graph, state, NOW, **options)

    def rows(self) -> list[int]:
        return [row["a"] for row in self.shop.contents(self.shop.latest())["raw.w"]]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    made = Landing(tmp_path)
    made.land("a.csv", "a", "1", "2")
    assert made.shop.run(made.plan()).ok
    return made


def kill_at(shop: Shop, plan: Plan, step: str) -> None:
    def stop(reached: str) -> None:
        if reached.startswith(step):
            raise Killed

    with pytest.raises(Killed):
        shop.run(plan, "dying", stop)
    shop.world.kill("dying")


def expect_readable(shop: Shop) -> None:
    lake = shop.world.lake("reader")
    for entry in shop.latest().tables.values():
        if entry.location:
            lake.verify_pin(entry)


def uri_of(shop: Shop, table: str) -> str:
    return shop.world.lake().location_uri(shop.latest().tables[name(table)].location)


class ChangedWhileLoading(FakeEngine):
    """An engine that meets another content of b.csv after the kept rows were committed."""

    met = False

    def session(self) -> Any:
        session = super().session()
        build = session.build

        def once(job: Any) -> Any:
            result = build(job)
            if not self.met:
                self.met = True
                raise LakeError("LW701", "b.csv is another now", notes=("landing/b.csv",))
            return result

        session.build = once  # type: ignore[method-assign]
        return session


def test_a_file_that_changes_while_it_loads_doubles_nothing_and_waits(landing: Landing) -> None:
    landing.land("b.csv", "a", "3", "bad")
    landing.land("c.csv", "a", "4")
    shop = landing.shop
    engine = ChangedWhileLoading(shop.world.tables)
    run_id = "00000000-0000-0000-0000-0000000000ff"
    report = apply_plan(landing.plan(), shop.world.lake(), engine, run_id=run_id, workers=1)
    assert report.ok
    assert landing.rows() == [1, 2, 4]
    assert shop.latest().tables[name("raw.w")].rows == 3
    assert "landing/b.csv" in report.tables[0].note
    waiting = landing.plan().changes
    assert [file.path for file in waiting[0].files] == ["landing/b.csv"]  # type: ignore[union-attr]


def test_a_table_that_was_optimized_stays_readable_after_an_alter(built: Shop) -> None:
    built.world.tables.touch(uri_of(built, "silver.customers"))
    text = FILES["pipelines/silver/customers.yml"]
    built.edit("pipelines/silver/customers.yml", text + "owner: ana@example.com\n")
    assert built.apply().ok
    expect_readable(built)
    built.orders(DAY_TWO)
    assert built.refresh().ok


def test_an_alter_after_a_killed_alter_is_readable(built: Shop) -> None:
    text = FILES["pipelines/silver/customers.yml"]
    built.edit("pipelines/silver/customers.yml", text + "description: one\n")
    kill_at(built, built.plan("dying"), "3 written silver.customers")
    built.edit("pipelines/silver/customers.yml", text + "owner: ana@example.com\n")
    assert built.apply().ok
    expect_readable(built)


def test_a_companion_that_a_killed_run_wrote_is_readable_after_the_next(landing: Landing) -> None:
    landing.land("b.csv", "a", "3", "bad")
    kill_at(landing.shop, landing.plan(), "4 checked raw.w")
    landing.land("b.csv", "a", "3", "4")
    assert landing.shop.run(landing.plan()).ok
    expect_readable(landing.shop)
    assert landing.rows() == [1, 2, 3, 4]


def test_a_reload_forgets_what_a_killed_run_noted_in_the_ledger(landing: Landing) -> None:
    landing.land("c.csv", "a", "5")
    kill_at(landing.shop, landing.plan(), "4 checked raw.w")
    gone = (landing.folder / "landing" / "c.csv").rename(landing.folder / "c.csv")
    assert landing.shop.run(landing.plan(full=True)).ok
    gone.rename(landing.folder / "landing" / "c.csv")
    assert not landing.plan().empty
    assert landing.shop.run(landing.plan()).ok
    assert landing.rows() == [1, 2, 5]


def test_discarded_drift_leaves_a_readable_table(landing: Landing) -> None:
    uri = uri_of(landing.shop, "raw.w")
    rows = landing.shop.world.tables.rows(uri, landing.shop.latest().tables[name("raw.w")].version)
    landing.shop.world.tables.write(uri, rows, "append", "theirs")
    landing.land("b.csv", "a", "3")
    refused = landing.shop.run(landing.plan())
    assert (refused.exit_code, refused.problems[0].code) == (4, "LW320")
    assert landing.shop.run(landing.plan(drift="discard")).ok
    expect_readable(landing.shop)
    assert landing.rows() == [1, 2, 3]


def test_a_column_declared_later_is_loaded_from_every_file(landing: Landing) -> None:
    landing.shop.edit(
        "pipelines/raw/w.yml", INGEST.replace("bigint}}", "bigint}, n: {type: bigint}}")
    )
    landing.land("b.csv", "a,n", "3,4")
    assert landing.shop.run(landing.plan()).ok
    rows = landing.shop.contents(landing.shop.latest())["raw.w"]
    assert sorted((row["a"], row["n"]) for row in rows if row["n"]) == [(3, 4)]
    assert landing.rows() == [1, 2, 3]


def test_full_loads_every_file_again_beside_other_reasons(landing: Landing) -> None:
    landing.land("b.csv", "a", "3")
    plan = landing.plan(full=True)
    assert [(change.action, change.refresh) for change in plan.changes] == [("rebuild", "full")]
    assert landing.shop.run(plan).ok
    assert landing.rows() == [1, 2, 3]


def test_a_view_shows_the_rows_it_was_checked_with_when_its_source_moves() -> None:
    shop = Shop.open()
    shop.edit("sql/gold/large.sql", "SELECT id, amount FROM raw.orders WHERE amount >= 10\n")
    shop.edit(
        "pipelines/gold/large.yml",
        'table: gold.large\nkind: view\nexpect: [{expression: "amount < 1000", name: small}]\n',
    )
    assert shop.apply().ok
    before = read_view(shop)
    shop.orders([*DAY_ONE, {"id": 9, "customer": "ann", "amount": 5000}])
    assert shop.apply(select={name("silver.orders")}).ok
    assert read_view(shop) == before


def read_view(shop: Shop) -> list[dict[str, Any]]:
    graph, lake, release = shop.graph(), shop.world.lake(), shop.latest()
    inputs = as_released(release, lake.state(ENVIRONMENT, graph.inputs).inputs)
    session = FakeEngine(shop.world.tables).session()
    binder = Binder(session, graph, lake, release.tables, inputs)
    found = session.fetch(f"SELECT * FROM {binder.relation(name('gold.large'))} ORDER BY id")
    return found.to_pylist()


def test_a_view_over_a_view_is_published_with_it() -> None:
    shop = Shop.open()
    shop.edit("pipelines/gold/larger.yml", "table: gold.larger\nkind: view\n")
    shop.edit("sql/gold/larger.sql", "SELECT id FROM gold.large WHERE amount > 100\n")
    assert shop.apply().ok
    shop.edit("sql/gold/large.sql", "SELECT id, amount * 2 AS amount FROM silver.orders\n")
    plan = shop.plan(select={name("gold.large")})
    assert [str(change.table) for change in plan.changes] == ["gold.large", "gold.larger"]


def test_a_refresh_plans_over_the_release_whose_code_it_compiled(
    built: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = built.world.lake("refresher")
    read, deployed = lake.state, []

    def state(environment: str, inputs: Any, **options: Any) -> Any:
        found = read(environment, inputs, **options)
        if not deployed:
            deployed.append(True)
            built.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("sum", "max"))
            assert built.apply().ok
        return found

    monkeypatch.setattr(type(lake), "state", lambda _, *a, **k: state(*a, **k))
    plan = plan_refresh(lake, ENVIRONMENT, NOW)
    monkeypatch.undo()
    assert plan.base_release == 2
    assert plan.empty


def test_a_refresh_of_some_tables_keeps_the_holds_of_others(built: Shop) -> None:
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, PEOPLE[0]])
    built.refresh()
    assert {str(held.table) for held in built.latest().held} >= {"silver.customers"}
    built.orders(DAY_TWO)
    lake = built.world.lake()
    plan = plan_refresh(lake, ENVIRONMENT, NOW, select=lambda _: [name("silver.orders")])
    assert plan.freed == ()
    report = built.run(plan)
    assert report.exit_code == 1
    assert "silver.customers" in {str(held.table) for held in built.latest().held}


def test_an_apply_of_other_tables_keeps_what_a_rollback_holds(built: Shop) -> None:
    held = (Held(name("silver.orders"), "rollback", 1),)
    rolled = replace(built.latest(), release=2, parent=1, kind="rollback", held=held)
    built.world.lake().put_release(rolled)
    built.orders(DAY_TWO)
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    report = built.apply(select={name("silver.customers")})
    assert report.ok
    assert built.latest().held == held
    assert "silver.orders" not in {str(c.table) for c in built.plan_refresh().changes}


def test_an_apply_builds_the_table_it_selects_though_an_input_is_held(built: Shop) -> None:
    built.orders([*DAY_TWO, {"id": 5, "customer": "bob", "amount": 8}])
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [PEOPLE[0]])
    assert built.refresh().exit_code == 1
    assert {str(held.table) for held in built.latest().held} >= {"silver.orders", "gold.totals"}
    report = built.apply(select={name("gold.totals")})
    assert (report.ok, report.release) == (True, 3)
    assert built.contents(built.latest())["gold.totals"] == [{"region": "north", "amount": 5}]
    held = {str(held.table) for held in built.latest().held}
    assert "silver.orders" in held
    assert "gold.totals" not in held


def test_what_surroundings_broke_is_tried_again_by_the_next_refresh(built: Shop) -> None:
    built.orders(DAY_TWO)

    def fill_the_disk(step: str) -> None:
        if step.startswith("3 written silver.orders"):
            raise LakeError("LW503", "no space is left")

    assert built.run(built.plan_refresh(), stop_at=fill_the_disk).exit_code == 1
    assert built.refresh().ok
    assert built.latest().held == ()


def test_partners_stay_held_together_until_both_can_go() -> None:
    shop = Shop.open()
    for table, other in (("orders", "customers"), ("customers", "orders")):
        path = f"pipelines/silver/{table}.yml"
        shop.edit(path, FILES[path] + f"publish_with: [silver.{other}]\n")
    assert shop.apply().ok
    before = shop.contents(shop.latest())["silver.orders"]
    shop.orders(DAY_TWO)
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, PEOPLE[0]])
    for _ in range(2):
        assert shop.refresh().exit_code == 1
        assert shop.contents(shop.latest())["silver.orders"] == before
    shop.source(CUSTOMERS, CUSTOMER_FIELDS, [*PEOPLE, CYD])
    assert shop.refresh().ok
    assert len(shop.contents(shop.latest())["silver.orders"]) == 3


def test_a_removed_spec_that_no_longer_fits_must_be_dropped(built: Shop) -> None:
    del built.files["pipelines/gold/large.yml"], built.files["sql/gold/large.sql"]
    built.edit("sql/silver/orders.sql", "SELECT id AS order_id, customer, amount FROM raw.orders")
    text = FILES["pipelines/silver/orders.yml"].replace("key: [id]", "key: [order_id]")
    built.edit("pipelines/silver/orders.yml", text)
    project = load_files(SourceFile(path, text) for path, text in built.files.items())
    with pytest.raises(RefusedError) as caught:
        refuse_unfit_pending(project, built.plan())
    assert caught.value.code == "LW313"
    refuse_unfit_pending(project, built.plan(allow_destructive={name("gold.large")}))


def two_deployers(built: Shop) -> tuple[Shop, Shop]:
    first, second = (Shop(built.world, dict(built.files), runs) for runs in (100, 200))
    return first, second


def test_a_deployer_is_refused_when_another_came_to_read_what_it_changes(built: Shop) -> None:
    first, second = two_deployers(built)
    first.edit("sql/silver/customers.sql", "SELECT customer, region AS area FROM raw.customers\n")
    first.edit("sql/gold/totals.sql", FILES["sql/gold/totals.sql"].replace("c.region", "c.area"))
    second.edit("sql/gold/regions.sql", "SELECT region FROM silver.customers\n")
    plan = first.plan("first")
    assert second.run(second.plan("second"), "second").ok
    assert first.run(plan, "first").problems[0].code == "LW334"
    assert built.refresh().ok


def test_a_later_run_keeps_the_source_that_another_deployed(built: Shop) -> None:
    first, second = two_deployers(built)
    built.source(CUSTOMERS + "2", CUSTOMER_FIELDS, [*PEOPLE, CYD])
    text = FILES["pipelines/raw/customers.yml"].replace(CUSTOMERS, CUSTOMERS + "2")
    second.edit("pipelines/raw/customers.yml", text)
    first.edit("pipelines/gold/large.yml", "table: gold.large\nkind: view\ndescription: new\n")
    plan = first.plan("first")
    assert second.run(second.plan("second"), "second").ok
    assert first.run(plan, "first").ok
    assert built.latest().tables[name("raw.customers")].table_id == CUSTOMERS + "2"
    assert built.plan_refresh().empty


def test_a_selection_deploys_no_source_that_it_does_not_read(built: Shop) -> None:
    text = FILES["pipelines/raw/customers.yml"].replace(CUSTOMERS, CUSTOMERS + "2")
    built.edit("pipelines/raw/customers.yml", text)
    built.edit("pipelines/gold/large.yml", "table: gold.large\nkind: view\ndescription: new\n")
    project = load_files(SourceFile(path, text) for path, text in built.files.items())
    state = built.world.lake().state(ENVIRONMENT, built.graph().inputs)
    select = {name("gold.large")}
    merged = merge_selected(project, state, compile_project(project), select)
    assert built.apply(graph=merged, select=select).ok
    assert built.latest().tables[name("raw.customers")].table_id == CUSTOMERS


def test_a_reference_added_by_an_alter_is_watched_from_then_on(built: Shop) -> None:
    rule = "{foreign_key: {column: customer, references: silver.customers.customer}, name: known}"
    text = FILES["pipelines/silver/orders.yml"]
    built.edit("pipelines/silver/orders.yml", text + f"  - {rule}\n")
    assert built.apply().ok
    built.source(CUSTOMERS, CUSTOMER_FIELDS, [PEOPLE[0]])
    assert built.apply(select={name("silver.customers")}).ok
    report = built.apply()
    assert not report.ok
    assert report.problems[0].code == "LW401"


def test_a_failed_run_never_undoes_the_commit_of_a_stranger(built: Shop) -> None:
    built.orders(DAY_TWO)
    location = uri_of(built, "silver.orders")

    def disturb(step: str) -> None:
        if step.startswith("4 checked silver.orders"):
            head = built.world.tables.head(location)
            assert head is not None
            rows = built.world.tables.rows(location, head.version).slice(0, 1)
            built.world.tables.write(location, rows, "append", "theirs")

    assert built.run(built.plan(), stop_at=disturb).problems[0].code == "LW330"
    assert built.world.tables.commits(location, 0)[-1].token == "theirs"


def resolving(secret: str) -> Callable[[str], str]:
    return lambda text: text.replace("${env:OUTSIDE}", secret)


def test_a_resolved_secret_is_in_no_report_and_no_record() -> None:
    shop = Shop.open()
    text = FILES["pipelines/raw/orders.yml"].replace("memory://outside/", "${env:OUTSIDE}")
    shop.edit(
        "pipelines/raw/orders.yml",
        text.replace("location: ", 'location: "').replace("}orders", '}orders"'),
    )
    shop.edit("sql/gold/dated.sql", "SELECT id, :now AS at FROM raw.orders\n")
    graph, lake = shop.graph(), shop.world.lake()
    state = lake.state(ENVIRONMENT, graph.inputs, resolve=resolving("memory://outside/"))
    assert shop.run(make_plan(graph, state, NOW)).ok
    later = NOW + timedelta(days=1)
    plan = plan_refresh(lake, ENVIRONMENT, later, resolve=resolving("memory://hunter2/"))
    report = shop.run(plan)
    assert report.exit_code == 1
    stored = [data for data, _ in shop.world.objects.values()]
    assert not any(b"hunter2" in data for data in stored)
    assert b"${env:OUTSIDE}" in lake.get_run(report.run_id, "report.json")


def test_a_hold_that_was_said_twice_is_one(built: Shop) -> None:
    lake = built.world.lake()
    for _ in range(2):
        lake.put_control(
            ENVIRONMENT, ControlRecord("hold", "looking", "ana", NOW, (name("silver.orders"),))
        )
    built.orders(DAY_TWO)
    report = built.refresh()
    assert [str(held.table) for held in report.held].count("silver.orders") == 1


def test_a_reader_with_unchanged_code_widens_with_its_input_and_loses_nothing() -> None:
    shop = Shop.open()
    narrow = "SELECT id, customer, CAST(amount AS DECIMAL(10, 2)) AS amount FROM raw.orders\n"
    shop.edit("sql/silver/orders.sql", narrow)
    shop.edit("pipelines/gold/large.yml", "table: gold.large\n")
    shop.edit("sql/gold/large.sql", "SELECT id, amount FROM silver.orders\n")
    assert shop.apply().ok
    wide = "SELECT id, customer, CAST(amount + 0.1234 AS DECIMAL(12, 4)) AS amount FROM raw.orders"
    shop.edit("sql/silver/orders.sql", wide)
    assert shop.apply().ok
    contents = shop.contents(shop.latest())
    silver = {row["id"]: row["amount"] for row in contents["silver.orders"]}
    assert {row["id"]: row["amount"] for row in contents["gold.large"]} == silver


def test_a_reader_whose_type_would_lose_values_asks_for_a_declared_one(built: Shop) -> None:
    built.edit("pipelines/gold/large.yml", "table: gold.large\n")
    built.edit("sql/gold/large.sql", "SELECT id, amount FROM silver.orders\n")
    assert built.apply().ok
    text = "SELECT id, customer, CAST(amount AS STRING) AS amount FROM raw.orders\n"
    built.edit("sql/silver/orders.sql", text)
    columns = "columns: {amount: {type: string}}\n"
    spec = FILES["pipelines/silver/orders.yml"].replace("amount >= 0", "amount <> '-1'")
    spec = spec.replace("amount <> 999", "amount <> '999'")
    built.edit("pipelines/silver/orders.yml", spec + columns)
    built.edit("sql/gold/totals.sql", "SELECT count(*) AS n FROM silver.orders\n")
    report = built.apply()
    assert "LW430" in {problem.code for problem in report.problems}
    assert built.latest().release == 2
