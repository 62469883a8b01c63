"""`env create`, `env ls`, `env drop`: environments are forked from releases, and end."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakewright.cli.bases import Over, open_base
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.withdrawing import withdraw_served
from lakewright.cli.workspace import Workspace, open_home, open_workspace, user_name
from lakewright.errors import LakeError, RefusedError, UsageError
from lakewright.lake.environments import forked_from, list_environments
from lakewright.lake.forks import NewFork, end_environment, fork_environment, is_unfinished
from lakewright.lake.lake import Lake
from lakewright.names import parse_environment
from lakewright.observe import render_json, render_problems
from lakewright.observe.environments import (
    dropped_document,
    environments_document,
    fork_document,
    render_dropped,
    render_environments,
    render_fork,
)

_LASTS = re.compile(r"(\d{1,5})([hdw])\Z")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class EnvironmentWish:
    """What was said behind `env`."""

    word: str
    name: str | None
    source: str | None
    expires: str | None
    reason: str
    yes: bool


def run_environment_word(common: Common, wish: EnvironmentWish) -> int:
    """`env WORD`; UsageError LW303 for a word or option that does not belong."""
    match wish.word:
        case "ls":
            _refuse_extra(wish, name=wish.name, source=wish.source, expires=wish.expires)
            return _list(common)
        case "create":
            return _create(common, wish)
        case "drop":
            _refuse_extra(wish, source=wish.source, expires=wish.expires)
            return _drop(common, wish)
        case _:
            raise UsageError(
                "LW303",
                f"`env {wish.word}` is not there",
                hint="lakewright env create, lakewright env ls or lakewright env drop",
            )


def finish_fork(common: Common) -> None:
    """Go on with the fork of the target's base that a first apply began and did not finish."""
    space = open_workspace(common)
    lake = open_home(space)
    if space.base is None or not lake.exists():
        return
    if not is_unfinished(lake.control(space.environment)):
        return
    over = open_base(space, lake, space.base.environment)
    number = _begun_or_latest(over, lake, space.environment)
    begin_environment(space, lake, over, number)


def begin_environment(
    space: Workspace, lake: Lake, over: Over, number: int, reason: str = ""
) -> str:
    """Fork a base into the environment of the settings; says what was done."""
    now, by = datetime.now(UTC), user_name(os.environ)
    fork = NewFork(space.environment, str(uuid.uuid4()), now, by, reason)
    begun = fork_environment(lake, over.source, over.origin(number), fork)
    return render_fork(begun, over.origin(number), None)


def _create(common: Common, wish: EnvironmentWish) -> int:
    streams, space = Streams.of(common), open_workspace(common)
    name, now = parse_environment(_named(wish)), datetime.now(UTC)
    lake = open_home(space)
    over, number = _source(space, lake, wish.source)
    _lake_there(space, lake, over)
    number = number if number is not None else _begun_or_latest(over, lake, name)
    expires_at = now + _duration(wish.expires) if wish.expires else None
    by = user_name(os.environ)
    fork = NewFork(name, str(uuid.uuid4()), now, by, wish.reason, expires_at)
    origin = over.origin(number)
    begun = fork_environment(lake, over.source, origin, fork)
    if common.json:
        streams.answer(render_json(fork_document(begun, origin, expires_at)))
    else:
        streams.answer(render_fork(begun, origin, expires_at))
    return 0


def _list(common: Common) -> int:
    streams, space = Streams.of(common), open_workspace(common)
    lake = open_home(space)
    lake.info()
    found = list_environments(lake, datetime.now(UTC))
    if common.json:
        streams.answer(render_json(environments_document(found)))
    else:
        streams.answer(render_environments(found, color=streams.color))
    return 0


def _drop(common: Common, wish: EnvironmentWish) -> int:
    streams, space = Streams.of(common), open_workspace(common)
    name = parse_environment(_named(wish))
    lake = open_home(space)
    lake.info()
    if not wish.yes:
        _confirm(streams, name)
    by, now = user_name(os.environ), datetime.now(UTC)
    ended = end_environment(lake, name, now=now, by=by, reason=wish.reason)
    report, notes = withdraw_served(space, lake, name, streams)
    if report is not None and report.problems:
        streams.tell(f"\n{render_problems(report.problems, streams.err_color)}")
    if common.json:
        streams.answer(render_json(dropped_document(name, report, notes, ended=ended)))
    else:
        streams.answer(render_dropped(name, report, notes, ended=ended))
    return report.exit_code if report is not None else 0


def _named(wish: EnvironmentWish) -> str:
    if wish.name is None:
        raise UsageError(
            "LW303",
            f"env {wish.word} needs a name",
            hint=f"lakewright env {wish.word} NAME",
        )
    return wish.name


def _refuse_extra(wish: EnvironmentWish, **said: str | None) -> None:
    extra = [word for word, value in said.items() if value is not None]
    if extra:
        flag = "NAME" if extra[0] == "name" else {"source": "--from"}.get(extra[0], f"--{extra[0]}")
        raise UsageError(
            "LW303", f"env {wish.word} takes no {flag}", hint="lakewright env --help shows them"
        )


def _source(space: Workspace, lake: Lake, told: str | None) -> tuple[Over, int | None]:
    """What to fork, and the release when one was named."""
    if told is None:
        if space.base is None:
            raise UsageError(
                "LW303", "env create needs --from", hint="lakewright env create NAME --from prod"
            )
        return open_base(space, lake, space.base.environment), None
    environment, _, number = told.partition("@")
    if "@" in told and not number.isdigit():
        raise UsageError("LW303", f"`{told}` is no release", hint="write --from prod@41")
    found = open_base(space, lake, parse_environment(environment))
    return found, int(number) if number else None


def _begun_or_latest(over: Over, lake: Lake, name: str) -> int:
    """The release that a fork under this name was begun from and not finished, else the latest."""
    begun = forked_from(lake, name) if lake.exists() else None
    if begun is not None and begun == over.origin(begun.release):
        return begun.release
    latest = over.source.latest(over.environment)
    if latest is None:
        raise LakeError(
            "LW341",
            f"{over.environment} has no release at {over.source.uri}",
            hint="`lakewright env ls` lists environments",
        )
    return latest.release


def _lake_there(space: Workspace, lake: Lake, over: Over) -> None:
    """The lake to fork into: made when the source is another one."""
    if over.written and space.project is not None and not lake.exists():
        lake.create(space.project.name, uuid.uuid4().hex, datetime.now(UTC))
    if space.project is not None:
        lake.check_project(space.project.name)
    else:
        lake.info()


def _duration(text: str) -> timedelta:
    found = _LASTS.match(text.strip())
    if found is None or int(found[1]) == 0:
        raise UsageError("LW303", f"--expires {text} is no time", hint="write 12h, 7d or 4w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _confirm(streams: Streams, name: str) -> None:
    if not streams.asks:
        raise RefusedError(
            "LW302",
            f"nobody can be asked whether to drop {name}: this is not a terminal",
            hint="look at `lakewright env ls`, then say --yes",
        )
    streams.tell(f"Drop environment {name}? Its releases cannot be read any more. [y/N] ")
    if input().strip().lower() not in {"y", "yes"}:
        raise RefusedError("LW302", "not confirmed: nothing was dropped", hint="answer y")
