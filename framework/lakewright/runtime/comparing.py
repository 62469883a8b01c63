"""Compares tables of two releases; only counts and a few rows leave the engine.

Equal versions are told apart without reading. Other tables are bound twice in one session, each
side under names of its own and with the views that the side has, and joined by their key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from lakewright.engines.port import Engine, Session, SqlRows
from lakewright.graph import Graph
from lakewright.lake import Entry, Field, FileListing, InputVersion, Lake, Pin, Release, SourceHead
from lakewright.names import TableName
from lakewright.runtime.binding import Binder
from lakewright.runtime.comparison import (
    Compared,
    Comparison,
    buckets_for,
    compared,
    split_columns,
)
from lakewright.runtime.differences import (
    MASK,
    ChangedRow,
    ColumnMatch,
    Diff,
    Retyped,
    RowDiff,
    SampleRow,
    Samples,
    SchemaDiff,
    Status,
    TableDiff,
)
from lakewright.runtime.hiding import Hidden, hidden_columns, is_hidden
from lakewright.runtime.reading import as_released

MOST_ROWS = 5_000_000  # of one side; larger tables are compared by a sample of about as many


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a release, its compiled code, and where the sources are."""

    label: str
    release: Release
    graph: Graph
    inputs: Mapping[TableName, SourceHead | FileListing] = field(default_factory=dict)

    def entry(self, table: TableName) -> Entry | None:
        return self.release.tables.get(table)


@dataclass(frozen=True, slots=True)
class Scope:
    """How to compare. `key` replaces the released one; `limit` is per sort of sample row."""

    key: tuple[str, ...] = ()
    limit: int = 5
    most_rows: int = MOST_ROWS


def compare_sides(
    engine: Engine,
    lake: Lake,
    left: Side,
    right: Side,
    *,
    tables: Sequence[TableName],
    scope: Scope = Scope(),
) -> Diff:
    """What is different between two sides in `tables`; each is in one of them at least."""
    with _opened(engine, lake, left, right) as desk:
        found = tuple(_compare_table(desk, table, scope) for table in tables)
    return Diff(left.label, right.label, found)


def is_same(left: Release, right: Release, table: TableName) -> bool:
    """Whether both name the table at an equal version; a view: equal code over equal versions."""
    before, after = left.tables.get(table), right.tables.get(table)
    if before is None or after is None:
        return before is after
    if before.location or after.location:
        return _version(before) == _version(after)
    if (before.code, before.sql, before.clock) != (after.code, after.sql, after.clock):
        return False
    inner = [name for name in before.inputs if _is_view(left, name)]
    return _stored_inputs(before, inner) == _stored_inputs(after, inner) and all(
        is_same(left, right, name) for name in inner
    )


def _is_view(release: Release, table: TableName) -> bool:
    return table in release.tables and release.tables[table].kind == "view"


def _stored_inputs(entry: Entry, views: Sequence[TableName]) -> dict[TableName, InputVersion]:
    """A view's own number says in which release it changed, not what it shows."""
    return {name: used for name, used in entry.inputs.items() if name not in views}


def _version(entry: Entry) -> tuple[str, str, str, int]:
    return entry.base, entry.location, entry.table_id, entry.data_version


@dataclass(slots=True)
class _Desk:
    """Both sides in one session, which is opened when a table must be read."""

    engine: Engine
    lake: Lake
    left: Side
    right: Side
    _session: Session | None = None
    _binders: dict[str, Binder] = field(default_factory=dict)
    _hidden: tuple[Hidden, ...] | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self.engine.session()
        return self._session

    def relation(self, name: str, table: TableName) -> str:
        """The relation of a table as the side of that name has it."""
        side = self.left if name == "left" else self.right
        if name not in self._binders:
            names = _Names(self.session, name)
            inputs = as_released(side.release, side.inputs)
            self._binders[name] = Binder(names, side.graph, self.lake, side.release.tables, inputs)
        return self._binders[name].relation(table)

    def hides(self, table: TableName, column: str) -> bool:
        """Whether either side says that values of the column are never shown."""
        if self._hidden is None:
            self._hidden = tuple(hidden_columns(side.graph) for side in (self.left, self.right))
        return any(is_hidden(hidden, table, column) for hidden in self._hidden)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of one side in a session that both share."""

    session: Session
    side: str

    def bind(self, table: TableName, pin: Pin) -> None:
        self.session.bind(self._mine(table), pin)

    def bind_view(self, table: TableName, rows: SqlRows) -> None:
        self.session.bind_view(self._mine(table), rows)

    def relation(self, table: TableName) -> str:
        return self.session.relation(self._mine(table))

    def _mine(self, table: TableName) -> TableName:
        return TableName(table.schema, f"{table.table}__{self.side}")


@contextmanager
def _opened(engine: Engine, lake: Lake, left: Side, right: Side) -> Iterator[_Desk]:
    desk = _Desk(engine, lake, left, right)
    try:
        yield desk
    finally:
        desk.close()


def _compare_table(desk: _Desk, table: TableName, scope: Scope) -> TableDiff:
    before, after = desk.left.entry(table), desk.right.entry(table)
    if before is None or after is None:
        assert before is not after, f"{table} is on neither side"
        return TableDiff(table, "added" if before is None else "removed", before, after)
    if is_same(desk.left.release, desk.right.release, table):
        schema = _schema_diff(before.schema, after.schema)
        return TableDiff(table, "changed" if schema else "same", before, after, schema)
    left, right = desk.relation("left", table), desk.relation("right", table)
    fields = (_fields(desk, before, left), _fields(desk, after, right))
    schema = _schema_diff(*fields)
    columns, notes = _columns(*fields, lambda column: desk.hides(table, column))
    key = scope.key or _key(table, desk)
    rows, more = _compare_rows(desk.session, Comparison(left, right, columns), key, scope)
    status: Status = "unchanged" if rows.equal and not schema else "changed"
    return TableDiff(table, status, before, after, schema, rows, (*notes, *more))


def _key(table: TableName, desk: _Desk) -> tuple[str, ...]:
    step = desk.right.graph.steps.get(table) or desk.left.graph.steps.get(table)
    return step.key if step else ()


def _fields(desk: _Desk, entry: Entry, relation: str) -> tuple[Field, ...]:
    """The columns of a table; of a view, as the engine tells them."""
    if entry.location and entry.schema:
        return entry.schema
    return desk.session.analyse(SqlRows(f"SELECT * FROM {relation}"))


def _schema_diff(left: Sequence[Field], right: Sequence[Field]) -> SchemaDiff:
    both, added, removed = split_columns(left, right)
    retyped = [Retyped(new.name, old.type, new.type) for old, new in both if old.type != new.type]
    return SchemaDiff(tuple(added), tuple(removed), tuple(retyped))


def _columns(
    left: Sequence[Field], right: Sequence[Field], hides: Callable[[str], bool]
) -> tuple[tuple[Compared, ...], list[str]]:
    """The columns to compare, and a note for each that cannot be."""
    both, _, _ = split_columns(left, right)
    found, notes = [], []
    for old, new in both:
        column = compared(old, new, hidden=hides(new.name))
        if column is not None:
            found.append(column)
        else:
            types = old.type if old.type == new.type else f"{old.type} and {new.type}"
            notes.append(f"{new.name} is not compared: {types}")
    return tuple(found), notes


def _compare_rows(
    session: Session, both: Comparison, key: tuple[str, ...], scope: Scope
) -> tuple[RowDiff, list[str]]:
    """Counts and samples; by the key where it tells rows apart, else whole rows."""
    totals = session.measure(
        {side: f"SELECT count(*) FROM {getattr(both, side)}" for side in ("left", "right")}
    )
    empty = RowDiff(totals["left"], totals["right"])
    if not both.columns:
        return empty, ["no column can be compared on both sides"]
    both, notes = _keyed(both, key)
    buckets = buckets_for(max(totals.values()), scope.most_rows)
    both = replace(both, buckets=buckets) if both.hashed else both
    if both.keys:
        flaws = _told_flaws(session.measure(both.flaws()))
        if flaws:
            notes.append(f"key {', '.join(key)} {flaws}: whole rows are compared")
            both = replace(both, keys=0)
    counted = {name: int(it) for name, it in session.fetch(both.counts()).to_pylist()[0].items()}
    return _told(session, both, empty, counted, scope), notes


def _keyed(both: Comparison, key: tuple[str, ...]) -> tuple[Comparison, list[str]]:
    """The comparison with its key columns first, if both sides have all of them."""
    if not key:
        return both, []
    names = {column.name.lower(): column for column in both.columns}
    missing = [name for name in key if name.lower() not in names]
    if missing:
        told = f"key column {', '.join(missing)} is not on both sides: whole rows are compared"
        return both, [told]
    keys = [names[name.lower()] for name in key]
    others = [column for column in both.columns if column not in keys]
    return replace(both, columns=(*keys, *others), keys=len(keys)), []


def _told_flaws(counted: Mapping[str, int]) -> str:
    """What keeps the key from telling rows apart, "" when nothing does."""
    found = []
    for side in ("left", "right"):
        twice, absent = counted[f"{side}_twice"], counted[f"{side}_null"]
        if twice:
            found.append(f"has {_many(twice, 'value')} more than once on the {side}")
        if absent:
            found.append(f"is NULL in {_many(absent, 'row')} on the {side}")
    return " and ".join(found)


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _told(
    session: Session, both: Comparison, empty: RowDiff, counted: Mapping[str, int], scope: Scope
) -> RowDiff:
    keyed = both.columns[: both.keys]
    changed, same = counted.get("changed", 0), counted["same"]
    matches = tuple(
        ColumnMatch(column.name, same + changed, counted[f"d{both.keys + at}"])
        for at, column in enumerate(both.columns[both.keys :] if keyed else ())
    )
    return replace(
        empty,
        key=tuple(column.name for column in keyed),
        left_only=counted["left_only"],
        right_only=counted["right_only"],
        changed=changed,
        same=same,
        columns=matches,
        share=both.share,
        samples=_samples(session, both, counted, scope.limit),
    )


def _samples(session: Session, both: Comparison, counted: Mapping[str, int], limit: int) -> Samples:
    """Rows of each sort that there are; one query a sort."""
    if not limit:
        return Samples()
    left, right = (
        tuple(_one_sided(both, row) for row in session.fetch(both.only(side, limit)).to_pylist())
        if counted[f"{side}_only"]
        else ()
        for side in ("left", "right")
    )
    changed = session.fetch(both.changed(limit)).to_pylist() if counted.get("changed") else []
    return Samples(left, right, tuple(_changed(both, row) for row in changed))


def _one_sided(both: Comparison, row: Mapping[str, Any]) -> SampleRow:
    return SampleRow(_values(both, row, range(len(both.columns))), int(row["times"]))


def _changed(both: Comparison, row: Mapping[str, Any]) -> ChangedRow:
    changes: dict[str, tuple[Any, Any]] = {}
    for at in range(both.keys, len(both.columns)):
        column = both.columns[at]
        if row[f"d{at}"]:
            pair = (MASK, MASK) if column.hidden else (row[f"a{at}"], row[f"b{at}"])
            changes[column.name] = pair
    return ChangedRow(_values(both, row, range(both.keys)), changes)


def _values(both: Comparison, row: Mapping[str, Any], columns: range) -> dict[str, Any]:
    found = {}
    for at in columns:
        column = both.columns[at]
        found[column.name] = MASK if column.hidden else row[f"c{at}"]
    return found
