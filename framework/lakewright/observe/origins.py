"""Every setting of a table with where its value came from: a line, a folder's defaults, a default.

A place is `path:line`; `default` is Lakewright's own value, `release` one whose file is not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lakewright.errors import Place
from lakewright.graph import Column, SeedTransform, Step
from lakewright.specs import DeltaInput, FilesInput, Project, TableSpec

DEFAULT, RELEASE = "default", "release"
_ELSEWHERE = ("columns", "expect")  # they have sections of their own
_FROM = ("files", "format", "header", "delimiter", "encoding", "null_values")


@dataclass(frozen=True, slots=True)
class Setting:
    """`items` are those of a list with the place of each; `value` is None where nothing is said."""

    name: str
    value: Any
    origin: str
    items: tuple[tuple[str, str], ...] = ()


def settings_of(step: Step, spec: TableSpec | None, project: Project | None) -> list[Setting]:
    """All keys that the table's kind knows, in their order, the variables it uses, and its row."""
    if spec is None:
        return [Setting(name, value, RELEASE) for name, value in _compiled(step) if value]
    found = [_setting(name, value, spec) for name, value in _values(spec)]
    found = [_kept(spec, project) if one.name == "retention" else one for one in found]
    places = project.places if project is not None else {}
    for name, value in spec.vars.items():
        found.append(Setting(f"vars.{name}", value, _line(places.get(f"vars.{name}"))))
    row = _line(spec.row)
    return [*found, *(Setting(f"each.{name}", value, row) for name, value in spec.each.items())]


def column_origin(column: Column, step: Step, spec: TableSpec | None) -> str:
    """What says that there is such a column: the spec's line, its file's header, its query."""
    if spec is None:
        return RELEASE
    written = next((one for one in spec.columns if one.name.lower() == column.name), None)
    if written is not None:
        return _line(written.where)
    if isinstance(step.transform, SeedTransform):
        return f"{step.transform.path}:1"
    return spec.query.path if spec.query is not None else DEFAULT


def rule_options(spec: TableSpec | None, place: Place) -> dict[str, dict[str, Any]]:
    """The options of the rule at `place`, each with its own place; the key has none."""
    # Brings the parser of SQL, which listings and validations need not.
    from lakewright.graph.rules import rule_place

    places = [rule_place(spec, at) for at in range(len(spec.expect))] if spec else []
    if spec is None or place not in places:
        return {}
    index = places.index(place)
    rule = spec.expect[index]
    values = {
        "on_fail": rule.on_fail,
        "where": rule.only_where,
        "name": rule.name,
        "tolerance": rule.tolerance,
        "nulls": rule.nulls,
        "keep": rule.keep,
        "from_release": rule.from_release,
    }
    said = {name: spec.places.get(f"expect.{index}.{name}") for name in values}
    return {
        name: {"value": value, "from": _line(said[name])}
        for name, value in values.items()
        if value is not None
    }


def rule_definition(spec: TableSpec | None, rule: str) -> str | None:
    """Where a rule of the project is defined; None for those of Lakewright."""
    own = spec.rules if spec is not None else ()
    return next((_line(one.named) for one in own if one.name == rule), None)


def _setting(name: str, value: Any, spec: TableSpec) -> Setting:
    inherited = {
        key: place
        for key, place in spec.provenance.items()
        if key == name or key.startswith(f"{name}.")
    }
    own = spec.places.get(name)
    if isinstance(value, tuple):
        items = tuple(
            (str(item), _item(name, str(item), at, spec)) for at, item in enumerate(value)
        )
        origins = dict.fromkeys(place for _, place in items) or {_line(own): None}
        return Setting(name, [text for text, _ in items], ", ".join(origins), items)
    origin = _line(own) if own is not None else inherited.get(name, DEFAULT)
    if name == "query" and own is None and spec.query is not None:
        origin = f"{spec.query.path}:1"
    elif name == "table" and own is None:  # a query alone is named by its path
        origin = _line(spec.where)
    return Setting(name, value, origin)


def _item(name: str, item: str, at: int, spec: TableSpec) -> str:
    """Items that a folder gives come first, then those of the table in their order."""
    given = spec.provenance.get(f"{name}.{item}")
    if given is not None:
        return given
    before = sum(key.startswith(f"{name}.") for key in spec.provenance)
    place = spec.places.get(f"{name}.{at - before}") or spec.places.get(name)
    return _line(place)


def _kept(spec: TableSpec, project: Project | None) -> Setting:
    """Retention: of the table, of folders above it, of its schema, of the project."""
    own = _setting("retention", f"{spec.retention_days}d", spec)
    places = project.places if project is not None else {}
    if own.origin != DEFAULT:
        return own
    if spec.retention_days is not None:
        where = places.get(f"schemas.{spec.name.schema}.retention")
        return Setting("retention", own.value, _line(where))
    days = project.retention_days if project is not None else None
    return Setting("retention", days and f"{days}d", _line(places.get("retention")))


def _values(spec: TableSpec) -> Iterator[tuple[str, Any]]:
    """Every key of the kind's model with its value after defaults."""
    known = _known(spec)
    # Bring the models of specs, which nothing else here needs.
    from lakewright.specs import KINDS
    from lakewright.specs.models import keys_of

    for key in keys_of(KINDS[spec.kind].model):
        if key == "from" and isinstance(spec.input, FilesInput):
            source = spec.input
            given = {name: getattr(source, name, None) for name in _FROM}
            yield from ((f"from.{name}", value) for name, value in given.items() if name != "files")
            yield "from.files", source.pattern
        elif key not in _ELSEWHERE and key != "for_each":
            yield key, known[key]


def _known(spec: TableSpec) -> dict[str, Any]:
    python = f"{spec.python.module}:{spec.python.function}" if spec.python else None
    files = spec.input if isinstance(spec.input, FilesInput) else None
    return {
        "table": str(spec.name),
        "kind": spec.kind,
        "description": spec.description or None,
        "owner": spec.owner or None,
        "tags": spec.tags,
        "key": spec.key,
        "cluster_by": spec.cluster_by,
        "refresh": spec.refresh,
        "publish_with": spec.publish_with,
        "system": spec.system or None,
        "snapshot": spec.snapshot,
        "retention": spec.retention_days,
        "freshness": _freshness(spec),
        "location": spec.input.location if isinstance(spec.input, DeltaInput) else None,
        "on_change": files.on_change if files else None,
        "on_new_column": files.on_new_column if files else None,
        "file": spec.seed.file.path if spec.seed else None,
        "query": spec.query.path if spec.query else None,
        "python": python,
        "reads": spec.reads,
        "contract": spec.contract.version if spec.contract else None,
        "on_schema_change": spec.on_schema_change,
    }


def _freshness(spec: TableSpec) -> dict[str, Any] | None:
    if spec.freshness is None:
        return None
    limits = {"warn": spec.freshness.warn_seconds, "fail": spec.freshness.fail_seconds}
    said = {name: f"{seconds}s" for name, seconds in limits.items() if seconds is not None}
    return {"column": spec.freshness.column, **said}


def _compiled(step: Step) -> list[tuple[str, Any]]:
    return [
        ("owner", step.owner),
        ("tags", list(step.tags)),
        ("key", list(step.key)),
        ("cluster_by", list(step.cluster_by)),
        ("refresh", step.refresh),
        ("publish_with", [str(name) for name in step.publish_with]),
        ("system", step.system),
    ]


def _line(place: Place | None) -> str:
    return f"{place.path}:{place.line}" if place is not None else DEFAULT
