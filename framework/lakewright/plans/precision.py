"""Which readers of a changed table may stay as they are, because they read no changed column.

Sound by the argument of decision 0010: where anything is not known, a reader is affected.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lakewright.errors import LakewrightError
from lakewright.graph import Check, Graph, KeepTest, ReferenceTest, RowTest, SqlTransform, Step
from lakewright.graph.fingerprints import acting_rules
from lakewright.lake import Entry, InputVersion, LakeState, SourceHead
from lakewright.names import TableName
from lakewright.plans.released import compile_closure
from lakewright.plans.values import BuildTable, Change, PublishView

_CODE = {"code", "upstream", "metadata"}  # reasons that leave all rows of inputs as they were


@dataclass(frozen=True, slots=True)
class Moved:
    """What is different in a table whose rows are the same ones. Columns in lower case.

    `values`: they may hold other values, come or go. `names`: those of them that come or go.
    """

    values: frozenset[str]
    names: frozenset[str]


class Precision:
    """Answers for one plan. Released code is compiled when first needed, and only what changed."""

    def __init__(self, graph: Graph, state: LakeState) -> None:
        self._graph = graph
        self._state = state
        self._entries: Mapping[TableName, Entry] = state.release.tables if state.release else {}
        self._released: Mapping[TableName, Step] | None = None
        self._moved: dict[TableName, Moved | None] = {}

    def edited(self, step: Step, entry: Entry) -> tuple[str, ...]:
        """The columns that an edit of the table's own code gives other values; () if unknown."""
        before = self._before(step, entry)
        values = None if before is None else _code_changes(before, step, frozenset())
        if values is None or before is None:
            return ()
        return tuple(sorted(values - _names(before, step, values)))

    def read_of(
        self, step: Step, entry: Entry, name: TableName, moving: Mapping[TableName, Change]
    ) -> tuple[str, ...] | None:
        """The changed columns of `name` that `step` reads; None when any may be among them.

        () only if the released rows of `step` are what its code makes of the changed input, too.
        """
        moved = self._columns_of(name, moving)
        if moved is None or not self._is_current(entry, name):
            return None
        if not moved.values:
            return ()
        read = _read_columns(step, name)
        if read is None or _says(step, moved.names):
            return None
        return tuple(sorted(read & moved.values))

    def _columns_of(self, name: TableName, moving: Mapping[TableName, Change]) -> Moved | None:
        if name not in self._moved:
            self._moved[name] = self._find(moving[name], moving)
        return self._moved[name]

    def _find(self, change: Change, moving: Mapping[TableName, Change]) -> Moved | None:
        """What a change does to its table's columns; None when to its rows, or when unknown."""
        if not isinstance(change, BuildTable | PublishView) or change.before is None:
            return None
        step, entry = change.step, change.before
        if {reason.kind for reason in change.reasons} - _CODE:
            return None
        before = self._before(step, entry)
        touched = self._touched(step, entry, moving)
        if before is None or touched is None or not _is_comparable(before, step):
            return None
        values = _code_changes(before, step, touched)
        if values is None or _rules_use(step, values | touched):
            return None
        return Moved(values, _names(before, step, values))

    def _touched(
        self, step: Step, entry: Entry, moving: Mapping[TableName, Change]
    ) -> frozenset[str] | None:
        """The changed columns of all inputs; None unless they are otherwise as they were."""
        found = frozenset[str]()
        for name in deciding(step):
            change = moving.get(name)
            if not self._is_current(entry, name):
                return None
            if change is None or change.action == "alter":
                continue
            moved = self._columns_of(name, moving)
            if moved is None:
                return None
            found |= moved.values
        return found

    def _is_current(self, entry: Entry, name: TableName) -> bool:
        """Whether the entry was made by us, from what is released of `name` (or exactly there)."""
        used, head = entry.inputs.get(name), self._state.inputs.get(name)
        if used is None or not entry.engine:
            return False  # rows that were adopted are not known to be those of the query
        if isinstance(head, SourceHead):
            # A commit that changed no data may have changed columns.
            return used == InputVersion(head.table_id, head.version)
        return used == current_version(self._state, name)

    def _before(self, step: Step, entry: Entry) -> Step | None:
        """The table as its released code compiles; None where it does not any more."""
        if entry.own == step.fingerprint.own:
            return step
        if not isinstance(step.transform, SqlTransform):
            return None  # only queries are looked into
        if self._released is None:
            changed = [
                name
                for name, one in self._graph.steps.items()
                if isinstance(one.transform, SqlTransform)
                and name in self._entries
                and self._entries[name].code
                and self._entries[name].own != one.fingerprint.own
            ]
            try:
                self._released = compile_closure(self._state, changed).steps
            except LakewrightError:
                # Code of another time, or not to be had: every change may be one of rows.
                self._released = {}
        return self._released.get(step.name)


def deciding(step: Step) -> tuple[TableName, ...]:
    """The tables that decide which rows `step` holds: what it reads, and foreign keys that act."""
    acting = {
        check.test.to
        for check in step.checks
        if isinstance(check.test, ReferenceTest) and check.on_fail != "warn"
    }
    return tuple(name for name in step.upstream if name in step.reads or name in acting)


def current_version(state: LakeState, name: TableName) -> InputVersion | None:
    """What a table built now would note of `name`; None for a source that is not there."""
    head = state.inputs.get(name)
    if isinstance(head, SourceHead):
        return None if head.missing else InputVersion(head.table_id, head.data_version)
    released = state.release.tables.get(name) if state.release else None
    return InputVersion(released.table_id, released.data_version) if released else None


def _is_comparable(before: Step, after: Step) -> bool:
    """Whether only the query may make a difference, and the same one gives the same rows again."""
    shared = before.vars.keys() & after.vars.keys()
    return (
        before.kind == after.kind
        and before.deterministic
        and after.deterministic
        and deciding(before) == deciding(after)
        and acting_rules(before.checks) == acting_rules(after.checks)
        and all(before.vars[name] == after.vars[name] for name in shared)
    )


def _code_changes(before: Step, after: Step, touched: frozenset[str]) -> frozenset[str] | None:
    # A parser is only loaded for plans that change code.
    from lakewright.graph.rewrites import changed_columns

    values = changed_columns(before, after, touched)
    return None if values is None else values | _retyped(before, after)


def _retyped(before: Step, after: Step) -> frozenset[str]:
    """Columns whose declared type is another one, or is not declared any more."""
    one, two = ({it.name: it.type for it in step.declared if it.type} for step in (before, after))
    return frozenset(name for name in one.keys() | two.keys() if one.get(name) != two.get(name))


def _names(before: Step, after: Step, values: frozenset[str]) -> frozenset[str]:
    """Of the changed columns those that come or go; all of them where that is not known."""
    if before.columns is None or after.columns is None:
        return values
    one, two = ({column.name for column in step.columns or ()} for step in (before, after))
    return values - (one & two)


def _rules_use(step: Step, names: frozenset[str]) -> bool:
    """Whether a rule that takes rows away looks at one of the columns."""
    acting = [check for check in step.checks if check.on_fail in {"drop", "quarantine"}]
    return any(_rule_uses(check, names) for check in acting)


def _rule_uses(check: Check, names: frozenset[str]) -> bool:
    from lakewright.graph.rewrites import mentions

    if names.intersection(check.columns):
        return True
    match check.test:
        case RowTest(ok):
            return mentions(ok, names)
        case ReferenceTest() as test:
            where = test.only_where or ""
            return bool(names.intersection(test.to_columns)) or mentions(where, names)
        case KeepTest() as test:
            return mentions(f"{test.order_by}, {test.only_where or ''}", names)
        case _:
            return True


def _read_columns(step: Step, name: TableName) -> frozenset[str] | None:
    """The columns of `name` that decide what `step` holds; None when they are not known."""
    read = set[str]()
    if name in step.reads:
        columns = (step.read_columns or {}).get(name)
        if columns is None:
            return None
        read.update(columns)
    for check in step.checks:
        if isinstance(check.test, ReferenceTest) and check.test.to == name:
            read.update(check.test.to_columns)
    return frozenset(read)


def _says(step: Step, names: Collection[str]) -> bool:
    """Whether the query uses a name that may mean another column when one comes or goes."""
    from lakewright.graph.rewrites import mentions

    return isinstance(step.transform, SqlTransform) and mentions(step.transform.source.text, names)
