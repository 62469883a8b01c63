"""What a rollback would do: records and code decide, then a look whether rows are still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from lakewright.graph import Graph
from lakewright.lake import Lake, LakeState, Release, find_lost, rewound_files
from lakewright.lake.control import collected
from lakewright.names import TableName
from lakewright.plans import (
    Found,
    Plan,
    Return,
    Way,
    choose_return,
    compile_released,
    compile_target,
    make_rollback,
    refuse_collected,
)

Chosen = Callable[[Graph, Graph], frozenset[TableName] | None]
_THREADS = 8
_LOOKED_AT = 20  # releases that are searched for rows that the wanted one has lost


def earlier_release(lake: Lake, latest: Release) -> int:
    """The number of the release before the newest that changed anything; 0 when there is none."""
    while latest.kind == "maintenance" and latest.parent:
        latest = lake.release(latest.environment, latest.parent)
    return latest.parent


def plan_rollback(
    lake: Lake,
    environment: str,
    ask: Return,
    now: datetime,
    *,
    choose: Chosen = lambda _before, _target: None,
    resolve: Callable[[str], str] = str,
) -> Plan:
    """The plan of a rollback at `now`. `choose` picks the tables once both graphs are known.

    Reads only. RefusedError LW350, LW352 or LW353 when it is impossible, with what is possible.
    """
    while True:
        state = _state_of_both(lake, environment, ask.to)
        before, target = compile_released(state), compile_target(state, ask.to)
        asked = replace(ask, select=choose(before, target))
        way = choose_return(state, asked, before, target)
        inputs = {one.table: one for graph in (before, way.graph) for one in graph.inputs}
        seen = lake.state(environment, tuple(inputs.values()), resolve=resolve)
        if seen.release == state.release:
            break
    seen = replace(seen, code=state.code)
    return make_rollback(seen, asked, way, _look(lake, seen, asked, way, now), now)


def _state_of_both(lake: Lake, environment: str, target: Release) -> LakeState:
    state = lake.state(environment, ())
    assert state.release is not None, "only an environment with a release can go back"
    entries = (*state.release.tables.values(), *target.tables.values())
    return replace(state, code=lake.released_code(environment, entries))


def _look(lake: Lake, state: LakeState, ask: Return, way: Way, now: datetime) -> Found:
    """What was collected is refused before anything is looked for in storage."""
    records = lake.control(state.environment)
    newest = state.release.release if state.release else 0
    numbers = range(state.restorable_from or 1, newest + 1)  # without a gap, so none is listed
    found = Found(collected=collected(records, now), numbers=numbers)
    refuse_collected(ask, way, found)
    restored = [entry for entry in way.restored if entry.kind != "source"]
    lost = find_lost(lake, restored, ask.to.tables, state.inputs)
    intact = tuple(_intact(lake, state, ask, set(lost), found)) if lost else ()
    ingests = sorted(name for name in way.moving if _has_ledger(state, name))
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        files = pool.map(lambda name: rewound_files(lake, state, name, ask.to), ingests)
        rewound = dict(zip(ingests, files, strict=True))
    return replace(found, lost=lost, intact=intact, files=rewound)


def _has_ledger(state: LakeState, name: TableName) -> bool:
    return state.release is not None and name.ledger in state.release.tables


def _intact(
    lake: Lake, state: LakeState, ask: Return, lost: set[TableName], found: Found
) -> Iterator[int]:
    """The nearest release that has all the rows that are lost in the wanted one."""
    others = [number for number in found.numbers if number != ask.to.release]
    for number in sorted(others, key=lambda it: abs(it - ask.to.release))[:_LOOKED_AT]:
        tables = lake.release(state.environment, number).tables
        wanted = [tables[name] for name in lost if name in tables]
        if len(wanted) < len(lost) or any(found.collected.has(number, name) for name in lost):
            continue
        if not find_lost(lake, wanted, tables, state.inputs):
            yield number
            return
