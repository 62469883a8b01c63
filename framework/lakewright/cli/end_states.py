"""How a run ended, stored under a name that was known before it began.

Who starts a run elsewhere looks for `runs/<run id>/report.json` there. So it is written for every
end: of a run with nothing to do and of one that was refused before it began, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from lakewright.cli.options import Common
from lakewright.cli.workspace import Workspace, open_home, open_workspace
from lakewright.errors import Interrupted, LakewrightError, RefusedError, UsageError
from lakewright.lake import Lake, NotFoundError, paths
from lakewright.runtime import Report, put_report


def keep_end(common: Common, run_id: str | None, run: Callable[[], int]) -> int:
    """Run; an error that comes before the run has a report becomes one, and is raised again.

    UsageError LW303 when `run_id` is no UUID, RefusedError LW314 when a run had it before.
    """
    if run_id is None:
        return run()
    _check_name(run_id)
    _refuse_used(common, run_id)
    try:
        return run()
    except LakewrightError as error:
        _keep_error(common, run_id, error)
        raise
    except KeyboardInterrupt as interrupt:
        told = str(interrupt) or "interrupted: nothing was published"
        _keep_error(common, run_id, Interrupted("LW432", told, hint="run it again"))
        raise


def _check_name(run_id: str) -> None:
    try:
        known = str(UUID(run_id)) == run_id
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            "LW303", f"`{run_id}` is no UUID", hint="--run-id 0f0e0d0c-0b0a-4009-8807-060504030201"
        )


def _refuse_used(common: Common, run_id: str) -> None:
    used = False
    with suppress(LakewrightError):  # what is wrong with the settings is told by the run
        lake = _lake_of(open_workspace(common))
        used = lake is not None and _has(lake, run_id, "plan.json", paths.REPORT)
    if used:
        raise RefusedError(
            "LW314",
            f"there was a run {run_id} before",
            hint="give every run a name of its own, or leave --run-id out",
        )


def _keep_error(common: Common, run_id: str, error: LakewrightError) -> None:
    """A report of what stopped the command, unless the run has left its own."""
    with suppress(LakewrightError):  # the error itself is told by whoever called
        space = open_workspace(common)
        lake = _lake_of(space)
        if lake is None or _has(lake, run_id, paths.REPORT):
            return
        report = Report(
            run_id=run_id,
            environment=space.environment,
            release=None,
            ok=False,
            tables=(),
            problems=error.problems,
            exit_code=error.exit_code,
        )
        put_report(lake, run_id, report)


def _has(lake: Lake, run_id: str, *names: str) -> bool:
    """Whether a run of that name has left any of these files in the lake."""
    for name in names:
        with suppress(NotFoundError):
            lake.get_run(run_id, name)
            return True
    return False


def _lake_of(space: Workspace) -> Lake | None:
    """The lake, when it is there; a refused command makes none."""
    lake = open_home(space)
    return lake.confined(space.environment) if lake.exists() else None
