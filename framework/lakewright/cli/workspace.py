"""From settings to values: the project, the target, the lake and its state.

A flag or variable wins over the target, the target over defaults. With `--lake` no project is
needed: what runs from released code alone needs no checkout.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lakewright.cli.checkout import Checkout, compile_checkout, load_checkout, read_checkout
from lakewright.cli.options import Common
from lakewright.errors import LakeError, RefusedError, SpecError, UsageError
from lakewright.graph import Graph, compile_project
from lakewright.graph import select as select_tables
from lakewright.lake import Lake, LakeState, Release, open_lake
from lakewright.lake.forks import refuse_ended
from lakewright.names import TableName, parse_environment
from lakewright.plans.fingerprints import same_algorithm
from lakewright.specs import (
    Base,
    Project,
    ServeSpec,
    load_project,
    resolve_lake,
    resolve_secrets,
    resolve_target,
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a command works: settings after all of them were asked."""

    project: Project | None
    target: str | None
    lake_uri: str
    engine: str
    environment: str
    protected: bool
    explicit_engine: bool
    allow_paths: tuple[str, ...]
    conf: Mapping[str, str]
    serve: ServeSpec | None = None
    base: Base | None = None
    checkout: Checkout | None = None  # where what was compiled before may be used

    @property
    def root(self) -> str:
        """What relative paths of inputs start from."""
        return self.project.root if self.project and self.project.root else str(Path.cwd())


def read_project(common: Common) -> Project:
    """The project around `--project` or the current folder; SpecError when there is none."""
    return load_project(common.project or ".")


def open_checkout(common: Common) -> Checkout:
    """The files around `--project` or the current folder; SpecError when there is no project."""
    return read_checkout(common.project or ".")


def open_workspace(common: Common, *, cached: bool = False) -> Workspace:
    """All settings; the project may be missing when `--lake` says where to look.

    `cached`: what was compiled before may be used. For commands that change nothing.
    """
    checkout = _checkout_if_any(common) if cached else None
    project = checkout.project if checkout else _project_if_any(common)
    if project is None:
        return _without_project(common)
    target = resolve_target(project, common.target, os.environ, user_name(os.environ))
    return Workspace(
        project=project,
        target=target.name,
        lake_uri=common.lake or target.lake,
        engine=common.engine or target.engine,
        environment=parse_environment(common.environment or target.environment),
        protected=target.protected,
        explicit_engine=target.explicit_engine or common.engine is not None,
        allow_paths=target.allow_paths,
        conf=target.conf,
        serve=target.serve,
        base=target.base,
        checkout=checkout,
    )


def person() -> str:
    """Who runs this and where: `user@host`, for records."""
    return f"{_login(os.environ) or 'somebody'}@{platform.node() or 'localhost'}"


def user_name(environ: Mapping[str, str]) -> str:
    """The person's name as a part of an environment's name."""
    return re.sub(r"[^a-z0-9_]", "_", _login(environ).lower()) or "me"


def compile_workspace(space: Workspace) -> Graph:
    """The project's graph; SpecError with all its problems."""
    if space.checkout is not None:
        return compile_checkout(space.checkout)
    return compile_project(need_project(space))


def need_project(space: Workspace) -> Project:
    """The whole project with its tables."""
    if space.checkout is not None:
        return load_checkout(space.checkout)
    if space.project is None:
        raise UsageError(
            "LW306", "this needs a project and there is none here", hint="go to its folder"
        )
    return space.project


def open_home(space: Workspace) -> Lake:
    """The lake of the settings, whatever its state; it can find the base lakes of its releases."""

    def locate_base(written: str) -> str:
        return resolve_lake(written, space.root, os.environ)

    return replace(open_lake(space.lake_uri), bases=locate_base, ended=_end_work)


def project_lake(space: Workspace) -> Lake:
    """The project's lake, for a command in the environment of the settings; it need not exist.

    RefusedError LW512 when it is another project's, LW361 when the environment has ended.
    """
    lake = open_home(space)
    if lake.exists():
        if space.project is not None:
            lake.check_project(space.project.name)
        refuse_ended(lake, space.environment, datetime.now(UTC))
    return lake.confined(space.environment)


def existing_lake(space: Workspace, *, even_ended: bool = False) -> Lake:
    """A lake to read from, whoever it belongs to; LakeError LW510 when there is none.

    RefusedError LW361 when the environment has ended, unless that is what the command is about.
    """
    lake = open_home(space)
    lake.info()
    if not even_ended:
        refuse_ended(lake, space.environment, datetime.now(UTC))
    return lake.confined(space.environment)


def latest_release(space: Workspace, lake: Lake) -> Release:
    """What readers see; LakeError LW341 when nothing was released yet."""
    release = lake.latest(space.environment)
    if release is None:
        others = ", ".join(lake.environments())
        known = f"; there are releases in {others}" if others else ""
        raise LakeError(
            "LW341",
            f"{space.environment} has no release at {lake.uri}{known}",
            hint="`lakewright apply` makes the first; -e chooses another environment",
        )
    return release


def read_state(space: Workspace, lake: Lake, graph: Graph) -> LakeState:
    """What planning needs."""
    return lake.state(space.environment, graph.inputs, resolve=locator(space))


def locator(space: Workspace) -> Callable[[str], str]:
    """Makes a written location absolute, secrets resolved; RefusedError LW307 if forbidden."""
    allowed = tuple(_absolute(path, space.root) for path in space.allow_paths)

    def read_file(path: str) -> str:
        return Path(space.root, path).read_text(encoding="utf-8").strip()

    def locate(written: str) -> str:
        text = resolve_secrets(written, os.environ, read_file)
        place = _absolute(text, space.root)
        if allowed and not any(_below(place, prefix) for prefix in allowed):
            raise RefusedError(
                "LW307",
                f"target {space.target} may not read `{written}`",
                hint=f"allowed is what lies below {', '.join(space.allow_paths)}",
            )
        return place

    return locate


def choose(
    graph: Graph,
    select: Sequence[str],
    exclude: Sequence[str],
    modified: Callable[[], set[TableName]],
) -> tuple[TableName, ...] | None:
    """The selected tables in build order, None when nothing was said about them."""
    if not select and not exclude:
        return None
    return select_tables(graph, select, exclude, modified)


def modified_tables(graph: Graph, state: LakeState) -> set[TableName]:
    """Tables whose code or description differs from the release: `state:modified`."""
    known = same_algorithm(graph, state).release
    released = known.tables if known else {}
    return {
        step.name
        for step in graph.steps.values()
        if step.name not in released
        or released[step.name].own != step.fingerprint.own
        or released[step.name].metadata != step.metadata
    }


def _end_work(work: str) -> bool:
    # Asked only after a run was killed; other commands need nothing of an engine here.
    from lakewright.engines.warm.joining import end_work

    return end_work(work)


def _login(environ: Mapping[str, str]) -> str:
    try:
        return environ.get("USER") or environ.get("USERNAME") or getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return ""


def _project_if_any(common: Common) -> Project | None:
    try:
        return read_project(common)
    except SpecError as error:
        if error.code == "LW110" and common.lake is not None and common.target is None:
            return None
        raise


def _checkout_if_any(common: Common) -> Checkout | None:
    try:
        return open_checkout(common)
    except SpecError:
        return None  # said again, as it is for any command, when the project is loaded


def _without_project(common: Common) -> Workspace:
    assert common.lake is not None
    environment = common.environment or f"dev_{user_name(os.environ)}"
    return Workspace(
        project=None,
        target=None,
        lake_uri=common.lake,
        engine=common.engine or "sail",
        environment=parse_environment(environment),
        protected=False,
        explicit_engine=common.engine is not None,
        allow_paths=(),
        conf={},
    )


def _absolute(text: str, root: str) -> str:
    if "://" in text:
        return text
    return os.path.normpath(Path(root) / text)


def _below(place: str, prefix: str) -> bool:
    return place == prefix or place.startswith(prefix.rstrip("/") + "/")
