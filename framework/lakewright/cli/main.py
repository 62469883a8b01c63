"""The process: reads the command line, runs one verb, turns whatever happens into an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from types import FrameType
from typing import NoReturn

from lakewright.cli.verbs import NAMES, find_verb, render_help
from lakewright.errors import InternalError, LakewrightError, QualityError, UsageError

INTERRUPTED = 130

_OTHER_WORDS = {
    "run": "`lakewright apply` (deploy the project) or `lakewright refresh` (run released code)",
    "build": "`lakewright apply`",
    "list": "`lakewright ls`",
    "query": "`lakewright sql`",
    "check": "`lakewright validate`",
    "compile": "`lakewright validate`, or `lakewright show TABLE`",
    "log": "`lakewright history`",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script."""
    # Most of what a start allocates lives to the end: looking through it often finds nothing.
    gc.set_threshold(50_000, 20, 20)
    signal.signal(signal.SIGTERM, _as_interrupt)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = run_command(given)
        sys.stdout.flush()
        if code == INTERRUPTED:
            # A second signal leaves threads in an engine; Python crashes when it ends under them.
            sys.stderr.flush()
            os._exit(code)
    except BrokenPipeError:
        # The reader went away: nobody is left to tell. The last flush must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    sys.exit(code)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every failure is told here."""
    try:
        return _dispatch(list(arguments))
    except LakewrightError as error:
        return _tell(error, arguments)
    except KeyboardInterrupt as interrupt:
        said = str(interrupt) or "nothing was published"
        sys.stderr.write(f"interrupted: {said}\n")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last door: whatever is left is our bug
        bug = InternalError(
            "LW901",
            f"{type(error).__name__}: {error}",
            hint="run it again with --debug and report what it prints",
        )
        bug.__cause__ = error
        return _tell(bug, arguments)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        sys.stdout.write(render_help())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        # The version comes from the installed package's metadata, which is slow to search.
        from lakewright import __version__

        sys.stdout.write(f"lakewright {__version__}\n")
        return 0
    verb = find_verb(arguments[0])
    if verb is None:
        raise _unknown_verb(arguments[0])
    # The parser and the verbs' options: not needed for --help.
    from lakewright.cli import commands
    from lakewright.cli.options import parse_command

    text = f"Example: {verb.example}\n\n{verb.summary}"
    try:
        run = parse_command(getattr(commands, verb.name), text, arguments[1:])
    except Exception as error:
        raise _usage_error(error, verb.name) from error
    return run()


def _unknown_verb(name: str) -> UsageError:
    near = get_close_matches(name, NAMES, n=2)
    if name in _OTHER_WORDS:
        hint = f"did you mean {_OTHER_WORDS[name]}?"
    elif near:
        hint = "did you mean " + " or ".join(f"`lakewright {verb}`" for verb in near) + "?"
    else:
        hint = "lakewright --help lists all verbs"
    return UsageError("LW303", f"there is no verb `{name}`", hint=hint)


def _usage_error(error: Exception, verb: str) -> LakewrightError:
    """The parser's own complaint as ours; anything else is a bug in the declarations."""
    told = getattr(error, "format_message", None)
    if told is None:
        raise error
    return UsageError("LW303", str(told()), hint=f"lakewright {verb} --help lists the options")


def _tell(error: LakewrightError, arguments: Sequence[str]) -> int:
    """Print an error where it belongs: JSON to stdout with `--json`, else text to stderr."""
    # Rendering needs packages that a run without mistakes may never load.
    from lakewright.cli.streams import wants_color
    from lakewright.observe import error_document, render_json, render_problems

    if "--json" in arguments:
        kind = type(error).__name__
        sys.stdout.write(render_json(error_document(error.problems, kind, error.exit_code)))
    color = wants_color(_color_choice(arguments), sys.stderr, os.environ)
    sys.stderr.write(render_problems(error.problems, color))
    if "--debug" in arguments or os.environ.get("LAKEWRIGHT_DEBUG"):
        _print_stack(error)
    return error.exit_code


def _print_stack(error: LakewrightError) -> None:
    """What the engine says of a row that fails may hold its values: of that only the frames."""
    if not isinstance(error, QualityError):
        traceback.print_exception(error, file=sys.stderr)
        return
    told: BaseException | None = error
    while told is not None:
        kind = type(told)
        message = f": {told}" if isinstance(told, LakewrightError) else " (it may name values)"
        sys.stderr.write("".join(traceback.format_tb(told.__traceback__)))
        sys.stderr.write(f"{kind.__module__}.{kind.__qualname__}{message}\n")
        told = told.__cause__


def _color_choice(arguments: Sequence[str]) -> str | None:
    """`--color` as far as it can be seen in a command line that may not parse."""
    for index, argument in enumerate(arguments):
        if argument == "--color" and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith("--color="):
            return argument.partition("=")[2]
    return os.environ.get("LAKEWRIGHT_COLOR")


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a run like Ctrl-C does: through the code that puts things back."""
    raise KeyboardInterrupt
