"""`compile_project`: from what is written to what it means. No engine, no storage, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lakewright.errors import Place, Problem, SpecError
from lakewright.graph.columns import QueryColumns, resolve_columns
from lakewright.graph.determinism import is_deterministic
from lakewright.graph.fingerprints import (
    ALGORITHMS,
    CURRENT,
    Algorithm,
    Material,
    acting_rules,
    full_print,
    input_options,
    metadata_digest,
    python_stream,
    token_stream,
)
from lakewright.graph.lineage import query_lineage
from lakewright.graph.near import near_hint
from lakewright.graph.order import Edges, check_layers, order_tables
from lakewright.graph.outputs import TableColumns, query_columns, seed_columns, written_columns
from lakewright.graph.relations import KnownTables
from lakewright.graph.rules import RULES, OtherRules, check_own_rules, compile_rules
from lakewright.graph.scopes import Types
from lakewright.graph.transforms import ReadTransform, read_transform
from lakewright.graph.values import (
    Check,
    Fingerprint,
    Graph,
    KeepTest,
    PythonTransform,
    ReferenceTest,
    SeedTransform,
    SqlTransform,
    Step,
)
from lakewright.names import TableName
from lakewright.specs import Project, TableSpec, told_of_row


def compile_project(
    project: Project,
    *,
    algorithm: int = CURRENT,
    algorithms: Mapping[int, Algorithm] = ALGORITHMS,
) -> Graph:
    """The graph of a project; raises one SpecError with every problem there is, in file order."""
    if algorithm not in algorithms:
        raise SpecError(
            "LW299",
            f"fingerprints of algorithm {algorithm} are not known to this version",
            hint="a newer Lakewright wrote them: upgrade",
        )
    known = known_tables(project, [spec.name for spec in project.tables])
    specs = {spec.name: spec for spec in project.tables}
    read = {
        name: read_transform(spec, known, {**project.vars, **spec.vars})
        for name, spec in specs.items()
    }
    edges = {name: {**found.references, **found.reads} for name, found in read.items()}
    order = order_tables(edges)
    others = OtherRules([rule.name for rule in project.rules], project.broken_rules)
    gathered = Gathered(algorithm, algorithms[algorithm], known, others)
    for name in order.tables:
        compile_step(gathered, specs[name], read[name])
    own = check_own_rules(project.rules, [rule.name for rule in RULES])
    problems = [*project.problems, *own, *order.problems, *_layers(project, edges)]
    problems += gathered.problems
    if problems:
        raise SpecError.of(sort_problems(problems))
    return Graph(
        project=project.name,
        steps=gathered.steps,
        inputs=tuple(spec.input for _, spec in sorted(specs.items()) if spec.input is not None),
        schemas=dict(project.schemas),
        timezone=project.timezone,
        algorithm=algorithm,
        strict=project.strict,
    )


def known_tables(project: Project, tables: Iterable[TableName]) -> KnownTables:
    """Names that may be read, or that a file with problems may define."""
    files = {problem.where.path for problem in project.problems if problem.where}
    return KnownTables(
        set(tables),
        project.schemas,
        broken=frozenset(project.broken),
        unread=frozenset(PurePosixPath(path).stem.lower() for path in files),
    )


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """By file, line and column, the same problem once; those without a place first."""
    once = {
        (problem.code, problem.message, _position(problem.where)): problem for problem in problems
    }
    return [problem for _, problem in sorted(once.items(), key=lambda item: (item[0][2], item[0]))]


@dataclass(slots=True)
class Gathered:
    """What compiling has found so far, table by table in build order."""

    algorithm: int
    own: Algorithm
    known: KnownTables
    rules: OtherRules
    steps: dict[TableName, Step] = field(default_factory=dict)
    types: dict[TableName, Types | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def compile_step(gathered: Gathered, spec: TableSpec, read: ReadTransform) -> None:
    """Add the step of a table whose inputs were added; what is wrong with it is a problem.

    Reads of an input its columns with types, its prints and, of a view, `deterministic`:
    `recompiling` compares exactly these.
    """
    # A table whose inputs are not compiled yet is on a cycle: what it reads is unknown.
    inputs = {name: gathered.types.get(name) for name in read.reads}
    columns, resolved = _columns(gathered, spec, read, inputs)
    types = _types(columns) if read.readable else None
    gathered.types[spec.name] = types
    tables = {name: gathered.types.get(name) for name in read.references}
    rules = compile_rules(spec, types, tables, gathered.known, others=gathered.rules)
    found = (*read.problems, *columns.problems, *rules.problems, *_layout(spec, types))
    gathered.problems.extend(told_of_row(problem, spec.row) for problem in found)
    reads = tuple(sorted(read.reads))
    upstream = {
        name: gathered.steps[name]
        for name in {*reads, *acting_references(rules.checks)}
        if name in gathered.steps
    }
    fingerprint = _fingerprint(
        gathered, spec, read, columns=columns, checks=rules.checks, upstream=upstream
    )
    gathered.steps[spec.name] = Step(
        name=spec.name,
        kind=spec.kind,
        layer=spec.layer,
        where=spec.where,
        transform=read.transform,
        reads=reads,
        references=tuple(sorted(read.references)),
        columns=columns.columns,
        key=tuple(column.lower() for column in spec.key),
        checks=rules.checks,
        fingerprint=fingerprint,
        metadata=metadata_digest(spec, rules.checks),
        deterministic=_deterministic(gathered, read, rules.checks, types),
        clock=read.clock,
        vars=read.vars,
        code=spec.code,
        files=spec.files,
        description=spec.description,
        owner=spec.owner,
        tags=spec.tags,
        cluster_by=tuple(column.lower() for column in spec.cluster_by),
        refresh=spec.refresh,
        publish_with=spec.publish_with,
        contract=spec.contract,
        on_schema_change=spec.on_schema_change,
        system=spec.system,
        snapshot=spec.snapshot,
        read_columns=resolved.reads if resolved else dict.fromkeys(reads) or None,
        lineage=query_lineage(resolved),
        declared=columns.declared,
        each=read.each,
    )


def _columns(
    gathered: Gathered,
    spec: TableSpec,
    read: ReadTransform,
    inputs: Mapping[TableName, Types | None],
) -> tuple[TableColumns, QueryColumns | None]:
    """The table's columns, and what its query says of them."""
    if isinstance(read.transform, SeedTransform):
        return seed_columns(spec, read.transform.columns), None
    if not isinstance(read.transform, SqlTransform):
        return written_columns(spec), None
    if read.query is None:
        return query_columns(spec, read.transform.source, None), None
    resolved = resolve_columns(read.query, inputs)
    gathered.problems.extend(told_of_row(problem, spec.row) for problem in resolved.problems)
    return query_columns(spec, read.query.source, resolved.outputs), resolved


def _fingerprint(
    gathered: Gathered,
    spec: TableSpec,
    read: ReadTransform,
    *,
    columns: TableColumns,
    checks: tuple[Check, ...],
    upstream: Mapping[TableName, Step],
) -> Fingerprint:
    python = read.transform.ref if isinstance(read.transform, PythonTransform) else None
    own = gathered.own(
        Material(
            table=str(spec.name),
            kind=spec.kind,
            tokens=token_stream(read.query.tokens) if read.query else (),
            types={column.name: column.type for column in columns.declared if column.type},
            rules=acting_rules(checks),
            vars={**read.vars, **{f"each.{key}": value for key, value in read.each.items()}},
            python=python_stream(python) if python else (),
            input=input_options(spec.input, read.transform),
        )
    )
    full = full_print(own, {name: step.fingerprint.full for name, step in upstream.items()})
    return Fingerprint(gathered.algorithm, own, full)


def acting_references(checks: tuple[Check, ...]) -> set[TableName]:
    """Tables whose rows decide which rows of this one are kept."""
    return {
        check.test.to
        for check in checks
        if isinstance(check.test, ReferenceTest) and check.on_fail in ("quarantine", "drop")
    }


def _deterministic(
    gathered: Gathered, read: ReadTransform, checks: tuple[Check, ...], types: Types | None
) -> bool:
    """Tables are pinned; a view is executed again by each reader: it is part of the query."""
    if isinstance(read.transform, SeedTransform):
        return not any(isinstance(check.test, KeepTest) for check in checks)
    if read.query is None:
        return False
    inputs = [gathered.steps[name] for name in read.reads if name in gathered.steps]
    views = all(step.deterministic for step in inputs if step.kind == "view")
    return views and is_deterministic(read.query, checks, types)


def _layout(spec: TableSpec, types: Types | None) -> list[Problem]:
    return [
        Problem(
            "LW218",
            f"cluster_by: {spec.name} has no column `{column}`",
            spec.place(f"cluster_by.{at}", "cluster_by"),
            hint=near_hint(column, types),
        )
        for at, column in enumerate(spec.cluster_by)
        if types is not None and column.lower() not in types
    ]


def _types(columns: TableColumns) -> Types | None:
    if columns.columns is None:
        return None
    return {column.name: column.type for column in columns.columns}


def _layers(project: Project, edges: Edges) -> tuple[Problem, ...]:
    layers = {spec.name: spec.layer for spec in project.tables}
    return check_layers(edges, layers, project.layers)


def _position(where: Place | None) -> tuple[str, int, int]:
    return (where.path, where.line, where.column) if where else ("", 0, 0)
