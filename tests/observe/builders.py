"""Small values to render: a step, an entry, a release, a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from lakewright.errors import Place
from lakewright.graph import (
    Check,
    Column,
    FilesTransform,
    Fingerprint,
    Graph,
    RowTest,
    SqlTransform,
    Step,
)
from lakewright.lake import CheckResult, Entry, Field, InputVersion, LakeState, Release
from lakewright.names import TableName
from lakewright.plans import Change, DropTable, Plan, Reason, RestoreTable
from lakewright.specs import FilesInput, Segment, SqlText

NOW = datetime(2026, 11, 22, 4, 10, tzinfo=UTC)
RUN = "0d9c4c1e-0000-4000-8000-000000000001"


def name(text: str) -> TableName:
    return TableName.of(text)


def place(path: str, line: int = 1) -> Place:
    return Place(path, line)


def check(label: str, on_fail: Any, columns: tuple[str, ...], description: str) -> Check:
    where = place("pipelines/flights/silver/flights.yml", 9)
    test = RowTest("coalesce(true, true)")
    return Check(label, "expression", on_fail, test, where, columns, True, description=description)


def sql_step(table: str, query: str, *reads: str, **more: Any) -> Step:
    named = name(table)
    path = f"sql/flights/{named.schema}/{named.table}.sql"
    text = SqlText(path, query, query, (Segment(0, 0, copied=True),))
    step = Step(
        name=named,
        kind="table",
        layer=named.schema,
        where=place(f"pipelines/flights/{named.schema}/{named.table}.yml"),
        transform=SqlTransform(text, ()),
        reads=tuple(sorted(name(read) for read in reads)),
        references=(),
        columns=(Column("id", "bigint"), Column("delay", None)),
        key=("id",),
        checks=(),
        fingerprint=Fingerprint(1, f"own {table}", f"full {table}"),
        metadata=f"metadata {table}",
        deterministic=True,
        clock=(),
        vars={},
        code=f"code {table}",
        files=(),
    )
    return replace(step, **more)


def ingest_step(table: str) -> Step:
    named = name(table)
    where = place(f"pipelines/flights/{named.schema}/{named.table}.yml")
    files = FilesInput(named, f"landing/{named.table}/*.csv", "csv", where)
    return sql_step(table, "", kind="ingest", transform=FilesTransform(files), reads=())


def entry(table: str, version: int = 1, **more: Any) -> Entry:
    named = name(table)
    made = Entry(
        table=named,
        kind="table",
        location=f"prod/{named.schema}/{named.table}",
        table_id=f"id {table}",
        version=version,
        token=f"lw:{RUN}:{table}",
        code=f"code {table}",
        fingerprint=f"full {table}",
        own=f"own {table}",
        algorithm=1,
        metadata=f"metadata {table}",
        schema=(Field("id", "bigint"),),
        rows=1204,
        bytes=310_000,
        data_version=version,
    )
    return replace(made, **more)


def release(number: int, *entries: Entry, **more: Any) -> Release:
    made = Release(
        environment="prod",
        release=number,
        parent=number - 1,
        created_at=NOW.replace(day=min(number, 28)),
        run_id=RUN,
        kind="apply",
        reason="",
        engine="sail",
        packages={"pysail": "0.7.2"},
        tables={item.table: item for item in entries},
    )
    return replace(made, **more)


def state(found: Release | None, **more: Any) -> LakeState:
    made = LakeState(
        lake="/data/lake",
        lake_id="lake-1",
        environment="prod",
        protected=False,
        release=found,
        inputs={},
        restorable_from=1 if found else None,
    )
    return replace(made, **more)


def graph(*steps: Step) -> Graph:
    return Graph("flights", {step.name: step for step in steps}, (), {}, "UTC", 1)


def plan(
    changes: tuple[Change, ...],
    *,
    over: LakeState,
    pending: tuple[DropTable, ...] = (),
    unchanged: tuple[str, ...] = (),
    **more: Any,
) -> Plan:
    made = Plan(
        environment="prod",
        kind="apply",
        graph=graph(*(c.step for c in changes if not isinstance(c, DropTable | RestoreTable))),
        state=over,
        changes=changes,
        pending=pending,
        unchanged=tuple(name(text) for text in unchanged),
        held=(),
        now=NOW,
        today=date(2026, 11, 22),
    )
    return replace(made, **more)


def reason(kind: Any, detail: str) -> Reason:
    return Reason(kind, detail)


def result(label: str, on_fail: str, verdict: Any, failed: int) -> CheckResult:
    return CheckResult(label, "expression", on_fail, verdict, failed, 336_776)


def used(version: int) -> InputVersion:
    return InputVersion("id", version)
