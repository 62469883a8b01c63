"""A lake of several environments over the shop, and a guard that fails on any write elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from fakes.engine import FakeEngine
from fakes.lake import Hook, Moment, World
from lakewright.engines import Capabilities
from lakewright.lake import Lake, Release
from lakewright.lake.forks import NewFork, Origin, fork_environment
from lakewright.plans import Plan, make_plan
from lakewright.runtime import Report, apply_plan, plan_refresh
from lakewright.runtime.run import StopAt
from runtime.shop import FILES, NOW, Shop, ordered

CLICKS = {
    "pipelines/raw/clicks.yml": """\
table: raw.clicks
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {n: {type: bigint}}
""",
    "pipelines/silver/clicks.yml": "table: silver.clicks\n",
    "sql/silver/clicks.sql": "SELECT n, n * 2 AS twice FROM raw.clicks\n",
    "pipelines/gold/many.yml": "table: gold.many\nkind: view\n",
    "sql/gold/many.sql": "SELECT n FROM silver.clicks WHERE n > 1\n",
}
READS = {"get", "list", "sync", "release"}
SHARED = ("_lakewright/runs/", "_lakewright/history/")


class TrespassError(AssertionError):
    """A write outside the environment of the command."""


@dataclass(frozen=True, slots=True)
class Watchman:
    """A hook that fails on any write outside one environment, and calls the next one."""

    environment: str
    root: str = "memory://lake"
    then: Hook | None = None

    def __call__(self, operation: str, path: str, moment: Moment) -> None:
        if operation not in READS:
            relative = path.removeprefix(f"{self.root}/")
            own = f"{self.environment}/", f"_lakewright/env/{self.environment}/", *SHARED
            if not relative.startswith(own):
                raise TrespassError(f"{operation} {path} by a command in {self.environment}")
        if self.then is not None:
            self.then(operation, path, moment)


@dataclass
class ClonesToo(FakeEngine):
    """An engine that reads files outside a table's folder."""

    name: str = "spark"

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, shallow_clone=True)


@dataclass
class Estate(Shop):
    """A shop with files to load; every act is done in an environment, by another process."""

    folder: str = ""
    base: World | None = field(default=None)
    clones: bool = False

    @classmethod
    def build(cls, folder: Path) -> Estate:
        """Sources, one landed file, and release 1 of prod."""
        (folder / "landing").mkdir()
        shop = Shop.open()
        estate = cls(shop.world, {**FILES, **CLICKS}, folder=str(folder))
        estate.land("one", 1, 2)
        assert estate.apply("prod").ok
        return estate

    def land(self, file: str, *numbers: object) -> None:
        text = "".join(f"{number}\n" for number in ("n", *numbers))
        Path(self.folder, "landing", f"{file}.csv").write_text(text)

    def lake(self, process: str = "a") -> Lake:
        lake = self.world.lake(process)
        return replace(lake, bases=lambda written: {"${env:BASE}": "memory://base"}[written])

    def resolve(self, written: str) -> str:
        return written if "://" in written else f"{self.folder}/{written}"

    def plan_in(self, environment: str, process: str = "a", **options: Any) -> Plan:
        graph = options.pop("graph", None) or self.graph()
        state = self.lake(process).state(environment, graph.inputs, resolve=self.resolve)
        return make_plan(graph, state, options.pop("now", NOW), **options)

    def apply(self, environment: str = "prod", process: str = "a", **options: Any) -> Report:
        return self.go(self.plan_in(environment, process, **options), process)

    def refresh(self, environment: str = "prod", process: str = "a", **options: Any) -> Report:
        lake = self.lake(process)
        return self.go(plan_refresh(lake, environment, NOW, resolve=self.resolve), process)

    def go(self, plan: Plan, process: str = "a", stop_at: StopAt = lambda step: None) -> Report:
        """Apply a plan with the watchman standing by, whatever hook is set beside it."""
        self.runs += 1
        engine = (ClonesToo if self.clones else FakeEngine)(self.world.tables)
        with self.watched(plan.environment):
            return apply_plan(
                plan,
                self.lake(process),
                engine,
                run_id=str(UUID(int=self.runs)),
                stop_at=stop_at,
                workers=1,
                clock=lambda: NOW,
            )

    @contextmanager
    def watched(self, environment: str) -> Iterator[None]:
        before = self.world.hook
        self.world.hook = Watchman(environment, self.world.uri, before)
        try:
            yield
        finally:
            self.world.hook = before

    def fork(
        self, name: str, source: str = "prod", number: int | None = None, **told: Any
    ) -> Release:
        self.runs += 1
        lake = self.lake("forker")
        found = number or self.last(source).release
        fork = NewFork(name, str(UUID(int=self.runs)), NOW, "ana", **told)
        with self.watched(name):
            return fork_environment(lake, lake, Origin(source, found), fork)

    def last(self, environment: str) -> Release:
        release = self.lake("reader").latest(environment)
        assert release is not None
        return release

    def seen(self, environment: str, release: Release | None = None) -> dict[str, Any]:
        """All stored tables as readers by release see them."""
        lake, found = self.lake("reader"), release or self.last(environment)
        return {
            str(name): ordered(lake.read_table(lake.verify_pin(entry)))
            for name, entry in found.tables.items()
            if entry.location
        }

    def elsewhere(self, environment: str) -> dict[str, Any]:
        """All bytes and commits outside an environment, runs and history left out."""
        own = f"{environment}/", f"_lakewright/env/{environment}/", *SHARED
        objects = {
            path: data for path, (data, _) in self.world.objects.items() if not path.startswith(own)
        }
        tables = {
            location: len(versions)
            for location, versions in self.world.versions.items()
            if not location.removeprefix(f"{self.world.uri}/").startswith(own)
        }
        return {"objects": objects, "tables": tables}
