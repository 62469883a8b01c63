"""Whether two executions of a query over the same pinned inputs give the same rows.

Conservative: what is not known to be deterministic is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from lakewright.graph.functions import FLOAT_SENSITIVE, NONDETERMINISTIC
from lakewright.graph.parsing import ParsedQuery, called_words
from lakewright.graph.scopes import Types
from lakewright.graph.types import is_exact
from lakewright.graph.values import Check, KeepTest

_PICKING = (exp.Limit, exp.Fetch, exp.Offset, exp.TableSample, exp.WindowSpec)


def is_deterministic(query: ParsedQuery, checks: Sequence[Check], columns: Types | None) -> bool:
    """For a query over deterministic inputs, with the rules that act on its rows."""
    if any(isinstance(check.test, KeepTest) for check in checks):
        return False  # rows that are equal by its order may come in any order
    called = called_words(query.tokens)
    if called & NONDETERMINISTIC or _picks_rows(query.tree):
        return False
    return not (called & FLOAT_SENSITIVE and _compares_floats(checks, columns))


def _picks_rows(tree: exp.Expr) -> bool:
    """LIMIT, OFFSET, samples, and window frames that count rows."""
    for node in tree.walk():
        if not isinstance(node, _PICKING):
            continue
        if not isinstance(node, exp.WindowSpec) or (node.args.get("kind") or "").upper() == "ROWS":
            return True
    return False


def _compares_floats(checks: Sequence[Check], columns: Types | None) -> bool:
    """Whether a rule that acts on rows looks at a column that may be floating-point."""
    used = {column for check in checks if check.before for column in check.columns}
    return bool(used) and (
        columns is None or any(not is_exact(columns.get(column)) for column in used)
    )
