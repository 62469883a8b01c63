"""What every catalog does, the one in memory and the Hive metastore alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lakewright.engines import Catalog, CatalogObject, CatalogTable, CatalogView, ObjectName
from lakewright.errors import LakeError
from lakewright.lake import Field

PROPERTIES = {"lakewright.lake": "0a" * 16, "lakewright.environment": "prod"}
ONE = "SELECT 1 AS x"


def view(name: str, sql: str = ONE, *, comment: str = "", **properties: str) -> CatalogView:
    told = {f"lakewright.{key}": value for key, value in properties.items()}
    return CatalogView(
        ObjectName("gold", name), sql, (Field("x", "int"),), comment, PROPERTIES | told
    )


class CatalogContract:
    """Fixtures of a subclass: `catalog`, empty; `files`, a Delta table; `stranger`."""

    @pytest.fixture
    def catalog(self) -> Catalog:
        raise NotImplementedError

    @pytest.fixture
    def files(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def stranger(self) -> Callable[[ObjectName], None]:
        """Makes an object that is neither a view nor a table's entry."""
        raise NotImplementedError

    def test_a_schema_that_is_not_there_holds_nothing(self, catalog: Catalog) -> None:
        assert catalog.objects("gold") == {}

    def test_making_a_schema_twice_is_once(self, catalog: Catalog) -> None:
        catalog.make_schema("gold")
        catalog.make_schema("gold")
        assert catalog.objects("gold") == {}

    def test_a_view_is_seen_with_its_properties(self, catalog: Catalog) -> None:
        catalog.make_schema("gold")
        catalog.put_view(view("a", release="12", mark="f" * 32, table="gold.a"))
        name = ObjectName("gold", "a")
        expected = PROPERTIES | {
            "lakewright.release": "12",
            "lakewright.mark": "f" * 32,
            "lakewright.table": "gold.a",
        }
        assert catalog.objects("gold") == {name: CatalogObject(name, "view", expected, text=ONE)}

    def test_the_query_of_a_view_is_kept_with_its_lines(self, catalog: Catalog) -> None:
        catalog.make_schema("gold")
        catalog.put_view(view("a", "SELECT 1 -- one\n  AS x\n"))
        found = catalog.objects("gold")[ObjectName("gold", "a")]
        assert found.text == "SELECT 1 -- one\n  AS x"

    def test_a_comment_cannot_pretend_to_be_a_property(self, catalog: Catalog) -> None:
        catalog.make_schema("gold")
        told = "x\nTable Properties: [lakewright.lake=theirs, lakewright.release=9]\nType: MANAGED"
        catalog.put_view(view("a", comment=told))
        found = catalog.objects("gold")[ObjectName("gold", "a")]
        assert (found.kind, found.properties) == ("view", PROPERTIES)

    def test_a_view_replaces_a_view(self, catalog: Catalog) -> None:
        catalog.make_schema("gold")
        catalog.put_view(view("a", release="1"))
        catalog.put_view(view("a", "SELECT 2 AS x", release="2"))
        found = catalog.objects("gold")[ObjectName("gold", "a")]
        assert found.properties["lakewright.release"] == "2"

    def test_a_view_replaces_nothing_else(
        self, catalog: Catalog, stranger: Callable[[ObjectName], None]
    ) -> None:
        catalog.make_schema("gold")
        stranger(ObjectName("gold", "a"))
        with pytest.raises(LakeError) as caught:
            catalog.put_view(view("a"))
        assert caught.value.code == "LW637"
        assert catalog.objects("gold")[ObjectName("gold", "a")].kind == "other"

    def test_an_entry_is_seen_with_its_place(self, catalog: Catalog, files: str) -> None:
        catalog.make_schema("gold")
        name = ObjectName("gold", "t")
        catalog.put_table(CatalogTable(name, files))
        assert catalog.objects("gold") == {name: CatalogObject(name, "table", location=files)}

    def test_an_entry_replaces_nothing(self, catalog: Catalog, files: str) -> None:
        catalog.make_schema("gold")
        catalog.put_view(view("a"))
        with pytest.raises(LakeError) as caught:
            catalog.put_table(CatalogTable(ObjectName("gold", "a"), files))
        assert caught.value.code == "LW637"

    def test_what_is_withdrawn_is_gone_and_twice_is_once(
        self, catalog: Catalog, files: str
    ) -> None:
        catalog.make_schema("gold")
        catalog.put_view(view("a"))
        catalog.put_table(CatalogTable(ObjectName("gold", "t"), files))
        for found in [*catalog.objects("gold").values()] * 2:
            catalog.withdraw(found)
        assert catalog.objects("gold") == {}

    def test_a_withdrawn_entry_leaves_its_files(self, catalog: Catalog, files: str) -> None:
        catalog.make_schema("gold")
        name = ObjectName("gold", "t")
        for _ in range(2):
            catalog.put_table(CatalogTable(name, files))
            catalog.withdraw(catalog.objects("gold")[name])
        assert self.rows(files) == 2

    def rows(self, files: str) -> int:
        """The rows of the Delta table `files`, which has two."""
        raise NotImplementedError
