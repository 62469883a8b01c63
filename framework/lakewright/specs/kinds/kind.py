"""What a kind of table is: a name, the keys it may say, and a function that reads what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from lakewright.errors import Problem
from lakewright.names import TableName
from lakewright.specs.documents import Document
from lakewright.specs.macros import Macros
from lakewright.specs.models import AnyTableModel
from lakewright.specs.queries import Query, query_paths
from lakewright.specs.values import Input, PythonRef, SeedFile, SourceFile


@dataclass(frozen=True, slots=True)
class Transform:
    """What makes the rows: a query, a Python function, a file of the project, or neither."""

    query: Query | None = None
    python: PythonRef | None = None
    seed: SeedFile | None = None

    @property
    def files(self) -> tuple[SourceFile, ...]:
        query = self.query.files if self.query else ()
        seed = (self.seed.file,) if self.seed else ()
        return (*query, *(self.python.closure if self.python else ()), *seed)


@dataclass(frozen=True, slots=True)
class Making:
    """A spec as written, and what it is read in. `unreadable` files exist without their text."""

    kind: str
    document: Document
    files: Mapping[str, SourceFile]
    macros: Macros
    problems: list[Problem]
    each: Mapping[str, Any] = field(default_factory=dict)  # of `for_each`: this table's row
    unreadable: AbstractSet[str] = frozenset()

    def refuse_queries(self) -> None:
        """LW141 for a query that lies where this table's would."""
        for path in query_paths(self.document.path, self.files):
            message = f"a table of kind {self.kind} has no query, but {path} exists"
            where = self.document.place("kind")
            self.problems.append(Problem("LW141", message, where, hint="remove one of them"))


def read_nothing(making: Making, model: Any) -> Transform:
    """Of a table whose rows come from outside."""
    del model
    making.refuse_queries()
    return Transform()


def no_input(name: TableName, making: Making, model: Any, values: Mapping[str, Any]) -> None:
    """Of a table that reads tables only."""
    del name, making, model, values


@dataclass(frozen=True, slots=True)
class TableKind:
    """`transform` and `input` add to the problems what they cannot read.

    `transform` gives None where the rows cannot be known and the reason is reported elsewhere.

    `writes`: Lakewright writes its rows, so that rules can split them and Delta can hold them.
    """

    name: str
    model: type[AnyTableModel]
    writes: bool
    transform: Callable[[Making, Any], Transform | None] = read_nothing
    input: Callable[[TableName, Making, Any, Mapping[str, Any]], Input | None] = no_input
