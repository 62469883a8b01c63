"""`engine up`, `engine down`, `engine status`: a Spark that is there when a run needs one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import closing

from lakewright.cli.durations import parse_duration
from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import open_workspace
from lakewright.engines.warm.joining import WarmSpark, join_warm
from lakewright.engines.warm.looking import look_at_server
from lakewright.engines.warm.places import state_folder
from lakewright.engines.warm.starting import bring_up, take_down
from lakewright.engines.warm.warming import warm_up
from lakewright.errors import InternalError, LakeError, SpecError, UsageError
from lakewright.observe import render_json
from lakewright.observe.warm import (
    down_document,
    render_down,
    render_status,
    render_up,
    status_document,
    up_document,
)


def run_engine_word(common: Common, word: str, *, idle: str, force: bool) -> int:
    """`engine WORD`; UsageError LW303 for a word or an engine that has none."""
    if common.engine not in {None, "spark"}:
        raise UsageError(
            "LW303", f"{common.engine} is kept warm by nobody", hint="it starts in half a second"
        )
    match word:
        case "up":
            return _up(common, _idle_seconds(idle))
        case "down":
            return _down(common, force=force)
        case "status":
            return _status(common)
        case _:
            raise UsageError(
                "LW303",
                f"`engine {word}` is not there",
                hint="lakewright engine up, lakewright engine down or lakewright engine status",
            )


def _idle_seconds(written: str) -> int:
    seconds = int(parse_duration(written, "--idle").total_seconds())
    if seconds == 0:
        raise UsageError("LW303", f"--idle {written} is no time at all", hint="write 30m or 2h")
    return seconds


def _up(common: Common, idle_seconds: int) -> int:
    """Returns when a run would find it warm."""
    streams, folder, conf = Streams.of(common), state_folder(os.environ), _conf(common)
    began = time.monotonic()
    streams.tell("Starting spark ...\n")
    _, started = bring_up(folder, conf, os.environ, idle_seconds)
    if started:
        streams.tell(f"Warming it up, after {time.monotonic() - began:.0f} s ...\n")
        engine = join_warm(conf)
        if not isinstance(engine, WarmSpark):
            raise LakeError("LW671", f"the warm Spark cannot be used: {engine or 'it has ended'}")
        with closing(engine):
            warm_up(engine, folder)
    seen = look_at_server(folder)
    if seen is None:
        raise InternalError("LW901", "the warm Spark ended as soon as it was up")
    if common.json:
        streams.answer(render_json(up_document(seen, started=started)))
    else:
        streams.answer(render_up(seen, started=started))
    return 0


def _down(common: Common, *, force: bool) -> int:
    streams = Streams.of(common)
    ended = take_down(state_folder(os.environ), force=force)
    if common.json:
        streams.answer(render_json(down_document(ended)))
    else:
        streams.answer(render_down(ended))
    return 0


def _status(common: Common) -> int:
    streams, seen = Streams.of(common), look_at_server(state_folder(os.environ))
    if common.json:
        streams.answer(render_json(status_document(seen)))
    else:
        streams.answer(render_status(seen))
    return 0


def _conf(common: Common) -> Mapping[str, str]:
    """The settings of the target; none outside of a project."""
    try:
        return open_workspace(common).conf
    except SpecError as error:
        if error.code == "LW110" and common.target is None and common.project is None:
            return {}
        raise
