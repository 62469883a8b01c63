"""`diff`: what is different between two releases, environments or versions. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Literal, cast, get_args

from lakewright.cli.choosing import refuse_collected, released_graph
from lakewright.cli.engine import OnDemand
from lakewright.cli.options import Common
from lakewright.cli.sides import Chosen, choose_sides
from lakewright.cli.streams import Streams
from lakewright.cli.workspace import Workspace, existing_lake, locator, open_workspace
from lakewright.engines import Engine, find_engine
from lakewright.errors import UsageError
from lakewright.graph import Graph
from lakewright.graph import select as select_tables
from lakewright.lake import FileListing, Lake, SourceHead
from lakewright.names import TableName
from lakewright.observe import render_json
from lakewright.observe.diffs import diff_document, render_diff, render_markdown
from lakewright.runtime.comparing import MOST_ROWS, Scope, Side, compare_sides, is_same
from lakewright.runtime.differences import Diff
from lakewright.specs import DeltaInput

DIFFERENT = 3  # the exit code of `diff --detailed-exitcode`

DiffFormat = Literal["text", "json", "markdown"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare and how, as the command line says it."""

    words: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    as_of: str | None = None
    key: str | None = None
    limit: int = 5
    sample: int | None = None
    form: str = "text"

    @property
    def written(self) -> str | None:
        """The word with `..` in it."""
        ranges = [word for word in self.words if ".." in word]
        if len(ranges) > 1:
            raise UsageError("LW374", f"two ranges were said: {' and '.join(ranges)}")
        return ranges[0] if ranges else None

    @property
    def tables(self) -> tuple[TableName, ...]:
        names = (word for word in self.words if ".." not in word)
        return tuple(TableName.of(name.strip().lower()) for name in names)

    def scope(self) -> Scope:
        key = tuple(part.strip() for part in (self.key or "").split(",") if part.strip())
        return Scope(key, self.limit, self.sample or MOST_ROWS)


def diff_releases(common: Common, asked: Asked, *, detailed: bool) -> int:
    """`diff`: exit 0 whether or not there are differences; with `detailed` 3 when there are."""
    streams = Streams.of(common)
    form = _form("json" if common.json else asked.form)
    space = open_workspace(common)
    lake = existing_lake(space)
    left, right = choose_sides(space, lake, asked.written, asked.as_of, asked.tables)

    def start() -> Engine:
        return find_engine(space.engine, conf=space.conf, tell=streams.tell, announce=True)

    found = _compare(space, lake, (left, right), asked, start)
    texts: Mapping[DiffFormat, Callable[[], str]] = {
        "text": lambda: render_diff(found, color=streams.color, verbose=common.verbose),
        "json": lambda: render_json(diff_document(found)),
        "markdown": lambda: render_markdown(found),
    }
    streams.answer(texts[form]())
    return DIFFERENT if detailed and found.differs else 0


def _compare(
    space: Workspace,
    lake: Lake,
    sides: tuple[Chosen, Chosen],
    asked: Asked,
    start: Callable[[], Engine],
) -> Diff:
    left, right = sides
    names = _tables(left, right, asked)
    _check_key(asked, names, left, right)
    read = [
        name
        for name in names
        if name in left.release.tables
        and name in right.release.tables
        and not is_same(left.release, right.release, name)
    ]
    now = datetime.now(UTC)
    for side in sides:
        refuse_collected(side.home, side.release, read, now)
    opened = [_side(space, lake, side, read) for side in sides]
    with closing(OnDemand(space.engine, start)) as engine:
        return compare_sides(engine, lake, *opened, tables=names, scope=asked.scope())


def _side(space: Workspace, lake: Lake, chosen: Chosen, read: Sequence[TableName]) -> Side:
    """The side with its compiled code, which only tables that are read need."""
    if not read:
        return Side(chosen.label, chosen.release, Graph("", {}, (), {}, "UTC", 0))
    graph = released_graph(chosen.home, chosen.release)
    return Side(chosen.label, chosen.release, graph, _sources(space, lake, graph, read))


def _sources(
    space: Workspace, lake: Lake, graph: Graph, read: Sequence[TableName]
) -> Mapping[TableName, SourceHead | FileListing]:
    """Where the sources are that the views among `read` need."""
    needed: set[TableName] = set()
    todo = [name for name in read if name in graph.steps and graph.steps[name].kind == "view"]
    while todo:
        for name in graph.steps[todo.pop()].reads:
            if name not in needed:
                needed.add(name)
                todo += [name] if graph.steps[name].kind == "view" else []
    inputs = [one for one in graph.inputs if isinstance(one, DeltaInput) and one.table in needed]
    return lake.state(space.environment, inputs, resolve=locator(space)).inputs if inputs else {}


def _tables(left: Chosen, right: Chosen, asked: Asked) -> tuple[TableName, ...]:
    """The tables to compare, by name: those asked for, else all without companions and sources."""
    entries = {**left.release.tables, **right.release.tables}
    if asked.tables:
        for name in asked.tables:
            _check_table(name, left, right)
        return tuple(sorted(set(asked.tables)))
    names = {n for n, entry in entries.items() if n == n.group and entry.kind != "source"}
    if asked.select:
        names &= _selected(left, right, asked.select)
    return tuple(sorted(names))


def _selected(left: Chosen, right: Chosen, select: Sequence[str]) -> set[TableName]:
    before, after = left.release.tables, right.release.tables

    def modified() -> set[TableName]:
        return {name for name in after if name not in before or before[name].own != after[name].own}

    graph = released_graph(right.home, right.release)
    return set(select_tables(graph, select, (), modified))


def _check_table(name: TableName, left: Chosen, right: Chosen) -> None:
    entries = {**left.release.tables, **right.release.tables}
    if name not in entries:
        near = get_close_matches(str(name), sorted(map(str, entries)), n=3)
        raise UsageError(
            "LW304",
            f"neither {left.label} nor {right.label} has a table `{name}`",
            hint=f"did you mean {' or '.join(near)}?" if near else "lakewright status lists all",
        )
    if entries[name].kind == "source":
        raise UsageError(
            "LW375",
            f"{name} is a source: its rows are not released, only the version that was read",
            hint="compare a table that reads it",
        )


def _check_key(asked: Asked, names: Sequence[TableName], left: Chosen, right: Chosen) -> None:
    """UsageError LW377 unless --key names columns that one table has on both sides."""
    key = asked.scope().key
    if not key:
        return
    if len(names) != 1:
        raise UsageError(
            "LW377",
            f"--key is the key of one table, and {len(names)} would be compared",
            hint="name the table: lakewright diff 41..42 silver.orders --key id",
        )
    for side in (left, right):
        entry = side.release.tables.get(names[0])
        known = [field.name.lower() for field in entry.schema] if entry else []
        missing = [column for column in key if column.lower() not in known]
        if known and missing:
            raise UsageError(
                "LW377",
                f"{names[0]} of {side.label} has no column {', '.join(missing)}",
                hint=f"it has {', '.join(known)}",
            )


def _form(text: str) -> DiffFormat:
    if text not in get_args(DiffFormat):
        raise UsageError("LW303", f"--format {text} is not a format", hint="text, json or markdown")
    return cast("DiffFormat", text)
