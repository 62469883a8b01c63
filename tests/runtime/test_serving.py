"""A catalog shows the latest release: whatever stopped on the way, whoever else is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from fakes.catalog import MemoryCatalog
from fakes.engine import FakeEngine
from fakes.lake import Crash, World
from lakewright.engines import CatalogObject, ObjectName
from lakewright.errors import LakeError, Place
from lakewright.lake import Release, read_served
from lakewright.names import TableName
from lakewright.plans import make_plan
from lakewright.runtime import Server, ServeReport, serve_latest, serve_release
from lakewright.specs import ServeSpec
from runtime.shop import DAY_TWO, ENVIRONMENT, FILES, NOW, Shop

SPEC = ServeSpec("spark_catalog", "{schema}", Place("lakewright.yml", 5))
HEADS = replace(SPEC, mode="table")
TOTALS, LARGE = ObjectName("gold", "totals"), ObjectName("gold", "large")
ORDERS, CUSTOMERS = ObjectName("silver", "orders"), ObjectName("silver", "customers")
EVERYTHING = {TOTALS, LARGE, ORDERS, CUSTOMERS}
BY = Server("00000000-0000-0000-0000-00000000ffff", lambda: NOW, patience=())

# A view over a view, with a comment at its end and a parameter.
OUTER = {
    "lakewright.yml": FILES["lakewright.yml"] + "vars: {least: 15}\n",
    "pipelines/gold/huge.yml": "table: gold.huge\nkind: view\ndescription: The largest.\n",
    "sql/gold/huge.sql": "SELECT id FROM gold.large WHERE amount >= :vars.least\n",
    "sql/gold/large.sql": "SELECT id, amount FROM silver.orders WHERE amount >= 10 -- the large\n",
}


@dataclass
class Served:
    """A shop and its catalog."""

    shop: Shop = field(default_factory=Shop.open)
    catalog: MemoryCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = MemoryCatalog(self.shop.world)

    def serve(self, spec: ServeSpec = SPEC, process: str = "a") -> ServeReport:
        engine = FakeEngine(self.shop.world.tables, served=self.catalog)
        report = serve_latest(self.shop.world.lake(process), ENVIRONMENT, spec, engine, by=BY)
        assert report is not None
        return report

    def serve_as_of(self, release: Release) -> ServeReport:
        return serve_release(self.shop.world.lake(), release, SPEC, self.catalog)

    def publish(self, **edits: str) -> Release:
        for path, text in edits.items():
            self.shop.edit(path, text)
        assert self.shop.apply().ok
        return self.shop.latest()

    def shown(self) -> dict[str, str]:
        """The text of every view."""
        return {str(name): view.sql for name, view in self.catalog.views.items()}

    def remove(self, table: str) -> Release:
        """Drop a table from the project."""
        schema, name = table.split(".")
        for path in (f"pipelines/{schema}/{name}.yml", f"sql/{schema}/{name}.sql"):
            self.shop.files.pop(path)
        plan = self.shop.plan(allow_destructive=frozenset({TableName(schema, name)}))
        assert self.shop.run(plan).ok
        return self.shop.latest()


@pytest.fixture
def shop() -> Served:
    served = Served()
    served.publish()
    return served


def test_every_table_is_a_view_at_its_released_version(shop: Served) -> None:
    assert shop.serve().exit_code == 0
    entry = shop.shop.latest().tables[TableName("silver", "orders")]
    location = f"memory://lake/{entry.location}"
    assert shop.shown()["silver.orders"] == (
        f"SELECT `id`, `customer`, `amount` FROM delta.`{location}` VERSION AS OF {entry.version}"
    )
    assert shop.catalog.standing.keys() == EVERYTHING


def test_sources_and_quarantined_rows_are_not_served(shop: Served) -> None:
    shop.serve()
    assert not [name for name in shop.catalog.standing if name.schema == "raw"]
    assert ObjectName("silver", "orders__quarantine") not in shop.catalog.standing


def test_a_view_says_whose_it_is_and_which_release_put_it(shop: Served) -> None:
    shop.serve()
    view = shop.catalog.views[ORDERS]
    assert view.comment == "One row per order."
    assert {key: view.properties[f"lakewright.{key}"] for key in ("lake", "environment")} == {
        "lake": "0" * 32,
        "environment": "prod",
    }
    assert view.properties["lakewright.release"] == "1"
    entry = shop.shop.latest().tables[TableName("silver", "orders")]
    assert view.properties["lakewright.version"] == str(entry.version)


def test_a_columns_comment_is_carried() -> None:
    served = Served()
    path = "pipelines/silver/orders.yml"
    told = FILES[path] + "columns:\n  id: {description: the number on the receipt}\n"
    served.publish(**{path: told})
    served.serve()
    comments = {item.name: item.comment for item in served.catalog.views[ORDERS].fields}
    assert comments == {"id": "the number on the receipt", "customer": "", "amount": ""}


def test_a_view_is_spliced_over_the_versions_it_was_released_with(shop: Served) -> None:
    shop.serve()
    entry = shop.shop.latest().tables[TableName("silver", "orders")]
    assert shop.shown()["gold.large"] == (
        f"SELECT id, amount FROM delta.`memory://lake/{entry.location}` VERSION AS OF"
        f" {entry.version} AS `orders` WHERE amount >= 10\n"
    )


def test_a_view_over_a_view_holds_it_and_names_no_other_object() -> None:
    served = Served()
    served.publish(**OUTER)
    served.serve()
    entry = served.shop.latest().tables[TableName("silver", "orders")]
    orders = f"delta.`memory://lake/{entry.location}` VERSION AS OF {entry.version}"
    assert served.shown()["gold.huge"] == (
        "SELECT id FROM (\n"
        f"SELECT id, amount FROM {orders} AS `orders` WHERE amount >= 10 -- the large\n"
        "\n) AS `large` WHERE amount >= 15\n"
    )


def test_a_second_serving_changes_nothing(shop: Served) -> None:
    shop.serve()
    shop.catalog.done.clear()
    assert shop.serve() == ServeReport("spark_catalog", 1, unchanged=4)
    assert shop.catalog.done == []


def test_only_what_moved_is_put_again(shop: Served) -> None:
    shop.serve()
    shop.shop.orders(DAY_TWO)
    shop.publish()
    report = shop.serve()
    assert set(report.put) == {"silver.orders", "gold.totals", "gold.large"}
    assert (report.release, report.unchanged) == (2, 1)
    assert shop.catalog.views[CUSTOMERS].properties["lakewright.release"] == "1"


def test_tables_move_before_views(shop: Served) -> None:
    report = shop.serve()
    assert report.put[-1] == "gold.large"
    assert set(report.put[:-1]) == {"gold.totals", "silver.customers", "silver.orders"}


def test_what_left_the_release_is_withdrawn_and_nothing_else(shop: Served) -> None:
    shop.serve()
    shop.catalog.foreign(ObjectName("gold", "theirs"))
    shop.remove("gold.large")
    assert shop.serve().withdrawn == ("gold.large",)
    assert ObjectName("gold", "theirs") in shop.catalog.standing


def test_a_schema_that_left_the_release_is_emptied(shop: Served) -> None:
    shop.serve()
    shop.remove("gold.large")
    shop.remove("gold.totals")
    assert shop.serve().withdrawn == ("gold.large", "gold.totals")


@pytest.mark.parametrize("kind", ["view", "other"])
def test_an_object_of_somebody_else_is_refused_and_the_rest_is_served(
    shop: Served, kind: str
) -> None:
    shop.catalog.foreign(TOTALS, kind)
    report = shop.serve()
    assert [problem.code for problem in report.problems] == ["LW464"]
    assert (report.exit_code, len(report.put)) == (4, 3)
    assert "owner" in shop.catalog.standing[TOTALS].properties


def test_a_view_of_another_environment_is_somebody_elses(shop: Served) -> None:
    shop.serve()
    shop.catalog.standing[TOTALS] = CatalogObject(
        TOTALS, "view", {"lakewright.lake": "0" * 32, "lakewright.environment": "dev"}
    )
    assert shop.serve().exit_code == 4


def test_a_view_that_was_given_another_query_is_put_again(shop: Served) -> None:
    shop.serve()
    ours = shop.catalog.standing[TOTALS]
    shop.catalog.standing[TOTALS] = replace(ours, text="SELECT 1 AS x")
    assert shop.serve().put == ("gold.totals",)
    assert shop.catalog.standing[TOTALS] == ours


def test_a_comment_that_a_catalog_cuts_off_is_no_other_query() -> None:
    served = Served()
    served.publish(**{"sql/gold/large.sql": "SELECT id FROM silver.orders -- all\n"})
    served.serve()
    ours = served.catalog.standing[LARGE]
    assert ours.text is not None
    cut = replace(ours, text=ours.text.removesuffix(" -- all"))
    served.catalog.standing[LARGE] = cut
    assert served.serve().put == ()


def test_an_older_release_never_overwrites_a_later_one(shop: Served) -> None:
    before = shop.shop.latest()
    shop.shop.orders(DAY_TWO)
    shop.publish()
    shop.serve()
    after = shop.shown()
    report = shop.serve_as_of(before)
    assert shop.shown() == after
    assert (report.put, len(report.notes)) == ((), 3)


def test_the_rows_of_an_earlier_release_are_shown_by_a_later_record(shop: Served) -> None:
    first = shop.shop.latest()
    shop.serve()
    before = shop.shown()
    shop.shop.orders(DAY_TWO)
    shop.publish()
    shop.serve()
    lake = shop.shop.world.lake()
    back = replace(first, release=3, parent=2, kind="rollback", run_id="back")
    assert lake.put_release(back) == "stored"
    assert shop.serve().release == 3
    assert shop.shown() == before


def test_a_view_keeps_its_release_while_heads_are_ahead(shop: Served) -> None:
    shop.serve()
    before = shop.shown()
    shop.shop.orders(DAY_TWO)
    with pytest.raises(Crash):
        shop.shop.run(shop.shop.plan(), stop_at=lambda step: stop(step, "5 verified"))
    shop.shop.world.kill("a")
    assert shop.serve().put == ()
    assert shop.shown() == before


def stop(step: str, at: str) -> None:
    if step == at:
        raise Crash(step)


def test_a_release_that_comes_while_serving_is_served_as_well(shop: Served) -> None:
    came = []

    def another(operation: str, path: str, moment: str) -> None:
        if operation == "put_view" and not came:
            came.append(path)
            shop.shop.world.hook = None
            shop.shop.orders(DAY_TWO)
            assert shop.shop.apply(process="b").ok

    shop.shop.world.hook = another
    assert shop.serve().release == 2
    assert shop.serve().put == ()


def test_while_another_process_serves_nothing_is_touched(shop: Served) -> None:
    other = shop.shop.world.lake("b")
    other.claim(ENVIRONMENT, TableName("__served", "spark_catalog"), "theirs", NOW)
    report = shop.serve()
    assert ([problem.code for problem in report.problems], report.exit_code) == (["LW463"], 1)
    assert shop.catalog.done == []


def test_one_object_that_is_refused_stops_no_other_and_is_done_again(shop: Served) -> None:
    shop.catalog.broken.add(TOTALS)
    report = shop.serve()
    assert [problem.code for problem in report.problems] == ["LW637"]
    assert "lakewright refresh" in report.problems[0].hint
    assert (report.exit_code, len(report.put)) == (1, 3)
    shop.catalog.broken.clear()
    assert shop.serve().put == ("gold.totals",)


def test_an_answer_that_was_a_lie_is_found(shop: Served) -> None:
    def lie(view: object) -> None:
        shop.catalog.done.append("lied")

    shop.catalog.put_view = lie  # type: ignore[method-assign]
    report = shop.serve()
    assert {problem.code for problem in report.problems} == {"LW463"}
    assert report.put == ()


def test_a_catalog_that_cannot_be_reached_is_one_problem(shop: Served) -> None:
    def gone(schema: str) -> None:
        raise LakeError("LW634", "gone")

    shop.catalog.objects = gone  # type: ignore[assignment]
    report = shop.serve()
    assert ([problem.code for problem in report.problems], report.exit_code) == (["LW634"], 1)


def test_an_engine_without_a_catalog_serves_nothing(shop: Served) -> None:
    engine = FakeEngine(shop.shop.world.tables)
    report = serve_latest(shop.shop.world.lake(), ENVIRONMENT, SPEC, engine, by=BY)
    assert report is not None
    assert [problem.code for problem in report.problems] == ["LW633"]


def test_readers_are_granted_again_at_every_serving(shop: Served) -> None:
    spec = replace(SPEC, readers=("analysts", "auditors"))
    shop.serve(spec)
    assert shop.catalog.granted == {(n, r) for n in EVERYTHING for r in spec.readers}
    shop.catalog.granted.clear()
    shop.serve(spec)
    assert len(shop.catalog.granted) == 8


def test_a_catalog_without_grants_is_said_once(shop: Served) -> None:
    shop.catalog.grants_known = False
    report = shop.serve(replace(SPEC, readers=("analysts",)))
    assert [note[:5] for note in report.notes] == ["LW465"]
    assert report.exit_code == 0


def test_only_chosen_schemas_are_served(shop: Served) -> None:
    shop.serve(replace(SPEC, schemas=("gold",)))
    assert shop.catalog.standing.keys() == {TOTALS, LARGE}


def test_one_schema_for_all_names_the_tables_after_theirs(shop: Served) -> None:
    shop.serve(replace(SPEC, pattern="{environment}_marts"))
    assert ObjectName("prod_marts", "gold_totals") in shop.catalog.standing


def test_another_pattern_withdraws_what_stood_under_the_old_one(shop: Served) -> None:
    shop.serve()
    report = shop.serve(replace(SPEC, pattern="marts"))
    assert len(report.put) == len(report.withdrawn) == 4
    assert {name.schema for name in shop.catalog.standing} == {"marts"}


def test_a_view_over_a_place_that_is_a_secret_is_left_out() -> None:
    served = Served()
    path = "pipelines/raw/orders.yml"
    hidden = FILES[path].replace("memory://outside/orders", '"${env:CRM}/orders"')
    served.shop.files[path] = hidden
    served.shop.files["sql/gold/large.sql"] = "SELECT id, amount FROM raw.orders\n"
    graph = served.shop.graph()
    state = served.shop.world.lake().state(
        ENVIRONMENT,
        graph.inputs,
        resolve=lambda text: text.replace("${env:CRM}", "memory://outside"),
    )
    assert served.shop.run(make_plan(graph, state, NOW)).ok
    report = served.serve()
    assert LARGE not in served.catalog.standing
    assert report.exit_code == 0
    assert "memory://outside" not in str(report)
    assert "${env:CRM}" in report.notes[0]


def test_a_table_of_another_lake_whose_place_is_a_secret_is_left_out(shop: Served) -> None:
    release = shop.shop.latest()
    name = TableName("silver", "orders")
    adopted = {**release.tables, name: replace(release.tables[name], base="${env:THEIRS}")}
    report = shop.serve_as_of(replace(release, tables=adopted))
    assert shop.catalog.standing.keys() == {TOTALS, CUSTOMERS}
    assert [note.partition(" ")[0] for note in report.notes] == ["silver.orders", "gold.large"]
    assert all("${env:THEIRS}" in note for note in report.notes)


# Heads


def test_as_table_an_entry_lies_over_the_head_and_views_stay_pinned(shop: Served) -> None:
    shop.serve(HEADS)
    entry = shop.shop.latest().tables[TableName("gold", "totals")]
    assert shop.catalog.standing[TOTALS] == CatalogObject(
        TOTALS, "table", location=f"memory://lake/{entry.location}"
    )
    assert shop.catalog.standing[LARGE].kind == "view"


def test_as_table_new_rows_move_no_entry(shop: Served) -> None:
    shop.serve(HEADS)
    shop.shop.orders(DAY_TWO)
    shop.publish()
    assert shop.serve(HEADS).put == ("gold.large",)


def test_between_views_and_heads_an_object_is_swapped(shop: Served) -> None:
    shop.serve()
    assert len(shop.serve(HEADS).put) == 3
    assert shop.catalog.standing[TOTALS].kind == "table"
    assert len(shop.serve().put) == 3
    assert shop.catalog.standing[TOTALS].kind == "view"


def test_an_entry_over_our_files_that_somebody_made_is_left(shop: Served) -> None:
    entry = shop.shop.latest().tables[TableName("gold", "totals")]
    alias = ObjectName("gold", "alias")
    theirs = CatalogObject(alias, "table", location=f"memory://lake/{entry.location}")
    shop.catalog.standing[alias] = theirs
    shop.serve(HEADS)
    shop.serve()
    assert shop.catalog.standing[alias] == theirs
    shop.catalog.standing[ORDERS] = replace(theirs, name=ORDERS)
    assert shop.serve().exit_code == 4


def test_an_entry_leaves_with_its_table(shop: Served) -> None:
    shop.serve(HEADS)
    shop.remove("gold.totals")
    assert shop.serve(HEADS).withdrawn == ("gold.totals",)


# Crashes


@dataclass
class StopAtChange:
    """Crashes at the n-th point that changes something; 0 only counts them."""

    at: int
    points: list[str] = field(default_factory=list)

    def __call__(self, operation: str, path: str, moment: str) -> None:
        if operation in {"get", "list", "objects"}:
            return
        self.points.append(f"{moment} {operation} {path}")
        if len(self.points) == self.at:
            raise Crash(self.points[-1])


def prepared() -> Served:
    """A release that moves, makes and drops, behind one that is served."""
    served = Served()
    served.publish()
    served.serve()
    served.shop.orders(DAY_TWO)
    served.shop.files.update(OUTER)
    served.remove("gold.totals")
    return served


def copy_of(served: Served) -> Served:
    """The same bytes and objects for another try."""
    old = served.shop.world
    world = World(dict(old.objects), {at: list(found) for at, found in old.versions.items()})
    copied = Served(Shop(world, dict(served.shop.files), served.shop.runs))
    copied.catalog.schemas = set(served.catalog.schemas)
    copied.catalog.standing = dict(served.catalog.standing)
    copied.catalog.views = dict(served.catalog.views)
    return copied


def points_of(served: Served, spec: ServeSpec) -> list[str]:
    counter = StopAtChange(0)
    served.shop.world.hook = counter
    served.serve(spec)
    return counter.points


@pytest.mark.parametrize("spec", [SPEC, HEADS], ids=["views", "heads"])
def test_a_crash_at_any_change_is_redone_by_the_next_serving(spec: ServeSpec) -> None:
    spec = replace(spec, readers=("analysts",))
    before, whole = prepared(), copy_of(prepared())
    points = points_of(whole, spec)
    assert len(points) > 20
    for at, point in enumerate(points, start=1):
        shop = copy_of(before)
        shop.shop.world.hook = StopAtChange(at)
        with pytest.raises(Crash):
            shop.serve(spec)
        shop.shop.world.hook = None
        shop.shop.world.kill("a")
        assert shop.serve(spec, process="b").exit_code == 0, point
        assert shop.catalog.standing == whole.catalog.standing, point
        assert {name for name, _ in shop.catalog.granted} == shop.catalog.standing.keys(), point
        note = read_served(shop.shop.world.lake().store, ENVIRONMENT, "spark_catalog")
        assert note is not None, point
        assert (note.done, note.release) == (True, 2), point


def test_at_every_crash_each_view_shows_one_release_or_the_next() -> None:
    before, whole = prepared(), copy_of(prepared())
    points = points_of(whole, SPEC)
    texts = {*before.shown().items(), *whole.shown().items()}
    for at, point in enumerate(points, start=1):
        shop = copy_of(before)
        shop.shop.world.hook = StopAtChange(at)
        with pytest.raises(Crash):
            shop.serve()
        assert set(shop.shown().items()) <= texts, point


def test_a_lost_note_only_makes_serving_look_again(shop: Served) -> None:
    shop.serve()
    path = "_lakewright/env/prod/served/spark_catalog.json"
    shop.shop.world.objects[path] = (b"torn{", NOW)
    assert shop.serve() == ServeReport("spark_catalog", 1, unchanged=4)


def test_nothing_released_is_nothing_to_serve() -> None:
    shop = Shop.open()
    engine = FakeEngine(shop.world.tables, served=MemoryCatalog(shop.world))
    assert serve_latest(shop.world.lake(), ENVIRONMENT, SPEC, engine, by=BY) is None
