"""Every query and rule through an engine's analyser, over empty inputs: no data, no table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from lakewright.engines.port import Engine, Session, SqlRows
from lakewright.errors import LakewrightError, Problem
from lakewright.graph import Check, Graph, KeepTest, PythonTransform, SqlTransform, Step
from lakewright.lake import Field
from lakewright.names import TableName, quote
from lakewright.runtime.checking import measurement_of
from lakewright.runtime.definitions import INGEST_FIELDS, decide_fields
from lakewright.runtime.parameters import render_parameters

Fields = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the engine said. `unknown`: tables that were not analysed, and why."""

    fields: Mapping[TableName, Fields]
    problems: tuple[Problem, ...]
    unknown: Mapping[TableName, str]


def analyse_graph(
    graph: Graph,
    engine: Engine,
    known: Mapping[TableName, Fields],
    *,
    now: datetime,
    today: date,
) -> Analysis:
    """The columns of every table as `engine` sees them, and every problem it finds.

    `known` gives the columns of inputs that declare none, where they exist already. Python
    functions are not called: what reads one is analysed over its declared columns.
    """
    found = _Found()
    session = engine.session()
    try:
        for step in graph.steps.values():
            try:
                fields = _fields(step, session, found, engine.name, known, now=now, today=today)
            except LakewrightError as error:
                found.problems.extend(error.problems)
                found.unknown[step.name] = "it has a problem"
                continue
            if fields is not None:
                found.fields[step.name] = fields
                session.bind_view(step.name, SqlRows(_empty(fields)))
                found.problems.extend(_rule_problems(step, session, found))
    finally:
        session.close()
    return Analysis(found.fields, tuple(found.problems), found.unknown)


def columns_of(
    graph: Graph,
    tables: Iterable[TableName],
    engine: Engine,
    known: Mapping[TableName, Fields],
    *,
    now: datetime,
    today: date,
) -> dict[TableName, Fields]:
    """The columns of `tables`: as declared, else as the engine's analysis of what they are made of.

    Tables whose columns cannot be known are left out.
    """
    wanted = set(tables)
    found = {
        name: fields
        for name in wanted
        if (fields := _declared_whole(graph.steps[name])) is not None
    }
    rest = wanted - found.keys()
    if rest:
        needed = rest | _ancestors(graph, rest)
        steps = {name: step for name, step in graph.steps.items() if name in needed}
        analysed = analyse_graph(replace(graph, steps=steps), engine, known, now=now, today=today)
        found |= {name: fields for name, fields in analysed.fields.items() if name in rest}
    return found


def _declared_whole(step: Step) -> Fields | None:
    """The declared columns of a table, when they are all that it has."""
    fields = _declared(step)
    names = {column.name for column in step.columns or ()}
    covers = fields is not None and names <= {field.name for field in fields}
    return fields if covers and step.columns is not None else None


def _ancestors(graph: Graph, tables: set[TableName]) -> set[TableName]:
    found, todo = set[TableName](), list(tables)
    while todo:
        for name in graph.steps[todo.pop()].upstream:
            if name not in found:
                found.add(name)
                todo.append(name)
    return found


@dataclass(slots=True)
class _Found:
    """What was found so far, table by table in build order."""

    fields: dict[TableName, Fields] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[TableName, str] = field(default_factory=dict)


def _fields(
    step: Step,
    session: Session,
    found: _Found,
    engine: str,
    known: Mapping[TableName, Fields],
    *,
    now: datetime,
    today: date,
) -> Fields | None:
    """The columns of one table; None, with the reason in `found`, when they cannot be known."""
    if not isinstance(step.transform, SqlTransform):
        fields = _declared(step) or known.get(step.name)
        if fields is None:
            what = "a Python function" if isinstance(step.transform, PythonTransform) else step.kind
            found.unknown[step.name] = f"{what} whose columns are not declared"
        return fields
    blind = [name for name in step.reads if name not in found.fields]
    if blind:
        found.unknown[step.name] = f"it reads {blind[0]}, which was not analysed"
        return None
    text = step.transform.render(session.relation, render_parameters(step, now, today))
    return decide_fields(step, session.analyse(SqlRows(text, step.transform)), None, engine)


def _declared(step: Step) -> Fields | None:
    columns = step.declared
    if not columns or any(column.type is None for column in columns):
        return None
    fields = tuple(Field(column.name, column.type or "") for column in columns)
    return (*fields, *INGEST_FIELDS) if step.kind == "ingest" else fields


def _rule_problems(step: Step, session: Session, found: _Found) -> Iterator[Problem]:
    """Rules over the table's own columns; one whose other table is not known is left out."""
    for check in step.checks:
        if any(name not in found.fields for name in _others(check)):
            continue
        try:
            session.analyse(SqlRows(_rule_text(check, session, session.relation(step.name))))
        except LakewrightError as error:
            for problem in error.problems:
                message = f"rule `{check.name}`: {problem.message}"
                yield replace(problem, message=message, where=check.where)


def _others(check: Check) -> tuple[TableName, ...]:
    other = getattr(check.test, "to", None)
    return () if other is None else (other,)


def _rule_text(check: Check, session: Session, relation: str) -> str:
    if isinstance(check.test, KeepTest):
        keys = ", ".join(quote(column) for column in check.test.columns)
        order = check.test.order_by
        window = f"row_number() OVER (PARTITION BY {keys} ORDER BY {order})"
        return f"SELECT {window} AS n FROM {relation}"
    failed, rows = (text.replace("{table}", relation) for text in measurement_of(check, session))
    return f"SELECT {failed} AS failed_rows, {rows} AS looked_at"


def _empty(fields: Fields) -> str:
    columns = ", ".join(f"CAST(NULL AS {item.type}) AS {quote(item.name)}" for item in fields)
    return f"SELECT {columns} WHERE 1 = 0"
