"""Releases in a Hive metastore on Derby. Run by test_served_on_hive.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
import pytest

from engines.catalog_contract import CatalogContract
from lakewright.engines import Catalog, CatalogView, Engine, ObjectName, open_engine
from lakewright.errors import Place
from lakewright.lake import Release
from lakewright.names import TableName
from lakewright.runtime import Server, ServeReport, serve_latest
from lakewright.specs import ServeSpec
from proof.shops import ENVIRONMENT, FEBRUARY, Shop

SPEC = ServeSpec("spark_catalog", "{schema}", Place("lakewright.yml", 5))
LONG = "long " * 100
VIEWS = {
    "pipelines/gold/huge.yml": "table: gold.huge\nkind: view\ndescription: It's the largest.\n",
    "sql/gold/huge.sql": "SELECT l.id FROM gold.large AS l WHERE l.amount >= 20 -- huge\n",
    "pipelines/gold/days.yml": "table: gold.days\nkind: view\n",
    "sql/gold/days.sql": "SELECT id, cast(at AS date) AS day FROM silver.orders\n",
}


class StoppedError(Exception):
    """The process ends here."""


@dataclass
class StoppedCatalog:
    """A catalog whose program ends after some changes."""

    catalog: Catalog
    changes: int

    def put_view(self, view: CatalogView) -> None:
        if self.changes == 0:
            raise StoppedError
        self.changes -= 1
        self.catalog.put_view(view)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalog, name)


@dataclass
class StoppedEngine:
    """An engine with that catalog."""

    engine: Engine
    changes: int

    def catalog(self, name: str) -> StoppedCatalog:
        return StoppedCatalog(self.engine.catalog(name), self.changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)


@pytest.fixture(scope="session")
def hive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    root = tmp_path_factory.mktemp("hive")
    conf = {
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={root}/metastore;create=true"
        ),
        "spark.sql.warehouse.dir": f"{root}/warehouse",
    }
    engine = open_engine("spark", conf=conf)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def sql(hive: Engine) -> Callable[[str], list[Any]]:
    """Statements of a consumer: a session of its own."""
    spark: Any = hive.session()
    return lambda text: [tuple(row) for row in spark.spark.sql(text).collect()]


@pytest.fixture(autouse=True)
def nothing_there(sql: Callable[[str], list[Any]]) -> None:
    for (schema,) in sql("SHOW SCHEMAS"):
        if schema != "default":
            sql(f"DROP SCHEMA {schema} CASCADE")


class TestHiveCatalog(CatalogContract):
    @pytest.fixture
    def catalog(self, hive: Engine) -> Catalog:
        return hive.catalog("spark_catalog")

    @pytest.fixture
    def files(self, tmp_path: Path) -> str:
        deltalake.write_deltalake(str(tmp_path / "a table"), pa.table({"x": [1, 2]}))
        return str(tmp_path / "a table")

    @pytest.fixture
    def stranger(self, sql: Callable[[str], list[Any]]) -> Callable[[ObjectName], None]:
        return lambda name: (sql(f"CREATE TABLE {name} (x INT) USING parquet"), None)[1]

    def rows(self, files: str) -> int:
        return deltalake.DeltaTable(files).to_pyarrow_table().num_rows


@pytest.fixture(scope="session")
def released(hive: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Release]:
    """Two releases; the first one as a value. Copy it, never change it."""
    shop = Shop.make(tmp_path_factory.mktemp("shop") / "home")
    for path, text in VIEWS.items():
        shop.write(path, text)
    told = f"columns:\n  id: {{description: the number}}\n  customer: {{description: {LONG}}}\n"
    path = "pipelines/silver/orders.yml"
    shop.write(path, (shop.home / path).read_text() + told)
    assert shop.apply(hive).ok
    first = shop.latest
    shop.land("2024_02", FEBRUARY)
    assert shop.refresh(hive).ok
    return shop, first


@dataclass
class Served:
    """A shop at one of its releases, and what a consumer of the catalog sees."""

    shop: Shop
    hive: Engine
    sql: Callable[[str], list[Any]]

    def serve(self, spec: ServeSpec = SPEC, engine: Any = None) -> ServeReport:
        by = Server("00000000-0000-0000-0000-00000000ffff", lambda: datetime.now(UTC))
        lake = self.shop.lake
        report = serve_latest(lake, ENVIRONMENT, spec, engine or self.hive, by=by)
        assert report is not None
        return report

    def back_to(self, release: Release) -> None:
        """The records behind `release` were never written."""
        folder = self.shop.home / f".lake/_lakewright/env/{ENVIRONMENT}/releases"
        for file in folder.glob("*.json"):
            if int(file.stem) > release.release:
                file.rename(folder.parent / f"later-{file.name}")
        (folder.parent / "LATEST").unlink(missing_ok=True)

    def forward(self) -> None:
        """They are there after all."""
        folder = self.shop.home / f".lake/_lakewright/env/{ENVIRONMENT}/releases"
        for file in folder.parent.glob("later-*.json"):
            file.rename(folder / file.name.removeprefix("later-"))

    def ids(self, table: str) -> list[int]:
        return sorted(row[0] for row in self.sql(f"SELECT id FROM {table}"))

    def comments(self, table: str) -> dict[str, str | None]:
        rows = self.sql(f"DESCRIBE {table}")
        return {row[0]: row[2] for row in rows}


@pytest.fixture
def served(
    released: tuple[Shop, Release], hive: Engine, sql: Callable[[str], list[Any]]
) -> Iterator[Served]:
    """At release 1, with the heads at release 2. Spark knows tables by path: no copy is made."""
    shop, first = released
    served = Served(shop, hive, sql)
    note = shop.home / f".lake/_lakewright/env/{ENVIRONMENT}/served"
    shutil.rmtree(note, ignore_errors=True)
    served.back_to(first)
    yield served
    served.forward()


def test_a_view_keeps_its_release_while_the_head_is_ahead(served: Served) -> None:
    assert served.serve().exit_code == 0
    assert served.ids("silver.orders") == [1, 2]
    location = served.shop.latest.tables[TableName("silver", "orders")].location
    head = served.sql(f"SELECT id FROM delta.`{served.shop.home}/.lake/{location}`")
    assert len(head) == 4


def test_each_release_is_shown_by_the_same_names(served: Served) -> None:
    served.serve()
    assert served.ids("gold.large") == [2]
    assert served.ids("gold.huge") == [2]
    served.forward()
    assert served.serve().release == 2
    assert served.ids("silver.orders") == [1, 2, 6, 7]
    assert served.ids("gold.large") == [2, 7]
    assert served.ids("gold.huge") == [2]
    assert len(served.sql("SELECT * FROM gold.totals")) == 3


def test_a_later_record_of_earlier_rows_shows_them_again(
    served: Served, released: tuple[Shop, Release]
) -> None:
    first = released[1]
    served.forward()
    served.serve()
    back = replace(first, release=3, parent=2, kind="rollback", run_id="back")
    record = served.shop.home / f".lake/_lakewright/env/{ENVIRONMENT}/releases/{3:020d}.json"
    assert served.shop.lake.put_release(back) == "stored"
    try:
        assert served.serve().release == 3
        assert served.ids("silver.orders") == [1, 2]
        assert served.ids("gold.large") == [2]
    finally:
        record.unlink()
        record.parent.parent.joinpath("LATEST").unlink()


def test_comments_and_the_description_are_carried(served: Served) -> None:
    served.serve()
    comments = served.comments("silver.orders")
    assert comments["id"] == "the number"
    assert str(comments["customer"]).startswith("long long")
    told = dict(row[:2] for row in served.sql("DESCRIBE EXTENDED gold.huge"))
    assert told["Comment"] == "It's the largest."


def test_a_second_serving_changes_nothing(served: Served) -> None:
    served.serve()
    assert served.serve() == ServeReport("spark_catalog", 1, unchanged=6)


@pytest.mark.parametrize("changes", [0, 1, 3])
def test_a_serving_that_was_stopped_is_redone(served: Served, changes: int) -> None:
    served.serve()
    served.forward()
    stopped = served.serve(engine=StoppedEngine(served.hive, changes))
    assert [problem.code for problem in stopped.problems] == ["LW901"]
    again = served.serve()
    assert again.exit_code == 0
    assert served.ids("silver.orders") == [1, 2, 6, 7]
    assert served.ids("gold.large") == [2, 7]


def test_a_view_that_was_given_another_query_is_put_again(served: Served) -> None:
    served.serve()
    served.sql("ALTER VIEW gold.large AS SELECT 1 AS id, 2 AS amount")
    assert served.serve().put == ("gold.large",)
    assert served.ids("gold.large") == [2]


def test_a_table_of_somebody_else_is_left(served: Served) -> None:
    served.sql("CREATE SCHEMA gold")
    served.sql("CREATE TABLE gold.totals USING parquet AS SELECT 1 AS theirs")
    report = served.serve()
    assert (report.exit_code, [it.code for it in report.problems]) == (4, ["LW464"])
    assert served.sql("SELECT * FROM gold.totals") == [(1,)]


def test_a_metastore_without_grants_is_said(served: Served) -> None:
    report = served.serve(replace(SPEC, readers=("analysts",)))
    assert (report.exit_code, [note[:5] for note in report.notes]) == (0, ["LW465"])


def test_a_view_means_the_same_in_a_session_with_other_settings(served: Served) -> None:
    served.serve()
    expected = served.sql("SELECT * FROM gold.days ORDER BY id")
    served.sql("SET spark.sql.session.timeZone=Pacific/Kiritimati")
    try:
        assert served.sql("SELECT * FROM gold.days ORDER BY id") == expected
    finally:
        served.sql("SET spark.sql.session.timeZone=UTC")


def test_as_table_the_head_is_seen_and_its_log_is_left_alone(served: Served) -> None:
    entry = served.shop.latest.tables[TableName("silver", "orders")]
    log = Path(served.shop.home, ".lake", entry.location, "_delta_log")
    before = sorted(file.name for file in log.glob("*.json"))
    assert served.serve(replace(SPEC, mode="table")).exit_code == 0
    assert served.ids("silver.orders") == [1, 2, 6, 7]
    assert served.ids("gold.large") == [2]
    assert sorted(file.name for file in log.glob("*.json")) == before
    assert served.comments("silver.orders")["id"] == "the number"


def test_from_heads_to_views_and_back_no_row_is_lost(served: Served) -> None:
    heads = replace(SPEC, mode="table")
    served.serve(heads)
    assert served.serve().exit_code == 0
    assert served.ids("silver.orders") == [1, 2]
    assert served.serve(heads).exit_code == 0
    assert served.ids("silver.orders") == [1, 2, 6, 7]
