"""What a comparison of two releases found, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakewright.lake import Entry, Field
from lakewright.names import TableName

Status = Literal["added", "removed", "changed", "unchanged", "same"]
MASK = "***"  # stands for every value of a column marked `pii`


@dataclass(frozen=True, slots=True)
class Retyped:
    """A column that both sides have, with another type."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """Columns by name; their order does not count."""

    added: tuple[Field, ...] = ()
    removed: tuple[Field, ...] = ()
    retyped: tuple[Retyped, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.retyped)


@dataclass(frozen=True, slots=True)
class ColumnMatch:
    """In how many of the rows that both sides have a column differs."""

    column: str
    compared: int
    differing: int

    @property
    def rate(self) -> float | None:
        """The share of equal values; None when no row was on both sides."""
        return (self.compared - self.differing) / self.compared if self.compared else None


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as it stands on one side only, `times` more often than on the other."""

    values: Mapping[str, Any]
    times: int = 1


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A key on both sides, and the columns that differ: name -> (left, right)."""

    key: Mapping[str, Any]
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Samples:
    """A few rows of each sort, in the order of the key."""

    left_only: tuple[SampleRow, ...] = ()
    right_only: tuple[SampleRow, ...] = ()
    changed: tuple[ChangedRow, ...] = ()


@dataclass(frozen=True, slots=True)
class RowDiff:
    """Counts of rows. Without a `key` whole rows were compared, each as often as it occurs.

    `share` below 1 says that only that share of the keys was compared: then all counts but those
    of the tables, `left_rows` and `right_rows`, are of that sample.
    """

    left_rows: int
    right_rows: int
    key: tuple[str, ...] = ()
    left_only: int = 0
    right_only: int = 0
    changed: int = 0
    same: int = 0
    columns: tuple[ColumnMatch, ...] = ()
    share: float = 1.0
    samples: Samples = field(default_factory=Samples)

    @property
    def equal(self) -> bool:
        counts = (self.left_only, self.right_only, self.changed)
        return not any(counts) and self.left_rows == self.right_rows


@dataclass(frozen=True, slots=True)
class TableDiff:
    """One table. `same`: both sides name an equal version, so no row was read for that.

    `unchanged`: the rows were read and are equal. `rows` is None where none were compared.
    """

    table: TableName
    status: Status
    left: Entry | None
    right: Entry | None
    schema: SchemaDiff = field(default_factory=SchemaDiff)
    rows: RowDiff | None = None
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.status in {"added", "removed", "changed"}


@dataclass(frozen=True, slots=True)
class Diff:
    """Two sides, each by what it is called, and every table that one of them has."""

    left: str
    right: str
    tables: tuple[TableDiff, ...]

    @property
    def differs(self) -> bool:
        return any(table.differs for table in self.tables)
