"""What the Delta tables of a group are declared to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lakewright.errors import SpecError
from lakewright.graph import Column, Step
from lakewright.lake import Definition, Entry, Field, Lake, matches, widens

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
    step: Step, analysed: tuple[Field, ...], before: Entry | None, engine: str
) -> tuple[Field, ...]:
    """The columns to write: declared types, else recorded ones, else what the engine says.

    A recorded type may only widen; SpecError LW430 asks for a declared type where it would not.
    With unchanged code it stays when another engine runs, because engines name the types of
    decimals differently, and where rows are appended.
    """
    declared = {
        column.name.lower(): column
        for column in step.columns or step.declared
        if column.declared or column.description
    }
    recorded = {field.name.lower(): field.type for field in before.schema} if before else {}
    settled = before is not None and _is_settled(step, before, engine)
    decided = []
    for field in analysed:
        column, before_type = declared.get(field.name.lower()), recorded.get(field.name.lower())
        kind = field.type
        if column is not None and column.declared and column.type is not None:
            kind = column.type
        elif before_type is not None:
            kind = before_type if settled else _keep_or_widen(step, field, before_type)
        if kind == "void":
            raise _untyped(step, field.name, "has no type: it is always NULL")
        comment = column.description if column is not None else field.comment
        decided.append(replace(field, type=kind, comment=comment))
    _refuse_missing(step, declared, decided)
    return tuple(decided)


def define_main(step: Step, fields: tuple[Field, ...]) -> Definition:
    """The table itself, with every rule that Delta can hold as a CHECK."""
    return Definition(
        fields=fields,
        constraints={c.name: c.constraint for c in step.checks if c.constraint is not None},
        description=step.description,
    )


def redefines(lake: Lake, step: Step, before: Entry) -> bool:
    """Whether a table that is only described or checked anew needs a commit of its own.

    Owner, tags and rules that only warn are in no Delta log.
    """
    pin = lake.pin(before)
    released = lake.tables.at(pin.location, pin.version).definition
    fields = decide_fields(step, before.schema, before, before.engine)
    return not matches(released, define_main(step, fields))


def define_quarantine(step: Step, fields: tuple[Field, ...]) -> Definition:
    extra = (*QUARANTINE_FIELDS, *(BAD_RECORD_FIELDS if step.kind == "ingest" else ()))
    return Definition((*fields, *extra), description=f"Rows kept apart from {step.name}")


def define_ledger(step: Step) -> Definition:
    return Definition(LEDGER_FIELDS, description=f"Files loaded into {step.name}")


def _is_settled(step: Step, before: Entry, engine: str) -> bool:
    """Whether the recorded types rule whatever this engine says of the query."""
    if before.code != step.code and before.own != step.fingerprint.own:
        return False
    return before.engine != engine or step.kind == "ingest"


def _keep_or_widen(step: Step, field: Field, recorded: str) -> str:
    if field.type == recorded or widens(field.type, recorded):
        return recorded
    if widens(recorded, field.type):
        return field.type
    raise _untyped(step, field.name, f"was {recorded} and is {field.type} now")


def _refuse_missing(step: Step, declared: Mapping[str, Column], fields: Iterable[Field]) -> None:
    produced = {field.name.lower() for field in fields}
    missing = [c.name for key, c in declared.items() if c.declared and key not in produced]
    if missing:
        raise SpecError(
            "LW204",
            f"column `{missing[0]}` is declared and not produced by {step.name}",
            step.where,
            hint="produce it, or take it out of `columns:`",
        )


def _untyped(step: Step, column: str, what: str) -> SpecError:
    return SpecError(
        "LW430",
        f"column `{column}` of {step.name} {what}",
        step.where,
        hint=f"declare its type: columns: {{{column}: {{type: ...}}}}",
    )
