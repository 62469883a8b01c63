"""Step 7: after a publish the catalog that the target serves into is brought to the release."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace, locator
from lakewright.engines import Engine
from lakewright.errors import LakewrightError
from lakewright.lake import Lake, read_served
from lakewright.plans import count_behind, served_marks
from lakewright.runtime import Report, Server, ServeReport, put_report, serve_latest
from lakewright.runtime.matching import redoable
from lakewright.specs import ServeSpec


def serve_if_configured(
    space: Workspace, lake: Lake, engine: Engine, streams: Streams, *, run_id: str
) -> ServeReport | None:
    """Bring the target's catalog to the latest release: the last step of all that publishes.

    What fails unpublishes nothing: it is in the report, with the command that does it again. None
    when the target serves nothing, or nothing is released.
    """
    if space.serve is None:
        return None
    streams.tell(f"Serving into {space.serve.catalog} ...\n")
    by = Server(run_id, lambda: datetime.now(UTC), resolve=locator(space))
    return serve_latest(lake, space.environment, space.serve, engine, by=by)


def serve_after(
    space: Workspace, lake: Lake, engine: Engine, streams: Streams, report: Report
) -> Report:
    """Serve what a run published; the report with what came of it, stored again.

    A run that published nothing serves only when the catalog is behind, so that it starts no engine
    for nothing. With a problem the exit code is 1, or 4 when only objects of others are in the way.
    """
    if space.serve is None or report.release == "unknown":
        return report
    try:
        if not _is_due(space.serve, lake, report):
            return report
        served = serve_if_configured(space, lake, engine, streams, run_id=report.run_id)
    except LakewrightError as error:  # storage that answered a moment ago
        problems = tuple(redoable(problem) for problem in error.problems)
        served = ServeReport(space.serve.catalog, report.release or 0, problems=problems)
    return report if served is None else _with_served(lake, report, served)


def _is_due(spec: ServeSpec, lake: Lake, report: Report) -> bool:
    """Whether the run published, or found nothing to publish and a catalog that is behind."""
    if report.release is not None:
        return True
    release = lake.latest(report.environment) if report.ok else None
    if release is None:
        return False
    note = read_served(lake.store, release.environment, spec.catalog)
    marks = served_marks(spec, release.tables.values(), release.environment)
    return count_behind(marks, note) > 0


def _with_served(lake: Lake, report: Report, served: ServeReport) -> Report:
    """The report with the serving in it, also where other tools read it."""
    told = replace(
        report,
        served=served,
        ok=report.ok and not served.problems,
        problems=(*report.problems, *served.problems),
        exit_code=report.exit_code or served.exit_code,
    )
    if report.release is None:
        return told  # no run has a folder: there was nothing to publish
    return put_report(lake, report.run_id, told)
