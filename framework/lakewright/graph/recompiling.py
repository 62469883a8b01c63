"""A graph brought up to date after a few files changed: what `compile_project` would give.

A table is compiled again when its own files changed, or when what compiling read of its inputs did:
their columns with types and, for a view, whether it is deterministic. Any other step is carried
over with its prints taken anew. Where anything is wrong, or the shape of the project changed, the
answer is None: the whole project is compiled then, and says so in its own words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from lakewright.errors import Place
from lakewright.graph.compiling import (
    Gathered,
    acting_references,
    compile_step,
    known_tables,
)
from lakewright.graph.fingerprints import ALGORITHMS, full_print
from lakewright.graph.order import check_layers, order_tables
from lakewright.graph.relations import KnownTables
from lakewright.graph.rules import OtherRules
from lakewright.graph.transforms import ReadTransform, read_transform
from lakewright.graph.values import Fingerprint, Graph, SqlTransform, Step
from lakewright.names import TableName
from lakewright.specs import Input, Project, Reread, TableSpec


def recompile(
    before: Graph, frame: Project, changed: Collection[str], reread: Reread
) -> Graph | None:
    """The graph after the files at the paths `changed` have other texts.

    `frame`: the project's settings, which did not change. No file came or went.
    """
    owners = _owners(before, changed)
    if not all(owners.values()):
        return None  # what no table is made of may become a table
    edited = {name for names in owners.values() for name in names}
    known = known_tables(frame, before.steps)
    work = _Work(before, frame, known, reread)
    if not work.read(edited):
        return None
    edges = {name: work.edges(step) for name, step in before.steps.items()}
    order = order_tables(edges)
    if order.problems or check_layers(edges, work.layers(), frame.layers):
        return None
    others = OtherRules([rule.name for rule in frame.rules], frame.broken_rules)
    gathered = Gathered(before.algorithm, ALGORITHMS[before.algorithm], known, others)
    for name in order.tables:
        if name not in work.specs and _moved(before, gathered, name) and not work.read({name}):
            return None
        if name in work.specs:
            compile_step(gathered, work.specs[name], work.transforms[name])
        else:
            _carry(gathered, before.steps[name])
        if gathered.problems:
            return None
    return replace(before, steps=gathered.steps, inputs=work.inputs())


@dataclass(slots=True)
class _Work:
    """The specs that were read again."""

    before: Graph
    frame: Project
    known: KnownTables
    reread: Reread
    specs: dict[TableName, TableSpec] = field(default_factory=dict)
    transforms: dict[TableName, ReadTransform] = field(default_factory=dict)

    def read(self, names: Collection[TableName]) -> bool:
        """Whether each of these tables could be read again where it was, and nothing else.

        What all tables share is read with them: it may be wrong though no table uses it.
        """
        found = self.reread({self.before.steps[name].where.path for name in names})
        if found is None or set(found) != set(names):
            return False
        for name, spec in found.items():
            read = read_transform(spec, self.known, {**self.frame.vars, **spec.vars})
            if read.problems or not _same_claims(self.before.steps[name], spec):
                return False
            self.specs[name], self.transforms[name] = spec, read
        return True

    def edges(self, step: Step) -> Mapping[TableName, Place]:
        read = self.transforms.get(step.name)
        if read is not None:
            return {**read.references, **read.reads}
        return dict.fromkeys(step.upstream, step.where)

    def layers(self) -> dict[TableName, str]:
        own = {name: step.layer for name, step in self.before.steps.items()}
        return own | {name: spec.layer for name, spec in self.specs.items()}

    def inputs(self) -> tuple[Input, ...]:
        kept = {it.table: it for it in self.before.inputs if it.table not in self.specs}
        read = {name: spec.input for name, spec in self.specs.items() if spec.input is not None}
        return tuple(it for _, it in sorted((kept | read).items()))


def _owners(before: Graph, changed: Collection[str]) -> dict[str, set[TableName]]:
    """Changed path -> the tables that are made of the file."""
    owners: dict[str, set[TableName]] = {path: set() for path in changed}
    for name, step in before.steps.items():
        for file in step.files:
            if file.path in owners:
                owners[file.path].add(name)
    return owners


def _same_claims(step: Step, spec: TableSpec) -> bool:
    """Whether the spec has its query where it had it: another file may be a table of its own.

    Lists of `for_each` are not followed: one that is no longer named may become a spec.
    """
    if step.each or spec.each:
        return False
    transform = step.transform
    before = transform.source.path if isinstance(transform, SqlTransform) else None
    return before == (spec.query.path if spec.query is not None else None)


def _moved(before: Graph, gathered: Gathered, name: TableName) -> bool:
    """Whether compiling the table would see something else of what it reads."""
    return any(
        _seen(before.steps[up]) != _seen(gathered.steps[up]) for up in before.steps[name].upstream
    )


def _seen(step: Step) -> tuple[object, ...]:
    columns = [(column.name, column.type) for column in step.columns or ()]
    view = step.kind == "view"
    return step.columns is None, columns, view, view and step.deterministic


def _carry(gathered: Gathered, step: Step) -> None:
    columns = step.columns
    types = None if columns is None else {column.name: column.type for column in columns}
    gathered.types[step.name] = types
    upstream = {*step.reads, *acting_references(step.checks)}
    prints = {up: gathered.steps[up].fingerprint.full for up in upstream}
    own = step.fingerprint.own
    full = full_print(own, prints)
    if full != step.fingerprint.full:
        step = replace(step, fingerprint=Fingerprint(gathered.algorithm, own, full))
    gathered.steps[step.name] = step
