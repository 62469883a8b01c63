"""Commands in a process of their own that kills itself by SIGKILL at a step: no handler runs.

    python -m proof.doomed COMMAND HOME ENGINE STEP

STEP is the beginning of a numbered step; or `write 3`, the third write to the lake's store, or to
the catalog.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakewright.engines import Engine, open_engine
from lakewright.graph import compile_project
from lakewright.lake import Lake, NotFoundError, ObjectStore
from lakewright.lake.forks import NewFork, Origin, fork_environment
from lakewright.lake.state import read_source
from lakewright.names import TableName
from lakewright.plans import Return, make_plan
from lakewright.plans.adopting import plan_adoption
from lakewright.plans.values import FoundTable
from lakewright.runtime import Report, Server, apply_plan, plan_rollback, roll_back, serve_latest
from lakewright.runtime.collecting import Collecting, collect
from lakewright.runtime.surveying import Order, plan_collection
from lakewright.specs import ServeSpec, load_project, resolve_target
from proof.shops import ENVIRONMENT, TESTS, Shop, wait_for_the_end_of

RUN = "00000000-0000-4000-8000-00000000000a"
FORK = "dev"
NOTES = TableName("gold", "notes")
Stop = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DoomedStore:
    """A store whose process is killed before its n-th write; all else is the store's own."""

    inner: ObjectStore
    writes: list[str]
    last: int

    def __getattr__(self, name: str) -> Any:
        if name in {"put", "put_new", "delete"}:
            self.writes.append(name)
            if len(self.writes) == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self.inner, name)


def kill(shop: Shop, command: str, step: str, engine: str = "sail") -> None:
    """Run it in another process, which dies at the step; nothing of it runs any more."""
    child = subprocess.Popen(
        [sys.executable, "-m", "proof.doomed", command, str(shop.home), engine, step],
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    told = child.communicate(timeout=300)
    assert child.returncode == -signal.SIGKILL, told
    wait_for_the_end_of(child)


def go_on(step: str) -> None:
    del step


def create_fork(lake: Lake) -> None:
    """`env create dev --from prod`."""
    fork = NewFork(FORK, RUN, datetime.now(UTC), "ana")
    fork_environment(lake, lake, Origin(ENVIRONMENT, 1), fork)


def write_fork(shop: Shop, engine: Engine, stop_at: Stop = go_on) -> Report:
    """`apply -e dev`."""
    graph = compile_project(load_project(shop.home))
    state = shop.lake.state(FORK, graph.inputs, resolve=shop.locate)
    plan = make_plan(graph, state, datetime.now(UTC))
    return apply_plan(plan, shop.lake.confined(FORK), engine, stop_at=stop_at)


def go_back(shop: Shop, engine: Engine, stop_at: Stop = go_on) -> Report:
    """`rollback --to 1`."""
    lake = shop.lake
    ask = Return(lake.release(ENVIRONMENT, 1), reason="bad file")
    plan = plan_rollback(lake, ENVIRONMENT, ask, datetime.now(UTC), resolve=shop.locate)
    return roll_back(plan, lake, engine, reason="bad file", stop_at=stop_at)


def adopt_notes(shop: Shop, engine: Engine, stop_at: Stop = go_on) -> Report:
    """`adopt gold.notes --location outside/notes`."""
    lake, place = shop.lake, f"{shop.home}/outside/notes"
    graph = compile_project(load_project(shop.home))
    state = lake.state(ENVIRONMENT, graph.inputs, resolve=shop.locate)
    head = lake.tables.at(place, read_source(lake.tables, place).version)
    found = FoundTable(head, "notes", f"{shop.home}/outside", head.version)
    plan = plan_adoption(graph, state, graph.steps[NOTES], found, now=datetime.now(UTC))
    return apply_plan(plan, lake, engine, stop_at=stop_at)


def collect_garbage(shop: Shop, stop_at: Stop = go_on) -> None:
    """`gc --yes`."""
    order = Order(ENVIRONMENT, datetime.now(UTC))
    work = Collecting(RUN, shop.lake, order, by="ana", stop_at=stop_at)
    collect(plan_collection(shop.lake, order), work)


def serve(shop: Shop, engine: Engine, spec: ServeSpec, last: int = 0) -> None:
    """Step 7 of an apply; killed before the catalog's n-th change."""
    changes: list[str] = []
    by = Server(RUN, lambda: datetime.now(UTC))
    serve_latest(shop.lake, ENVIRONMENT, spec, DoomedCatalogs(engine, changes, last), by=by)


@dataclass(frozen=True, slots=True)
class DoomedCatalogs:
    """An engine whose catalog kills the process before its n-th view."""

    inner: Engine
    changes: list[str]
    last: int

    def catalog(self, name: str) -> Any:
        return DoomedCatalog(self.inner.catalog(name), self.changes, self.last)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(frozen=True, slots=True)
class DoomedCatalog:
    inner: Any
    changes: list[str]
    last: int

    def __getattr__(self, name: str) -> Any:
        if name in {"put_view", "withdraw"}:
            self.changes.append(name)
            if len(self.changes) == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
        return getattr(self.inner, name)


def main(command: str, home: str, engine: str, step: str) -> None:
    def stop_at(reached: str) -> None:
        if reached.startswith(step):
            os.kill(os.getpid(), signal.SIGKILL)

    shop = Shop(Path(home))
    match command:
        case "create":
            lake = shop.lake
            store = DoomedStore(lake.store, [], int(step.removeprefix("write ")))
            create_fork(replace(lake, store=store))  # type: ignore[arg-type]
        case "gc":
            collect_garbage(shop, stop_at)
        case "serve":
            target = resolve_target(load_project(shop.home), "prod", os.environ, "ana")
            assert target.serve is not None
            with closing(open_engine(engine, conf=target.conf)) as started:
                serve(shop, started, target.serve, int(step.removeprefix("write ")))
        case "fork" | "back" | "adopt":
            act = {"fork": write_fork, "back": go_back, "adopt": adopt_notes}[command]
            with closing(open_engine(engine)) as started:
                act(shop, started, stop_at)
        case _:
            raise NotFoundError(command)


if __name__ == "__main__":
    main(*sys.argv[1:])
