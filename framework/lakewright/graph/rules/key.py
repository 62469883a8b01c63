"""`key: [a, b]` of a table: each is never NULL, and together they are unique."""

from __future__ import annotations

from collections.abc import Sequence

from lakewright.errors import Place
from lakewright.graph.near import listed
from lakewright.graph.rules.unique import duplicates
from lakewright.graph.values import Check, RowTest, TableTest
from lakewright.names import quote
from lakewright.specs import Kind, writes


def key_checks(columns: Sequence[str], kind: Kind, where: Place) -> list[Check]:
    """The checks of a key; on what Lakewright does not write they are measured only."""
    if not columns:
        return []
    written = writes(kind)
    checks = [_not_null(column, where, written=written) for column in columns]
    present = [f"{quote(column)} IS NOT NULL" for column in columns]
    test = TableTest(duplicates(columns, present))
    sentence = f"{listed(columns)} is unique"
    return [
        *checks,
        Check("key", "key", "fail", test, where, tuple(columns), False, description=sentence),
    ]


def _not_null(column: str, where: Place, *, written: bool) -> Check:
    passes = f"{quote(column)} IS NOT NULL"
    counted = TableTest(f"(SELECT count(*) FROM {{table}} WHERE NOT ({passes}))")
    return Check(
        f"key_{column}",
        "key",
        "fail",
        RowTest(passes) if written else counted,
        where,
        (column,),
        before=written,
        constraint=passes if written else None,
        description=f"{column} is never NULL",
    )
