"""One table, and the list of tables, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from lakewright.graph import (
    Check,
    FilesTransform,
    Graph,
    NoTransform,
    PythonTransform,
    SeedTransform,
    SqlTransform,
    Step,
    Transform,
)
from lakewright.names import TableName
from lakewright.observe.documents import FORMAT_VERSION
from lakewright.observe.origins import (
    Setting,
    column_origin,
    rule_definition,
    rule_options,
    settings_of,
)
from lakewright.observe.paint import Paint, plain_text
from lakewright.observe.tables import count, render_table
from lakewright.specs import Project, TableSpec

_ABOVE = ("table", "kind", "description")
_UNSAID: tuple[Any, ...] = (None, "", [], False)


def render_list(steps: Sequence[Step], *, color: bool = False) -> str:
    """One line a table, in build order."""
    header = ("table", "kind", "layer", "reads", "rules", "owner", "description")
    rows = [
        (
            str(step.name),
            step.kind,
            step.layer,
            str(len(step.reads)),
            str(len(step.checks)),
            step.owner,
            _short(step.description),
        )
        for step in steps
    ]
    return render_table(header, rows, right=("reads", "rules"), color=color)


def list_document(steps: Sequence[Step]) -> dict[str, Any]:
    return {"format_version": FORMAT_VERSION, "tables": [_brief(step) for step in steps]}


def render_step(
    step: Step,
    spec: TableSpec | None,
    graph: Graph,
    project: Project | None = None,
    *,
    color: bool = False,
) -> str:
    """Everything about one table: settings and where each came from, columns, rules, query."""
    paint = Paint(color)
    title = paint(str(step.name), "strong")
    about = f"  {plain_text(step.description)}\n" if step.description else ""
    sections = [
        f"{title}  {step.kind} in {step.layer}\n{about}",
        _section("settings", _settings(step, spec, project), paint),
        _section("columns", _columns(step, spec), paint),
        _section("rules", "".join(f"  {_sentence(check, spec)}\n" for check in step.checks), paint),
        _section("reads", _names(step.reads), paint),
        _section("checked against", _names(step.references), paint),
        _section("read by", _names(readers_of(step.name, graph)), paint),
        _query(step.transform, paint),
    ]
    return "\n".join(section for section in sections if section)


def step_document(
    step: Step, spec: TableSpec | None, graph: Graph, project: Project | None = None
) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        **_brief(step),
        "settings": {
            setting.name: _setting_document(setting) for setting in settings_of(step, spec, project)
        },
        "key": list(step.key),
        "columns": None
        if step.columns is None
        else [
            {
                "name": column.name,
                "type": column.type,
                "declared": column.declared,
                "description": column.description,
                "pii": column.pii,
                "from": column_origin(column, step, spec),
            }
            for column in step.columns
        ],
        "rules": [
            {
                "name": check.name,
                "rule": check.rule,
                "on_fail": check.on_fail,
                "columns": list(check.columns),
                "description": _describe(check),
                "before_commit": check.before,
                "tolerance": check.tolerance,
                "constraint": check.constraint,
                "where": str(check.where),
                "options": rule_options(spec, check.where),
                "defined": rule_definition(spec, check.rule),
            }
            for check in step.checks
        ],
        "references": [str(name) for name in step.references],
        "read_by": [str(name) for name in readers_of(step.name, graph)],
        "fingerprint": step.fingerprint.full,
        "deterministic": step.deterministic,
        "query": _text(step.transform),
    }


def readers_of(table: TableName, graph: Graph) -> tuple[TableName, ...]:
    """Tables that read `table` themselves, in build order."""
    return tuple(step.name for step in graph.steps.values() if table in step.upstream)


def _brief(step: Step) -> dict[str, Any]:
    return {
        "table": str(step.name),
        "kind": step.kind,
        "layer": step.layer,
        "owner": step.owner,
        "tags": list(step.tags),
        "description": step.description,
        "path": str(step.where.path),
        "reads": [str(name) for name in step.reads],
    }


def _section(name: str, body: str, paint: Paint) -> str:
    return f"{paint(name, 'name')}\n{body}" if body else ""


def _settings(step: Step, spec: TableSpec | None, project: Project | None) -> str:
    """Settings that have a value; the table's name and description stand above."""
    every = settings_of(step, spec, project)
    settings = [one for one in every if one.name not in _ABOVE and one.value not in _UNSAID]
    width = max((len(one.name) for one in settings), default=0)
    return "".join(
        f"  {one.name:<{width}}   {plain_text(_flat(one.value))}   ({one.origin})\n"
        for one in settings
    )


def _setting_document(setting: Setting) -> dict[str, Any]:
    value = setting.value
    document = {"value": str(value) if isinstance(value, date) else value, "from": setting.origin}
    items = [{"value": item, "from": place} for item, place in setting.items]
    return {**document, "items": items} if items else document


def _flat(value: object) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _columns(step: Step, spec: TableSpec | None) -> str:
    columns, key = step.columns, step.key
    if columns is None:
        return "  known only when an engine has analysed it\n"
    width = max((len(column.name) for column in columns), default=0)
    wide = max((len(column.type or "unknown") for column in columns), default=0)
    lines = []
    for column in columns:
        notes = [
            "key" if column.name in key else "",
            f"pii: {column.pii}" if column.pii != "none" else "",
            plain_text(column.description).replace("\n", " "),
        ]
        text = "; ".join(note for note in notes if note)
        if spec is not None:
            text = f"{text}   ({column_origin(column, step, spec)})".lstrip()
        kind = column.type or "unknown"
        lines.append(f"  {column.name:<{width}}   {kind:<{wide}}   {text}".rstrip() + "\n")
    return "".join(lines)


def _sentence(check: Check, spec: TableSpec | None) -> str:
    then = {
        "fail": "else the run fails",
        "quarantine": "else the row is set apart in quarantine",
        "drop": "else the row is dropped",
        "warn": "else a warning is counted",
    }[check.on_fail]
    limit = f" (tolerates {check.tolerance:.2%})" if check.tolerance else ""
    defined = rule_definition(spec, check.rule)
    origin = f"{check.where.path}:{check.where.line}"
    origin += f", defined in {defined}" if defined else ""
    return plain_text(f"{check.name}: {_describe(check)}; {then}{limit}   ({origin})")


def _describe(check: Check) -> str:
    return check.description or f"{check.rule} ({', '.join(check.columns)})"


def _names(names: Sequence[TableName]) -> str:
    return "".join(f"  {name}\n" for name in names)


def _text(transform: Transform) -> str | None:
    match transform:
        case SqlTransform(source=source):
            return source.text
        case PythonTransform(ref=ref):
            return next((file.text for file in ref.closure), None)
        case FilesTransform() | SeedTransform() | NoTransform():
            return None


def _query(transform: Transform, paint: Paint) -> str:
    match transform:
        case SqlTransform(source=source):
            title, body = f"query  {source.path}", source.text
        case PythonTransform(ref=ref):
            title = f"function  {ref.module}:{ref.function}, with {count(len(ref.closure), 'file')}"
            body = next((file.text for file in ref.closure), "")
        case FilesTransform(input=files):
            title, body = "files", f"{files.pattern} ({files.format})"
        case SeedTransform(path=path, rows=rows):
            title, body = "seed", f"{path} ({count(len(rows), 'row')})"
        case NoTransform():
            return ""
    lines = [f"  {line}".rstrip() for line in plain_text(body).strip("\n").split("\n")]
    return paint(title, "name") + "\n" + "\n".join(lines) + "\n"


def _short(text: str, width: int = 60) -> str:
    first = text.strip().split("\n", 1)[0]
    return first if len(first) <= width else first[: width - 3].rstrip() + "..."
