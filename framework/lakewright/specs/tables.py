"""One spec, or one query without a spec, as a `TableSpec`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakewright.errors import Place, Problem, SpecError
from lakewright.names import TableName, is_column_name
from lakewright.specs.custom_rules import NO_RULES, OwnRules
from lakewright.specs.defaults import Defaults, chain_of, merge_defaults
from lakewright.specs.documents import Document
from lakewright.specs.each import Produced
from lakewright.specs.expectations import read_rules
from lakewright.specs.kinds import KINDS, Making, Transform
from lakewright.specs.macros import Macros
from lakewright.specs.models import (
    AnyTableModel,
    ColumnModel,
    ContractModel,
    FreshnessModel,
    SourceModel,
    TableModel,
    WrittenModel,
)
from lakewright.specs.queries import Query, spec_path
from lakewright.specs.settings import Settings, reduce_settings
from lakewright.specs.texts import suggest
from lakewright.specs.transforms import used_vars
from lakewright.specs.validation import LATER_KINDS, validate_model
from lakewright.specs.values import (
    ColumnSpec,
    Consumer,
    Contract,
    ExpectSpec,
    Freshness,
    Kind,
    SourceFile,
    TableSpec,
)

_UNNAMED = TableName("", "")  # reads the rest of a spec whose name is wrong
_VARIABLE = re.compile(r":\s*vars\s*\.\s*`?(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a spec is read in."""

    settings: Settings
    files: Mapping[str, SourceFile]
    defaults: Mapping[str, Defaults]
    macros: Macros
    rules: OwnRules = NO_RULES
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a table was written: a document, or the query alone."""

    name: TableName
    file: SourceFile
    where: Place
    document: Document | None = None
    each: Mapping[str, Any] = field(default_factory=dict)
    row: Place | None = None

    @property
    def spec_path(self) -> str:
        """The spec's path, or the one it would have."""
        return self.file.path if self.document else spec_path(self.file.path)

    def place_of(self, key: str, item: str) -> Place:
        """The place of an item of a list, or of the table when a folder's defaults gave it."""
        node = self.document.find((key,)) if self.document else None
        if self.document is None or node is None or item not in node.value:
            return self.where
        return self.document.place(key, node.value.index(item))


def read_table(
    made: Produced, around: Surroundings, problems: list[Problem]
) -> tuple[TableName | None, TableSpec | None]:
    """The name where it is known, and the spec when nothing is wrong with it."""
    before, document = len(problems), made.document
    name = _read_name(made, around.settings, problems)
    kind = _read_kind(document, problems)
    model = validate_model(KINDS[kind].model, document, problems, kind=kind) if kind else None
    if kind is None or model is None:
        return name, None
    where = document.place("table")
    origin = Origin(name or _UNNAMED, made.file, where, document, made.each, made.row)
    sound, found = len(problems) == before, list[Problem]()
    making = Making(
        kind,
        document,
        around.files,
        around.macros,
        found,
        each=made.each,
        unreadable=around.unreadable,
    )
    transform = KINDS[kind].transform(making, model)
    # A key that was misspelt may be the one that names the query.
    problems.extend(problem for problem in found if sound or problem.code != "LW140")
    spec = _compose(origin, kind, model, transform or Transform(), around, problems=problems)
    return name, None if len(problems) > before or transform is None else spec


def read_query_table(
    name: TableName, file: SourceFile, query: Query, around: Surroundings, problems: list[Problem]
) -> TableSpec | None:
    """The table of a query without a spec."""
    before = len(problems)
    origin = Origin(name, file, Place(file.path, 1, text=file.text.partition("\n")[0]))
    model = TableModel(table=str(name))
    transform = Transform(query)
    spec = _compose(origin, "table", model, transform, around, problems=problems)
    return None if len(problems) > before else spec


def check_schema(
    name: TableName, where: Place, settings: Settings, problems: list[Problem]
) -> bool:
    """Whether the schema of `name` is one of the project's."""
    if name.schema in settings.layers:
        return True
    hint = suggest(name.schema, settings.layers) or f"schemas: {', '.join(settings.layers)}"
    problems.append(
        Problem("LW130", f"`{name.schema}` is not a schema of this project", where, hint=hint)
    )
    return False


def _read_name(made: Produced, settings: Settings, problems: list[Problem]) -> TableName | None:
    written = made.document.root.value.get("table")
    if not isinstance(written, str):
        return None  # the model says what is wrong with it
    where = made.row or made.document.place("table")
    try:
        name = TableName.parse(written, where)
    except SpecError as error:
        problems.extend(error.problems)
        return None
    check_schema(name, where, settings, problems)
    return name


def _read_kind(document: Document, problems: list[Problem]) -> Kind | None:
    written = document.root.value.get("kind", "table")
    where = document.place("kind")
    kinds = f"kinds: {', '.join(KINDS)}"
    match written:
        case str() if written in KINDS:
            return written
        case str() if written in LATER_KINDS:
            message = f"`kind: {written}` is not available in this version"
            problems.append(Problem("LW124", message, where, hint=kinds))
        case _:
            hint = suggest(str(written), KINDS) or kinds
            problems.append(Problem("LW125", f"`{written}` is not a kind", where, hint=hint))
    return None


def _compose(
    origin: Origin,
    kind: Kind,
    model: AnyTableModel,
    transform: Transform,
    around: Surroundings,
    *,
    problems: list[Problem],
) -> TableSpec:
    name, document, settings = origin.name, origin.document, around.settings
    chain = chain_of(origin.spec_path, around.defaults)
    merged = merge_defaults(model, document, chain)
    own = read_rules(document, getattr(model, "expect", ()), problems) if document else ()
    rules = (*merged.rules, *own)
    variables = _variables(settings, transform, rules)
    used = tuple(around.rules.known[name] for name in _own_names(rules, around.rules))
    own_files = [origin.file, *(defaults.file for defaults in chain), *transform.files]
    own_files += [rule.file for rule in used]
    schema = settings.model.schemas.get(name.schema)
    inherited = schema.retention if schema and isinstance(model, WrittenModel) else None
    values = merged.values
    making = Making(kind, document, around.files, around.macros, problems) if document else None
    publish_with = values.get("publish_with", ())
    return TableSpec(
        name=name,
        kind=kind,
        layer=schema.layer if schema else "",
        where=origin.where,
        description=model.description,
        owner=values["owner"],
        tags=values["tags"],
        key=model.key,
        columns=_columns(document, model, problems),
        expect=rules,
        cluster_by=values.get("cluster_by", ()),
        refresh=values.get("refresh", "auto"),
        query=transform.query.text if transform.query else None,
        python=transform.python,
        seed=transform.seed,
        reads=_names("reads", getattr(model, "reads", ()), origin, problems),
        input=KINDS[kind].input(name, making, model, values) if making else None,
        system=values.get("system", ""),
        publish_with=_names("publish_with", publish_with, origin, problems),
        snapshot=isinstance(model, SourceModel) and model.snapshot,
        retention_days=values.get("retention") or inherited,
        freshness=_freshness(values.get("freshness"), origin),
        contract=_contract(getattr(model, "contract", None)),
        on_schema_change=values.get("on_schema_change"),
        vars=variables,
        rules=used,
        each=origin.each,
        row=origin.row,
        files=_sorted((*own_files, reduce_settings(settings, name.schema, variables))),
        places={**_places(document), **merged.places},
        provenance=merged.provenance,
    )


def _own_names(rules: tuple[ExpectSpec, ...], own: OwnRules) -> list[str]:
    """The project's own rules among those of a table, by name."""
    return sorted({rule.rule for rule in rules} & own.known.keys())


def _sorted(files: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    return tuple(sorted(dict.fromkeys(files), key=lambda file: file.path))


def _variables(
    settings: Settings, transform: Transform, rules: tuple[ExpectSpec, ...]
) -> dict[str, Any]:
    """The project's variables that this table uses, by name."""
    known = settings.model.vars
    texts = [str((rule.argument, rule.only_where, rule.keep)) for rule in rules]
    texts += [transform.query.text.text] if transform.query else []
    used = {name.lower() for text in texts for name in _VARIABLE.findall(text)}
    if transform.python:
        used |= {name.lower() for name in used_vars(transform.python.closure, known)}
    return {name: known[name] for name in sorted(known) if name.lower() in used}


def _columns(
    document: Document | None, model: AnyTableModel, problems: list[Problem]
) -> tuple[ColumnSpec, ...]:
    if document is None:
        return ()
    columns: dict[str, ColumnSpec] = {}
    for name, column in model.columns.items():
        where = document.key_place("columns", name)
        if not is_column_name(name):
            hint = "start with a letter, then letters, digits and underscores"
            problems.append(Problem("LW126", f"`{name}` cannot name a column", where, hint=hint))
        elif name.lower() in columns:
            message = f"`{name}` is the column `{columns[name.lower()].name}` again"
            problems.append(Problem("LW114", message, where, hint="case does not tell names apart"))
        else:
            said = column or ColumnModel()
            columns[name.lower()] = ColumnSpec(name, where, said.type, said.description, said.pii)
    return tuple(columns.values())


def _names(
    key: str, written: tuple[str, ...], origin: Origin, problems: list[Problem]
) -> tuple[TableName, ...]:
    names = []
    for text in written:
        try:
            names.append(TableName.parse(text, origin.place_of(key, text)))
        except SpecError as error:
            problems.extend(error.problems)
    return tuple(dict.fromkeys(names))


def _freshness(model: FreshnessModel | None, origin: Origin) -> Freshness | None:
    if model is None:
        return None
    where = origin.document.place("freshness") if origin.document else origin.where
    return Freshness(model.column, where, model.warn, model.fail)


def _contract(model: ContractModel | None) -> Contract | None:
    if model is None:
        return None
    consumers = (Consumer(one.name, one.owner, one.url) for one in model.consumers)
    return Contract(model.version, tuple(consumers))


def _places(document: Document | None) -> dict[str, Place]:
    """Dotted keys to places; rules are counted with those of the defaults, elsewhere."""
    if document is None:
        return {}
    return {
        ".".join(map(str, loc)): place
        for key in document.root.children
        if key != "expect"
        for loc, place in document.places(str(key))
    }
