"""Entries of a release: what every table says of its code, and each kind of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewright.graph import Step
from lakewright.lake import Entry, Field
from lakewright.names import TableName
from lakewright.runtime.run import Member


def entry_of(step: Step, schema: tuple[Field, ...], version: int, **facts: Any) -> Entry:
    """An entry of `step` as it is compiled now; `facts` are the other fields of `Entry`.

    Without `facts` it is an entry that has no Delta table of ours: a view or a source.
    """
    stored: Mapping[str, Any] = {"location": "", "table_id": "", "token": "", **facts}
    return Entry(
        table=step.name,
        kind=step.kind,
        schema=schema,
        version=version,
        **code_of(step),
        **stored,
    )


def companion(table: TableName, kind: str, version: int, **facts: Any) -> Entry:
    """An entry of a quarantine or ledger table: a version, and no code of its own."""
    blank: Mapping[str, Any] = {"code": "", "fingerprint": "", "own": "", "metadata": ""}
    return Entry(table=table, kind=kind, version=version, algorithm=0, schema=(), **blank, **facts)


def retained_costs(member: Member, before: Entry | None, *, grows: bool) -> Mapping[str, float]:
    """What keeping the past of a table costs: bytes on storage beyond the released version.

    Rows that are replaced stay on storage for older releases; rows that are added stay in use.
    Empty when it is not known. What lies in another environment costs nothing here.
    """
    home = member.location.partition("/")[0]
    if before is None or before.base or not before.location.startswith(f"{home}/"):
        return {"retained_bytes": 0.0}
    kept = before.costs.get("retained_bytes")
    if kept is None or before.bytes is None:
        return {}
    replaced = bool(member.written) and not (grows and before.location == member.location)
    return {"retained_bytes": kept + (before.bytes if replaced else 0)}


def code_of(step: Step) -> Mapping[str, Any]:
    """The fields of an entry that say which code made it."""
    return {
        "code": step.code,
        "fingerprint": step.fingerprint.full,
        "own": step.fingerprint.own,
        "algorithm": step.fingerprint.algorithm,
        "metadata": step.metadata,
        "contract": step.contract,
    }
