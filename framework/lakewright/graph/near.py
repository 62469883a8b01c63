"""Near names for hints: what the author probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near_name(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to `name`, None when nothing is near."""
    found = difflib.get_close_matches(name.lower(), sorted(set(candidates)), n=1, cutoff=0.6)
    return found[0] if found else None


def near_hint(name: str, candidates: Iterable[str], otherwise: str = "") -> str:
    """A hint with the nearest candidate, else `otherwise`."""
    nearest = near_name(name, candidates)
    return f"did you mean `{nearest}`?" if nearest else otherwise


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names for a label: comma-separated, folded past `limit`."""
    every = list(names)
    rest = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + rest
