"""Files to a `Project`: every problem is collected, and what is sound is loaded all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath

from lakewright.errors import Place, Problem, SpecError
from lakewright.names import TableName
from lakewright.specs.custom_rules import NO_RULES, OwnRules, read_own_rules
from lakewright.specs.data_files import named_lists
from lakewright.specs.defaults import read_defaults
from lakewright.specs.documents import parse_document
from lakewright.specs.each import expand_spec
from lakewright.specs.layout import (
    DEFAULTS,
    MACROS,
    QUERIES,
    RULES,
    SETTINGS,
    SPECS,
    is_spec,
)
from lakewright.specs.macros import read_macros
from lakewright.specs.models import SettingsModel
from lakewright.specs.queries import (
    is_inline,
    named_query,
    query_paths,
    read_file_query,
)
from lakewright.specs.settings import Settings, read_settings
from lakewright.specs.tables import Surroundings, check_schema, read_query_table, read_table
from lakewright.specs.values import Project, Reread, SourceFile, TableSpec, digest_files

# What is read where there is nothing: an environment without a release.
EMPTY = Settings(SettingsModel(name="empty"), {})


def load_files(
    files: Iterable[SourceFile],
    root: str = "",
    *,
    problems: Iterable[Problem] = (),
    unreadable: Iterable[str] = (),
) -> Project:
    """The project that `files` are. SpecError only when `lakewright.yml` cannot be read.

    `problems` were found while reading; `unreadable` paths exist without their text.
    """
    by_path = {file.path: file for file in map(_normalise, files)}
    if SETTINGS not in by_path:
        raise SpecError("LW110", f"there is no {SETTINGS}", hint="lakewright init")
    found = list(problems)
    settings = read_settings(by_path[SETTINGS], found)
    missing = frozenset(unreadable)
    around = _surroundings(settings, by_path, missing, found)
    reading = _Reading(around, found)
    specs = [path for path in sorted(by_path) if is_spec(path)]
    lists = {place for path in specs for place in named_lists(by_path[path])}
    for path in specs:
        if path not in lists:
            reading.read_spec(path)
    for path in sorted(missing):
        if is_spec(path) and path not in lists:
            reading.miss(path)
    for path in sorted(by_path):
        if path.endswith(".sql") and path not in reading.claimed and not _is_macro(path):
            reading.read_lone_query(path)
    broken = (set(reading.named) | reading.guessed) - set(reading.tables)
    return _project(settings, root, reading.tables.values(), found, broken, rules=around.rules)


def load_released(
    bundles: Iterable[tuple[SourceFile, ...]], loaded: Iterable[TableSpec] = ()
) -> Project:
    """The tables that `bundles` (each the `files` of one table) define, each read on its own.

    A bundle whose digest is that of a spec in `loaded` is that spec, and is not read again.
    """
    known = {spec.code: spec for spec in loaded}
    projects = [_read_bundle(bundle, known) for bundle in bundles]
    if not projects:
        return _project(EMPTY, "", ())
    tables = sorted((spec for each in projects for spec in each.tables), key=lambda it: it.name)
    return replace(
        projects[0],
        schemas={name: layer for each in projects for name, layer in each.schemas.items()},
        layers=tuple(dict.fromkeys(layer for each in projects for layer in each.layers)),
        vars={name: value for each in projects for name, value in each.vars.items()},
        tables=tuple(tables),
        problems=tuple(problem for each in projects for problem in each.problems),
        broken=tuple(name for each in projects for name in each.broken),
        rules=(),  # each table brings its own
    )


def reader_of(files: Iterable[SourceFile]) -> Reread:
    """Reads the tables written at some paths, as `load_files` would read them among `files`.

    None when anything is wrong with them, or with what all tables share, which is read once.
    """
    by_path = {file.path: file for file in map(_normalise, files)}
    shared: list[Problem] = []
    settings = read_settings(by_path[SETTINGS], shared)
    around = _surroundings(settings, by_path, frozenset(), shared)

    def read(origins: Collection[str]) -> Mapping[TableName, TableSpec] | None:
        problems = list(shared)
        reading = _Reading(around, problems)
        for path in sorted(origins):
            if is_spec(path):
                reading.read_spec(path)
            else:
                reading.read_lone_query(path)
        return None if problems else reading.tables

    return read


def _read_bundle(bundle: tuple[SourceFile, ...], known: Mapping[str, TableSpec]) -> Project:
    spec = known.get(digest_files(bundle))
    if spec is None:
        return _load_bundle(bundle)
    problems: list[Problem] = []
    written = next(file for file in bundle if file.path == SETTINGS)
    return _project(read_settings(written, problems), "", (spec,), problems)


@lru_cache(maxsize=4096)  # pure in the files: plan, run and serving read the same released ones
def _load_bundle(bundle: tuple[SourceFile, ...]) -> Project:
    return load_files(bundle)


def _normalise(file: SourceFile) -> SourceFile:
    """Line ends are `\\n` and no mark comes first, however a checkout was made."""
    text = file.text.removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return file if text == file.text else SourceFile(file.path, text)


def _surroundings(
    settings: Settings,
    files: Mapping[str, SourceFile],
    unreadable: frozenset[str],
    problems: list[Problem],
) -> Surroundings:
    macros = [files[path] for path in sorted(files) if _is_macro(path)]
    defaults = [
        files[path]
        for path in sorted(files)
        if PurePosixPath(path).name == DEFAULTS and PurePosixPath(path).parts[0] == SPECS
    ]
    rules = [files[path] for path in sorted(files) if is_rule(path)]
    return Surroundings(
        settings,
        files,
        read_defaults(defaults, problems),
        read_macros(macros, problems),
        read_own_rules(rules, problems),
        unreadable,
    )


def is_rule(path: str) -> bool:
    """Whether the file at `path` describes a rule of the project."""
    return path.startswith(f"{RULES}/") and path.endswith(".yml")


def _is_macro(path: str) -> bool:
    return path.startswith(MACROS) and path.endswith(".sql")


@dataclass(slots=True)
class _Reading:
    """A project while it is read. `claimed` are the queries that belong to a spec."""

    around: Surroundings
    problems: list[Problem]
    tables: dict[TableName, TableSpec] = field(default_factory=dict)
    named: dict[TableName, Place] = field(default_factory=dict)
    guessed: set[TableName] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)

    def read_spec(self, path: str) -> None:
        file = self.around.files[path]
        self.claimed.update(query_paths(path, self.around.files))
        document = parse_document(path, file.text, self.problems)
        if document is None:
            self.miss(path)
            return
        query = document.root.value.get("query")
        if isinstance(query, str) and not is_inline(query):
            named = named_query(path, query.strip(), self.around.files)
            self.claimed.update([named] if named else [])
        made = expand_spec(document, self.around.files, self.around.unreadable, self.problems)
        for one in made:
            problems: list[Problem] = []
            name, spec = read_table(one, self.around, problems)
            self.problems.extend(map(one.told, problems))
            if name is not None:
                self._keep(name, one.row or document.place("table"), spec)
            elif one.row is None:
                self.miss(path)
        if not made:
            self.miss(path)

    def read_lone_query(self, path: str) -> None:
        """A query without a spec: a table with defaults, when its folder is a schema."""
        file, parts = self.around.files[path], PurePosixPath(path).parts
        first = Place(path, 1)  # it is about the file: no line of it is wrong
        if parts[0] != QUERIES or len(parts) < 3:
            message = f"{path} belongs to no table"
            hint = "write a spec beside it, or move it to sql/<domain>/<schema>/<table>.sql"
            self.problems.append(Problem("LW143", message, first, hint=hint))
            return
        try:
            name = TableName.parse(f"{parts[-2]}.{parts[-1].removesuffix('.sql')}", first)
        except SpecError as error:
            self.problems.extend(error.problems)
            return
        sound = check_schema(name, first, self.around.settings, self.problems)
        query = read_file_query(file, self.around.macros, self.problems)
        spec = None
        if sound and query is not None:
            spec = read_query_table(name, file, query, self.around, self.problems)
        self._keep(name, first, spec)

    def miss(self, path: str) -> None:
        """Remember the table that an unreadable spec most likely is: it exists."""
        self.claimed.update(query_paths(path, self.around.files))
        parts = PurePosixPath(path).with_suffix("").parts
        try:
            name = TableName.parse(".".join(parts[-2:]))
        except SpecError:
            return  # a guess that failed: the reason why the file is unreadable is reported
        if name.schema in self.around.settings.layers:
            self.guessed.add(name)

    def _keep(self, name: TableName, where: Place, spec: TableSpec | None) -> None:
        first = self.named.get(name)
        if first is not None:
            message = f"{name} is also defined in {first.path}:{first.line}"
            self.problems.append(Problem("LW131", message, where, hint="rename one of them"))
            return
        self.named[name] = where
        if spec is not None:
            self.tables[name] = spec


def _project(
    settings: Settings,
    root: str,
    tables: Iterable[TableSpec],
    problems: Iterable[Problem] = (),
    broken: Iterable[TableName] = (),
    *,
    rules: OwnRules = NO_RULES,
) -> Project:
    model = settings.model
    return Project(
        name=model.name,
        root=root,
        schemas=settings.layers,
        layers=model.layers,
        vars=dict(model.vars),
        timezone=model.timezone,
        retention_days=model.retention,
        keep_releases=model.keep_releases,
        strict=model.strict,
        targets=settings.targets,
        default_target=model.default_target,
        tables=tuple(sorted(tables, key=lambda spec: spec.name)),
        problems=tuple(sorted(problems, key=_by_place)),
        broken=tuple(sorted(broken)),
        rules=tuple(rule for _, rule in sorted(rules.known.items())),
        broken_rules=tuple(sorted(rules.broken)),
        places=settings.places,
    )


def _by_place(problem: Problem) -> tuple[str, int, int, str]:
    where = problem.where or Place("", 0)
    return where.path, where.line, where.column, problem.code
