"""Reads what a collection is planned from: all environments' releases, storage, and the code."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lakewright.errors import LakeError
from lakewright.lake import Collected, Lake, NotFoundError, Release, paths
from lakewright.lake.control import active_pins, collected, ends_at
from lakewright.lake.storage import StoredTable, list_records, list_runs, list_tables
from lakewright.plans.collecting import (
    CollectFolder,
    CollectPlan,
    Trim,
    collect_runs,
    group_needs,
    make_collect_plan,
    tell_old_forks,
)
from lakewright.plans.retaining import (
    REASONS,
    By,
    Chain,
    Need,
    Promise,
    decide_expiry,
    find_needs,
    newest_code,
    read_promise,
)
from lakewright.runtime.shown import needs_of_catalogs, tell_standing
from lakewright.specs import Project

GRACE = timedelta(days=1)
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Order:
    """What a collection was asked to do. `project` holds the retention of today's files."""

    environment: str
    now: datetime
    grace: timedelta = GRACE
    project: Project | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """An environment with what is promised of it."""

    chain: Chain
    promise: Promise

    def expiry(self, now: datetime, grace: timedelta) -> Collected:
        return decide_expiry(self.chain, self.promise, now, grace)


def plan_collection(lake: Lake, order: Order, before: CollectPlan | None = None) -> CollectPlan:
    """What a collection would do now. Nothing is written.

    With `before`, the plan whose expiry is on record already: no release dies beyond it, and what
    needs something by now is spared.
    """
    own = _promised(lake, read_chain(lake, order.environment, order.now), order)
    expiry = own.expiry(order.now, order.grace)
    if before is not None:
        expiry = replace(before.expiry, kept=own.chain.collected.kept)
    needs = [*find_needs(own.chain, expiry, own.expiry(order.now, timedelta()))]
    others = _others(lake, order)
    needs += [*_needs_of_others(others), *needs_of_catalogs(lake)]
    grouped = group_needs(needs, order.environment)
    standing = tell_standing(lake, order.environment) if own.chain.ended else []
    waits = own.chain.latest is None or bool(standing)
    stored = () if waits else list_tables(lake.store, order.environment)
    trims, notes = _measure(lake, stored, grouped, order.grace)
    changed = {chain.environment: chain.latest.created_at for chain in others if chain.latest}
    unused = order.now - timedelta(days=own.promise.longest_days)
    notes += [*standing, *_tell_ended(others), *tell_old_forks(grouped, trims, changed, unused)]
    return make_collect_plan(
        own.chain,
        expiry,
        grouped,
        stored,
        trims,
        now=order.now,
        grace=order.grace,
        folders=() if waits else (*_runs(lake, own, order, expiry), *_records(lake, own, order)),
        doomed=[one.location for one in before.dropping] if before else (),
        notes=notes,
    )


def read_chain(lake: Lake, environment: str, now: datetime) -> Chain:
    """An environment's releases, only as far back as something may still be needed."""
    latest = lake.latest(environment)
    records = lake.control(environment)
    gone, end = collected(records, now), ends_at(records)
    if latest is None:
        return Chain(environment, (), gone)
    if end is not None and end <= now:
        return Chain(environment, (latest,), gone, ended=True)
    pinned = {pin.release for pin in active_pins(records, now)}
    numbers = sorted({*pinned, *range(gone.everything + 1, latest.release)} - {latest.release})
    older = (_record(lake, environment, number, maybe_gone=end is not None) for number in numbers)
    return Chain(environment, (*(release for release in older if release), latest), gone)


def _record(lake: Lake, environment: str, number: int, *, maybe_gone: bool) -> Release | None:
    """A release; None when its environment was collected at its end, before a clock went back."""
    try:
        return lake.release(environment, number)
    except LakeError as error:
        if maybe_gone and error.code == "LW514":
            return None
        raise


def _promised(lake: Lake, chain: Chain, order: Order) -> Survey:
    """A chain with what its released code promises; LakeError LW516 when that is not there."""
    newest = {} if chain.ended else newest_code(chain)
    code = {digest: lake.code(chain.environment, digest) for digest in sorted(set(newest.values()))}
    return Survey(chain, read_promise(chain, code, order.project))


def _others(lake: Lake, order: Order) -> list[Chain]:
    names = (name for name in lake.environments() if name != order.environment)
    return [read_chain(lake, name, order.now) for name in names]


def _needs_of_others(others: Iterable[Chain]) -> Iterator[Need]:
    """What all other environments need: all releases that they did not collect themselves."""
    for chain in others:
        # Nobody is refused a release that only its own environment could say is collected.
        yield from find_needs(chain, chain.collected, chain.collected, told=chain.environment)


def _tell_ended(others: Iterable[Chain]) -> list[str]:
    return [
        f"{chain.environment} has ended: lakewright gc -e {chain.environment} collects it"
        for chain in others
        if chain.ended and chain.latest is not None and chain.latest.tables
    ]


def _measure(
    lake: Lake,
    stored: Iterable[StoredTable],
    needs: Mapping[str, tuple[Need, ...]],
    grace: timedelta,
) -> tuple[dict[str, Trim], list[str]]:
    """Per needed location what a vacuum would delete; a note for one that cannot be read."""
    wanted = [one for one in stored if one.location in needs]
    hours = untracked_hours(grace)

    def measure(one: StoredTable) -> Trim | str:
        try:
            return _trim(lake, one, needs[one.location], hours)
        except LakeError as error:
            return f"{one.location} is left alone: {error.problems[0].message}"

    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        found = list(zip(wanted, pool.map(measure, wanted), strict=True))
    trims = {one.location: trim for one, trim in found if isinstance(trim, Trim)}
    return trims, [note for _, note in found if isinstance(note, str)]


def _trim(lake: Lake, one: StoredTable, needs: tuple[Need, ...], hours: int) -> Trim:
    """Asked once per reason, with one reason more each time: the difference is what it keeps."""
    uri, left = lake.location_uri(one.location), one.data
    keep, kept = set[int](), dict[By, int]()
    for by in REASONS:
        versions = {need.version for need in needs if need.by == by}
        if not versions:
            continue
        keep |= versions
        told = lake.tables.vacuum(uri, keep, untracked_hours=hours, dry_run=True)
        unneeded = one.data & frozenset(told)
        kept[by] = one.bytes_of(left - unneeded)
        left = unneeded
    return Trim(left, kept)


def untracked_hours(grace: timedelta) -> int:
    return math.ceil(grace / timedelta(hours=1))


def _runs(lake: Lake, own: Survey, order: Order, expiry: Collected) -> tuple[CollectFolder, ...]:
    runs = list_runs(lake.store)
    old = [run for run in runs if run.newest <= order.now - order.grace]
    theirs = {run.run_id for run in old if _environment_of(lake, run.run_id) == order.environment}
    living = {
        release.run_id
        for release in own.chain.releases
        if release.release > expiry.everything or release.release in expiry.kept
    }
    kept = timedelta(days=own.promise.longest_days)
    return collect_runs(runs, theirs, living, now=order.now, grace=order.grace, kept=kept)


def _environment_of(lake: Lake, run_id: str) -> str:
    """The environment a run worked in; "" when it does not say."""
    try:
        return str(json.loads(lake.get_run(run_id, "plan.json"))["environment"])
    except (NotFoundError, ValueError, KeyError, TypeError):
        return ""


def _records(lake: Lake, own: Survey, order: Order) -> tuple[CollectFolder, ...]:
    """Of an ended environment all releases but the last, which ends its chain, and the code."""
    if not own.chain.ended:
        return ()
    home = paths.environment(order.environment)
    found = list_records(lake.store, order.environment)
    last = max((path for path in found if "/releases/" in path), default="")
    files = {path.removeprefix(f"{home}/"): found[path] for path in found if path != last}
    return (CollectFolder(home, files),)
