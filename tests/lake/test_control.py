"""What control records say when they are read together."""

from __future__ import annotations

from datetime import timedelta

from lake.samples import NOW, TABLE
from lakewright.lake import ControlRecord, ReleasePin
from lakewright.lake.control import active_pins, collected, ends_at, restorable_from, resumed_at
from lakewright.names import TableName

OTHER = TableName("silver", "other")
DAY = timedelta(days=1)


def test_the_last_word_on_a_pin_counts_and_pins_end() -> None:
    said = [
        ControlRecord("pin", "", "ana", NOW, release=3, name="audit"),
        ControlRecord("pin", "", "ana", NOW, release=4, name="audit"),
        ControlRecord("pin", "", "ana", NOW, release=2, expires_at=NOW + DAY, name="short"),
        ControlRecord("pin", "", "ana", NOW, release=1, name="gone"),
        ControlRecord("revoke", "", "ana", NOW, name="gone"),
    ]
    short = ReleasePin("short", 2, "", NOW + DAY)
    assert active_pins(said, NOW) == (ReleasePin("audit", 4), short)
    assert active_pins(said, NOW + DAY) == (ReleasePin("audit", 4),)


def test_what_is_collected_is_known_for_each_table_and_spares_pins() -> None:
    said = [
        ControlRecord("pin", "", "ana", NOW, release=1, name="audit"),
        ControlRecord("expire", "", "gc", NOW, release=2),
        ControlRecord("expire", "", "gc", NOW, (TABLE,), release=5),
    ]
    found = collected(said, NOW)
    assert (found.upto(TABLE), found.upto(TABLE.ledger), found.upto(OTHER)) == (5, 5, 2)
    assert found.has(5, TABLE)
    assert not found.has(6, TABLE)
    assert not found.has(3, OTHER)
    assert not found.has(1, OTHER)


def test_a_pin_that_comes_behind_a_collection_protects_nothing() -> None:
    said = [
        ControlRecord("expire", "", "gc", NOW, (TABLE,), release=5),
        ControlRecord("pin", "", "ana", NOW, release=5, name="late"),
        ControlRecord("pin", "", "ana", NOW, release=6, name="early"),
        ControlRecord("expire", "", "gc", NOW, release=7),
    ]
    found = collected(said, NOW)
    assert found.kept == {6}
    assert found.has(5, TABLE)


def test_a_release_that_one_pin_kept_may_be_pinned_again_under_another_name() -> None:
    said = [
        ControlRecord("pin", "", "ana", NOW, release=1, name="first"),
        ControlRecord("expire", "", "gc", NOW, release=2),
        ControlRecord("pin", "", "ana", NOW, release=1, name="second"),
        ControlRecord("revoke", "", "ana", NOW, name="first"),
    ]
    assert collected(said, NOW).kept == {1}
    lapsed = [said[0], said[1], said[3], said[2]]
    assert collected(lapsed, NOW).kept == frozenset()


def test_restorable_is_what_lies_behind_the_newest_collection_and_always_the_latest() -> None:
    assert restorable_from([], 4) == 1
    said = [
        ControlRecord("expire", "", "gc", NOW, release=2),
        ControlRecord("expire", "", "gc", NOW, (TABLE,), release=5),
    ]
    assert restorable_from(said, 9) == 6
    assert restorable_from(said, 5) == 5


def test_an_environment_ends_when_the_last_word_says() -> None:
    said = [
        ControlRecord("expire", "", "gc", NOW, release=2),
        ControlRecord("expire", "", "ana", NOW, expires_at=NOW + DAY),
    ]
    assert ends_at(said[:1]) is None
    assert ends_at(said) == NOW + DAY


def test_a_table_is_resumed_after_the_release_that_was_latest_then() -> None:
    said = [
        ControlRecord("resume", "", "ana", NOW, (TABLE,), release=4),
        ControlRecord("resume", "", "ana", NOW, release=2),
    ]
    assert resumed_at(said) == {TABLE: 4, None: 2}
