"""A case: one expression or query that both engines run alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# row: a value for every row of `t`; aggregate: a value for every group of `t`; query: a whole
# query; edge: one row of `edge`, where a value leaves its domain and ANSI asks for an error.
Shape = Literal["row", "aggregate", "query", "edge"]

# name, template, operands: words apart are cases, commas inside a word part the operands.
Template = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """`sql` tests the function, operator or construct called `name`."""

    area: str
    name: str
    shape: Shape
    sql: str

    @property
    def key(self) -> str:
        """What tells this case from all others."""
        return f"{self.shape}: {self.sql}"


def expand(area: str, shape: Shape, templates: tuple[Template, ...]) -> Iterator[Case]:
    """A case for each operand list of each template; `{0}`, `{1}`, ... are columns of the data."""
    for name, template, operands in templates:
        for word in operands.split() or [""]:
            yield Case(area, name, shape, template.format(*word.split(",")))
