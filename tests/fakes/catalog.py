"""A catalog in memory that outlives processes and consults the world's hook at every operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fakes.lake import World
from lakewright.engines import CatalogObject, CatalogTable, CatalogView, ObjectName
from lakewright.errors import LakeError


@dataclass
class MemoryCatalog:
    """Implements `Catalog`. `put` keeps the views as they were put, `done` the operations."""

    world: World = field(default_factory=World)
    name: str = "spark_catalog"
    grants_known: bool = True
    schemas: set[str] = field(default_factory=set)
    standing: dict[ObjectName, CatalogObject] = field(default_factory=dict)
    views: dict[ObjectName, CatalogView] = field(default_factory=dict)
    granted: set[tuple[ObjectName, str]] = field(default_factory=set)
    broken: set[ObjectName] = field(default_factory=set)  # what cannot be put
    stuck: set[ObjectName] = field(default_factory=set)  # what cannot be withdrawn
    done: list[str] = field(default_factory=list)

    def objects(self, schema: str) -> Mapping[ObjectName, CatalogObject]:
        self.world.reach("objects", schema, "before")
        return {name: item for name, item in self.standing.items() if name.schema == schema}

    def make_schema(self, schema: str) -> None:
        self.world.reach("make_schema", schema, "before")
        self.schemas.add(schema)
        self.world.reach("make_schema", schema, "after")

    def put_view(self, view: CatalogView) -> None:
        there = self.standing.get(view.name)
        self._begin("put_view", view.name)
        if there is not None and there.kind != "view":
            raise LakeError("LW637", f"{view.name} is no view")
        self.standing[view.name] = CatalogObject(
            view.name, "view", dict(view.properties), text=view.sql.strip()
        )
        self.views[view.name] = view
        self._end("put_view", view.name)

    def put_table(self, table: CatalogTable) -> None:
        self._begin("put_table", table.name)
        if table.name in self.standing:
            raise LakeError("LW637", f"{table.name} is there already")
        self.standing[table.name] = CatalogObject(table.name, "table", location=table.location)
        self._end("put_table", table.name)

    def withdraw(self, found: CatalogObject) -> None:
        assert found.kind != "other"
        self.world.reach("withdraw", str(found.name), "before")
        there = self.standing.get(found.name)
        if found.name in self.stuck:
            raise LakeError("LW637", f"{found.name} was refused")
        if there is not None and there.kind != found.kind:
            raise LakeError("LW637", f"{found.name} is a {there.kind}")
        self.standing.pop(found.name, None)
        self.views.pop(found.name, None)
        self._end("withdraw", found.name)

    def grant(self, found: CatalogObject, reader: str) -> None:
        self.world.reach("grant", f"{found.name} {reader}", "before")
        if not self.grants_known:
            raise LakeError("LW636", f"the catalog {self.name} knows no GRANT")
        self.granted.add((found.name, reader))
        self.world.reach("grant", f"{found.name} {reader}", "after")

    def foreign(self, name: ObjectName, kind: str = "view") -> None:
        """Somebody else's object."""
        stranger = CatalogObject(name, "view", {"owner": "somebody"})
        self.standing[name] = stranger if kind == "view" else replace(stranger, kind="other")

    def _begin(self, operation: str, name: ObjectName) -> None:
        self.world.reach(operation, str(name), "before")
        if name.schema not in self.schemas:
            raise LakeError("LW637", f"there is no schema {name.schema}")
        if name in self.broken:
            raise LakeError("LW637", f"{name} was refused")

    def _end(self, operation: str, name: ObjectName) -> None:
        self.done.append(f"{operation} {name}")
        self.world.reach(operation, str(name), "after")
