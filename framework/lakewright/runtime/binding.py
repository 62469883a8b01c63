"""Makes tables of a release, or of a candidate of one, readable in a session at exact versions."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Protocol

from lakewright.engines.port import SqlRows
from lakewright.errors import LakeError
from lakewright.graph import Graph, SqlTransform, Step
from lakewright.lake import Entry, FileListing, InputVersion, Lake, Pin, SourceHead
from lakewright.names import TableName
from lakewright.runtime.parameters import render_parameters
from lakewright.runtime.run import Run, Vector
from lakewright.specs import DeltaInput

Inputs = Mapping[TableName, SourceHead | FileListing]


class Names(Protocol):
    """The part of a session that gives names to pinned tables and views."""

    def bind(self, table: TableName, pin: Pin) -> None: ...

    def bind_view(self, table: TableName, rows: SqlRows) -> None: ...

    def relation(self, table: TableName) -> str: ...


class Binder:
    """Binds each table once in one session; views bring what they read."""

    def __init__(
        self,
        session: Names,
        graph: Graph,
        lake: Lake,
        vector: Vector,
        inputs: Inputs,
        *,
        fresh: Container[TableName] = (),
    ) -> None:
        self._session = session
        self._graph = graph
        self._lake = lake
        self._vector = vector
        self._inputs = inputs
        self._fresh = fresh
        self._bound: set[TableName] = set()

    def bind(self, name: TableName) -> None:
        """Make `name` readable; LakeError LW440 for a source that is not there."""
        if name in self._bound:
            return
        self._bound.add(name)
        step = self._graph.steps.get(name)
        if step is not None and step.kind == "view":
            self._bind_view(step, self._vector[name])
        else:
            self._session.bind(name, self._pin(name))

    def relation(self, name: TableName) -> str:
        self.bind(name)
        return self._session.relation(name)

    def rows_of(self, step: Step, now: datetime, today: date) -> SqlRows:
        """The step's query over bound inputs, ready to run."""
        assert isinstance(step.transform, SqlTransform)
        parameters = render_parameters(step, now, today)
        return SqlRows(step.transform.render(self.relation, parameters), step.transform)

    def _pin(self, name: TableName) -> Pin:
        head = self._inputs.get(name)
        if isinstance(head, SourceHead):
            if head.missing:
                raise LakeError(
                    "LW440",
                    f"source {name} has no Delta table at `{self._written(name)}`",
                    self._graph.steps[name].where,
                    hint="correct `location`, or create the table",
                )
            return Pin(head.location, head.table_id, head.version)
        entry = self._vector[name]
        # What this run has just written was looked up in the log already.
        return self._lake.pin(entry) if name in self._fresh else self._lake.verify_pin(entry)

    def _bind_view(self, step: Step, entry: Entry) -> None:
        """A view reads the versions its release pinned, also where its inputs have moved since."""
        assert isinstance(step.transform, SqlTransform)
        private = {name: self._private(name, entry) for name in step.reads}
        text = step.transform.render(lambda name: private[name], released_parameters(step, entry))
        self._session.bind_view(step.name, SqlRows(text, step.transform))

    def _private(self, name: TableName, view: Entry) -> str:
        """The relation of a view's input at the version the view was checked with."""
        used = view.inputs.get(name)
        step = self._graph.steps.get(name)
        is_view = step is not None and step.kind == "view"
        if used is None or is_view or used == self._current(name):
            return self.relation(name)
        alias = TableName(name.schema, f"{name.table}__at_{used.version}")
        left = view.borrows.get(str(name))
        location = self._lake.borrowed_uri(left) if left else self._location(name, used)
        self._session.bind(alias, Pin(location, used.table_id, used.version))
        return self._session.relation(alias)

    def _written(self, name: TableName) -> str:
        """The location as the user wrote it, secrets unresolved."""
        return next(
            one.location
            for one in self._graph.inputs
            if one.table == name and isinstance(one, DeltaInput)
        )

    def _current(self, name: TableName) -> InputVersion | None:
        return versions_of([name], self._vector, self._inputs).get(name)

    def _location(self, name: TableName, used: InputVersion) -> str:
        """Where the version is; LakeError LW533 rather than rows of another table."""
        head = self._inputs.get(name)
        if isinstance(head, SourceHead):
            return head.location
        entry = self._vector[name]
        if entry.table_id != used.table_id:
            raise LakeError(
                "LW533",
                f"a view reads a version of {name} that is not in the table of this release",
                hint="`lakewright apply --full` publishes the view over what is there now",
            )
        return self._lake.pin(entry).location


def released_parameters(step: Step, entry: Entry) -> dict[str, str]:
    """The literals of a released query: the clock is the one it was released with."""
    now = datetime.fromisoformat(entry.clock.get("now", "1970-01-01T00:00:00+00:00"))
    today = date.fromisoformat(entry.clock.get("today", "1970-01-01"))
    return render_parameters(step, now.astimezone(UTC), today)


def written_by(run: Run, vector: Vector) -> set[TableName]:
    """The tables of the vector at versions that this run has written."""
    return {name for name, entry in vector.items() if entry.token == run.token(name)}


def versions_used(step: Step, vector: Vector, inputs: Inputs) -> dict[TableName, InputVersion]:
    """What an entry built now has consumed: per input the version that last changed its rows."""
    return versions_of(step.upstream, vector, inputs)


def versions_of(
    names: Iterable[TableName], vector: Vector, inputs: Inputs
) -> dict[TableName, InputVersion]:
    """Per table the version that last changed its rows, as this run pins it."""
    used = {}
    for name in names:
        head = inputs.get(name)
        if isinstance(head, SourceHead):
            used[name] = InputVersion(head.table_id, head.data_version)
        elif name in vector:
            used[name] = InputVersion(vector[name].table_id, vector[name].data_version)
    return used
