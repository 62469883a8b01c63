"""`lakewright.read`: one table of a release, for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakewright.cli.choosing import choose_release, refuse_collected
from lakewright.cli.options import Common
from lakewright.cli.reading import read_rows
from lakewright.cli.workspace import existing_lake, open_workspace
from lakewright.errors import UsageError
from lakewright.lake import Entry, Lake, Release
from lakewright.names import TableName


def read(
    table: str,
    *,
    environment: str | None = None,
    release: int | None = None,
    as_of: str | datetime | None = None,
    lake: str | None = None,
    target: str | None = None,
    project: str | Path | None = None,
    spark: Any = None,
) -> Any:
    """The rows of `table` exactly as a release has them; by default the latest.

    `as_of` means the release that readers saw at that time, in the project's time zone unless the
    time says its own.

    An Arrow table; with `spark`, a session, a DataFrame of that session. Lake and environment are
    found as the command line does, from the project around `project` or the current folder, unless
    said here. UsageError LW304 for a table the release does not have; RefusedError LW373 when its
    rows were collected.
    """
    common = Common(
        target=target,
        environment=environment,
        lake=lake,
        project=None if project is None else str(project),
    )
    space = open_workspace(common)
    home = existing_lake(space)
    found = choose_release(space, home, release, as_of)
    entry = _entry(found, table)
    refuse_collected(home, found, [entry.table], datetime.now(UTC))
    if spark is not None:
        return _frame(home, entry, spark)
    if entry.location:
        return home.read_table(home.verify_pin(entry))
    return read_rows(space, home, found, f"SELECT * FROM {entry.table}")


def _entry(release: Release, table: str) -> Entry:
    name = TableName.of(table.strip().lower())
    if name not in release.tables:
        known = ", ".join(str(known) for known in sorted(release.tables))
        raise UsageError(
            "LW304",
            f"release {release.release} of {release.environment} has no table `{table}`",
            hint=f"it has {known}",
        )
    return release.tables[name]


def _frame(lake: Lake, entry: Entry, spark: Any) -> Any:
    if not entry.location:
        raise UsageError(
            "LW305",
            f"{entry.table} is a {entry.kind}: it has no rows of its own to read into a session",
            hint="read it without `spark`, or read the tables below it",
        )
    pin = lake.verify_pin(entry)
    reader = spark.read.format("delta").option("versionAsOf", pin.version)
    return reader.load(pin.location)
