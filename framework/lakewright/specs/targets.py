"""A target with all its references filled in: where to run and with what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakewright.errors import UsageError
from lakewright.names import parse_environment
from lakewright.specs.secrets import resolve_secrets
from lakewright.specs.texts import suggest
from lakewright.specs.values import Project, ServeSpec, TargetSpec


@dataclass(frozen=True, slots=True)
class Base:
    """What a target reads and never writes. `written` is the lake as releases name it."""

    written: str
    lake: str
    environment: str


@dataclass(frozen=True, slots=True)
class Target:
    """`lake` is an absolute folder or a URI; `conf` holds secrets: never print it."""

    name: str
    lake: str
    engine: str
    environment: str
    protected: bool
    explicit_engine: bool
    allow_paths: tuple[str, ...]
    conf: Mapping[str, str]
    serve: ServeSpec | None = None
    base: Base | None = None


def resolve_target(
    project: Project,
    name: str | None,
    environ: Mapping[str, str],
    user: str,
    read_file: Callable[[str], str] | None = None,
) -> Target:
    """The target `name`, else the default one, else the only one.

    UsageError LW180 for an unknown name, LW184 when none can be chosen; LakeError LW181 for a
    variable that is not set. Without an environment of its own it is `dev_<user>`.
    """
    spec = _choose(project, name)
    read = read_file or _reader(project.root)

    def fill(text: str) -> str:
        return resolve_secrets(text, environ, read, spec.where)

    environment = fill(spec.environment) if spec.environment else f"dev_{_word(user)}"
    return Target(
        name=spec.name,
        lake=_absolute(fill(spec.lake), project.root),
        engine=spec.engine,
        environment=parse_environment(environment, spec.where),
        protected=spec.protected,
        explicit_engine=spec.explicit_engine,
        allow_paths=tuple(_absolute(fill(prefix), project.root) for prefix in spec.allow_paths),
        conf={key: fill(value) for key, value in spec.conf.items()},
        serve=spec.serve,
        base=_base(spec, project.root, fill),
    )


def resolve_lake(
    written: str,
    root: str,
    environ: Mapping[str, str],
    read_file: Callable[[str], str] | None = None,
) -> str:
    """The absolute folder or URI of a lake as written; LakeError LW181 for a missing variable."""
    return _absolute(resolve_secrets(written, environ, read_file or _reader(root)), root)


def _base(spec: TargetSpec, root: str, fill: Callable[[str], str]) -> Base | None:
    if spec.base is None:
        return None
    environment = parse_environment(fill(spec.base.environment), spec.where)
    return Base(spec.base.lake, _absolute(fill(spec.base.lake), root), environment)


def _choose(project: Project, name: str | None) -> TargetSpec:
    known = project.targets
    chosen = name or project.default_target or (next(iter(known)) if len(known) == 1 else None)
    if chosen is None:
        hint = f"say --target, or write default_target; there are: {', '.join(known) or 'none'}"
        raise UsageError("LW184", "no target is chosen", hint=hint)
    if chosen not in known:
        hint = suggest(chosen, known) or f"there are: {', '.join(known) or 'none'}"
        raise UsageError("LW180", f"`{chosen}` is not a target of this project", hint=hint)
    return known[chosen]


def _absolute(path: str, root: str) -> str:
    if "://" in path and not path.startswith("file://"):
        return path.rstrip("/")
    return str((Path(root) / Path(path.removeprefix("file://")).expanduser()).resolve())


def _reader(root: str) -> Callable[[str], str]:
    return lambda path: (Path(root) / Path(path).expanduser()).read_text(encoding="utf-8")


def _word(user: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", user.lower())[:50].strip("_") or "user"
