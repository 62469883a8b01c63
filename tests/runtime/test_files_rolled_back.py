"""Files that were loaded since: listed, held, loaded again or kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.errors import RefusedError
from lakewright.plans import Plan, RestoreTable, make_plan
from lakewright.runtime import plan_refresh
from runtime.back import go_back, plan_back, resume, run_back
from runtime.shop import ENVIRONMENT, FILES, NOW, Shop


def changes_of(plan: Plan) -> dict[str, RestoreTable]:
    return {str(it.table): it for it in plan.changes if isinstance(it, RestoreTable)}


INGEST = """\
table: raw.w
kind: ingest
from: {files: "landing/*.csv", format: csv, header: true}
columns: {a: {type: bigint}}
"""


class Landing:
    """A shop with an ingest over real files and a table that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "landing"
        self.folder.mkdir()
        self.shop = Shop.open()
        self.shop.files = {
            "lakewright.yml": FILES["lakewright.yml"],
            "pipelines/raw/w.yml": INGEST,
            "sql/gold/sums.sql": "SELECT CAST(sum(a) AS BIGINT) AS a FROM raw.w\n",
        }

    def resolve(self, text: str) -> str:
        return f"{self.folder.parent}/{text}"

    def land(self, file: str, *lines: str) -> None:
        (self.folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def apply(self) -> None:
        graph = self.shop.graph()
        state = self.shop.world.lake().state(ENVIRONMENT, graph.inputs, resolve=self.resolve)
        assert self.shop.run(make_plan(graph, state, NOW)).ok

    def refresh(self) -> None:
        plan = plan_refresh(self.shop.world.lake(), ENVIRONMENT, NOW, resolve=self.resolve)
        self.shop.run(plan)

    def rows(self) -> tuple[list[int], list[int]]:
        found = self.shop.contents(self.shop.latest())
        return [r["a"] for r in found["raw.w"]], [r["a"] for r in found["gold.sums"]]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    landing = Landing(tmp_path)
    landing.land("a.csv", "a", "1", "2")
    landing.apply()
    landing.land("b.csv", "a", "30")
    landing.land("c.csv", "a", "400", "bad")
    landing.land("d.csv", "a", "5")
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 400, 5], [438])
    return landing


def test_files_loaded_since_are_listed_with_what_is_at_their_path(landing: Landing) -> None:
    (landing.folder / "b.csv").unlink()
    landing.land("c.csv", "a", "7")
    change = changes_of(plan_back(landing.shop, 1, resolve=landing.resolve))["raw.w"]
    assert [(file.path, file.now) for file in change.files] == [
        ("landing/b.csv", "gone"),
        ("landing/c.csv", "changed"),
        ("landing/d.csv", "there"),
    ]


def test_a_held_ingest_loads_nothing_until_it_is_resumed(landing: Landing) -> None:
    go_back(landing.shop, 1)
    landing.land("e.csv", "a", "6")
    landing.refresh()
    assert landing.rows() == ([1, 2], [3])
    (landing.folder / "c.csv").unlink()
    resume(landing.shop)
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 5, 6], [44])
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 5, 6], [44])


def test_replay_loads_each_file_once_again(landing: Landing) -> None:
    go_back(landing.shop, 1, mode="replay")
    assert landing.rows() == ([1, 2], [3])
    landing.refresh()
    assert sorted(landing.rows()[0]) == [1, 2, 5, 30, 400]
    quarantined = landing.shop.contents(landing.shop.latest())["raw.w__quarantine"]
    assert len(quarantined) == 1


def test_keep_ingest_leaves_loaded_files_and_rebuilds_with_the_code_of_then(
    landing: Landing,
) -> None:
    landing.shop.edit("sql/gold/sums.sql", "SELECT CAST(sum(a) * 2 AS BIGINT) AS a FROM raw.w")
    landing.apply()
    plan = plan_back(landing.shop, 1, mode="keep-ingest", resolve=landing.resolve)
    assert list(changes_of(plan)) == ["gold.sums"]
    assert plan.rollback is not None
    assert [str(it) for it in plan.rollback.kept] == ["raw.w"]
    assert run_back(landing.shop, plan).ok
    assert landing.rows() == ([1, 2, 30, 400, 5], [3])
    landing.refresh()
    assert landing.rows() == ([1, 2, 30, 400, 5], [438])


def test_kept_files_that_the_code_of_then_cannot_read_are_refused_with_what_is_possible(
    tmp_path: Path,
) -> None:
    landing = Landing(tmp_path)
    landing.land("x.csv", "a,b", "1,2")
    both = INGEST.replace("{a: {type: bigint}}", "{a: {type: bigint}, b: {type: bigint}}")
    landing.shop.edit("pipelines/raw/w.yml", both)
    landing.apply()
    one = INGEST.replace("{a:", "{b:").replace(
        "header: true}", "header: true}\non_new_column: ignore"
    )
    landing.shop.edit("pipelines/raw/w.yml", one)
    landing.shop.edit("sql/gold/sums.sql", "SELECT CAST(sum(b) AS BIGINT) AS a FROM raw.w")
    landing.apply()
    with pytest.raises(RefusedError) as caught:
        plan_back(landing.shop, 1, mode="keep-ingest", resolve=landing.resolve)
    assert caught.value.code == "LW350"
    assert "--hold or --replay" in caught.value.problems[0].hint
    assert not plan_back(landing.shop, 1, mode="replay", resolve=landing.resolve).empty
