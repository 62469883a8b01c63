"""Rolling a shop back, one line each."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from fakes.engine import FakeEngine
from lakewright.lake import ControlRecord
from lakewright.plans import Plan, Return, RollbackMode
from lakewright.runtime import Report, plan_rollback, roll_back
from lakewright.runtime.run import StopAt
from runtime.shop import ENVIRONMENT, NOW, Shop, name

WHY = "bad rows"


def plan_back(
    shop: Shop,
    to: int,
    *,
    select: tuple[str, ...] | None = None,
    mode: RollbackMode = "hold",
    process: str = "a",
    resolve: Callable[[str], str] = str,
) -> Plan:
    lake = shop.world.lake(process)
    chosen = frozenset(map(name, select)) if select is not None else None
    ask = Return(lake.release(ENVIRONMENT, to), mode, reason=WHY)
    return plan_rollback(
        lake, ENVIRONMENT, ask, NOW, choose=lambda _before, _target: chosen, resolve=resolve
    )


def run_back(
    shop: Shop,
    plan: Plan,
    process: str = "a",
    stop_at: StopAt = lambda step: None,
    workers: int = 1,
) -> Report:
    shop.runs += 1
    return roll_back(
        plan,
        shop.world.lake(process),
        FakeEngine(shop.world.tables),
        run_id=str(UUID(int=shop.runs)),
        reason=WHY,
        stop_at=stop_at,
        workers=workers,
        clock=lambda: NOW,
    )


def go_back(
    shop: Shop,
    to: int,
    *,
    select: tuple[str, ...] | None = None,
    mode: RollbackMode = "hold",
    process: str = "a",
) -> Report:
    return run_back(shop, plan_back(shop, to, select=select, mode=mode, process=process), process)


def resume(shop: Shop, *tables: str) -> None:
    said = tuple(map(name, tables))
    record = ControlRecord("resume", "looked at", "ana", NOW, said, release=shop.latest().release)
    shop.world.lake().put_control(ENVIRONMENT, record)


def heads(shop: Shop) -> dict[str, list[object]]:
    """What stands at the heads of all released tables."""
    lake = shop.world.lake("reader")
    found = {}
    for table, entry in shop.latest().tables.items():
        if entry.location:
            rows = shop.world.versions[lake.location_uri(entry.location)][-1].rows
            found[str(table)] = sorted(rows.drop_columns(_varying(rows)).to_pylist(), key=repr)
    return found


def _varying(rows: object) -> list[str]:
    names = {"_run_id", "_quarantined_at", "_ingested_at", "run_id"}
    return [column for column in rows.column_names if column in names]  # type: ignore[attr-defined]
