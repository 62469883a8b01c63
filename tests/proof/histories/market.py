"""The place where a history happens: a lake in memory, landed files, a clock, and who works there.

Every act is done by a process of its own, which may die at any operation of the lake.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa

from fakes.catalog import MemoryCatalog
from fakes.engine import FakeEngine
from fakes.lake import Crash, World
from lakewright.cli.querying import compile_query
from lakewright.errors import LakewrightError, Place
from lakewright.graph import Graph, compile_project
from lakewright.lake import (
    Collected,
    Definition,
    Field,
    Lake,
    LakeState,
    Release,
    ReleasePin,
    decode_release,
    list_served,
)
from lakewright.lake.control import collected
from lakewright.lake.forks import NewFork, Origin, end_environment, fork_environment
from lakewright.names import TableName
from lakewright.plans import Plan, Return, RollbackMode, make_plan, merge_selected
from lakewright.plans.adopting import plan_adoption
from lakewright.plans.values import FoundTable
from lakewright.runtime import (
    Report,
    Server,
    ServeReport,
    apply_plan,
    plan_refresh,
    plan_rollback,
    read_query,
    roll_back,
    serve_latest,
    withdraw_environment,
)
from lakewright.runtime.collecting import Collecting, CollectReport, collect
from lakewright.runtime.pinning import drop_pin, put_pin
from lakewright.runtime.projecting import ENVIRONMENT, RELEASE, TABLE
from lakewright.runtime.run import StopAt
from lakewright.runtime.surveying import Order, plan_collection
from lakewright.specs import Project, ServeSpec, SourceFile, load_files, load_released
from proof.histories.faults import Fault, die
from proof.histories.model import File, Inputs, Rows
from proof.histories.project import CUSTOMERS, ORDERS, Code, files_of
from proof.histories.worlds import View, copy_world
from runtime.estate import ClonesToo

SERVED = ServeSpec("spark_catalog", "{environment}_{schema}", Place("lakewright.yml", 5))
_PINNED = re.compile(r"delta\.`([^`]+)` VERSION AS OF (\d+)")
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAIN = "prod"
DEV = "dev"  # a fork of prod, once it is made
_VARYING = {"_run_id", "_quarantined_at", "_ingested_at", "run_id"}
_ORDERS = (Field("id", "bigint"), Field("customer", "string"), Field("amount", "bigint"))
_CUSTOMERS = (Field("customer", "string"), Field("region", "string"))


@dataclass(slots=True)
class Market:
    """What is there, and what anybody may do, one line each."""

    world: World = field(default_factory=World)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(dir=_shared_memory())))
    inputs: Inputs = field(default_factory=Inputs)
    now: datetime = BEGIN
    processes: int = 0
    clones: bool = False  # whether the engine reads shallow clones
    catalog: MemoryCatalog = field(init=False)
    _landed: int = 0
    _refused: dict[tuple[str, datetime, int], Collected] = field(default_factory=dict)
    _read: dict[int, tuple[pa.Table, Rows]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catalog = MemoryCatalog(self.world)

    @classmethod
    def open(cls, inputs: Inputs) -> Market:
        """An empty lake and these deliveries."""
        market = cls()
        market.world.lake().create("shop", "0" * 32, BEGIN)
        market.deliver(inputs)
        return market

    def copy(self) -> Market:
        """The same place again, of which nothing is shared that could change."""
        folder = Path(tempfile.mkdtemp(dir=_shared_memory()))
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        world = copy_world(self.world)
        return replace(self, world=world, folder=folder, _refused={}, _read=dict(self._read))

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # What others do

    def deliver(self, inputs: Inputs) -> None:
        """Sources are replaced, files land, change or vanish."""
        if inputs.orders != self.inputs.orders or not self.world.versions.get(ORDERS):
            self._source(ORDERS, _ORDERS, inputs.orders)
        if inputs.customers != self.inputs.customers or not self.world.versions.get(CUSTOMERS):
            self._source(CUSTOMERS, _CUSTOMERS, inputs.customers)
        for path in self.inputs.files.keys() - inputs.files.keys():
            (self.folder / path).unlink()
        for path, file in inputs.files.items():
            if self.inputs.files.get(path) != file:
                self._land(path, file)
        self.inputs = replace(inputs, today=self.now.date())

    def build_outside(self, rows: Rows, kind: str) -> str:
        """Somebody's table that looks like gold.extra; its location."""
        location = f"memory://outside/extra_{len(self.world.versions)}"
        self._source(location, (Field("id", "bigint"), Field("value", kind)), rows)
        return location

    def set_clock(self, now: datetime) -> None:
        self.now = now
        self.world.now = max(self.world.now, now)
        self.inputs = replace(self.inputs, today=now.date())

    def _source(self, location: str, fields: tuple[Field, ...], rows: Rows) -> None:
        tables = self.world.tables
        tables.define(location, Definition(fields), "theirs", table_id=location, now=self.now)
        columns = {one.name: [row[one.name] for row in rows] for one in fields}
        types = {one.name: pa.int64() if one.type == "bigint" else pa.string() for one in fields}
        arrays = [pa.array(columns[name], types[name]) for name in columns]
        table = pa.Table.from_arrays(arrays, names=list(columns))
        tables.write(location, table, "overwrite", "theirs")

    def _land(self, path: str, file: File) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)
        self._landed += 1  # the kernel's clock for files ticks only every few milliseconds
        os.utime(target, (0, 1_700_000_000 + self._landed))

    # What processes of ours do

    def process(self) -> str:
        self.processes += 1
        return f"process {self.processes}"

    def lake(self, process: str = "reader") -> Lake:
        return self.world.lake(process)

    def locate(self, written: str) -> str:
        return written if "://" in written else f"{self.folder}/{written}"

    def state(self, environment: str, graph: Graph, process: str = "reader") -> LakeState:
        return self.lake(process).state(environment, graph.inputs, resolve=self.locate)

    def plan(
        self, environment: str, code: Code, *, process: str = "reader", select: str = "", **how: Any
    ) -> Plan:
        project, graph = compiled(code)
        chosen = {name(select)} if select else None
        if chosen:
            released = self.lake(process).state(environment, ())
            graph = merge_selected(project, released, graph, chosen)
        state = self.state(environment, graph, process)
        if not select and how.pop("drop", True):
            gone = state.release.tables.keys() - graph.steps.keys() if state.release else set()
            how["allow_destructive"] = {one for one in gone if one == one.group}
        return make_plan(graph, state, self.now, select=chosen, **how)

    def plan_taking(self, environment: str, code: Code, location: str, process: str) -> Plan:
        """`adopt gold.extra --location`."""
        project, graph = compiled(code)
        extra = name("gold.extra")
        graph = merge_selected(project, self.lake(process).state(environment, ()), graph, (extra,))
        state = self.state(environment, graph, process)
        head = self.world.tables.head(location)
        assert head is not None
        base, _, folder = location.rpartition("/")
        found = FoundTable(head, folder, base, head.version)
        return plan_adoption(graph, state, graph.steps[extra], found, now=self.now)

    def plan_refresh(self, environment: str, process: str = "reader") -> Plan:
        return plan_refresh(self.lake(process), environment, self.now, resolve=self.locate)

    def run(self, plan: Plan, process: str, stop_at: StopAt = lambda step: None) -> Report:
        return apply_plan(
            plan,
            self.lake(process),
            self.engine(),
            run_id=str(UUID(int=self.processes)),
            workers=1,
            stop_at=stop_at,
            clock=lambda: self.now,
        )

    def roll_back(
        self, environment: str, to: int, process: str, *, mode: RollbackMode, select: str = ""
    ) -> Report:
        lake = self.lake(process)
        chosen = frozenset({name(select)}) if select else None
        ask = Return(lake.release(environment, to), mode, reason="bad rows")
        plan = plan_rollback(
            lake, environment, ask, self.now, choose=lambda *_: chosen, resolve=self.locate
        )
        return roll_back(
            plan,
            lake,
            self.engine(),
            run_id=str(UUID(int=self.processes)),
            reason="bad rows",
            workers=1,
            clock=lambda: self.now,
        )

    def collect(self, environment: str, process: str) -> CollectReport:
        """gc, on the day that the clock tells."""
        lake, order = self.lake(process), Order(environment, self.now)
        run_id = str(UUID(int=self.processes))
        work = Collecting(run_id, lake, order, by="gc", clock=lambda: self.now)
        return collect(plan_collection(lake, order), work)

    def fork(self, number: int, process: str) -> set[str]:
        """Begin DEV as a release of MAIN; codes of its refusal."""
        lake, fork = (
            self.lake(process),
            NewFork(DEV, str(UUID(int=self.processes)), self.now, "ana"),
        )
        try:
            fork_environment(lake, lake, Origin(MAIN, number), fork)
        except LakewrightError as error:
            return {problem.code for problem in error.problems}
        return set()

    def end(self, environment: str) -> None:
        end_environment(self.lake("ana"), environment, now=self.now, by="ana", reason="done")

    def serve(self, environment: str, process: str) -> ServeReport:
        """Bring the catalog to the latest release."""
        by = self._server()
        found = serve_latest(self.lake(process), environment, SERVED, self.engine(), by=by)
        assert found is not None
        return found

    def withdraw(self, environment: str, process: str) -> ServeReport:
        lake, by = self.lake(process), self._server()
        return withdraw_environment(lake, environment, SERVED.catalog, self.engine(), by=by)

    def engine(self) -> FakeEngine:
        kind = ClonesToo if self.clones else FakeEngine
        return kind(self.world.tables, served=self.catalog)

    def _server(self) -> Server:
        return Server(str(UUID(int=self.processes)), lambda: self.now, patience=())

    def pin(self, environment: str, number: int) -> set[str]:
        """Codes of its refusal."""
        pin = ReleasePin(f"pin{number}", number)
        try:
            put_pin(self.lake("ana"), environment, pin, by="ana", now=self.now)
        except LakewrightError as error:
            return {problem.code for problem in error.problems}
        return set()

    def unpin(self, environment: str, number: int) -> None:
        drop_pin(self.lake("ana"), environment, f"pin{number}", by="ana", now=self.now)

    def dies(self, act: Callable[[str], None], at: int, *, tear: bool) -> bool:
        """Do `act` as a process that is killed at its `at`-th write; whether it was."""
        process = self.process()
        self.world.hook = Fault(at, "before", die, tear=tear)
        try:
            act(process)
        except Crash:
            return True
        finally:
            self.world.hook = None
            self.world.kill(process)
        return False

    # What readers see

    def numbers(self, environment: str) -> tuple[int, ...]:
        return tuple(self.lake().numbers(environment))

    def release(self, environment: str, number: int) -> Release:
        """The record as it is; decoded once for the same bytes."""
        path = f"_lakewright/env/{environment}/releases/{number:020d}.json"
        return _decoded(environment, number, self.world.objects[path][0])

    def collected(self, environment: str) -> Collected:
        """What readers are refused. Control records are never written again, so few are read."""
        folder = f"_lakewright/env/{environment}/control/"
        key = environment, self.now, sum(path.startswith(folder) for path in self.world.objects)
        if key not in self._refused:
            self._refused[key] = collected(self.lake().control(environment), self.now)
        return self._refused[key]

    def rows(self, release: Release, beside: Collection[str] = ()) -> dict[str, Rows]:
        """Stored tables of a release but `beside`, through their pins, which are verified."""
        lake = self.lake()
        found = {}
        for table, entry in release.tables.items():
            if entry.location and str(table) not in beside:
                pin = lake.verify_pin(entry)
                found[str(table)] = self._rows_of(lake.read_table(pin))
        return found

    def _rows_of(self, table: pa.Table) -> Rows:
        """The rows in Python; those of the same table once."""
        if id(table) not in self._read:
            self._read[id(table)] = table, _plain(table)
        return self._read[id(table)][1]

    def views(self, environment: str) -> dict[str, View]:
        """What stands in the catalog for an environment, by table."""
        return {
            view.properties[TABLE]: View(
                int(view.properties[RELEASE]),
                [(place, int(version)) for place, version in _PINNED.findall(view.sql)],
            )
            for view in self.catalog.views.values()
            if view.properties[ENVIRONMENT] == environment
        }

    def shown(self, environment: str) -> bool:
        """Whether a catalog shows anything of it, as far as anybody knows."""
        return bool(list_served(self.lake().store, environment))

    def rows_at(self, location: str, version: int) -> Rows:
        return self._rows_of(self.world.tables.rows(location, version))

    def is_stored(self, environment: str, number: int, table: str) -> bool:
        """Whether a table of a release has rows of its own; a view has none."""
        return bool(self.release(environment, number).tables[name(table)].location)

    def data_of(self, environment: str) -> set[str]:
        """Data files below an environment."""
        paths = (item.path for item in self.world.stored(f"{environment}/"))
        return {path for path in paths if "_delta_log" not in path}

    def view(self, release: Release, table: str) -> Rows:
        """The rows of a view as `lakewright sql` shows them."""
        lake = self.lake()
        stored = sorted({e.code for e in release.tables.values() if e.code})
        graph = _graph_of(tuple(lake.code(release.environment, digest) for digest in stored))
        state = self.state(release.environment, graph)
        transform, _ = compile_query(f"SELECT * FROM {table}", release)
        engine = FakeEngine(self.world.tables)
        return _plain(
            read_query(engine, lake, graph, release, transform, inputs=state.inputs, parameters={})
        )


@cache
def compiled(code: Code) -> tuple[Project, Graph]:
    project = load_files(SourceFile(path, text) for path, text in files_of(code).items())
    return project, compile_project(project)


def name(text: str) -> TableName:
    return TableName.of(text)


@cache
def _graph_of(bundles: tuple[tuple[SourceFile, ...], ...]) -> Graph:
    return compile_project(load_released(bundles))


@cache
def _decoded(environment: str, number: int, data: bytes) -> Release:
    release = decode_release(data, "record")
    assert (release.environment, release.release) == (environment, number)
    return release


def _plain(table: pa.Table) -> Rows:
    kept = [one for one in table.column_names if one not in _VARYING]
    return tuple(table.select(kept).to_pylist())


def _shared_memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
