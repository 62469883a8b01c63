"""Two processes deploy to one lake at the same moment: one wins, or both land."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from cli.programs import run_program
from lakewright.engines import Engine
from proof.shops import Shop, run_child

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def race(shops: list[Shop], step: str) -> list[list[str]]:
    """Each shop is applied by a process; all go on from `step` at one moment. What they printed."""
    go = shops[0].home.parent / "go"
    children = [run_child(shop, ready=step, go=str(go)) for shop in shops]
    wait_until_ready(go, children)
    go.touch()
    return [child.communicate(timeout=60)[0].split() for child in children]


def wait_until_ready(go: Path, children: list[subprocess.Popen[str]]) -> None:
    while len(list(go.parent.glob("go.ready.*"))) < len(children):
        assert all(child.poll() is None for child in children), [c.communicate() for c in children]
        time.sleep(0.005)


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
    told = race(checkouts, "planned")
    (winner,) = (number for number, words in enumerate(told) if words[:2] == ["0", "2"])
    assert told[1 - winner][:2] == ["4", "None"]
    assert told[1 - winner][2] in {"LW520", "LW333"}
    assert checkouts[0].number == 2
    rows = checkouts[0].rows()["silver.orders"]
    assert all(row["twice"] == row["amount"] * (winner + 5) for row in rows)
    assert checkouts[winner].plan().empty
    assert checkouts[1 - winner].apply(engine).release == 3


def test_of_two_commands_the_refused_one_exits_with_4(
    checkouts: list[Shop], engine: Engine
) -> None:
    for number, shop in enumerate(checkouts):
        shop.edit("sql/silver/orders.sql", "amount * 2", f"amount * {number + 5}")
    go = checkouts[0].home.parent / "go"
    first = run_child(checkouts[0], ready="2 settled", go=str(go))
    wait_until_ready(go, [first])
    done = run_program("apply", "--yes", cwd=checkouts[1].home)
    go.touch()
    assert done.code == 4
    assert "error[LW520]" in done.err
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
