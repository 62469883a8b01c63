"""What it costs to keep releases restorable, from what each entry of the latest one says."""

from __future__ import annotations

from lakewright.lake import Entry, Release
from lakewright.observe.tables import size


def retained_bytes(release: Release | None) -> int | None:
    """Bytes on storage that only older releases, forks and pins need; None when not known."""
    stored = [entry for entry in release.tables.values() if entry.location] if release else []
    known = [entry_retained(entry) for entry in stored]
    return None if None in known else sum(amount or 0 for amount in known)


def entry_retained(entry: Entry) -> int | None:
    """Of one table; None when it is not known."""
    amount = entry.costs.get("retained_bytes")
    return None if amount is None else int(amount)


def cost_text(amount: int | None) -> str:
    """What stands behind `Restorable back to release 12`."""
    if amount is None:
        return "cost unknown"
    return f"which costs {size(amount)}" if amount else "which costs nothing"
