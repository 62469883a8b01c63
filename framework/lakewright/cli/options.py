"""Options that verbs share, and how they reach a verb: as one value."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Annotated, Any, get_type_hints

import typer

from lakewright.errors import UsageError

Text = str | None


def _option(*names: str, text: str, env: str | None = None, metavar: str | None = None) -> Any:
    """An option; those that have an environment variable say so in their help."""
    return typer.Option(*names, help=text, envvar=env, metavar=metavar, show_default=False)


@dataclass(frozen=True, slots=True)
class Common:
    """What every verb takes. A flag wins over its variable, that over the target."""

    target: Annotated[
        Text,
        _option(
            "--target",
            "-t",
            text="Target in lakewright.yml.",
            env="LAKEWRIGHT_TARGET",
            metavar="NAME",
        ),
    ] = None
    environment: Annotated[
        Text,
        _option(
            "--environment",
            "-e",
            text="Environment, a named chain of releases.",
            env="LAKEWRIGHT_ENVIRONMENT",
            metavar="NAME",
        ),
    ] = None
    engine: Annotated[
        Text,
        _option("--engine", text="spark or sail.", env="LAKEWRIGHT_ENGINE", metavar="NAME"),
    ] = None
    lake: Annotated[
        Text,
        _option("--lake", text="Folder or URI of the lake.", env="LAKEWRIGHT_LAKE", metavar="URI"),
    ] = None
    project: Annotated[
        Text,
        _option(
            "--project",
            text="A folder inside the project; by default the current one.",
            env="LAKEWRIGHT_PROJECT",
            metavar="FOLDER",
        ),
    ] = None
    json: Annotated[bool, _option("--json", text="One JSON document on stdout.")] = False
    color: Annotated[
        Text,
        _option("--color", text="auto, always or never.", env="LAKEWRIGHT_COLOR", metavar="WHEN"),
    ] = None
    verbose: Annotated[bool, _option("--verbose", "-v", text="List everything.")] = False
    debug: Annotated[
        bool, _option("--debug", text="Show the stack of an error.", env="LAKEWRIGHT_DEBUG")
    ] = False


Select = Annotated[
    list[str] | None,
    _option(
        "--select",
        "-s",
        text="Tables: name, +name, 2+name+, a*, tag:, layer:, path:, state:modified+.",
        metavar="TABLES",
    ),
]
Exclude = Annotated[
    list[str] | None, _option("--exclude", text="Tables to leave out.", metavar="TABLES")
]
Yes = Annotated[bool, _option("--yes", "-y", text="Do not ask.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Rows at most.", metavar="ROWS")]

Parsed = Callable[[], int]


def parse_command(function: Callable[..., int], help_text: str, arguments: list[str]) -> Parsed:
    """Read a verb's command line; what comes back runs it, outside the parser's error handling.

    Whatever the parser says is raised as its own exceptions.
    """
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    name = function.__name__
    app.command(name=name, help=help_text)(_with_common(function))
    command = typer.main.get_command(app)
    parsed = command.main(arguments, prog_name=f"lakewright {name}", standalone_mode=False)
    return parsed if callable(parsed) else lambda: int(parsed or 0)


def _refuse_empty(common: Common) -> None:
    """UsageError LW303 for an option without a value: a variable of the shell was not set."""
    for field in fields(Common):
        if getattr(common, field.name) == "":
            message = f"--{field.name} has no value"
            raise UsageError("LW303", message, hint="leave it out, or give one")
    if common.color not in {None, "auto", "always", "never"}:
        message = f"--color {common.color} is not a choice"
        raise UsageError("LW303", message, hint="write auto, always or never")


def _with_common(function: Callable[..., int]) -> Callable[..., Parsed]:
    """`function(common, ...)` with the fields of `Common` as options of its own."""
    shared = get_type_hints(Common, include_extras=True)
    own = get_type_hints(function, include_extras=True)
    parameters = [
        parameter.replace(annotation=own[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "common"
    ]
    parameters += [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=shared[field.name],
        )
        for field in fields(Common)
    ]

    def wait(**given: Any) -> Parsed:
        common = Common(**{field.name: given.pop(field.name) for field in fields(Common)})
        _refuse_empty(common)
        return partial(function, common, **given)

    wait.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wait.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wait
