"""What `${env:NAME}` stood for is told as it was written, in all that a run leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lakewright.errors import Problem
from lakewright.lake import FileListing, Held, SourceHead
from lakewright.plans import AdoptTable, Plan
from lakewright.runtime.values import Report
from lakewright.specs import DeltaInput, FilesInput

Secrets = Mapping[str, str]  # resolved -> as written; longest first


def secrets_of(plan: Plan) -> Secrets:
    """The resolved locations of inputs that hold a reference, with their written form."""
    found: dict[str, str] = {}
    for one in plan.graph.inputs:
        seen = plan.state.inputs.get(one.table)
        match one, seen:
            case DeltaInput(), SourceHead() if "${" in one.location:
                found[seen.location] = one.location
            case FilesInput(), FileListing() if "${" in one.pattern:
                found.update({file.uri: file.path for file in seen.files})
            case _:
                continue
    for change in plan.changes:
        if isinstance(change, AdoptTable) and "${" in change.found.told:
            found[change.found.head.location] = change.found.told
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def redact(text: str, secrets: Secrets) -> str:
    for resolved, written in secrets.items():
        text = text.replace(resolved, written)
    return text


def redact_held(held: Held, secrets: Secrets) -> Held:
    return replace(held, reason=redact(held.reason, secrets))


def redact_report(report: Report, secrets: Secrets) -> Report:
    """The report with every resolved location as it was written."""
    if not secrets:
        return report
    return replace(
        report,
        tables=tuple(replace(t, note=redact(t.note, secrets)) for t in report.tables),
        held=tuple(redact_held(held, secrets) for held in report.held),
        problems=tuple(_redact_problem(problem, secrets) for problem in report.problems),
        notes=tuple(redact(note, secrets) for note in report.notes),
    )


def _redact_problem(problem: Problem, secrets: Secrets) -> Problem:
    return replace(
        problem,
        message=redact(problem.message, secrets),
        hint=redact(problem.hint, secrets),
        notes=tuple(redact(note, secrets) for note in problem.notes),
    )
