"""The models and seeds of a dbt project: their settings, their names, their queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from lakewright.names import TableName
from lakewright.specs.dbt.configs import folder_config, lay_over, property_config
from lakewright.specs.dbt.macros import DbtMacros
from lakewright.specs.dbt.names import SEEDS, model_schema, plain_name
from lakewright.specs.dbt.properties import as_mapping
from lakewright.specs.dbt.queries import DbtQuery, Surroundings, convert_query
from lakewright.specs.dbt.values import DbtFiles, Names, Properties, Property, Remark

_NO_HOOKS = "statements around a build have no place here: a table is its query"


@dataclass(frozen=True, slots=True)
class DbtModel:
    """One model or seed with all its settings, before its query is converted."""

    name: str
    path: str
    table: TableName
    config: Mapping[str, Any]
    said: Property | None


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything of the project by its name here."""

    models: tuple[DbtModel, ...]
    seeds: tuple[DbtModel, ...]
    names: Names


def survey(files: DbtFiles, said: Properties, macros: DbtMacros, remarks: list[Remark]) -> Estate:
    """Find all models and seeds and give each table its name; a name is given once."""
    models = _models(files, said, macros, remarks)
    seeds = _seeds(files, said, remarks)
    taken: dict[TableName, DbtModel] = {}
    for model in (*seeds, *models):
        if model.table in taken:
            reason = f"is called {model.table} here, as {taken[model.table].path} is"
            remarks.append(Remark(model.path, 1, f"model `{model.name}`", reason))
        taken.setdefault(model.table, model)
    kept = {id(model) for model in taken.values()}
    models = [each for each in models if id(each) in kept]
    seeds = [each for each in seeds if id(each) in kept]
    return Estate(tuple(models), tuple(seeds), _names((*models, *seeds), said))


def convert_models(
    models: Iterable[DbtModel], around: Surroundings, files: DbtFiles
) -> dict[TableName, DbtQuery]:
    """The query of each model."""
    return {each.table: convert_query(files.texts[each.path], around) for each in models}


def kind_of(model: DbtModel, query: DbtQuery, remarks: list[Remark]) -> str:
    """`view` or `table`, with a remark where dbt would have made something else."""
    written = str(model.config.get("materialized", "view"))
    what = f"model `{model.name}`"
    if written == "incremental" or query.incremental:
        reason = "is a table that is rebuilt in full when what it reads changes"
        remarks.append(Remark(model.path, 1, f"{what}, incremental", reason, "changed"))
    elif written not in ("view", "table", "ephemeral"):
        reason = "is a table"
        remarks.append(Remark(model.path, 1, f"{what}, {written}", reason, "changed"))
    hooks = [key for key in ("pre_hook", "post_hook") if model.config.get(key)]
    remarks += [Remark(model.path, 1, f"`{key}` of {model.name}", _NO_HOOKS) for key in hooks]
    return "view" if written in ("view", "ephemeral") else "table"


def project_vars(files: DbtFiles) -> dict[str, Any]:
    """The variables of dbt_project.yml: those for all, then those of the project itself."""
    written = as_mapping(files.settings.get("vars"))
    shared = {key: value for key, value in written.items() if not isinstance(value, Mapping)}
    return {**shared, **as_mapping(written.get(files.name))}


def _models(
    files: DbtFiles, said: Properties, macros: DbtMacros, remarks: list[Remark]
) -> list[DbtModel]:
    around = Surroundings(files.name, Names({}, {}), macros, project_vars(files))
    found = []
    for path in files.below(files.model_paths, ".sql"):
        name = PurePosixPath(path).stem
        own = convert_query(files.texts[path], around).config
        config = lay_over(_config(files, "models", path, said.models.get(name)), own)
        if _is_on(config, path, f"model `{name}`", remarks):
            schema = model_schema(path, files.model_paths, config.get("schema"), files.name)
            table = TableName(schema, plain_name(config.get("alias") or name))
            found.append(DbtModel(name, path, table, config, said.models.get(name)))
    for path in files.below(files.model_paths, ".py"):
        reason = "is Python over the objects of dbt; write a function `build(inputs)` instead"
        remarks.append(Remark(path, 1, f"model `{PurePosixPath(path).stem}`", reason))
    return found


def _seeds(files: DbtFiles, said: Properties, remarks: list[Remark]) -> list[DbtModel]:
    """The csv files; one that stands behind a table of a source is called as that is."""
    behind = {
        str(each.written.get("identifier") or key[1]): (
            TableName(plain_name(key[0]), plain_name(key[1])),
            each,
        )
        for key, each in sorted(said.sources.items())
    }
    found = []
    for path in files.below(files.seed_paths, ".csv"):
        name = PurePosixPath(path).stem
        config = _config(files, "seeds", path, said.seeds.get(name))
        if not _is_on(config, path, f"seed `{name}`", remarks):
            continue
        schema = str(config.get("schema") or SEEDS)
        own = TableName(plain_name(schema), plain_name(config.get("alias") or name))
        table, source = behind.get(name, (own, None))
        found.append(DbtModel(name, path, table, config, said.seeds.get(name) or source))
    return found


def _config(files: DbtFiles, key: str, path: str, said: Property | None) -> dict[str, Any]:
    folders = files.model_paths if key == "models" else files.seed_paths
    below = folder_config(files.settings.get(key), files.name, path, folders)
    return lay_over(below, property_config(said.written) if said else {})


def _is_on(config: Mapping[str, Any], path: str, what: str, remarks: list[Remark]) -> bool:
    enabled = config.get("enabled", True)
    if enabled is False:
        reason = "is switched off by `enabled: false`, so it was left out"
        remarks.append(Remark(path, 1, what, reason, "changed"))
    elif enabled is not True:
        reason = f"`enabled: {enabled}` is worked out when dbt runs; it is taken for true"
        remarks.append(Remark(path, 1, what, reason, "changed"))
    return enabled is not False


def _names(models: Iterable[DbtModel], said: Properties) -> Names:
    sources, called = {}, {}
    for (source, table), each in said.sources.items():
        name = TableName(plain_name(source), plain_name(table))
        sources[source, table] = name
        identifier = str(each.written.get("identifier") or table).lower()
        if identifier != name.table:
            called[name] = plain_name(identifier)
    return Names({each.name: each.table for each in models}, sources, called)
