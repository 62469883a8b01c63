"""What a target would serve: as a line of a plan, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakewright.observe.tables import count
from lakewright.plans import Serving

_FOLD = 3  # names that are listed


def serving_line(serving: Serving) -> str:
    """`Serves: …` with how much is behind. Ends with a newline."""
    places = [f"{serving.catalog}.{schema}" for schema in serving.schemas] or [serving.catalog]
    what = count(serving.objects, serving.mode)
    if serving.mode == "table":
        what += ", at their heads: ahead of the release while a run writes"
    line = f"Serves: {_listed(places)} ({what})."
    if serving.behind:
        line += (
            f"  {count(serving.behind, serving.mode)} behind release {serving.release};"
            " apply or refresh moves them."
        )
    return f"{line}\n"


def serving_document(serving: Serving) -> dict[str, Any]:
    return {
        "catalog": serving.catalog,
        "as": serving.mode,
        "schemas": list(serving.schemas),
        "objects": serving.objects,
        "behind": serving.behind,
        "release": serving.release,
    }


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _FOLD
    shown = ", ".join(names[:_FOLD])
    return f"{shown} and {more} more" if more > 0 else shown
