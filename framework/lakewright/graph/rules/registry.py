"""All rules. A rule is one file here, one line below, and its tests."""

from __future__ import annotations

from lakewright.graph.rules.accepted_values import ACCEPTED_VALUES
from lakewright.graph.rules.between import BETWEEN
from lakewright.graph.rules.expression import EXPRESSION
from lakewright.graph.rules.foreign_key import FOREIGN_KEY
from lakewright.graph.rules.matches import MATCHES
from lakewright.graph.rules.not_null import NOT_NULL
from lakewright.graph.rules.row_count import ROW_COUNT
from lakewright.graph.rules.rule import Rule
from lakewright.graph.rules.unique import UNIQUE

RULES: tuple[Rule, ...] = (
    NOT_NULL,
    ACCEPTED_VALUES,
    BETWEEN,
    MATCHES,
    EXPRESSION,
    FOREIGN_KEY,
    UNIQUE,
    ROW_COUNT,
)
