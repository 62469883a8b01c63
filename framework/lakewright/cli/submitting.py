"""`submit`: start spark-submit, and know how the run ended from what it left in the lake."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lakewright.cli import commands
from lakewright.cli.durations import parse_duration
from lakewright.cli.options import Common, parse_command
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import open_home, open_workspace
from lakewright.engines.spark_programs import find_spark_submit, spark_surroundings
from lakewright.errors import LakeError, UsageError
from lakewright.lake import Lake, NotFoundError, paths
from lakewright.observe import FORMAT_VERSION, render_json
from lakewright.observe.ends import render_end

_VERBS = ("apply", "refresh")
# Options of spark-submit that take no value; all others take one.
_FLAGS = frozenset({"--verbose", "-v", "--supervise", "--help", "-h", "--version", "--usage-error"})
_SHARED = {"lake": "--lake", "environment": "-e", "target": "-t", "project": "--project"}
_PAUSE = 1.0  # seconds between two looks
_SETTLING = 3.0  # seconds until an end is there, once spark-submit has ended with the run
_AFTER_FAILURE = 30.0  # the same where the run goes on elsewhere


@dataclass(frozen=True, slots=True)
class Submission:
    """The words for spark-submit, and what the run that they start will be called."""

    words: tuple[str, ...]
    run_id: str
    common: Common  # as the run itself will understand them
    elsewhere: bool  # the driver runs on the cluster, and spark-submit may end before it


def submit_run(common: Common, words: Sequence[str], *, wait: bool, timeout: str) -> int:
    """Start a run by spark-submit. With `wait` the answer and exit code are those of its report.

    UsageError LW315 when the words start no `apply` or `refresh`; LakeError LW642 without a
    spark-submit, LW644 when it failed and nobody waits, LW641 for a run that left no report.
    """
    streams = Streams.of(common)
    longest = parse_duration(timeout, "--timeout").total_seconds()
    submission = read_submission(words, common)
    space = open_workspace(submission.common)
    lake, environment = open_home(space), space.environment
    before = _latest(lake, environment)
    streams.tell(f"Run {submission.run_id} of {environment}: starting spark-submit ...\n")
    code = _start(submission.words)
    if not wait:
        return _tell_started(common, streams, submission, code)
    patience = _patience(submission, code, longest)
    end = await_end(lake, submission.run_id, patience)
    if end is None:
        published = _published(lake, environment, before, submission.run_id)
        raise _without_end(submission.run_id, code, published)
    streams.answer(render_json(end) if common.json else render_end(end, color=streams.color))
    return int(end["exit_code"])


def read_submission(words: Sequence[str], common: Common) -> Submission:
    """What to give to spark-submit: options named before `--` are passed on, and a run id added."""
    at = _main_file(words)
    verb = words[at + 1] if at + 1 < len(words) else ""
    if verb not in _VERBS:
        raise UsageError(
            "LW315",
            f"submit starts apply or refresh, and `{verb or 'nothing'}` comes after the main file",
            hint="lakewright submit --wait -- --master URL main.py refresh --lake URI -e prod",
        )
    options = [*words[at + 2 :]]
    said, run_id = _understood(verb, options)
    options += [
        word
        for name, option in _SHARED.items()
        if getattr(common, name) is not None and getattr(said, name) == getattr(Common(), name)
        for word in (option, getattr(common, name))
    ]
    if run_id is None:
        run_id = str(uuid.uuid4())
        options += ["--run-id", run_id]
    told = {name: getattr(said, name) or getattr(common, name) for name in _SHARED}
    elsewhere = _is_elsewhere(words[:at])
    return Submission(
        (*words[: at + 2], *options), run_id, replace(said, **told), elsewhere=elsewhere
    )


def await_end(lake: Lake, run_id: str, patience: float) -> dict[str, Any] | None:
    """The report of a run, None when it has left none after `patience` seconds."""
    ends = time.monotonic() + patience
    while True:
        try:
            found: dict[str, Any] = json.loads(lake.get_run(run_id, paths.REPORT))
        except NotFoundError:
            if time.monotonic() >= ends:
                return None
            time.sleep(min(_PAUSE, patience))
        else:
            return found


def _main_file(words: Sequence[str]) -> int:
    """Where the options of spark-submit end."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1 if words[at] in _FLAGS or "=" in words[at].partition(" ")[0] else 2
    return at


def _understood(verb: str, options: list[str]) -> tuple[Common, str | None]:
    """The shared options and the run id, as the verb will read them; UsageError LW303."""
    try:
        parsed = parse_command(getattr(commands, verb), "", options)
    except Exception as error:
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        hint = f"lakewright {verb} --help lists the options"
        raise UsageError("LW303", str(told()), hint=hint) from error
    if not isinstance(parsed, partial):
        raise UsageError("LW315", f"submit starts a run, and {verb} --help is none")
    return parsed.args[0], parsed.keywords["run_id"]


def _is_elsewhere(options: Sequence[str]) -> bool:
    text = " ".join(options).replace("=", " ")
    return "deploy-mode cluster" in text or "spark.submit.deployMode cluster" in text


def _start(words: Sequence[str]) -> int:
    """Run spark-submit; all it says goes to stderr. Returns its exit code."""
    program = find_spark_submit(os.environ)
    environ = dict(spark_surroundings(os.environ))
    process = subprocess.Popen([str(program), *words], env=environ, stdout=2)  # noqa: S603 - as asked
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise


def _patience(submission: Submission, code: int, longest: float) -> float:
    if not submission.elsewhere:
        return _SETTLING
    return longest if code == 0 else _AFTER_FAILURE


def _latest(lake: Lake, environment: str) -> int:
    release = lake.latest(environment) if lake.exists() else None
    return release.release if release is not None else 0


def _published(lake: Lake, environment: str, before: int, run_id: str) -> int | None:
    """The release that a run made after `before`, if it got that far."""
    for number in range(_latest(lake, environment), before, -1):
        if lake.release(environment, number).run_id == run_id:
            return number
    return None


def _without_end(run_id: str, code: int, published: int | None) -> LakeError:
    did = f"it published release {published}" if published else "nothing of it was published"
    return LakeError(
        "LW641",
        f"run {run_id} left no report: {did}; spark-submit ended with {code}",
        hint="look at what spark-submit said; the next run puts right what this one left",
    )


def _tell_started(common: Common, streams: Streams, submission: Submission, code: int) -> int:
    if code != 0:
        raise LakeError(
            "LW644",
            f"spark-submit ended with {code}",
            hint="submit --wait tells how the run itself ended",
        )
    report = paths.run(submission.run_id, paths.REPORT)
    if common.json:
        document = {
            "format_version": FORMAT_VERSION,
            "run_id": submission.run_id,
            "report": report,
        }
        streams.answer(render_json(document))
    else:
        streams.answer(f"Run {submission.run_id} was submitted; its end will be {report}\n")
    return 0
