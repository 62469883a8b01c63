"""`diff` where no row must be read, and what it refuses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli.programs import Cli
from lakewright.lake import ControlRecord, Lake, open_lake
from lakewright.names import TableName

GOLD, SILVER = TableName("gold", "customer_totals"), TableName("silver", "orders")


@pytest.fixture
def lake(built: Cli) -> Lake:
    """Release 2 without the gold table; the same release as environment `other`."""
    lake = open_lake(str(built.folder / ".lake"))
    first = lake.release("dev_ana", 1)
    kept = {table: entry for table, entry in first.tables.items() if table != GOLD}
    lake.put_release(replace(first, release=2, parent=1, run_id="r2", tables=kept))
    lake.put_release(replace(first, environment="other"))
    return lake


def statuses(cli: Cli, *arguments: str) -> dict[str, str]:
    done = cli("diff", *arguments, "--json")
    assert done.code == 0, done.err
    return {table["table"]: table["status"] for table in json.loads(done.out)["tables"]}


EVERY = {"bronze.orders": "same", "gold.customer_totals": "removed", "silver.orders": "same"}


@pytest.mark.parametrize("words", [[], ["1..2"], ["1.."], ["other..dev_ana@2"], ["other@1..2"]])
def test_two_sides_are_written_in_many_ways(built: Cli, lake: Lake, words: list[str]) -> None:
    assert statuses(built, *words) == EVERY


def test_a_side_left_open_is_the_latest(built: Cli, lake: Lake) -> None:
    assert statuses(built, "..1")["gold.customer_totals"] == "added"
    assert statuses(built, "other..")["gold.customer_totals"] == "removed"
    assert statuses(built, "other@1..")["gold.customer_totals"] == "same"


def test_a_time_stands_for_what_readers_saw(built: Cli, lake: Lake) -> None:
    assert set(statuses(built, "--as-of", "2100-01-01").values()) == {"same"}
    assert set(statuses(built, "@2100-01-01..2").values()) == {"same"}
    assert statuses(built, "other@2100-01-01..2") == EVERY


def test_tables_may_be_named_or_selected(built: Cli, lake: Lake) -> None:
    assert statuses(built, "1..2", "silver.orders") == {"silver.orders": "same"}
    assert statuses(built, "silver.orders__quarantine", "1..2") == {
        "silver.orders__quarantine": "same"
    }
    assert statuses(built, "1..2", "-s", "layer:silver") == {"silver.orders": "same"}


def test_exit_codes_tell_differences_only_when_asked(built: Cli, lake: Lake) -> None:
    assert built("diff", "1..2").code == 0
    assert built("diff", "1..2", "--detailed-exitcode").code == 3
    assert built("diff", "1..1", "--detailed-exitcode").code == 0


def test_a_terminal_and_a_pull_request_get_text(built: Cli, lake: Lake) -> None:
    text = built("diff", "1..2")
    assert text.out.startswith("Diff of dev_ana@1 (left) and dev_ana@2 (right)\n")
    assert re.search(r"- gold.customer_totals +only left, 2 rows", text.out)
    assert text.err == ""
    assert built("diff", "1..2", "--format", "markdown").out.startswith("### Diff of")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["41", "nope..x"], "LW341"),
        (["1..99"], "LW514"),
        (["prod@..2"], "LW374"),
        (["1..2", "2..1"], "LW374"),
        ([".."], "LW374"),
        (["v1..v2"], "LW374"),
        (["1..2", "silver.ordrs"], "LW304"),
        (["v0..v99", "silver.orders"], "LW376"),
        (["v0..v1", "gold.customer_totals"], "LW376"),
        (["1..2", "--key", "order_id"], "LW377"),
        (["1..2", "silver.orders", "--key", "nothing"], "LW377"),
        (["1..2", "--as-of", "2026-01-01"], "LW371"),
        (["1..2", "--format", "xml"], "LW303"),
        (["bad name..2"], "LW103"),
    ],
)
def test_what_cannot_be_compared_is_told(
    built: Cli, lake: Lake, arguments: list[str], code: str
) -> None:
    done = built("diff", *arguments)
    assert done.code in {2, 5}
    assert (code in done.err, done.out) == (True, ""), done.err


def test_a_source_is_not_compared(built: Cli, lake: Lake) -> None:
    first = lake.release("dev_ana", 1)
    source = TableName("raw", "orders")
    entry = replace(first.tables[SILVER], table=source, kind="source", location="")
    tables = {**first.tables, source: entry}
    lake.put_release(replace(first, release=3, parent=2, run_id="r3", tables=tables))
    assert "LW375" in built("diff", "1..3", "raw.orders").err
    assert "raw.orders" not in statuses(built, "1..3")


def test_the_first_release_has_none_before_it(built: Cli) -> None:
    done = built("diff")
    assert (done.code, "LW374" in done.err) == (2, True)


def test_collected_rows_are_refused_only_where_they_would_be_read(built: Cli, lake: Lake) -> None:
    lake.put_control("dev_ana", ControlRecord("expire", "", "gc", datetime.now(UTC), release=1))
    assert statuses(built, "1..2") == EVERY
    second = lake.release("dev_ana", 2)
    moved = replace(second.tables[SILVER], version=0, data_version=0)
    tables = {**second.tables, SILVER: moved}
    lake.put_release(replace(second, release=3, parent=2, run_id="r3", tables=tables))
    done = built("diff", "1..3")
    assert (done.code, "LW373" in done.err) == (4, True)
