"""What the Delta tables of a group are declared to be."""

from __future__ import annotations

from dataclasses import replace

from lakewright.errors import SpecError
from lakewright.graph import Step
from lakewright.lake import Definition, Entry, Field, widens

INGEST_FIELDS = (
    Field("_ingested_at", "timestamp", "When the run that loaded the row began, UTC"),
    Field("_source_file", "string", "The file the row came from"),
)
QUARANTINE_FIELDS = (
    Field("_failed_rules", "array<string>", "Names of the rules that the row breaks"),
    Field("_quarantined_at", "timestamp", "When the run that set the row apart began, UTC"),
    Field("_run_id", "string"),
)
BAD_RECORD_FIELDS = (
    Field("_source_line", "bigint", "Line in the file, where the reader can know it"),
    Field("_raw", "string", "Text of a record that could not be read"),
)
LEDGER_FIELDS = (
    Field("path", "string"),
    Field("size", "bigint"),
    Field("modified", "timestamp"),
    Field("digest", "string", "SHA-256 of the content"),
    Field("run_id", "string"),
)


def decide_fields(
    step: Step, analysed: tuple[Field, ...], before: Entry | None
) -> tuple[Field, ...]:
    """The columns to write: declared types, else recorded ones, else what the engine says.

    With unchanged code the recorded type always stays, whichever engine runs. With changed code a
    recorded type may only widen; SpecError LW430 asks for a declared type where it would not.
    """
    columns = {column.name.lower(): column for column in step.columns or ()}
    recorded = {field.name.lower(): field.type for field in before.schema} if before else {}
    prints = (step.code, step.fingerprint.own)
    same_code = before is not None and (before.code == prints[0] or before.own == prints[1])
    decided = []
    for field in analysed:
        column = columns.get(field.name.lower())
        kind = field.type
        if column is not None and column.declared and column.type is not None:
            kind = column.type
        elif field.name.lower() in recorded:
            kind = _keep_or_widen(step, field, recorded[field.name.lower()], same_code=same_code)
        if kind == "void":
            raise _untyped(step, field.name, "has no type: it is always NULL")
        comment = column.description if column is not None else field.comment
        decided.append(replace(field, type=kind, comment=comment))
    return tuple(decided)


def define_main(step: Step, fields: tuple[Field, ...]) -> Definition:
    """The table itself, with every rule that Delta can hold as a CHECK."""
    return Definition(
        fields=fields,
        constraints={c.name: c.constraint for c in step.checks if c.constraint is not None},
        description=step.description,
    )


def define_quarantine(step: Step, fields: tuple[Field, ...]) -> Definition:
    extra = (*QUARANTINE_FIELDS, *(BAD_RECORD_FIELDS if step.kind == "ingest" else ()))
    return Definition((*fields, *extra), description=f"Rows kept apart from {step.name}")


def define_ledger(step: Step) -> Definition:
    return Definition(LEDGER_FIELDS, description=f"Files loaded into {step.name}")


def _keep_or_widen(step: Step, field: Field, recorded: str, *, same_code: bool) -> str:
    if same_code or field.type == recorded or widens(field.type, recorded):
        return recorded
    if widens(recorded, field.type):
        return field.type
    raise _untyped(step, field.name, f"was {recorded} and is {field.type} now")


def _untyped(step: Step, column: str, what: str) -> SpecError:
    return SpecError(
        "LW430",
        f"column `{column}` of {step.name} {what}",
        step.where,
        hint=f"declare its type: columns: {{{column}: {{type: ...}}}}",
    )
