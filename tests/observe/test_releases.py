"""Releases, status and history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from goldens import Golden
from lakewright.lake import Collected, Commit, Drift, Held, Release, ReleasePin
from lakewright.observe import render_json
from lakewright.observe.plans import code_of
from lakewright.observe.releases import (
    history_document,
    moves_between,
    newest_moves,
    releases_document,
    render_history,
    render_releases,
    render_status,
    status_document,
)
from observe.builders import NOW, entry, name, release, result

FIRST = release(1, entry("bronze.a", 1), entry("silver.b", 0))
SECOND = release(
    2,
    entry("bronze.a", 2),
    entry("silver.b", 2, own="edited", checks=(result("fits", "warn", "warn", 7),)),
    entry("gold.v", -1, kind="view", location="", rows=None, bytes=None),
    kind="refresh",
    reason="nightly",
    held=(Held(name("gold.c"), "check", 1, "total", "3 rows failed"),),
)
THIRD = release(3, entry("bronze.a", 2), entry("bronze.a__ledger", 4, code=""))


def test_releases_are_listed_newest_first(golden: Golden) -> None:
    golden("observe/releases.txt", render_releases([FIRST, SECOND, THIRD]))


def test_the_document_of_releases(golden: Golden) -> None:
    golden("observe/releases.json", render_json(releases_document([FIRST, SECOND])))


def test_releases_say_what_is_restorable_and_pinned() -> None:
    gone = Collected(1, {name("bronze.a"): 2}, frozenset({1}))
    pins = (ReleasePin("audit", 1), ReleasePin("year_end", 1))
    found = releases_document([FIRST, SECOND, THIRD], gone=gone, pins=pins)
    assert [(it["release"], it["restorable"], it["collected"], it["pins"]) for it in found] == [
        (3, True, [], []),
        (2, False, ["bronze.a"], []),
        (1, True, [], ["audit", "year_end"]),
    ]
    lines = render_releases([FIRST, SECOND, THIRD], gone=gone, pins=pins).splitlines()
    assert ["partly" in lines[2], "audit, year_end" in lines[3]] == [True, True]
    lost = render_releases([FIRST], gone=Collected(1))
    assert " no " in lost.splitlines()[1]


def test_releases_that_are_not_listed_are_counted() -> None:
    assert "and 7 earlier releases" in render_releases([FIRST], earlier=7)


def test_moves_ask_for_no_more_releases_than_they_need() -> None:
    read: list[int] = []

    def chain() -> Iterator[Release]:
        for one in (THIRD, SECOND, FIRST):
            read.append(one.release)
            yield one

    assert next(newest_moves(chain())).release.release == 3
    assert read == [3, 2]


def test_no_release_is_said_in_words() -> None:
    assert render_releases([]) == "No releases.\n"


def test_status_shows_tables_verdicts_and_what_is_held(golden: Golden) -> None:
    golden("observe/status.txt", render_status(SECOND, "prod"))
    golden("observe/status_verbose.txt", render_status(SECOND, "prod", verbose=True))


def test_the_document_of_status(golden: Golden) -> None:
    golden("observe/status.json", render_json(status_document(SECOND, "prod")))


def test_an_environment_without_a_release_says_how_to_make_one() -> None:
    assert status_document(None, "prod")["release"] is None
    assert "lakewright apply" in render_status(None, "prod")


def test_history_says_what_each_release_did(golden: Golden) -> None:
    golden("observe/history.txt", render_history(moves_between([FIRST, SECOND, THIRD])))


def test_history_names_every_sort_of_move() -> None:
    moves = moves_between([SECOND, FIRST, THIRD])
    assert {(m.release.release, str(m.table)): m.did for m in moves} == {
        (3, "bronze.a__ledger"): "created",
        (3, "gold.v"): "dropped",
        (3, "silver.b"): "dropped",
        (2, "bronze.a"): "refreshed",
        (2, "gold.v"): "created",
        (2, "silver.b"): "rebuilt",
        (1, "bronze.a"): "created",
        (1, "silver.b"): "created",
    }


def test_the_document_of_history_holds_versions() -> None:
    change = history_document(moves_between([FIRST, SECOND]), "prod")["changes"][0]
    assert (change["table"], change["version_before"], change["version"]) == ("bronze.a", 1, 2)


def test_new_data_does_not_change_the_code_of_a_release() -> None:
    moved = replace(
        FIRST, release=9, tables={n: replace(e, version=99) for n, e in FIRST.tables.items()}
    )
    assert code_of(moved) == code_of(FIRST)
    assert code_of(SECOND) != code_of(FIRST)


def test_status_tells_what_others_wrote_and_what_decides(golden: Golden) -> None:
    grown = next(item for item in SECOND.tables.values() if item.location)
    second = replace(SECOND, tables={**SECOND.tables, grown.table: replace(grown, kind="ingest")})
    commit = Commit(13, "WRITE", None, True, 3, 10, NOW)
    drift = (Drift(grown.table, (commit,)),)
    golden("observe/status_drift.txt", render_status(second, "prod", drift=drift))
    (told,) = status_document(second, "prod", drift=drift)["drift"]
    assert (told["fate"], len(told["commands"])) == ("wait", 2)
