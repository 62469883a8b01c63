"""Two outcomes of one case, as a class and what to say about it."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

from infra.conformance.cases import Case
from infra.conformance.measuring import Outcome

Status = Literal["equal", "different", "refused"]
WORST: tuple[Status, ...] = ("refused", "different", "equal")
RELATIVE = 1e-9

# What an engine says when it does not know, as against when a value is wrong.
_UNSUPPORTED = re.compile(
    r"unknown function|not (yet )?(implemented|supported)|unsupported|NOT_IMPLEMENTED|"
    r"found .* expected|syntax|no (function|field)|cannot infer|Unresolved",
    re.IGNORECASE,
)


def compare(case: Case, spark: Outcome, sail: Outcome) -> tuple[Status, str] | None:
    """The class and a note; None when Spark itself refuses what was meant to work."""
    if spark.error and case.shape != "edge":
        return None
    if spark.error and sail.error:
        return _both_fail(spark.error, sail.error)
    if spark.error:
        return "refused", f"Spark: {_short(spark.error)}; Sail: {_shown(sail.rows)}"
    if sail.error:
        return "refused", f"Sail: {_short(sail.error)}"
    return _both_answer(spark, sail)


def _both_fail(spark: str, sail: str) -> tuple[Status, str]:
    if _short(spark) != _short(sail) and _UNSUPPORTED.search(sail):
        return "refused", f"Spark: {_short(spark)}; Sail: {_short(sail)}"
    return "equal", f"both fail: {_short(spark)}"


def _both_answer(spark: Outcome, sail: Outcome) -> tuple[Status, str]:
    if len(spark.rows) != len(sail.rows):
        return "refused", f"{len(spark.rows)} rows on Spark, {len(sail.rows)} on Sail"
    for left, right in zip(spark.rows, sail.rows, strict=True):
        for ours, theirs in zip(left, right, strict=True):
            if not same(ours, theirs):
                return "refused", f"Spark {_shown(ours)}, Sail {_shown(theirs)}"
    if spark.type != sail.type:
        return "different", _types(spark.type, sail.type)
    return "equal", ""


def same(left: Any, right: Any) -> bool:
    """Equal once the right value is cast to the left one's type, floats within 1e-9."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        if "instant" in left:  # UTC is the zone of every session: a cast moves nothing
            return left["instant"].removesuffix("+00:00") == right["instant"].removesuffix("+00:00")
        if "decimal" in left:
            return _same_decimal(Decimal(left["decimal"]), Decimal(right["decimal"]))
        return all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(same(one, two) for one, two in pairs)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    one, two = _number(left), _number(right)
    if one is not None and two is not None:
        return math.isclose(one, two, rel_tol=RELATIVE) if _is_real(left, right) else left == right
    return bool(left == right)


def _same_decimal(left: Decimal, right: Decimal) -> bool:
    """A longer fraction is rounded half up, as the cast on write does."""
    exponent = left.as_tuple().exponent
    assert isinstance(exponent, int)
    rounded = right.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP, Context(prec=100))
    return left in (right, rounded)


def _number(value: Any) -> float | None:
    match value:
        case {"decimal": text}:
            return float(text)
        case int() | float():
            return float(value)
        case _:
            return None


def _is_real(left: Any, right: Any) -> bool:
    return any(isinstance(value, float | dict) for value in (left, right))


def _types(spark: str, sail: str) -> str:
    return f"type: Spark {_last(spark)}, Sail {_last(sail)}"


def _last(kind: str) -> str:
    """The type of the tested column: what stands behind the key."""
    return kind.split(", ", 1)[-1]


def _short(error: str) -> str:
    found = re.match(r"\[([A-Z_.0-9]+)\]", error)
    return found.group(1) if found else error[:90]


def _shown(value: Any) -> str:
    match value:
        case {"struct": pairs}:
            text = "{" + ", ".join(f"{key}: {_shown(inner)}" for key, inner in pairs) + "}"
        case dict():
            text = str(next(iter(value.values())))
        case list() | tuple():
            text = "[" + ", ".join(_shown(inner) for inner in value) + "]"
        case None:
            text = "NULL"
        case str():
            text = repr(value)
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
