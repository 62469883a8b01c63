"""`gc` and `pin`: what is asked, told and refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import lakewright
from cli.programs import Cli, run_on_terminal, run_program
from goldens import Golden
from lakewright.errors import RefusedError
from lakewright.lake import decode_release, encode_release

DAYS = timedelta(days=40)


@pytest.fixture(scope="module")
def aged_once(built_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases 1 to 3, all made 40 days ago, where 30 are promised. Copy it, never change it."""
    folder = Path(shutil.copytree(built_once, tmp_path_factory.mktemp("aged") / "shop"))
    for before, after in (("count(*)", "count(customer)"), ("count(customer)", "count(1)")):
        deploy(folder, before, after)
    for path in (folder / ".lake/_lakewright/env/dev_ana/releases").glob("*.json"):
        made = decode_release(path.read_bytes(), path.name)
        path.write_bytes(encode_release(replace(made, created_at=made.created_at - DAYS)))
    return folder


@pytest.fixture
def aged(aged_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(aged_once, tmp_path / "shop"))
    monkeypatch.chdir(folder)
    return folder


def deploy(folder: Path, before: str, after: str) -> None:
    query = folder / "sql/shop/gold/customer_totals.sql"
    query.write_text(query.read_text().replace(before, after))
    done = run_program("apply", "--yes", cwd=folder)
    assert done.code == 0, done.err


GOLD = ".lake/dev_ana/gold/customer_totals"


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / GOLD).glob("*.parquet")}


def pins(cli: Cli) -> dict[str, int]:
    found = json.loads(cli("pin", "--json").out)["pins"]
    return {one["name"]: one["release"] for one in found}


def test_gc_of_a_young_environment_has_nothing_to_do(built: Cli, golden: Golden) -> None:
    done = built("gc", "--dry-run")
    assert done.code == 0
    golden("cli/gc_nothing.txt", done.out)
    document = json.loads(built("gc", "--json", "--yes").out)
    assert (document["empty"], document["freed_bytes"], document["unrestorable"]) == (True, 0, [])


def test_gc_refuses_a_grace_that_is_no_duration(built: Cli) -> None:
    assert built("gc", "--grace", "soon").code == 2


def test_a_release_is_pinned_listed_and_given_up(built: Cli) -> None:
    assert built("pin").out == "No release of dev_ana is pinned.\n"
    done = built("pin", "Audit_2026", "1", "--expires", "90d", "--reason", "year end")
    assert (done.code, "audit_2026" in done.out, "year end" in done.out) == (0, True, True)
    assert pins(built) == {"audit_2026": 1}
    assert built("pin", "--ls").out == built("pin").out
    assert built("pin", "audit_2026", "--drop").code == 0
    assert pins(built) == {}


def test_a_pin_again_moves_only_when_it_ends(built: Cli) -> None:
    built("pin", "audit", "1", "--expires", "90d")
    assert built("pin", "audit", "1").code == 0
    (one,) = json.loads(built("pin", "--json").out)["pins"]
    assert one["expires_at"] is None


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (("pin", "audit", "9"), 5, "LW514"),
        (("pin", "a b", "1"), 2, "LW381"),
        (("pin", "12", "1"), 2, "LW381"),
        (("pin", "audit", "--drop"), 4, "LW383"),
        (("pin", "audit"), 2, "LW303"),
        (("pin", "audit", "1", "--drop"), 2, "LW303"),
        (("pin", "audit", "1", "--expires", "later"), 2, "LW303"),
    ],
)
def test_what_cannot_be_pinned_is_told(
    built: Cli, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    done = built(*words)
    assert done.code == exit_code
    assert code in done.err
    assert pins(built) == {}


def test_gc_off_a_terminal_shows_its_plan_and_deletes_nothing(aged: Path) -> None:
    before = files(aged)
    done = run_program("gc", cwd=aged)
    assert (done.code, files(aged)) == (4, before)
    assert "LW302" in done.err
    assert "Releases 1 to 2 stop being restorable." in done.out


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 1), ("n\n", 4, 3)])
def test_gc_on_a_terminal_asks(aged: Path, answer: str, code: int, left: int) -> None:
    done = run_on_terminal("gc", cwd=aged, answer=answer)
    assert (done.code, len(files(aged))) == (code, left)


def test_gc_dry_run_says_bytes_per_table_and_deletes_nothing(aged: Path) -> None:
    before = files(aged)
    document = json.loads(run_program("gc", "--dry-run", "--json", cwd=aged).out)
    assert files(aged) == before
    told = {one["location"]: one for one in document["tables"]}
    one = told["dev_ana/gold/customer_totals"]
    assert (one["action"], one["table"]) == ("trim", "gold.customer_totals")
    assert one["freed_bytes"] > 0
    assert document["freed_bytes"] >= one["freed_bytes"]
    assert document["dry_run"] is True
    assert told["dev_ana/silver/orders"]["action"] == "keep"


def test_gc_spares_what_is_younger_than_the_grace_period(aged: Path) -> None:
    assert run_program("gc", "--dry-run", "--grace", "60d", cwd=aged).out.endswith(
        "Nothing to collect.\n"
    )


def test_gc_deletes_and_what_it_collected_is_refused(aged: Path) -> None:
    latest = lakewright.read("gold.customer_totals")
    done = run_program("gc", "--yes", "--json", cwd=aged)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["release"], report["unrestorable"], len(files(aged))) == (4, [1, 2], 1)
    assert report["freed_bytes"] > 0
    assert lakewright.read("gold.customer_totals").equals(latest)
    assert lakewright.read("gold.customer_totals", release=3).equals(latest)
    with pytest.raises(RefusedError) as error:
        lakewright.read("gold.customer_totals", release=2)
    assert error.value.code == "LW373"
    asked = run_program("sql", "SELECT * FROM gold.customer_totals", "--release", "1", cwd=aged)
    assert (asked.code, "LW373" in asked.err) == (4, True)
    assert run_program("pin", "late", "2", cwd=aged).code == 4
    status = json.loads(run_program("status", "--json", cwd=aged).out)
    assert (status["release"], status["kind"], status["restorable_from"]) == (4, "maintenance", 3)
    assert status["retained_bytes"] == 0
    assert run_program("plan", "--detailed-exitcode", cwd=aged).code == 0
    assert "Nothing to collect." in run_program("gc", "--yes", cwd=aged).out


def test_gc_keeps_a_pinned_release(aged: Path) -> None:
    first = lakewright.read("gold.customer_totals", release=1)
    assert run_program("pin", "audit", "1", cwd=aged).code == 0
    done = run_program("gc", "--yes", cwd=aged)
    assert done.code == 0
    assert "Pinned, and kept: 1." in done.out
    assert lakewright.read("gold.customer_totals", release=1).equals(first)
    with pytest.raises(RefusedError):
        lakewright.read("gold.customer_totals", release=2)


def test_plan_and_status_say_what_retention_costs(aged: Path) -> None:
    status = json.loads(run_program("status", "--json", cwd=aged).out)
    plan = json.loads(run_program("plan", "--json", cwd=aged).out)
    assert status["retained_bytes"] == plan["retained_bytes"] > 0
    assert (status["restorable_from"], plan["restorable_from"]) == (1, 1)
    assert (
        "Restorable back to release 1 (30 days), which costs " in run_program("plan", cwd=aged).out
    )
    assert "Restorable back to release 1, which costs " in run_program("status", cwd=aged).out
    assert " kept " in run_program("status", "-v", cwd=aged).out


def test_gc_needs_no_checkout_and_then_keeps_what_the_released_code_promised(
    aged: Path, tmp_path: Path
) -> None:
    settings = aged / "lakewright.yml"
    text = settings.read_text()
    settings.write_text(text.replace("retention: 30d", "retention: 90d"))
    deploy(aged, "count(1)", "count(2)")
    settings.write_text(text)

    def action(*words: str, cwd: Path) -> str:
        document = json.loads(run_program("gc", "--dry-run", "--json", *words, cwd=cwd).out)
        told = {one["location"]: one["action"] for one in document["tables"]}
        return str(told["dev_ana/gold/customer_totals"])

    assert action(cwd=aged) == "trim"  # the files of today say 30 days
    assert action("--lake", str(aged / ".lake"), "-e", "dev_ana", cwd=tmp_path) == "keep"


def test_a_new_retention_rebuilds_nothing(aged: Path) -> None:
    settings = aged / "lakewright.yml"
    settings.write_text(settings.read_text().replace("30d", "90d") + "keep_releases: 3\n")
    assert run_program("plan", "--detailed-exitcode", cwd=aged).code == 0
    assert run_program("gc", "--dry-run", cwd=aged).out.endswith("Nothing to collect.\n")
