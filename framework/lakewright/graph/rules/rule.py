"""What a rule is: a name, the class that decides what is legal, a function that drafts checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lakewright.errors import Place, SpecError
from lakewright.graph.near import listed, near_hint
from lakewright.graph.relations import KnownTables
from lakewright.graph.scopes import Types
from lakewright.graph.values import KeepTest, ReferenceTest, TableTest
from lakewright.names import TableName, is_column_name
from lakewright.specs import ExpectSpec

Group = Literal["row", "reference", "unique", "table"]


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule with all it may look at. `only_where` is checked SQL; columns: None while unknown."""

    table: TableName
    expect: ExpectSpec
    where: Place
    columns: Types | None
    tables: Mapping[TableName, Types | None]
    known: KnownTables
    only_where: str | None = None

    def fail(self, message: str, hint: str = "", *, code: str = "LW231", at: str = "") -> SpecError:
        """The error to raise about this rule; `at` is the dotted key in it that is wrong."""
        return SpecError(code, f"{self.expect.rule}: {message}", self.place(at), hint=hint)

    def place(self, at: str) -> Place:
        """Where `at` stands, a dotted key of the argument or an option; else the rule."""
        return self.expect.places.get(at, self.where)


@dataclass(frozen=True, slots=True)
class RowDraft:
    """A condition on one row. `passes` is SQL; NULL passes unless the rule says `nulls: fail`."""

    columns: tuple[str, ...]
    passes: str
    sentence: str
    constrains: bool = False  # a Delta CHECK can hold it, with one meaning on every engine


@dataclass(frozen=True, slots=True)
class TestDraft:
    """A test that is more than a condition on one row."""

    columns: tuple[str, ...]
    test: ReferenceTest | KeepTest | TableTest
    sentence: str


Draft = RowDraft | TestDraft


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of expectation. `draft` raises SpecError for an argument it cannot read."""

    name: str
    group: Group
    draft: Callable[[WrittenRule], Sequence[Draft]]
    nulls: bool = False  # whether `nulls: fail` means something


def read_mapping(
    written: WrittenRule, required: Sequence[str], optional: Sequence[str] = ()
) -> Mapping[str, Any]:
    """The argument as a mapping with exactly these keys; raises LW231."""
    argument = written.expect.argument
    shape = "{" + ", ".join(f"{key}: ..." for key in (*required, *optional)) + "}"
    if not isinstance(argument, Mapping):
        raise written.fail("needs a mapping", f"write {shape}")
    for key in argument:
        if key not in required and key not in optional:
            hint = near_hint(str(key), [*required, *optional], f"write {shape}")
            raise written.fail(f"`{key}` is not one of its keys", hint, at=f"key {key}")
    for key in required:
        if key not in argument:
            raise written.fail(f"`{key}` is missing", f"write {shape}")
    return argument


def read_column(written: WrittenRule, value: object, at: str = "column") -> str:
    """A column of the table, lower case; raises LW231 or LW218."""
    if not isinstance(value, str) or not is_column_name(value):
        raise written.fail(f"`{value}` is not a column name", at=at)
    name = value.lower()
    if written.columns is not None and name not in written.columns:
        raise written.fail(
            f"{written.table} has no column `{name}`",
            near_hint(name, written.columns, f"columns are {listed(written.columns)}"),
            code="LW218",
            at=at,
        )
    return name


def read_columns(written: WrittenRule, value: object, at: str = "") -> tuple[str, ...]:
    """One column or a list of them, each once; raises LW231 or LW218."""
    if isinstance(value, str):
        return (read_column(written, value, at),)
    if not isinstance(value, Sequence) or not value:
        raise written.fail("needs a column or a list of columns")
    inside = f"{at}." if at else ""
    names = tuple(read_column(written, item, f"{inside}{i}") for i, item in enumerate(value))
    if len(set(names)) != len(names):
        raise written.fail("names a column twice")
    return names
