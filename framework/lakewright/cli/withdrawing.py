"""What catalogs show of an environment that ends: taken away, or said."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import UTC, datetime

from lakewright.cli.engine import OnDemand
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace
from lakewright.engines import Engine, engine_capabilities, open_engine
from lakewright.errors import LakewrightError
from lakewright.lake import Lake, list_served
from lakewright.runtime import Server, ServeReport, withdraw_environment


def withdraw_served(
    space: Workspace, lake: Lake, environment: str, streams: Streams
) -> tuple[ServeReport | None, list[str]]:
    """Take away what the target's catalog shows of an ended environment.

    Also a note for each catalog that shows it still. Starts an engine only when one must be asked;
    what fails is in the report, for the environment has ended all the same.
    """
    standing = list_served(lake.store, environment)
    report = None
    catalog = space.serve.catalog if space.serve else None
    if catalog in standing and engine_capabilities(space.engine).catalog:
        streams.tell(f"Withdrawing {environment} from {catalog} ...\n")
        report = _withdraw(space, lake.confined(environment), environment, catalog)
        if not report.problems:
            del standing[catalog]
    return report, [_told(environment, one) for one in sorted(standing)]


def _withdraw(space: Workspace, lake: Lake, environment: str, catalog: str) -> ServeReport:
    def start() -> Engine:
        return open_engine(space.engine, conf=space.conf)

    by = Server(str(uuid.uuid4()), lambda: datetime.now(UTC))
    try:
        with closing(OnDemand(space.engine, start)) as engine:
            return withdraw_environment(lake, environment, catalog, engine, by=by)
    except LakewrightError as error:
        return ServeReport(catalog, 0, problems=tuple(error.problems))


def _told(environment: str, catalog: str) -> str:
    return (
        f"{catalog} still shows {environment}, and gc keeps its files: `lakewright env drop"
        f" {environment}` takes its views away, with a target that serves there on Spark"
    )
