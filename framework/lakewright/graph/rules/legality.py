"""Which options are legal for every class of rule and kind of table."""

from __future__ import annotations

from collections.abc import Iterator

from lakewright.errors import Place, Problem
from lakewright.graph.rules.rule import Rule
from lakewright.specs import ExpectSpec, Kind, writes

_SPLITS = ("quarantine", "drop")


def check_legal(rule: Rule, kind: Kind, expect: ExpectSpec, where: Place) -> Iterator[Problem]:
    """Every option that has no meaning for this rule on this kind of table: LW232."""
    for option, message, hint in _objections(rule, kind, expect):
        place = expect.places.get(f"key {option}", where)
        yield Problem("LW232", f"{rule.name}: {message}", place, hint)


def _objections(rule: Rule, kind: Kind, expect: ExpectSpec) -> Iterator[tuple[str, str, str]]:
    splits = expect.on_fail in _SPLITS
    if splits and not writes(kind):
        yield (
            "on_fail",
            f"a {kind} writes no rows, so none can be set apart",
            "use on_fail: fail or warn",
        )
    elif splits and rule.group == "table":
        yield "on_fail", "it is about the whole table, not about rows", "use on_fail: fail or warn"
    elif splits and rule.group == "unique" and expect.keep is None:
        yield (
            "on_fail",
            "which of the equal rows stays?",
            "add keep: {order_by: ...}, or use on_fail: fail or warn",
        )
    if expect.keep is not None and rule.group != "unique":
        yield "keep", "`keep` belongs to the rule unique", "remove it"
    elif expect.keep is not None and not splits:
        yield "keep", "`keep` sets rows apart", "use on_fail: quarantine or drop"
    if expect.tolerance is not None and splits:
        yield (
            "tolerance",
            f"rows go to {expect.on_fail} one by one",
            "remove tolerance, or use on_fail: fail",
        )
    elif expect.tolerance is not None and rule.group == "table":
        yield "tolerance", "a count of the table has no share of rows", "remove tolerance"
    if expect.nulls == "fail" and not rule.nulls:
        yield (
            "nulls",
            "`nulls: fail` has no meaning here",
            "add a not_null rule where NULL is wrong",
        )
