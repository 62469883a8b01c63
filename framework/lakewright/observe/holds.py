"""Who is held, by whom, since when and why, with the command that frees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from lakewright.lake import ControlRecord, Held
from lakewright.lake.control import hold_records
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.held import render_held
from lakewright.observe.plans import held_document
from lakewright.observe.tables import minute


def told_holds(held: Iterable[Held], records: Sequence[ControlRecord]) -> tuple[Held, ...]:
    """The holds with who said them, and when, in the reason of those by persons."""
    said = hold_records(records)
    return tuple(
        replace(hold, reason=f"{hold.reason} ({_who(said[hold.table])})")
        if hold.by == "person" and hold.table in said
        else hold
        for hold in held
    )


def render_holds(held: Sequence[Held], *, color: bool = False) -> str:
    """All that is held, for people. Ends with a newline."""
    return render_held(held, color=color, verbose=True, indent="") or "Nothing is held.\n"


def holds_document(
    record: ControlRecord,
    environment: str,
    held: Sequence[Held],
    records: Sequence[ControlRecord],
) -> dict[str, Any]:
    """What `hold` and `resume` print: the word that was said, and all that is held afterwards."""
    said = hold_records(records)
    return {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "action": record.kind,
        "tables": [str(table) for table in sorted(record.tables)],
        "reason": record.reason,
        "held": [_hold_document(hold, said.get(hold.table)) for hold in held],
    }


def _hold_document(hold: Held, record: ControlRecord | None) -> dict[str, Any]:
    person = record if hold.by == "person" else None
    return {
        **held_document(hold),
        "who": person.by if person else None,
        "at": moment(person.at) if person else None,
    }


def _who(record: ControlRecord) -> str:
    return f"{record.by}, {minute(record.at)}"
