"""Tables that an engine cannot write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakewright.engines.capabilities import writable_features
from lakewright.errors import Problem, RefusedError
from lakewright.names import TableName


def refuse_features(engine: str, features: Mapping[TableName, Sequence[str]]) -> None:
    """RefusedError LW605 that names every table with a writer feature the engine does not know."""
    known = writable_features(engine)
    problems = [
        Problem(
            "LW605",
            f"{table} uses {', '.join(unknown)}, which {engine} cannot write",
            hint="use --engine spark" if engine != "spark" else "use a newer Spark and Delta",
        )
        for table, names in sorted(features.items())
        if (unknown := sorted(set(names) - known))
    ]
    if problems:
        raise RefusedError.of(problems)
