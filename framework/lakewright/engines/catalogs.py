"""What serving asks of a catalog: look, put, withdraw. It decides nothing and deletes no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from lakewright.errors import RefusedError
from lakewright.lake import Field


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """The place of a view or table inside one catalog."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class CatalogObject:
    """What stands at a place. A `table` is an entry over Delta files that the catalog does not own;
    anything that is neither that nor a view is `other`.
    """

    name: ObjectName
    kind: Literal["view", "table", "other"]
    properties: Mapping[str, str] = field(default_factory=dict)  # of a view, those of ours
    location: str = ""  # of a table, absolute
    text: str | None = None  # of a view: its query as the catalog keeps it, None: not known


@dataclass(frozen=True, slots=True)
class CatalogView:
    """A view to stand in a catalog. `fields` name its columns by position."""

    name: ObjectName
    sql: str
    fields: tuple[Field, ...]
    comment: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table entry over Delta files; columns and comments are those of the Delta table."""

    name: ObjectName
    location: str


class Catalog(Protocol):
    """One catalog. LakeError LW634 when it cannot be reached, LW635 when it cannot hold what is
    put, LW637 for all else it refuses.
    """

    @property
    def name(self) -> str: ...

    def objects(self, schema: str) -> Mapping[ObjectName, CatalogObject]:
        """Everything in a schema; nothing where there is no such schema."""

    def make_schema(self, schema: str) -> None:
        """No error when it is there."""

    def put_view(self, view: CatalogView) -> None:
        """Create the view, or replace the view that is there."""

    def put_table(self, table: CatalogTable) -> None:
        """Create a table entry; something there already is an error."""

    def withdraw(self, found: CatalogObject) -> None:
        """Take a view or a table's entry away. Files stay; nothing there is no error."""

    def grant(self, found: CatalogObject, reader: str) -> None:
        """Let `reader` select from it; LakeError LW636 where the catalog knows no GRANT."""


def no_catalog(engine: str, catalog: str) -> RefusedError:
    return RefusedError(
        "LW633",
        f"{engine} has no catalog that outlives it, so nothing can be served into {catalog}",
        hint="--engine spark",
    )
