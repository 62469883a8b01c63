"""Releases and history: what is listed, how much of it, and what can still be read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

import lakewright
from cli.programs import Cli, run_on_terminal
from lakewright.errors import RefusedError
from lakewright.lake import ControlRecord, Lake, open_lake
from lakewright.names import TableName

GOLD = TableName("gold", "customer_totals")


@pytest.fixture
def lake(built: Cli) -> Lake:
    """Release 2 without the gold table."""
    lake = open_lake(str(built.folder / ".lake"))
    first = lake.release("dev_ana", 1)
    kept = {table: entry for table, entry in first.tables.items() if table != GOLD}
    lake.put_release(replace(first, release=2, parent=1, run_id="r2", tables=kept))
    return lake


def test_a_collected_release_is_not_read(built: Cli, lake: Lake) -> None:
    lake.put_control("dev_ana", ControlRecord("expire", "", "gc", datetime.now(UTC), release=1))
    done = built("sql", "SELECT count(*) AS n FROM silver.orders", "--release", "1")
    assert (done.code, "LW373" in done.err) == (4, True)
    with pytest.raises(RefusedError):
        lakewright.read("silver.orders", release=1)
    assert lakewright.read("silver.orders", release=2).num_rows == 3
    shown = {it["release"]: it["restorable"] for it in json.loads(built("releases", "--json").out)}
    assert shown == {1: False, 2: True}


def test_releases_and_history_take_a_limit(built: Cli, lake: Lake) -> None:
    assert [
        it["release"] for it in json.loads(built("releases", "--limit", "1", "--json").out)
    ] == [2]
    assert "and 1 earlier release;" in built("releases", "--limit", "1").out
    changes = json.loads(built("history", "--limit", "1", "--json").out)["changes"]
    assert [(it["release"], it["did"]) for it in changes] == [(2, "dropped")]
    assert "earlier changes" in built("history", "--limit", "1").out


def test_history_of_a_lake_where_little_changes_says_how_far_it_looked(
    built: Cli, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the last release that was read did is not known, so nothing is said of it."""
    latest = lake.latest("dev_ana")
    assert latest is not None
    for number in range(latest.release + 1, latest.release + 6):
        lake.put_release(replace(latest, release=number, parent=number - 1, run_id=f"r{number}"))
    monkeypatch.setattr("lakewright.cli.looking._READ", 3)
    told, unread = built("history", "--limit", "1").out, latest.release + 2
    assert told == f"Releases before {unread} were not read; a higher --limit reads on.\n"
    document = json.loads(built("history", "--limit", "1", "--json").out)
    assert (document["changes"], document["unread_before"]) == ([], unread)
    everything = json.loads(built("history", "--json").out)
    assert everything["changes"]
    assert everything["unread_before"] is None


def test_history_of_a_table_names_its_versions(built: Cli, lake: Lake) -> None:
    document = json.loads(built("history", "silver.orders", "--json").out)
    assert document["complete"]
    assert [(it["version"], it["releases"]) for it in document["versions"]] == [
        (1, [{"first": 1, "last": 2}]),
        (0, []),
    ]
    assert document["versions"][0]["by"].startswith("ana@")
    assert [it["did"] for it in document["changes"]] == ["created"]
    text = built("history", "silver.orders", "-v")
    assert (text.code, "bronze.orders 1" in text.out) == (0, True)


def test_a_terminal_shows_the_newest_and_says_how_many_are_left(built: Cli, lake: Lake) -> None:
    second = lake.release("dev_ana", 2)
    for number in range(3, 26):
        lake.put_release(replace(second, release=number, parent=number - 1, run_id=f"r{number}"))
    shown = run_on_terminal("releases", cwd=built.folder)
    lines = shown.out.splitlines()
    assert (shown.code, len(lines)) == (0, 22)
    assert "and 5 earlier releases" in lines[-1]
    assert len(built("releases").out.splitlines()) == 26


def test_a_pinned_release_is_marked(built: Cli, lake: Lake) -> None:
    pin = ControlRecord("pin", "", "ana", datetime.now(UTC), release=1, name="audit")
    lake.put_control("dev_ana", pin)
    found = json.loads(built("releases", "--json").out)
    assert [it["pins"] for it in found] == [[], ["audit"]]
