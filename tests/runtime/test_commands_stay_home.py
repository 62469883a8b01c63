"""Commands in a fork write nothing outside of it; the watchman fails on any other write."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pytest

from lakewright.lake import ControlRecord, Lake
from lakewright.runtime.collecting import Collecting, collect
from lakewright.runtime.surveying import Order, plan_collection
from runtime.estate import Estate, TrespassError
from runtime.shop import DAY_TWO, NOW, name

LATER = timedelta(days=400)


@pytest.fixture
def forked(tmp_path: Path) -> Estate:
    estate = Estate.build(tmp_path)
    estate.fork("dev")
    estate.land("two", 3)
    estate.orders(DAY_TWO)
    assert estate.apply("dev").ok
    estate.land("three", 4)
    assert estate.apply("dev").ok
    return estate


def home(estate: Estate) -> Lake:
    """The lake as a command in `dev` gets it."""
    return estate.lake("dev").confined("dev")


def test_a_collection_in_a_fork_stays_there(forked: Estate) -> None:
    theirs, seen = forked.elsewhere("dev"), forked.seen("prod")
    order = Order("dev", NOW + LATER)
    forked.world.now = order.now
    with forked.watched("dev"):
        plan = plan_collection(home(forked), order)
        report = collect(
            plan, Collecting(str(UUID(int=99)), home(forked), order, "ana", clock=lambda: order.now)
        )
    assert report.freed > 0
    assert forked.elsewhere("dev") == theirs
    assert forked.seen("prod") == seen
    assert forked.plan_in("dev").empty


def test_words_on_a_fork_stay_there(forked: Estate) -> None:
    theirs = forked.elsewhere("dev")
    with forked.watched("dev"):
        for kind in ("pin", "revoke", "hold", "resume", "stop", "clear", "expire"):
            home(forked).put_control(
                "dev",
                ControlRecord(kind, "", "ana", NOW, (name("silver.orders"),), 1, name="x"),
            )
    assert forked.elsewhere("dev") == theirs


@pytest.mark.parametrize("drift", ["adopt", "discard"])
def test_what_is_decided_about_drift_in_a_fork_stays_there(forked: Estate, drift: str) -> None:
    theirs = forked.elsewhere("dev")
    location = forked.lake().entry_uri(forked.last("dev").tables[name("raw.clicks")])
    rows = forked.world.tables.rows(location, forked.last("dev").tables[name("raw.clicks")].version)
    forked.world.tables.write(location, rows.slice(0, 1), "append", "theirs")
    assert forked.apply("dev", drift=drift).ok
    assert forked.elsewhere("dev") == theirs


def test_a_write_to_the_parent_is_seen_by_the_watchman(forked: Estate) -> None:
    with forked.watched("dev"), pytest.raises(TrespassError):
        forked.world.tables.write(
            "memory://lake/prod/raw/clicks", pa.table({"n": [1]}), "append", "x"
        )
