"""The transform of one table: parsed, guarded, its inputs and parameters found."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from lakewright.errors import Place, Problem
from lakewright.graph.parsing import ParsedQuery, parse_query
from lakewright.graph.relations import KnownTables, find_relations
from lakewright.graph.rules import referenced_table, rule_place
from lakewright.graph.seeds import read_seed
from lakewright.graph.values import (
    FilesTransform,
    NoTransform,
    PythonTransform,
    SqlTransform,
    Transform,
)
from lakewright.names import TableName
from lakewright.specs import DeltaInput, FilesInput, PythonRef, SqlText, TableSpec


@dataclass(frozen=True, slots=True)
class ReadTransform:
    """A transform and where each input is named. `readable`: its columns can be trusted."""

    transform: Transform
    reads: Mapping[TableName, Place] = field(default_factory=dict)
    references: Mapping[TableName, Place] = field(default_factory=dict)
    query: ParsedQuery | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    clock: tuple[str, ...] = ()
    each: Mapping[str, Any] = field(default_factory=dict)  # of its row, what the transform uses
    readable: bool = True
    problems: tuple[Problem, ...] = ()


def read_transform(
    spec: TableSpec, known: KnownTables, variables: Mapping[str, Any]
) -> ReadTransform:
    """What the table's rows are made of."""
    references = _references(spec, known)
    if spec.query is not None:
        return _read_query(spec, spec.query, known, variables, references)
    if spec.python is not None:
        return _read_python(spec, spec.python, known, variables, references)
    if spec.seed is not None:
        seed, problems = read_seed(spec)
        return ReadTransform(seed, references=references, problems=problems)
    match spec.input:
        case FilesInput():
            return ReadTransform(FilesTransform(spec.input), references=references)
        case DeltaInput() | None:
            return ReadTransform(NoTransform(), references=references)
        case _ as never:
            assert_never(never)


def _read_query(
    spec: TableSpec,
    text: SqlText,
    known: KnownTables,
    variables: Mapping[str, Any],
    references: Mapping[TableName, Place],
) -> ReadTransform:
    query, problems = parse_query(text, variables, spec.each)
    if query is None:
        empty = SqlTransform(text, ())
        return ReadTransform(empty, {}, references, readable=False, problems=problems)
    relations = find_relations(query, known)
    splices = sorted((*relations.splices, *query.parameters), key=lambda splice: splice.start)
    names = {splice.name for splice in query.parameters}
    return ReadTransform(
        SqlTransform(query.source, tuple(splices)),
        relations.places,
        references,
        query,
        {key: value for key, value in sorted(variables.items()) if f"vars.{key}" in names},
        tuple(name for name in ("now", "today") if name in names),
        each={key: value for key, value in spec.each.items() if f"each.{key}" in names},
        readable=not problems,
        problems=(*problems, *relations.problems),
    )


def _read_python(
    spec: TableSpec,
    ref: PythonRef,
    known: KnownTables,
    variables: Mapping[str, Any],
    references: Mapping[TableName, Place],
) -> ReadTransform:
    problems, reads = [], dict[TableName, Place]()
    for at, name in enumerate(spec.reads):
        where = spec.place(f"reads.{at}", "reads")
        problem = known.problem(name, where)
        if problem:
            problems.append(problem)
        elif name in known.tables:
            reads[name] = where
    mentioned, clock = _mentioned(ref)
    used = {key: value for key, value in sorted(variables.items()) if key in mentioned}
    return ReadTransform(
        PythonTransform(ref),
        reads,
        references,
        vars=used,
        clock=clock,
        each=spec.each,
        problems=tuple(problems),
    )


def _mentioned(ref: PythonRef) -> tuple[set[str], tuple[str, ...]]:
    """Words in the closure: which vars it may use, and which clocks it asks its inputs for."""
    words, attributes = set[str](), set[str]()
    for file in ref.closure:
        try:
            tree = ast.parse(file.text)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
                if isinstance(node.value, ast.Name) and node.value.id == "inputs":
                    attributes.add(node.attr)
    return words, tuple(name for name in ("now", "today") if name in attributes)


def _references(spec: TableSpec, known: KnownTables) -> Mapping[TableName, Place]:
    found: dict[TableName, Place] = {}
    for at, expect in enumerate(spec.expect):
        table = referenced_table(expect.argument) if expect.rule == "foreign_key" else None
        if table is not None and table in known.tables and table != spec.name:
            found.setdefault(table, rule_place(spec, at))
    return found
