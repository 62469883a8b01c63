"""Held tables for people: what failed, since when, what waits for it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.lake import Held
from lakewright.observe.paint import Paint, plain_text
from lakewright.observe.tables import count

_WAITS = "upstream"
_NEXT = {
    "check": "It is tried again once its files, inputs, rules or code have changed.",
    "person": "It stays until `lakewright resume {table}`, or an apply of it.",
    "rollback": "It stays until `lakewright resume {table}`, or an apply of it.",
}
_FOLD = 6  # names of waiting tables that are listed


def render_held(
    held: Sequence[Held], *, color: bool = False, verbose: bool = False, indent: str = "  "
) -> str:
    """Each table that is held for a reason of its own, then all that wait for them.

    "" when nothing is held; else ends with a newline.
    """
    paint = Paint(color)
    own = [hold for hold in held if hold.by != _WAITS]
    waiting = [str(hold.table) for hold in held if hold.by == _WAITS]
    lines = []
    for hold in own:
        head = f"{paint('!', 'warn')} {hold.table} is held {since_text(hold)}: {why_text(hold)}"
        lines += [head, f"  {_NEXT.get(hold.by, '').format(table=hold.table)}".rstrip()]
    if waiting:
        lines.append(f"{paint('!', 'warn')} {_waiting(waiting, verbose=verbose)}")
    return "".join(f"{indent}{line}\n" for line in lines if line)


def since_text(hold: Held) -> str:
    """Who holds it, and the last release that moved it, which is what readers see."""
    if hold.by == "rollback":
        return f"by the rollback in release {hold.since_release}"
    if hold.by == "person":
        return f"by a person since release {hold.since_release}"
    return f"since release {hold.since_release}" if hold.since_release else "and was never released"


def why_text(hold: Held) -> str:
    """The reason, without the name of the table, which stands before it."""
    reason = hold.reason.removeprefix(f"{hold.table}: ")
    return plain_text(reason or (f"check {hold.check}" if hold.check else f"by {hold.by}"))


def _waiting(names: list[str], *, verbose: bool) -> str:
    shown = names if verbose or len(names) <= _FOLD else names[: _FOLD - 1]
    more = f" and {count(len(names) - len(shown), 'other')}" if len(shown) < len(names) else ""
    verb = "waits" if len(names) == 1 else "wait"
    return f"{count(len(names), 'table')} {verb} for what is held: {', '.join(shown)}{more}"
