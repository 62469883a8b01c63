"""Every command that writes, killed by SIGKILL with real engines and real tables.

Releases are all there and read as before, the same command again ends it, and no file of another
environment was touched. At every write of every command: `test_fault_matrix_crashes.py`.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakewright.engines import Engine
from lakewright.errors import LakewrightError
from lakewright.lake import open_lake
from lakewright.lake.forks import is_unfinished
from proof.doomed import (
    FORK,
    adopt_notes,
    create_fork,
    go_back,
    kill,
    write_fork,
)
from proof.shops import ENVIRONMENT, HEADER, Shop
from proof.test_forks_on_engines import bytes_of
from proof.test_rollback import counts, heads

SAIL = pytest.mark.parametrize("engine", ["sail"], indirect=True)
ON_SPARK = [pytest.mark.spark, pytest.mark.slow]
STAGED = {
    "pipelines/gold/notes.yml": "table: gold.notes\n",
    "sql/gold/notes.sql": "SELECT id, customer FROM silver.orders\n",
}


@SAIL
@pytest.mark.parametrize(
    "write", [1, 5, *(pytest.param(it, marks=pytest.mark.slow) for it in (3, 7))]
)
def test_a_killed_env_create_is_refused_until_the_same_again_ends_it(
    built: Shop, engine: Engine, write: int
) -> None:
    before, theirs = built.rows(), bytes_of(built, ENVIRONMENT)
    kill(built, "create", f"write {write}")
    lake = built.lake
    if lake.control(FORK):
        assert is_unfinished(lake.control(FORK))
    create_fork(lake)
    fork = lake.latest(FORK)
    assert fork is not None
    assert built.rows(fork) == before
    assert bytes_of(built, ENVIRONMENT) == theirs
    with pytest.raises(LakewrightError):
        create_fork(lake)


@pytest.mark.parametrize(
    ("engine", "step"),
    [
        ("sail", "3 written bronze.orders"),
        *(pytest.param("sail", step, marks=pytest.mark.slow) for step in ("2 settled", "6 put")),
        pytest.param("spark", "3 written bronze.orders", marks=ON_SPARK),
        pytest.param("spark", "5 verified", marks=ON_SPARK),
    ],
    indirect=["engine"],
)
def test_a_killed_first_write_of_a_fork_leaves_its_parent_and_ends_when_done_again(
    changed: Shop, engine: Engine, converged: dict[str, object], step: str
) -> None:
    create_fork(changed.lake)
    before, theirs = changed.rows(), bytes_of(changed, ENVIRONMENT)
    kill(changed, "fork", step, engine.name)
    fork = changed.lake.latest(FORK)
    assert fork is not None
    put = step == "6 put"
    assert (fork.release, changed.rows(fork)) == ((2, converged) if put else (1, before))
    report = write_fork(changed, engine)
    assert report.ok, report.problems
    fork = changed.lake.latest(FORK)
    assert fork is not None
    assert (fork.release, changed.rows(fork)) == (2, converged)
    assert bytes_of(changed, ENVIRONMENT) == theirs


@pytest.mark.parametrize(
    ("engine", "step"),
    [
        ("sail", "2 put"),
        *(pytest.param("sail", step, marks=pytest.mark.slow) for step in ("1 ver", "3 settled b")),
        pytest.param("spark", "2 put", marks=ON_SPARK),
    ],
    indirect=["engine"],
)
def test_a_killed_rollback_flips_all_or_nothing_and_the_heads_follow_in_the_next_run(
    changed: Shop, engine: Engine, step: str
) -> None:
    first = changed.rows()
    assert changed.apply(engine).ok
    second = changed.rows()
    kill(changed, "back", step, engine.name)
    assert changed.rows() == (second if step == "1 ver" else first)
    if step == "1 ver":
        assert go_back(changed, engine).ok
    changed.land("2024_03", f"{HEADER}20,ann,1.00,2024-03-01 10:00:00\n")
    report = changed.apply(engine)
    assert report.ok, report.problems
    assert heads(changed) == counts(changed.rows())
    assert {row["id"] for row in changed.rows()["bronze.orders"]} >= {1, 6, 20}


@SAIL
@pytest.mark.parametrize("step", ["5 verified", pytest.param("6 put", marks=pytest.mark.slow)])
def test_a_killed_adoption_pins_the_table_or_does_not_and_never_writes_it(
    built: Shop, engine: Engine, step: str
) -> None:
    rows = built.rows()["silver.orders"]
    for path, text in STAGED.items():
        built.write(path, text)
    notes = pa.table({name: [row[name] for row in rows] for name in ("id", "customer")})
    outside = built.home / "outside"
    write_deltalake(str(outside / "notes"), notes)
    files = sorted(path.name for path in outside.rglob("*"))
    kill(built, "adopt", step)
    assert built.number == (2 if step == "6 put" else 1)
    if step != "6 put":
        assert adopt_notes(built, engine).ok
    assert built.number == 2
    assert len(built.rows()["gold.notes"]) == len(rows)
    assert built.plan().empty
    assert sorted(path.name for path in outside.rglob("*")) == files
    assert not Path(open_lake(str(built.home / ".lake")).uri, ENVIRONMENT, "gold/notes").exists()
