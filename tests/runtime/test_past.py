"""The past of a table: its log beside the releases."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes.engine import FakeEngine
from fakes.lake import Crash
from lakewright.lake import ControlRecord, paths
from lakewright.runtime import apply_plan
from lakewright.runtime.past import Past, PastVersion, read_past
from runtime.shop import DAY_ONE, DAY_TWO, ENVIRONMENT, NOW, Shop, name

ORDERS, VIEW = name("silver.orders"), name("gold.large")
LATER = NOW + timedelta(days=1)


def past(shop: Shop, table: str = "silver.orders", limit: int | None = None) -> Past:
    lake = shop.world.lake("reader")
    return read_past(lake, ENVIRONMENT, name(table), limit=limit, now=LATER)


def told(version: PastVersion) -> tuple[int, list[tuple[int, int]]]:
    return version.version, [(span.first, span.last) for span in version.spans]


@pytest.fixture
def shop() -> Shop:
    """Release 1, a description changed (2), new rows (3), and gold alone (4)."""
    shop = Shop.open()
    shop.apply()
    shop.orders(DAY_TWO)
    shop.apply()
    return shop


def test_versions_come_newest_first_with_their_releases(shop: Shop) -> None:
    assert [told(version) for version in past(shop).versions] == [
        (2, [(2, 2)]),
        (1, [(1, 1)]),
        (0, []),
    ]
    assert past(shop).complete


def test_a_version_knows_run_rows_code_and_inputs(shop: Shop) -> None:
    version = past(shop).versions[0]
    entry = version.entry
    assert entry is not None
    assert (version.run_id, entry.rows) == (shop.latest().run_id, 3)
    assert entry.code == shop.latest().tables[ORDERS].code
    assert {str(table) for table in entry.inputs} == {"raw.orders"}


def test_what_no_release_names_is_not_restorable(shop: Shop) -> None:
    assert [version.restorable for version in past(shop).versions] == [True, True, False]


def test_a_strangers_write_is_drift_and_an_optimize_is_not(shop: Shop) -> None:
    tables = shop.world.tables
    location = shop.world.lake().pin(shop.latest().tables[ORDERS]).location
    tables.touch(location)
    rows = tables.rows(location, 2)
    tables.write(location, rows, "append", None)
    found = past(shop).versions[:3]
    assert [(v.version, v.drifted, v.run_id == "") for v in found] == [
        (4, True, True),
        (3, False, True),
        (2, False, False),
    ]


def test_collected_releases_are_not_restorable_unless_pinned(shop: Shop) -> None:
    expire = ControlRecord("expire", "", "gc", NOW, release=1)
    pinned = copy.deepcopy(shop)
    shop.world.lake().put_control(ENVIRONMENT, expire)
    assert [v.restorable for v in past(shop).versions] == [True, False, False]
    lake = pinned.world.lake()
    lake.put_control(ENVIRONMENT, ControlRecord("pin", "", "ana", NOW, release=1, name="audit"))
    lake.put_control(ENVIRONMENT, expire)
    assert [v.restorable for v in past(pinned).versions] == [True, True, False]


def test_a_version_that_the_log_lost_is_not_restorable(shop: Shop) -> None:
    lake = shop.world.lake()
    uri = lake.pin(shop.latest().tables[ORDERS]).location
    shop.world.versions[f"{uri}-moved"] = shop.world.versions.pop(uri)
    assert {v.restorable for v in past(shop).versions} == {False}


def test_a_limit_stops_the_walk_and_is_told(shop: Shop) -> None:
    found = past(shop, limit=1)
    assert [told(version) for version in found.versions] == [(2, [(2, 2)])]
    assert not found.complete


def test_a_view_has_a_version_for_each_change_and_no_log(shop: Shop) -> None:
    found = past(shop, "gold.large").versions
    assert [told(version)[1] for version in found] == [[(2, 2)], [(1, 1)]]
    assert {version.commit for version in found} == {None}
    assert all(version.restorable for version in found)


def test_a_borrowed_table_shows_what_the_fork_names_and_no_more(shop: Shop) -> None:
    lake = shop.world.lake()
    lake.put_release(replace(lake.release(ENVIRONMENT, 1), environment="dev", kind="fork"))
    found = read_past(lake, "dev", ORDERS, limit=None, now=LATER).versions
    assert [told(version) for version in found] == [(1, [(1, 1)])]
    assert (found[0].restorable, found[0].drifted) == (True, False)


def test_a_release_says_who_made_it() -> None:
    shop = Shop.open()
    plan = shop.plan()
    engine = FakeEngine(shop.world.tables)
    apply_plan(plan, shop.world.lake(), engine, by="ana@laptop", clock=lambda: NOW)
    version = past(shop).versions[0]
    assert version.release is not None
    assert version.release.by == "ana@laptop"


def test_a_table_no_release_has_is_empty(shop: Shop) -> None:
    assert past(shop, "silver.nothing").versions == ()


def test_a_table_that_was_dropped_keeps_its_past(shop: Shop) -> None:
    lake, latest = shop.world.lake(), shop.latest()
    kept = {table: entry for table, entry in latest.tables.items() if table.group != ORDERS}
    lake.put_release(replace(latest, release=3, parent=2, run_id="x", tables=kept))
    found = past(shop)
    assert [told(version) for version in found.versions[:2]] == [(2, [(2, 2)]), (1, [(1, 1)])]
    assert found.spans[0].entry is None


def test_a_release_that_was_rolled_back_is_found_through_its_report(shop: Shop) -> None:
    lake = shop.world.lake()
    first = lake.release(ENVIRONMENT, 1)
    for number in range(3, 30):
        lake.put_release(replace(first, release=number, parent=number - 1, run_id=f"r{number}"))
    assert [told(version) for version in past(shop).versions] == [
        (2, [(2, 2)]),
        (1, [(3, 29), (1, 1)]),
        (0, []),
    ]


def test_few_records_are_read_however_many_releases_there_are(shop: Shop) -> None:
    lake, latest = shop.world.lake(), shop.latest()
    for number in range(3, 400):
        lake.put_release(replace(latest, release=number, parent=number - 1, run_id=f"r{number}"))
    read: list[str] = []

    def watch(operation: str, path: str, moment: str) -> None:
        if operation == "get" and path.startswith(paths.releases(ENVIRONMENT)):
            read.append(path)

    shop.world.hook = watch
    assert [told(version) for version in past(shop).versions] == [
        (2, [(2, 399)]),
        (1, [(1, 1)]),
        (0, []),
    ]
    assert len(read) < 45


def test_a_run_that_died_before_its_report_is_found_by_the_walk() -> None:
    shop = Shop.open()
    shop.apply()
    shop.orders([*DAY_ONE, {"id": 7, "customer": "bob", "amount": 70}])

    def die(step: str) -> None:
        if step == "6 put":
            raise Crash

    with pytest.raises(Crash):
        shop.run(shop.plan(), "b", stop_at=die)
    shop.world.kill("b")
    assert shop.latest().release == 2
    assert told(past(shop).versions[0]) == (2, [(2, 2)])


def test_what_a_dead_run_wrote_is_ours_and_of_no_release() -> None:
    shop = Shop.open()
    shop.apply()
    shop.orders(DAY_TWO)

    def die(step: str) -> None:
        if step == "5 verified":
            raise Crash

    with pytest.raises(Crash):
        shop.run(shop.plan(), "b", stop_at=die)
    shop.world.kill("b")
    newest = past(shop).versions[0]
    assert (told(newest), newest.drifted, newest.restorable) == ((2, []), False, False)
    assert newest.run_id
