"""Two processes deploy to one lake at the same moment: one wins, or both land."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from cli.programs import CLEAN, PROGRAM
from lakewright.engines import Engine
from proof.shops import Shop, run_child

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def race(shops: list[Shop], step: str) -> list[list[str]]:
    """Each shop is applied by a process; all go on from `step` at one moment. What they printed."""
    go = shops[0].home.parent / "go"
    children = [run_child(shop, ready=step, go=str(go)) for shop in shops]
    while len(list(go.parent.glob("go.ready.*"))) < len(children):
        assert all(child.poll() is None for child in children), [c.communicate() for c in children]
        time.sleep(0.005)
    go.touch()
    return [child.communicate(timeout=60)[0].split() for child in children]


@pytest.fixture
def checkouts(built: Shop, tmp_path: Path) -> list[Shop]:
    """Two checkouts of the project over one lake and the same landed files."""
    built.edit("lakewright.yml", "lake: .lake", f"lake: {built.home / '.lake'}")
    other = built.copy(tmp_path / "other")
    for shared in (".lake", "incoming"):
        subprocess.run(["rm", "-r", str(other.home / shared)], check=True)
        (other.home / shared).symlink_to(built.home / shared)
    return [built, other]


def test_of_two_that_write_the_same_tables_one_wins_and_one_is_refused(
    checkouts: list[Shop], engine: Engine
) -> None:
    for number, shop in enumerate(checkouts):
        shop.edit("sql/silver/orders.sql", "amount * 2", f"amount * {number + 5}")
    plans = [
        subprocess.Popen(
            [PROGRAM, "apply", "--yes"],
            cwd=shop.home,
            env=CLEAN,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for shop in checkouts
    ]
    told = [process.communicate(timeout=60) for process in plans]
    ended = [process.returncode for process in plans]
    number = checkouts[0].number
    if ended == [0, 0]:  # one began after the other had ended: both landed, one after the other
        assert number == 3
        return
    assert sorted(ended) == [0, 4], told
    assert number == 2
    loser = told[ended.index(4)][1]
    assert any(code in loser for code in ("LW520", "LW330", "LW333")), loser
    factor = 5 + ended.index(0)
    assert all(
        row["twice"] == row["amount"] * factor for row in checkouts[0].rows()["silver.orders"]
    )
    winner = checkouts[ended.index(0)]
    assert winner.plan().empty


def test_the_claim_refuses_whoever_comes_while_a_run_holds_it(
    checkouts: list[Shop], engine: Engine
) -> None:
    for number, shop in enumerate(checkouts):
        shop.edit("sql/silver/orders.sql", "amount * 2", f"amount * {number + 5}")
    go = checkouts[0].home.parent / "go"
    first = run_child(checkouts[0], ready="2 settled", go=str(go))
    while not list(go.parent.glob("go.ready.*")):
        assert first.poll() is None, first.communicate()
        time.sleep(0.005)
    second = checkouts[1].apply(engine)
    go.touch()
    assert (second.exit_code, second.problems[0].code) == (4, "LW520")
    assert first.communicate(timeout=60)[0].split()[:2] == ["0", "2"]
    assert checkouts[0].plan().empty


@pytest.mark.parametrize("step", ["1 claimed", "5 verified"])
def test_two_that_write_different_tables_both_land(
    checkouts: list[Shop], engine: Engine, step: str
) -> None:
    ours, theirs = checkouts
    ours.write("sql/gold/east.sql", "SELECT id, amount FROM silver.orders\n")
    theirs.write("sql/gold/west.sql", "SELECT id, twice FROM silver.orders\n")
    told = race(checkouts, step)
    assert sorted(told) == [["0", "2"], ["0", "3"]]
    found = ours.rows()
    assert len(found["gold.east"]) == len(found["gold.west"]) == len(found["silver.orders"])
    assert ours.number == 3
    ours.write("sql/gold/west.sql", "SELECT id, twice FROM silver.orders\n")
    assert ours.plan().empty
