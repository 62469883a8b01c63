"""The two ports of a lake: where bytes are, and where Delta tables are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from lakewright.lake.values import Commit, Definition, Head, Pin

if TYPE_CHECKING:
    import pyarrow as pa

CloneMode = Literal["shallow", "copy"]


class AlreadyExistsError(Exception):
    """A put-if-absent found somebody else's bytes."""


class NotFoundError(Exception):
    """There is nothing at that path."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    path: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """Bytes at paths relative to a root. Errors other than the two above are LakeError LW5xx."""

    def get(self, path: str) -> bytes:
        """Raises NotFoundError."""

    def put_new(self, path: str, data: bytes) -> None:
        """Create durably, or raise AlreadyExistsError; never half, never over another's bytes."""

    def put(self, path: str, data: bytes) -> None:
        """Create or replace; readers see the old bytes or the new."""

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Objects below the folder `prefix` whose path sorts behind `after`, in path order."""

    def delete(self, path: str) -> None:
        """No error when there is nothing."""

    def sync(self, path: str) -> None:
        """Make a file, or all below a folder, durable (a no-op where puts are durable)."""


class DeltaTables(Protocol):
    """Delta logs, definitions and history, without a JVM. Locations are absolute."""

    def head(self, location: str) -> Head | None:
        """None when there is no Delta table."""

    def at(self, location: str, version: int) -> Head:
        """The definition as of a version."""

    def commits(self, location: str, after: int) -> tuple[Commit, ...]:
        """All commits with a version above `after`, in order. Cheap when there are none."""

    def commit(self, location: str, version: int) -> Commit:
        """One commit by its version. Raises NotFoundError when the log does not have it."""

    def size(self, location: str, version: int) -> tuple[int | None, int]:
        """Rows (None without statistics) and bytes of a version."""

    def define(
        self, location: str, definition: Definition, token: str, *, table_id: str, now: datetime
    ) -> int | None:
        """Create the table or bring its definition to `definition`, in one commit with `token`.

        Returns the version, None when nothing differed. Retyping or removing a column empties the
        table in the same commit: only for tables that are rewritten next. `table_id` is for a new
        table.
        """

    def clone(
        self,
        source: Pin,
        location: str,
        token: str,
        *,
        table_id: str,
        now: datetime,
        mode: CloneMode,
    ) -> int:
        """Begin a table at `location` with definition and rows of `source`; returns its version.

        One commit with `token`. `shallow` names the files of the source, which must stay where
        they are; `copy` copies them. The source is only read. LakeError LW531 for what a clone
        would lose (deletion vectors, column mapping), LW532 when a table is there.
        """

    def restore(self, location: str, version: int, token: str, *, over: int | None = None) -> int:
        """Bring rows back to `version` in one commit; returns its version. The head: no commit.

        With `over` only while that is the head; LakeError LW535 when somebody committed on top.
        """

    def same_rows(self, location: str, one: int, other: int) -> bool:
        """Whether two versions are made of the very same files, and so hold the same rows."""

    def missing(self, location: str, version: int) -> tuple[str, ...]:
        """Files that a version is made of and that storage does not have, by path."""

    def rows(self, location: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a version (small tables, and those an engine need not be started for)."""

    def append(self, location: str, rows: pa.Table, token: str) -> int:
        """Append driver-made rows; returns the version. For ledgers and history."""

    def vacuum(
        self, location: str, keep: Collection[int], *, untracked_hours: int, dry_run: bool
    ) -> tuple[str, ...]:
        """Delete the files that neither the head nor a version of `keep` reads; returns their paths
        below the location, also of files that are gone already.

        Files that no version names go as well once they are `untracked_hours` old. Nothing outside
        the location is touched: a clone's borrowed files stay. Changes no rows and may commit
        entries without a token. LakeError LW530 for a version that the log does not have.
        """

    def sync(self, location: str, after: int) -> None:
        """Make durable what the commits above `after` wrote (a no-op where puts are durable)."""
