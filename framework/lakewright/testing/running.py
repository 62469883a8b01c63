"""Run one table over given rows, as its project defines it; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakewright.cli.unit_testing import test_columns
from lakewright.engines import Engine
from lakewright.errors import Place
from lakewright.graph import Graph, compile_project
from lakewright.names import TableName
from lakewright.runtime import try_table
from lakewright.runtime.unit_tests import Columns
from lakewright.specs import GivenRows, UnitTest, load_project
from lakewright.testing.comparing import Table, rows_of

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of the rows. `failed`: rule -> rows that break it."""

    rows: pa.Table
    quarantined: pa.Table
    dropped: pa.Table
    failed: Mapping[str, int]


class ProjectRunner:
    """A compiled project on one engine: what `run_table` calls."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self._engine = engine
        self._graph: Graph = compile_project(load_project(root))
        self._columns: Columns = test_columns(self._graph, self._graph.steps, engine, {})

    def __call__(
        self,
        table: str,
        given: Mapping[str, Rows | Table] | None = None,
        *,
        vars: Mapping[str, Any] | None = None,  # noqa: A002 - the word that users write
        now: datetime | None = None,
    ) -> Ran:
        """Run `table` over the given inputs: lists of rows, Arrow tables or Delta tables' paths.

        Columns that are left out are NULL, inputs that are left out are empty.
        """
        where = Place("<test>", 1)
        test = UnitTest(
            name=table,
            table=TableName.of(table),
            where=where,
            given={TableName.of(name): _given(rows, where) for name, rows in (given or {}).items()},
            vars=vars or {},
            now=now,
        )
        session = self._engine.session()
        try:
            tried, _ = try_table(test, self._graph, self._columns, session)
        finally:
            session.close()
        return Ran(tried.kept, tried.quarantined, tried.dropped, tried.failed)


def _given(rows: Rows | Table, where: Place) -> GivenRows:
    if isinstance(rows, Sequence) and not isinstance(rows, str):
        return GivenRows(tuple(rows), where)
    return GivenRows(tuple(rows_of(rows).to_pylist()), where)
