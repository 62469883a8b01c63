"""A release as the objects that should stand in a catalog: each closed in itself, at its versions.

A view over a view holds the inner query too, and names no other object of the catalog: whatever
moves first, each object shows one release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from lakewright.engines.catalogs import CatalogTable, CatalogView, ObjectName
from lakewright.errors import LakeError
from lakewright.graph import Graph, SqlTransform
from lakewright.lake import Entry, InputVersion, Lake, LakeState, Release
from lakewright.names import TableName, quote
from lakewright.plans import compile_released, served_names
from lakewright.runtime.binding import released_parameters
from lakewright.specs import DeltaInput, ServeSpec

Wanted = CatalogView | CatalogTable
LAKE, ENVIRONMENT = "lakewright.lake", "lakewright.environment"
RELEASE, VERSION = "lakewright.release", "lakewright.version"
TABLE, MARK = "lakewright.table", "lakewright.mark"


@dataclass(frozen=True, slots=True)
class Projection:
    """What should stand where; tables come before views. `left_out`: table -> why it is not."""

    objects: Mapping[ObjectName, Wanted]
    left_out: Mapping[TableName, str] = field(default_factory=dict)


def project_release(
    lake: Lake, release: Release, spec: ServeSpec, resolve: Callable[[str], str]
) -> Projection:
    """The objects of a release. `resolve` makes a source's written location absolute.

    LakeError LW533 when a table is not the one that was released.
    """
    kinds = {name: entry.kind for name, entry in release.tables.items()}
    names = served_names(spec, kinds, release.environment)
    views = sorted(name for name in names if kinds[name] == "view")
    graph = _graph_of(lake, release) if views else None
    projector = _Projector(lake, lake.info().lake_id, release, graph, resolve)
    objects: dict[ObjectName, Wanted] = {}
    left_out: dict[TableName, str] = {}
    for table in (*sorted(set(names) - set(views)), *views):
        name, entry = ObjectName(*names[table]), release.tables[table]
        try:
            objects[name] = projector.object_of(name, entry, heads=spec.mode == "table")
        except _LeftOutError as left:
            left_out[table] = str(left)
    return Projection(objects, left_out)


class _LeftOutError(Exception):
    """A table that is not served, and why: nothing is broken."""


@dataclass(frozen=True, slots=True)
class _Projector:
    lake: Lake
    lake_id: str
    release: Release
    graph: Graph | None
    resolve: Callable[[str], str]

    def object_of(self, name: ObjectName, entry: Entry, *, heads: bool) -> Wanted:
        if entry.kind == "view":
            return self._view(name, entry)
        _refuse_hidden(entry.base, "lies in another lake")
        pin = self.lake.verify_pin(entry)
        if heads:
            if entry.base or not entry.location.startswith(f"{self.release.environment}/"):
                raise _LeftOutError("it is borrowed until it is first written here")
            return CatalogTable(name, pin.location)
        definition = self.lake.tables.at(pin.location, pin.version).definition
        columns = ", ".join(quote(item.name) for item in definition.fields)
        sql = f"SELECT {columns} FROM {_pinned(pin.location, pin.version)}"
        return self._stamped(
            CatalogView(name, sql, definition.fields, definition.description, {}), entry
        )

    def _view(self, name: ObjectName, entry: Entry) -> CatalogView:
        assert self.graph is not None
        description = self.graph.steps[entry.table].description
        sql = self._text(entry.table)
        return self._stamped(CatalogView(name, sql, entry.schema, description, {}), entry)

    def _stamped(self, view: CatalogView, entry: Entry) -> CatalogView:
        facts = (view.sql, view.comment, *((f.name, f.type, f.comment) for f in view.fields))
        properties = {
            LAKE: self.lake_id,
            ENVIRONMENT: self.release.environment,
            RELEASE: str(self.release.release),
            VERSION: str(entry.version),
            TABLE: str(entry.table),
            MARK: hashlib.sha256(repr(facts).encode()).hexdigest()[:32],
        }
        return CatalogView(view.name, view.sql, view.fields, view.comment, properties)

    def _text(self, table: TableName) -> str:
        """The released query of a view with all it reads spliced in."""
        assert self.graph is not None
        step, entry = self.graph.steps[table], self.release.tables[table]
        assert isinstance(step.transform, SqlTransform)
        return step.transform.render(
            lambda name: self._relation(entry, name), released_parameters(step, entry)
        )

    def _relation(self, view: Entry, name: TableName) -> str:
        """An input at the version that the view was checked with."""
        entry = self.release.tables[name]
        if entry.kind == "view":
            return f"(\n{self._text(name)}\n)"  # a comment may end the inner text
        _refuse_hidden(entry.base, f"reads {name}")
        used = view.inputs.get(name, InputVersion(entry.table_id, entry.data_version))
        if entry.kind == "source":
            return _pinned(self._source(name), used.version)
        if used == InputVersion(entry.table_id, entry.data_version):
            pin = self.lake.verify_pin(entry)
            return _pinned(pin.location, pin.version)
        return _pinned(self._place_of(view, name, used), used.version)

    def _source(self, name: TableName) -> str:
        assert self.graph is not None
        written = next(
            one.location
            for one in self.graph.inputs
            if one.table == name and isinstance(one, DeltaInput)
        )
        _refuse_hidden(written, f"reads {name}")
        return self.resolve(written)

    def _place_of(self, view: Entry, name: TableName, used: InputVersion) -> str:
        """Where the input was when the view was released: a table may have moved since."""
        for release in self._since(view):
            entry = release.tables.get(name)
            if entry is not None and entry.table_id == used.table_id:
                return self.lake.pin(entry).location
        raise LakeError(
            "LW533",
            f"{view.table} reads a version of {name} that no release names any more",
            hint="`lakewright apply --full` publishes the view over what is there now",
        )

    def _since(self, view: Entry) -> Iterator[Release]:
        """The release itself, then those from the view's own on."""
        yield self.release
        for number in range(view.version, self.release.release):
            try:
                yield self.lake.release(self.release.environment, number)
            except LakeError:
                continue  # collected, or of another environment: it cannot be asked


def _refuse_hidden(written: str, told: str) -> None:
    """A place that was written as a reference is not put where all can read it."""
    if "${" in written:
        raise _LeftOutError(f"it {told}, and a catalog would show what {written} stands for")


def _graph_of(lake: Lake, release: Release) -> Graph:
    """The released code, compiled through the same guards as for a refresh."""
    digests = sorted({entry.code for entry in release.tables.values() if entry.code})
    code = {digest: lake.code(release.environment, digest) for digest in digests}
    state = LakeState(
        lake.uri, lake.info().lake_id, release.environment, False, release, {}, code=code
    )
    return compile_released(state)


def _pinned(location: str, version: int) -> str:
    return f"delta.{quote(location)} VERSION AS OF {version}"
