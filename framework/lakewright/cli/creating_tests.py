"""`test --create`: a unit test of a table, from a few released rows of what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakewright.cli.analysing import known_columns
from lakewright.cli.choosing import refuse_collected, released_graph
from lakewright.cli.inspecting import find_step
from lakewright.cli.options import Common
from lakewright.cli.reading import Behind, behind_release, refuse_clones
from lakewright.cli.streams import Streams
from lakewright.cli.unit_testing import test_columns
from lakewright.cli.workspace import (
    Workspace,
    compile_workspace,
    existing_lake,
    latest_release,
    open_workspace,
)
from lakewright.engines import Engine, TriedRows, find_engine
from lakewright.errors import LakeError, LakewrightError, Place, RefusedError
from lakewright.graph import Graph, Step, literal
from lakewright.graph.joins import joined_columns
from lakewright.lake import Lake, Release
from lakewright.names import TableName, quote
from lakewright.observe import FORMAT_VERSION, render_json
from lakewright.runtime.binding import Binder
from lakewright.runtime.hiding import Hidden, hidden_columns, is_hidden
from lakewright.runtime.masking import Masks
from lakewright.runtime.reading import as_released
from lakewright.runtime.sampling import Row, Rows, Search, Wish, find_rows
from lakewright.runtime.unit_tests import Columns, refuse_without_rows, run_unit_test, try_table
from lakewright.specs import Given, GivenRows, UnitTest
from lakewright.specs.writing import write_yaml

_HERE = Place("", 1)


def create_test(common: Common, table: str, rows: int) -> int:
    """Write tests/SCHEMA/TABLE.yml, never over a file. What it says passes at once.

    RefusedError LW194 where the file is there, LakeError LW195 where no released rows give a row,
    LW196 where the same rows give other rows each time.
    """
    streams, space = Streams.of(common), _with_engine(open_workspace(common), common)
    graph = compile_workspace(space)
    step = find_step(graph, table)
    path = Path(space.root, "tests", step.name.schema, f"{step.name.table}.yml")
    _refuse(step, path)
    lake = existing_lake(space)
    release = latest_release(space, lake)
    behind = _open_released(space, lake, release, step.reads)
    with closing(find_engine(space.engine, conf=space.conf, tell=streams.tell)) as engine:
        columns = test_columns(graph, [step.name], engine, known_columns(space, graph))
        source = _Source(lake, release, engine, step, graph, behind)
        test, tried = _find(source, columns, rows)
        text = _text(test, tried, release)
        _verify(test, tried, source, columns)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise LakeError("LW346", f"cannot write {path}: {error}") from error
    _tell(common, streams, path.relative_to(space.root).as_posix(), test, tried)
    return 0


@dataclass(slots=True)
class _Source:
    """Released rows of the inputs of one table, masked as they are fetched."""

    lake: Lake
    release: Release
    engine: Engine
    step: Step
    graph: Graph
    behind: Behind
    hides: tuple[Hidden, ...] = ()

    @property
    def inputs(self) -> tuple[TableName, ...]:
        return self.step.reads

    def read(self) -> dict[TableName, pa.Schema]:
        """The columns of each input in the release."""
        return {name: self._fetch(name, "LIMIT 0").schema for name in self.inputs}

    def fetch(self, wish: Wish, schema: pa.Schema) -> list[Row]:
        """The wished rows in an order of their own, values of hidden columns replaced."""
        conditions = [
            f"{quote(column)} IN ({', '.join(_literal(value) for value in values)})"
            for column, values in wish.matching.items()
            if values
        ]
        where = f"WHERE {' OR '.join(conditions)} " if conditions else ""
        columns = [quote(each.name) for each in schema if _is_ordered(each.type)]
        order = f"ORDER BY {', '.join(columns)} " if columns else ""
        found = self._fetch(wish.table, f"{where}{order}LIMIT {wish.limit}")
        return list(found.to_pylist(maps_as_pydicts="lossy"))

    def hidden(self) -> tuple[Hidden, ...]:
        """What the project hides, and what the release did: a mark that was removed still holds."""
        released, _ = self.behind
        if not released.steps:  # nothing of it was needed so far
            released = released_graph(self.lake, self.release)
        return hidden_columns(self.graph), hidden_columns(released)

    def masked(self, rows: Rows) -> Rows:
        """The rows with stand-ins for what is hidden."""
        masks = Masks()

        def is_shown(table: TableName, column: str) -> bool:
            return not any(is_hidden(each, table, column) for each in self.hides)

        return {
            name: [
                {
                    column: value if is_shown(name, column) else masks.mask(value)
                    for column, value in row.items()
                }
                for row in its
            ]
            for name, its in rows.items()
        }

    def _fetch(self, table: TableName, rest: str) -> pa.Table:
        graph, inputs = self.behind
        session = self.engine.session()
        try:
            pinned = as_released(self.release, inputs)
            binder = Binder(session, graph, self.lake, self.release.tables, pinned)
            return session.fetch(f"SELECT * FROM {binder.relation(table)} {rest}")
        finally:
            session.close()


def _with_engine(space: Workspace, common: Common) -> Workspace:
    """Tests run on Sail, without the target's settings, unless another engine was said."""
    return space if common.engine else replace(space, engine="sail", conf={})


def _open_released(
    space: Workspace, lake: Lake, release: Release, reads: tuple[TableName, ...]
) -> Behind:
    """What stands behind the inputs; refuses what cannot be read."""
    missing = [str(name) for name in reads if name not in release.tables]
    if missing:
        raise RefusedError(
            "LW342",
            f"release {release.release} has no {', '.join(missing)}",
            hint="apply that first: a test is created from released rows",
        )
    refuse_clones(space, release, reads)
    refuse_collected(lake, release, reads, datetime.now(UTC))
    return behind_release(space, lake, release, reads)


def _find(source: _Source, columns: Columns, limit: int) -> tuple[UnitTest, TriedRows]:
    schemas = source.read()
    source.hides = source.hidden()
    names = {name: schema.names for name, schema in schemas.items()}
    test = _test(source, {})
    failures: list[LakewrightError] = []

    def count(rows: Rows) -> int:
        try:
            tried = _try(replace(test, given=_given(source.masked(rows))), source, columns)
        except LakewrightError as error:
            failures.append(error)
            return 0
        return int(tried.kept.num_rows) + int(tried.quarantined.num_rows)

    search = Search(
        source.inputs,
        joined_columns(source.step, names),
        lambda wish: source.fetch(wish, schemas[wish.table]),
        count,
    )
    rows = find_rows(search, limit)
    if rows is None:
        raise LakeError(
            "LW195",
            f"no released rows were found that give a row of {source.step.name}",
            source.step.where,
            hint=failures[0].problems[0].message if failures else "write the test by hand",
        )
    test = _test(source, source.masked(rows))
    tried = _try(test, source, columns)
    if any(tried.failed.get(c.name) for c in source.step.checks if c.on_fail == "fail"):
        test = replace(test, rules=False)
        tried = _try(test, source, columns)
    return test, tried


def _test(source: _Source, rows: Rows) -> UnitTest:
    now = source.release.created_at if source.step.clock else None
    name = f"rows of release {source.release.release}"
    return UnitTest(name, source.step.name, _HERE, _given(rows), now=now)


def _given(rows: Rows) -> Mapping[TableName, GivenRows]:
    return {
        name: GivenRows(tuple({k: _plain(v) for k, v in row.items()} for row in its), _HERE)
        for name, its in rows.items()
    }


def _try(test: UnitTest, source: _Source, columns: Columns) -> TriedRows:
    session = source.engine.session()
    try:
        return try_table(test, source.graph, columns, session)[0]
    finally:
        session.close()


def _verify(test: UnitTest, tried: TriedRows, source: _Source, columns: Columns) -> None:
    """Run the test as it will be read; LW196 where it does not pass."""
    session = source.engine.session()
    expected = replace(
        test,
        expect=tuple(_rows_of(tried.kept)),
        expect_quarantine=tuple(_rows_of(tried.quarantined)) or None,
    )
    try:
        result = run_unit_test(expected, source.graph, columns, session)
    finally:
        session.close()
    if not result.passed:
        raise LakeError(
            "LW196",
            f"{test.table} gives other rows each time, so no test can expect them",
            source.step.where,
            hint="name only the columns that stay: write the test by hand",
        )


def _text(test: UnitTest, tried: TriedRows, release: Release) -> str:
    document = {
        "table": str(test.table),
        "name": test.name,
        "rules": None if test.rules else False,
        "now": test.now.isoformat() if test.now else None,
        "given": {
            str(name): [dict(row) for row in _written(given)] for name, given in test.given.items()
        },
        "expect": _rows_of(tried.kept),
        "expect_quarantine": _rows_of(tried.quarantined),
    }
    return (
        f"# Created by `lakewright test --create` from release {release.release} of"
        f" {release.environment}.\n{write_yaml(document)}"
    )


def _written(given: Given) -> tuple[Row, ...]:
    assert isinstance(given, GivenRows), "a created test gives rows as they are"
    return given.rows


def _rows_of(table: pa.Table) -> list[dict[str, Any]]:
    rows = table.to_pylist(maps_as_pydicts="lossy")
    return sorted(({k: _plain(v) for k, v in row.items()} for row in rows), key=repr)


def _plain(value: Any) -> Any:
    """A value as a test's file holds it."""
    match value:
        case Decimal() | datetime():
            return str(value) if isinstance(value, Decimal) else value.isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return value


def _literal(value: Any) -> str:
    return literal(str(value)) if isinstance(value, Decimal) else literal(value)


def _is_ordered(kind: pa.DataType) -> bool:
    return not pa.types.is_nested(kind) and not pa.types.is_binary(kind)


def _refuse(step: Step, path: Path) -> None:
    refuse_without_rows(step, step.where)
    if path.exists():
        raise RefusedError(
            "LW194", f"{path} is there already", hint="move it, or add the test to it by hand"
        )


def _tell(common: Common, streams: Streams, path: str, test: UnitTest, tried: TriedRows) -> None:
    given = {
        str(name): len(rows.rows)
        for name, rows in test.given.items()
        if isinstance(rows, GivenRows)
    }
    if common.json:
        document = {
            "format_version": FORMAT_VERSION,
            "path": path,
            "table": str(test.table),
            "given": given,
            "expect": tried.kept.num_rows,
            "expect_quarantine": tried.quarantined.num_rows,
        }
        streams.answer(render_json(document))
        return
    counted = ", ".join(f"{name} {number}" for name, number in given.items())
    apart = f", {tried.quarantined.num_rows} set apart" if tried.quarantined.num_rows else ""
    streams.answer(
        f"Wrote {path}: {counted} -> {tried.kept.num_rows} rows of {test.table}{apart}.\n"
        f"Read it before you keep it: it says what the query gives, not what it should give.\n"
    )
