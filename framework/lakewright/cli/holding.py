"""`hold` and `resume`: a person's word on tables, kept as a control record."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import (
    Workspace,
    existing_lake,
    latest_release,
    open_workspace,
    user_name,
)
from lakewright.errors import Problem, UsageError
from lakewright.graph.near import near_hint
from lakewright.lake import ControlRecord, Held, Lake, Release
from lakewright.lake.control import held_now
from lakewright.lake.records import ControlKind
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.holds import holds_document, render_holds, told_holds

FREED = ("person", "rollback")  # who else holds a table lets it go by itself
_FREES_ITSELF = {
    "check": "it is tried again once its files, inputs, rules or code have changed",
    "upstream": "it goes on with the table that it waits for",
    "error": "the next refresh tries it again",
}


def hold_tables(common: Common, tables: Sequence[str], *, reason: str) -> int:
    """`hold`: refreshes leave these tables at their released version."""
    space, lake = _lake_of(common)
    release = latest_release(space, lake)
    named = tuple(TableName.parse(table) for table in tables)
    _refuse_unreleased(named, release)
    record = _say(space, lake, "hold", named, release=release, reason=reason)
    return _tell(common, space, lake, record)


def resume_tables(common: Common, tables: Sequence[str], *, reason: str) -> int:
    """`resume`: what a person or a rollback holds is refreshed again; without tables all of it."""
    space, lake = _lake_of(common)
    release = latest_release(space, lake)
    held = held_now(release, lake.control(space.environment))
    freed = tuple(hold.table for hold in held if hold.by in FREED)
    named = tuple(TableName.parse(table) for table in tables)
    _refuse_unheld(named, held, freed)
    record = _say(space, lake, "resume", named or freed, release=release, reason=reason)
    return _tell(common, space, lake, record)


def _lake_of(common: Common) -> tuple[Workspace, Lake]:
    space = open_workspace(common)
    lake = existing_lake(space)
    if space.project is not None:
        lake.check_project(space.project.name)
    return space, lake


def _say(
    space: Workspace,
    lake: Lake,
    kind: ControlKind,
    tables: tuple[TableName, ...],
    *,
    release: Release,
    reason: str,
) -> ControlRecord:
    if not reason.strip():
        raise UsageError("LW303", "--reason is empty", hint="say why, for those who look later")
    record = ControlRecord(
        kind, reason, user_name(os.environ), datetime.now(UTC), tables, release.release
    )
    return lake.put_control(space.environment, record)


def _tell(common: Common, space: Workspace, lake: Lake, record: ControlRecord) -> int:
    """What was said, and who is held afterwards."""
    streams = Streams.of(common)
    records = lake.control(space.environment)
    held = held_now(lake.latest(space.environment), records)
    if common.json:
        document = holds_document(record, space.environment, held, records)
        streams.answer(render_json(document))
    else:
        did = "Held" if record.kind == "hold" else "Resumed"
        names = ", ".join(str(table) for table in sorted(record.tables))
        streams.answer(f"{did} in {space.environment}: {names}.\n\n")
        streams.answer(render_holds(told_holds(held, records), color=streams.color))
    return 0


def _refuse_unreleased(named: Iterable[TableName], release: Release) -> None:
    known = sorted(
        str(name)
        for name, entry in release.tables.items()
        if name == name.group and entry.kind != "source"
    )
    missing = [name for name in named if str(name) not in known]
    if missing:
        raise UsageError.of(
            Problem(
                "LW357",
                f"{name} is not a table that release {release.release} built",
                hint=near_hint(str(name), known, "lakewright status lists them"),
            )
            for name in missing
        )


def _refuse_unheld(
    named: tuple[TableName, ...], held: tuple[Held, ...], freed: tuple[TableName, ...]
) -> None:
    if not named and not freed:
        raise UsageError(
            "LW356",
            "no person and no rollback holds a table",
            hint="lakewright status says what is held, and why",
        )
    by = {hold.table: hold.by for hold in held}
    names = [str(table) for table in freed]
    problems = []
    for name in named:
        if name not in freed:
            how = by.get(name)
            what = f"is held by {how}" if how else "is not held"
            otherwise = _FREES_ITSELF.get(how or "", "lakewright status says what is held")
            hint = otherwise if how else near_hint(str(name), names, otherwise)
            problems.append(Problem("LW356", f"{name} {what}", hint=hint))
    if problems:
        raise UsageError.of(problems)
