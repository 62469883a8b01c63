"""`lakewright.yml` as values, and the part of it that a single table depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lakewright.errors import Place, Problem, SpecError
from lakewright.names import is_column_name, parse_environment
from lakewright.specs.documents import Document, parse_document
from lakewright.specs.flow import write_flow
from lakewright.specs.layout import SETTINGS
from lakewright.specs.models import ServeModel, SettingsModel
from lakewright.specs.secrets import check_secrets
from lakewright.specs.texts import suggest
from lakewright.specs.validation import validate_model
from lakewright.specs.values import BaseSpec, ServeSpec, SourceFile, TargetSpec

# What rows and guards depend on: the same in every session, whatever a target says.
FIXED_CONF = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
}


@dataclass(frozen=True, slots=True)
class Settings:
    model: SettingsModel
    targets: Mapping[str, TargetSpec]
    places: Mapping[str, Place] = field(default_factory=dict)  # "schemas.silver.retention"

    @property
    def layers(self) -> dict[str, str]:
        """Schema to layer."""
        return {name: schema.layer for name, schema in self.model.schemas.items()}


def read_settings(file: SourceFile, problems: list[Problem]) -> Settings:
    """What `lakewright.yml` says; SpecError when it is no YAML mapping.

    A key that is wrong is reported and read as if it were not there.
    """
    settings, found = _read_file(file)
    if settings is None:
        raise SpecError.of(found)
    problems.extend(found)
    return settings


# Pure in the file; tables released together bring the same few settings.
@lru_cache(maxsize=64)
def _read_file(file: SourceFile) -> tuple[Settings | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    document = parse_document(file.path, file.text, problems)
    if document is None:
        return None, tuple(problems)
    model = _read_model(document, problems)
    problems.extend(_schema_problems(document, model))
    targets = {name: _target(name, model, document, problems) for name in model.targets}
    written = document.root.value.get("targets")  # a wrong target was reported, and does exist
    known = written if isinstance(written, dict) else targets
    if model.default_target is not None and model.default_target not in known:
        message = f"`{model.default_target}` is not a target"
        where = document.place("default_target")
        hint = suggest(model.default_target, known) or "define it under targets"
        problems.append(Problem("LW180", message, where, hint=hint))
    places = {
        ".".join(map(str, loc)): place
        for key in document.root.children
        for loc, place in document.places(str(key))
    }
    return Settings(model, targets, places), tuple(problems)


def reduce_settings(settings: Settings, schema: str, variables: Mapping[str, Any]) -> SourceFile:
    """The settings that a table of `schema` with these variables depends on, in canonical form."""
    model = settings.model
    known = model.schemas.get(schema)
    entry: dict[str, Any] = {"layer": known.layer} if known else {}
    if known and known.retention is not None:
        entry["retention"] = f"{known.retention}d"
    reduced = {
        "layers": list(model.layers),
        "name": model.name,
        "schemas": {schema: entry} if known else {},
        "strict": model.strict,
        "timezone": model.timezone,
        "vars": dict(variables),
    }
    # Retention travels with the code, for a collection without a checkout; it makes no row another.
    if model.retention != _default("retention"):
        reduced["retention"] = f"{model.retention}d"
    if model.keep_releases is not None:
        reduced["keep_releases"] = model.keep_releases
    lines = (f"{key}: {write_flow(value)}\n" for key, value in sorted(reduced.items()))
    return SourceFile(SETTINGS, "".join(lines))


def _default(key: str) -> Any:
    return SettingsModel.model_fields[key].default


def _read_model(document: Document, problems: list[Problem]) -> SettingsModel:
    model = validate_model(SettingsModel, document, problems)
    if model is None:  # the name is missing or wrong, and that was reported
        named = {**document.root.value, "name": "unnamed"}
        model = validate_model(SettingsModel, document, [], value=named)
    assert model is not None, "only the name must be there"
    return model


def _schema_problems(document: Document, model: SettingsModel) -> list[Problem]:
    problems = []
    for name, schema in model.schemas.items():
        if not is_column_name(name) or name != name.lower():
            where = document.key_place("schemas", name)
            hint = "use small letters, digits and underscores"
            problems.append(Problem("LW126", f"`{name}` cannot name a schema", where, hint=hint))
        if schema.layer not in model.layers:
            where = document.place("schemas", name)
            hint = suggest(schema.layer, model.layers) or f"layers: {', '.join(model.layers)}"
            message = f"`{schema.layer}` is not a layer of this project"
            problems.append(Problem("LW132", message, where, hint=hint))
    for name in model.vars:
        if not is_column_name(name):
            where = document.key_place("vars", name)
            problems.append(Problem("LW126", f"`{name}` cannot name a variable", where))
    return problems


def _target(
    name: str, settings: SettingsModel, document: Document, problems: list[Problem]
) -> TargetSpec:
    model = settings.targets[name]
    at = ("targets", name)
    where = document.key_place(*at)
    texts: list[tuple[tuple[str | int, ...], str]] = [(("lake",), model.lake)]
    texts += [(("conf", key), value) for key, value in model.conf.items()]
    texts += [(("allow_paths", i), path) for i, path in enumerate(model.allow_paths)]
    named: list[tuple[tuple[str | int, ...], str]] = [(("environment",), model.environment or "")]
    if model.base is not None:
        texts += [(("base", "lake"), model.base.lake)]
        named += [(("base", "environment"), model.base.environment)]
    texts += named
    for key, fixed in FIXED_CONF.items():
        if key in model.conf:
            hint = f"leave it out: it is always {fixed}"
            place = document.key_place(*at, "conf", key)
            problems.append(Problem("LW166", f"`{key}` is set by Lakewright", place, hint=hint))
    for loc, text in texts:
        problems.extend(check_secrets(text, document.place(*at, *loc)))
    for loc, text in named:
        if not text or "${" in text:
            continue
        try:
            parse_environment(text, document.place(*at, *loc))
        except SpecError as error:
            problems.extend(error.problems)
    return TargetSpec(
        name=name,
        lake=model.lake,
        where=where,
        engine=model.engine,
        environment=model.environment,
        protected=model.protected,
        explicit_engine="engine" in model.model_fields_set,
        allow_paths=model.allow_paths,
        conf={**model.conf, **({"remote": model.remote} if model.remote else {})},
        serve=_serve(at, model.serve, settings, document, problems) if model.serve else None,
        base=BaseSpec(model.base.lake, model.base.environment) if model.base else None,
    )


def _serve(
    at: tuple[str, str],
    model: ServeModel,
    settings: SettingsModel,
    document: Document,
    problems: list[Problem],
) -> ServeSpec:
    for number, layer in enumerate(model.layers):
        if layer not in settings.layers:
            where = document.place(*at, "serve", "layers", number)
            hint = suggest(layer, settings.layers) or f"layers: {', '.join(settings.layers)}"
            message = f"`{layer}` is not a layer of this project"
            problems.append(Problem("LW132", message, where, hint=hint))
    chosen = [name for name, schema in settings.schemas.items() if schema.layer in model.layers]
    return ServeSpec(
        catalog=model.catalog.lower(),
        pattern=model.schema_,
        where=document.key_place(*at, "serve"),
        mode=model.as_,
        schemas=tuple(sorted(chosen)) if model.layers else None,
        readers=tuple(dict.fromkeys(model.grants.select)),
    )
