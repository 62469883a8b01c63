"""`doctor`: what this machine and the lake have, what is missing, and the command that helps."""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Literal

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace, open_workspace, project_lake
from lakewright.engines.jars import cached_jars
from lakewright.engines.java import find_java
from lakewright.errors import LakewrightError
from lakewright.lake import Lake, NotFoundError
from lakewright.lake.environments import forked_from
from lakewright.observe import FORMAT_VERSION, Paint, render_json

MISSING = 5

_ENV = re.compile(r"\$\{env:([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `needed`: without it the chosen target cannot work."""

    name: str
    state: Literal["OK", "MISS", "NOTE"]
    detail: str
    fix: str = ""
    needed: bool = True


def run_doctor(common: Common) -> int:
    """Print every finding; exit 5 when something needed is missing."""
    streams = Streams.of(common)
    findings = [*_python(), *_surroundings(common)]
    missing = [finding for finding in findings if finding.state == "MISS" and finding.needed]
    if common.json:
        streams.answer(render_json(_document(findings)))
    else:
        streams.answer("".join(_line(finding, Paint(streams.color)) for finding in findings))
        ending = f"{len(missing)} missing.\n" if missing else "All that is needed is there.\n"
        streams.answer(f"\n{ending}")
    return MISSING if missing else 0


def _surroundings(common: Common) -> Iterator[Finding]:
    try:
        space = open_workspace(common)
    except LakewrightError as error:
        problem = error.problems[0]
        yield Finding("project", "MISS", problem.message, problem.hint)
        yield from _engines("sail")
        return
    if space.project is not None:
        yield Finding("project", "OK", f"{space.project.name} at {space.root}")
        yield from _variables(space)
    yield Finding("target", "OK", f"{space.target or 'none'}, environment {space.environment}")
    yield from _engines(space.engine)
    yield from _lake(space)


def _python() -> Iterator[Finding]:
    told = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("python", "OK", f"{told} at {sys.executable}")


def _engines(chosen: str) -> Iterator[Finding]:
    for extra, package, modules in (
        ("sail", "pysail", ("pysail", "pyspark")),
        ("spark", "delta-spark", ("pyspark", "delta")),
    ):
        there = all(find_spec(module) for module in modules)
        detail = f"{package} {_version(package)}" if there else "not installed"
        state: Literal["OK", "MISS"] = "OK" if there else "MISS"
        fix = "" if there else f"pip install 'lakewright[{extra}]'"
        yield Finding(f"engine {extra}", state, detail, fix, needed=extra == chosen)
    yield _java(needed=chosen == "spark")
    yield _jars(needed=chosen == "spark")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"


def _java(*, needed: bool) -> Finding:
    try:
        java = find_java(os.environ)
    except LakewrightError as error:
        problem = error.problems[0]
        return Finding("java", "MISS", problem.message, problem.hint, needed=needed)
    return Finding("java", "OK", f"{java.major} at {java.program}", needed=needed)


def _jars(*, needed: bool) -> Finding:
    found = cached_jars(os.environ) if find_spec("delta") else ()
    if found:
        return Finding("delta jars", "OK", f"{len(found)} cached", needed=needed)
    detail = "not cached yet: the first start of Spark downloads them"
    return Finding("delta jars", "NOTE", detail, needed=needed)


def _variables(space: Workspace) -> Iterator[Finding]:
    """Environment variables that the chosen target names."""
    assert space.project is not None
    target = space.project.targets.get(space.target or "")
    texts = [target.lake, *target.conf.values(), *target.allow_paths] if target else []
    texts += [target.base.lake, target.base.environment] if target and target.base else []
    for name in sorted({name for text in texts for name in _ENV.findall(str(text))}):
        there = name in os.environ
        detail = "set" if there else "not set"
        yield Finding(
            f"${name}", "OK" if there else "MISS", detail, "" if there else f"export {name}=..."
        )


def _lake(space: Workspace) -> Iterator[Finding]:
    try:
        lake = project_lake(space)
        if not lake.exists():
            yield Finding("lake", "NOTE", f"{lake.uri} is made by the first `lakewright apply`")
            return
        info = lake.info()
        yield Finding(
            "lake", "OK", f"{lake.uri}, project {info.project}, format {info.format_version}"
        )
    except LakewrightError as error:
        yield _broken("lake", error)
        return
    yield from _origin(lake, space.environment)
    yield _tried("lake is writable", lambda: _write(lake))
    yield from _records(lake, space.environment)


def _origin(lake: Lake, environment: str) -> Iterator[Finding]:
    """Where a fork came from: its tables need that environment's files."""
    try:
        origin = forked_from(lake, environment)
    except LakewrightError:
        return  # a broken record is told with the others
    if origin is not None:
        yield Finding("environment", "OK", f"{environment}, forked from {origin}")


def _write(lake: Lake) -> str:
    """Put, read and delete a small object where no release looks."""
    path = f"_lakewright/runs/doctor-{uuid.uuid4().hex}/probe"
    lake.store.put_new(path, b"probe")
    lake.store.get(path)
    lake.store.delete(path)
    return "yes"


def _records(lake: Lake, environment: str) -> Iterator[Finding]:
    """Every release record read once; a broken one is named."""
    try:
        numbers = list(lake.numbers(environment))
    except LakewrightError as error:
        yield _broken("releases", error)
        return
    broken = 0
    for number in numbers:
        try:
            lake.release(environment, number)
        except LakewrightError as error:
            broken += 1
            yield _broken(f"release {number}", error)
    if not broken:
        yield Finding("releases", "OK", f"{len(numbers)} in {environment}, all readable")


def _tried(name: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "OK", attempt())
    except LakewrightError as error:
        return _broken(name, error)
    except NotFoundError:
        return Finding(name, "MISS", "what was written cannot be read again")


def _broken(name: str, error: LakewrightError) -> Finding:
    problem = error.problems[0]
    return Finding(name, "MISS", f"{problem.code}: {problem.message}", problem.hint)


def _line(finding: Finding, paint: Paint) -> str:
    style = {"OK": "good", "MISS": "bad", "NOTE": "warn"}[finding.state]
    mark = paint(f"{finding.state:<4}", style)  # type: ignore[arg-type]
    unneeded = "" if finding.needed or finding.state != "MISS" else " (not needed for this target)"
    fix = f"\n        {finding.fix}" if finding.fix else ""
    return f"{mark}  {finding.name}: {finding.detail}{unneeded}{fix}\n"


def _document(findings: list[Finding]) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "ok": not any(finding.state == "MISS" and finding.needed for finding in findings),
        "findings": [
            {
                "name": finding.name,
                "state": finding.state,
                "detail": finding.detail,
                "fix": finding.fix,
                "needed": finding.needed,
            }
            for finding in findings
        ],
    }
