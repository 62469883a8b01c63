"""Group 4 of the fault matrix: several deployers on one lake, as real processes.

No release is lost, no row is doubled, and who is refused is told by a code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from lakewright.engines import Engine
from lakewright.lake import Lake, LocalStore, StoreClaims
from lakewright.lake.delta import DeltaLakeTables
from proof.shops import ENVIRONMENT, HEADER, TESTS, Shop, run_child
from proof.test_two_processes import race, wait_until_ready

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)

REFUSED = {"LW520", "LW333"}


def share(built: Shop, folder: Path, count: int) -> list[Shop]:
    """Checkouts of the project over one lake and the same landed files."""
    built.edit("lakewright.yml", "lake: .lake", f"lake: {built.home / '.lake'}")
    found = [built]
    for number in range(1, count):
        other = Shop(folder / f"checkout{number}")
        subprocess.run(["cp", "-r", str(built.home), str(other.home)], check=True)
        for shared in (".lake", "incoming"):
            subprocess.run(["rm", "-r", str(other.home / shared)], check=True)
            (other.home / shared).symlink_to(built.home / shared)
        found.append(other)
    return found


def numbers(shop: Shop) -> list[int]:
    return list(shop.lake.numbers(ENVIRONMENT))


def test_of_four_that_write_the_same_table_one_wins_and_no_row_is_doubled(
    built: Shop, engine: Engine, tmp_path: Path
) -> None:
    shops = share(built, tmp_path, 4)
    for number, shop in enumerate(shops):
        shop.edit("sql/silver/orders.sql", "amount * 2", f"amount * {number + 5}")
    before = built.rows()["silver.orders"]
    told = race(shops, "planned")
    (winner,) = (number for number, words in enumerate(told) if words[:2] == ["0", "2"])
    refused = [words for number, words in enumerate(told) if number != winner]
    assert all(words[:2] == ["4", "None"] and words[2] in REFUSED for words in refused), told
    assert numbers(built) == [1, 2]
    after = built.rows()["silver.orders"]
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert all(row["twice"] == row["amount"] * (winner + 5) for row in after)
    assert shops[winner].plan().empty


def test_four_that_write_different_tables_all_land(
    built: Shop, engine: Engine, tmp_path: Path
) -> None:
    shops = share(built, tmp_path, 4)
    names = ("north", "east", "south", "west")
    for shop, name in zip(shops, names, strict=True):
        shop.write(f"sql/gold/{name}.sql", "SELECT id, amount FROM silver.orders\n")
    told = race(shops, "5 verified")
    assert sorted(told) == [["0", "2"], ["0", "3"], ["0", "4"], ["0", "5"]]
    found = built.rows()
    assert all(len(found[f"gold.{name}"]) == len(found["silver.orders"]) for name in names)


def test_of_two_that_deploy_the_same_one_wins_and_the_other_has_nothing_left_to_do(
    built: Shop, engine: Engine, tmp_path: Path
) -> None:
    shops = share(built, tmp_path, 2)
    for shop in shops:
        shop.edit("sql/gold/totals.sql", "count(*)", "count(*) + 100")
    built.land("2024_02", HEADER + "6,ann,7.25,2024-02-01 10:00:00\n")
    told = race(shops, "planned")
    assert sorted(words[0] for words in told) == ["0", "4"], told
    assert numbers(built) == [1, 2]
    assert sorted(row["id"] for row in built.rows()["bronze.orders"]) == [1, 2, 3, 4, 6]
    assert all(shop.plan().empty for shop in shops)


def test_an_hourly_job_publishes_ten_times_while_another_domain_is_rebuilt(
    built: Shop, engine: Engine, tmp_path: Path
) -> None:
    ours, theirs = share(built, tmp_path, 2)
    theirs.write("sql/gold/long.sql", "SELECT id, customer FROM silver.orders\n")
    go = ours.home.parent / "go"
    rebuild = run_child(theirs, ready="3 written gold.long", go=str(go))
    wait_until_ready(go, [rebuild])
    for hour in range(10):
        ours.land(f"hour{hour}", HEADER + f"{100 + hour},ann,1.00,2024-03-01 10:00:00\n")
        assert ours.refresh(engine).release == hour + 2
    go.touch()
    assert rebuild.communicate(timeout=120)[0].split() == ["0", "12"]
    assert numbers(ours) == list(range(1, 13))
    found = ours.rows()
    ids = sorted(row["id"] for row in found["bronze.orders"])
    assert ids == [1, 2, 3, 4, *range(100, 110)]
    assert len(found["gold.long"]) < len(found["silver.orders"])
    assert ours.refresh(engine).ok
    assert len(ours.rows()["gold.long"]) == len(found["silver.orders"])


# Claims in an object store: a lease of two seconds, renewed every half

LEASED = """
import os, sys, time
from datetime import timedelta
from pathlib import Path
from lakewright.engines import open_engine
from lakewright.runtime import apply_plan, groups
from proof.shops import Shop
from proof.test_many_processes import leased
home, ready, go = sys.argv[1:]
groups.RENEWED_EVERY = 0.3

def stop_at(step):
    if step == ready:
        Path(go + ".ready." + str(os.getpid())).touch()
        while not Path(go).exists():
            time.sleep(0.01)

shop = Shop(Path(home))
engine = open_engine("sail")
report = apply_plan(shop.plan(), leased(shop), engine, stop_at=stop_at)
engine.close()
print(report.exit_code, report.release, *(problem.code for problem in report.problems))
"""


def leased(shop: Shop) -> Lake:
    """The shop's lake as if it lay in an object store: claims expire."""
    store = LocalStore(shop.lake.uri)
    claims = StoreClaims(store, lease=timedelta(seconds=2))
    return Lake(shop.lake.uri, store, DeltaLakeTables(), claims)


def run_leased(shop: Shop, ready: str, go: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LEASED, str(shop.home), ready, str(go)],
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("step", ["1 claimed", "3 written gold.totals", "5 verified"])
def test_a_process_that_slept_past_its_lease_is_fenced(
    built: Shop, engine: Engine, tmp_path: Path, step: str
) -> None:
    """It is stopped, another takes its claims and publishes; awake again it publishes nothing."""
    sleeper, waker = share(built, tmp_path, 2)
    sleeper.edit("sql/silver/orders.sql", "FROM bronze.orders", "FROM bronze.orders WHERE id < 8")
    waker.edit("sql/silver/orders.sql", "FROM bronze.orders", "FROM bronze.orders WHERE id < 9")
    go = built.home.parent / "go"
    child = run_leased(sleeper, step, go)
    wait_until_ready(go, [child])
    child.send_signal(signal.SIGSTOP)
    time.sleep(2.5)
    other = run_leased(waker, "", go)
    assert other.communicate(timeout=120)[0].split() == ["0", "2"]
    won = built.rows()
    go.touch()
    child.send_signal(signal.SIGCONT)
    told, errors = child.communicate(timeout=120)
    assert told.split()[:2] == ["4", "None"], errors
    assert told.split()[2] in {"LW521", "LW333"}
    assert (numbers(built), built.rows()) == ([1, 2], won)
    again = waker.plan()
    assert again.empty
    assert waker.plan().state.drift == ()


def test_a_process_that_renews_its_lease_keeps_its_claim(
    built: Shop, engine: Engine, tmp_path: Path
) -> None:
    first, second = share(built, tmp_path, 2)
    for number, shop in enumerate((first, second)):
        shop.edit("sql/silver/orders.sql", "amount * 2", f"amount * {number + 5}")
    go = built.home.parent / "go"
    child = run_leased(first, "2 settled", go)
    wait_until_ready(go, [child])
    time.sleep(2.5)
    other = run_leased(second, "", go)
    assert other.communicate(timeout=120)[0].split()[:3] == ["4", "None", "LW520"]
    go.touch()
    assert child.communicate(timeout=120)[0].split()[:2] == ["0", "2"]
