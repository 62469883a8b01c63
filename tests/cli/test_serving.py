"""Targets that serve: refused where nothing can serve, redone where something is behind."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field

import pytest

from cli.programs import Cli
from fakes.catalog import MemoryCatalog
from fakes.engine import FakeEngine
from lakewright.cli.serving import serve_after
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace
from lakewright.engines import ObjectName
from lakewright.errors import LakeError, Place
from lakewright.runtime import Report
from lakewright.specs import ServeSpec
from runtime.shop import ENVIRONMENT, Shop

SPEC = ServeSpec("spark_catalog", "{schema}", Place("lakewright.yml", 5))


def serve(cli: Cli, how: str = "view") -> None:
    """The default target serves."""
    file = cli.folder / "lakewright.yml"
    text = file.read_text()
    assert "{lake: .lake, engine: sail" in text
    file.write_text(text.replace("{lake: .lake, engine: sail", f"{{lake: .lake, serve: {how}"))


@pytest.mark.parametrize("verb", [("plan",), ("apply", "--yes"), ("refresh",)])
def test_an_engine_without_a_catalog_is_refused_before_anything_runs(
    built: Cli, verb: tuple[str, ...]
) -> None:
    serve(built)
    done = built(*verb)
    assert done.code == 4
    assert "LW391" in done.err
    assert "--engine spark" in done.err
    assert "lakewright.yml:" in done.err


def test_a_plan_says_what_is_served_and_what_is_behind(built: Cli) -> None:
    serve(built, "{schema: marts}")
    done = built("plan", "--engine", "spark", "--detailed-exitcode")
    assert done.code == 0
    assert "Serves: spark_catalog.marts (3 views).  3 views behind release 1;" in done.out


def test_a_plan_as_json_says_the_same(built: Cli) -> None:
    serve(built)
    document = json.loads(built("plan", "--engine", "spark", "--json").out)
    assert (document["empty"], document["serve"]["behind"]) == (True, 3)


def test_a_target_that_serves_nothing_says_nothing(built: Cli) -> None:
    assert "Serves" not in built("plan").out
    assert json.loads(built("plan", "--json").out)["serve"] is None


@dataclass
class Desk:
    """A target that serves, over a lake and a catalog in memory."""

    shop: Shop = field(default_factory=Shop.open)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)

    def serve(self, report: Report, spec: ServeSpec | None = SPEC) -> Report:
        space = Workspace(
            project=None,
            target="prod",
            lake_uri="memory://lake",
            engine="spark",
            environment=ENVIRONMENT,
            protected=False,
            explicit_engine=True,
            allow_paths=(),
            conf={},
            serve=spec,
        )
        engine = FakeEngine(self.shop.world.tables, served=self.catalog)
        streams = Streams(sys.stdout, sys.stderr, color=False, err_color=False, asks=False)
        return serve_after(space, self.shop.world.lake(), engine, streams, report)

    def empty(self, **facts: object) -> Report:
        """Of a run that had nothing to publish."""
        run = "00000000-0000-0000-0000-0000000000ee"
        told = {"release": None, "ok": True, "tables": (), **facts}
        return Report(run, ENVIRONMENT, **told)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_was_published_is_served(desk: Desk) -> None:
    report = desk.serve(desk.shop.apply())
    assert report.served is not None
    assert (len(report.served.put), report.exit_code, report.ok) == (4, 0, True)


def test_the_report_of_the_run_says_so_too(desk: Desk) -> None:
    report = desk.serve(desk.shop.apply())
    stored = desk.shop.world.objects[f"_lakewright/runs/{report.run_id}/report.json"][0]
    assert json.loads(stored)["serve"]["release"] == 1


def test_a_run_with_nothing_to_publish_serves_what_is_behind(desk: Desk) -> None:
    desk.shop.apply()
    assert desk.serve(desk.empty()).served is not None
    assert len(desk.catalog.standing) == 4


def test_a_run_with_nothing_to_publish_and_nothing_behind_asks_no_engine(desk: Desk) -> None:
    desk.serve(desk.shop.apply())
    report = desk.empty()
    assert desk.serve(report) is report


@pytest.mark.parametrize("facts", [{"ok": False}, {"release": "unknown", "ok": False}])
def test_a_run_that_failed_serves_nothing(desk: Desk, facts: dict[str, object]) -> None:
    desk.shop.apply()
    desk.serve(desk.empty(**facts))
    assert desk.catalog.standing == {}


def test_a_target_that_serves_nothing_leaves_the_report(desk: Desk) -> None:
    report = desk.shop.apply()
    assert desk.serve(report, None) is report


def test_what_cannot_be_served_is_exit_1_and_stays_published(desk: Desk) -> None:
    desk.catalog.broken.add(ObjectName("gold", "totals"))
    report = desk.serve(desk.shop.apply())
    assert (report.exit_code, report.ok, report.release) == (1, False, 1)
    assert "lakewright refresh" in report.problems[0].hint


def test_what_stands_in_the_way_is_exit_4(desk: Desk) -> None:
    desk.catalog.foreign(ObjectName("gold", "totals"))
    report = desk.serve(desk.shop.apply())
    assert (report.exit_code, [problem.code for problem in report.problems]) == (4, ["LW464"])


def test_storage_that_goes_away_after_the_publish_is_told_in_the_report(desk: Desk) -> None:
    report = desk.shop.apply()

    def gone(operation: str, path: str, moment: str) -> None:
        if operation == "get":
            raise LakeError("LW501", "gone")

    desk.shop.world.hook = gone
    told = desk.serve(report)
    assert (told.release, told.exit_code) == (1, 1)
    assert [problem.code for problem in told.problems] == ["LW501"]


def test_only_the_environment_of_the_target_is_written(desk: Desk) -> None:
    desk.shop.apply()
    before = set(desk.shop.world.objects)
    desk.serve(desk.empty())
    new = set(desk.shop.world.objects) - before
    assert new == {"_lakewright/env/prod/served/spark_catalog.json"}
