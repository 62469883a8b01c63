"""From rules as written to checks: options folded in, named, placed before or after the commit."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakewright.errors import Place, Problem, SpecError
from lakewright.graph.expressions import read_condition
from lakewright.graph.near import listed, near_hint
from lakewright.graph.relations import KnownTables
from lakewright.graph.rules.key import key_checks
from lakewright.graph.rules.legality import check_legal
from lakewright.graph.rules.own import own_rules
from lakewright.graph.rules.registry import RULES
from lakewright.graph.rules.rule import Draft, RowDraft, Rule, WrittenRule
from lakewright.graph.scopes import Types
from lakewright.graph.values import Check, KeepTest, RowTest, TableTest, Test
from lakewright.names import TableName
from lakewright.specs import ExpectSpec, TableSpec, writes

_MAX_NAME = 100
_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_BY_NAME = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class CompiledRules:
    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class OtherRules:
    """Rules of the project that a table may mean; `broken` ones are reported where they are."""

    names: Collection[str]
    broken: Collection[str]


def compile_rules(
    spec: TableSpec,
    columns: Types | None,
    tables: Mapping[TableName, Types | None],
    known: KnownTables,
    *,
    others: OtherRules,
) -> CompiledRules:
    """The checks of a table in the order they are written, the key's first.

    A rule of the project that the table carries with it goes before one of Lakewright.
    """
    rules = {**_BY_NAME, **own_rules(spec.rules)}
    problems: list[Problem] = []
    key, missing = _key(spec, columns)
    problems.extend(missing)
    names = _Names({check.name for check in key})
    checks = list(key)
    for at, expect in enumerate(spec.expect):
        where = rule_place(spec, at)
        if expect.rule in others.broken and expect.rule not in rules:
            continue
        written = WrittenRule(spec.name, expect, where, columns, tables, known)
        try:
            rule = _rule(expect, where, rules, others)
            checks.extend(_compile(spec, rule, written, names))
        except SpecError as error:
            problems.extend(error.problems)
    return CompiledRules(tuple(checks), tuple(problems))


def rule_place(spec: TableSpec, at: int) -> Place:
    """Where the argument of a table's rule stands."""
    expect = spec.expect[at]
    found = spec.places.get(f"expect.{at}.{expect.rule}")
    same_file = found is not None and found.path == expect.where.path
    return found if found is not None and same_file else expect.where


def _key(spec: TableSpec, columns: Types | None) -> tuple[list[Check], list[Problem]]:
    problems = [
        Problem(
            "LW218",
            f"key: {spec.name} has no column `{column}`",
            spec.place(f"key.{at}", "key"),
            hint=near_hint(column, columns or (), f"columns are {listed(columns or ())}"),
        )
        for at, column in enumerate(spec.key)
        if columns is not None and column.lower() not in columns
    ]
    lowered = tuple(column.lower() for column in spec.key)
    return key_checks(lowered, spec.kind, spec.place("key")), problems


def _rule(expect: ExpectSpec, where: Place, rules: Mapping[str, Rule], others: OtherRules) -> Rule:
    rule = rules.get(expect.rule)
    if rule is None:
        names = (*rules, *others.names)
        hint = near_hint(expect.rule, names)
        hint = "write key: [...] beside columns" if expect.rule == "key" else hint
        raise SpecError("LW230", f"there is no rule `{expect.rule}`", where, hint=hint)
    return rule


def _compile(spec: TableSpec, rule: Rule, written: WrittenRule, names: _Names) -> list[Check]:
    expect = written.expect
    illegal = list(check_legal(rule, spec.kind, expect, written.where))
    if illegal:
        raise SpecError.of(illegal)
    if expect.only_where is not None:
        found = read_condition(
            expect.only_where,
            written.table,
            written.columns,
            written.place("where"),
            source=expect.texts.get("where"),
        )
        written = replace(written, only_where=f"coalesce(({found.sql}), false)")
    drafts = rule.draft(written)
    return [
        _check(spec, rule, written, draft, names.take(written, draft, alone=len(drafts) == 1))
        for draft in drafts
    ]


def _check(spec: TableSpec, rule: Rule, written: WrittenRule, draft: Draft, name: str) -> Check:
    expect = written.expect
    test: Test = _row_test(rule, written, draft) if isinstance(draft, RowDraft) else draft.test
    before = _acts_before(spec, rule, expect, test)
    holds = before and isinstance(draft, RowDraft) and draft.constrains
    constraint = _constraint(expect, test) if holds else None
    if isinstance(test, RowTest) and not before:
        test = TableTest(f"(SELECT count(*) FROM {{table}} WHERE NOT ({test.ok}))")
    only = f", where {expect.only_where}" if expect.only_where else ""
    return Check(
        name,
        rule.name,
        expect.on_fail,
        test,
        written.where,
        draft.columns,
        before,
        tolerance=expect.tolerance,
        constraint=constraint,
        description=draft.sentence + only,
    )


def _row_test(rule: Rule, written: WrittenRule, draft: RowDraft) -> RowTest:
    """The condition made never NULL, and true outside of `where`."""
    ok = draft.passes
    if rule.nulls:
        ok = f"coalesce({ok}, {'false' if written.expect.nulls == 'fail' else 'true'})"
    if written.only_where:
        ok = f"(NOT {written.only_where} OR {ok})"
    return RowTest(ok)


def _acts_before(spec: TableSpec, rule: Rule, expect: ExpectSpec, test: Test) -> bool:
    if not writes(spec.kind):
        return False
    if isinstance(test, KeepTest):
        return True
    tolerant = expect.tolerance is not None and expect.on_fail == "fail"
    return rule.group in ("row", "reference") and not tolerant


def _constraint(expect: ExpectSpec, test: Test) -> str | None:
    plain = expect.on_fail == "fail" and expect.only_where is None and expect.from_release is None
    return test.ok if plain and isinstance(test, RowTest) else None


class _Names:
    """Names of a table's checks: given ones as they are, derived ones numbered when taken."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def take(self, written: WrittenRule, draft: Draft, *, alone: bool) -> str:
        given = written.expect.name
        if given is None:
            parts: Sequence[str] = (written.expect.rule, *draft.columns)
            return self._free("_".join(parts)[:_MAX_NAME])
        name = given if alone else f"{given}_{'_'.join(draft.columns)}"
        if not _NAME.match(name) or len(name) > _MAX_NAME:
            raise SpecError(
                "LW233",
                f"`{name}` is not a name for a check",
                written.place("name"),
                hint="lower case letters, digits and underscores",
            )
        if name in self._taken:
            message = f"two checks of {written.table} are called `{name}`"
            hint = "give each its own name"
            raise SpecError("LW233", message, written.place("name"), hint=hint)
        self._taken.add(name)
        return name

    def _free(self, wanted: str) -> str:
        name = next(name for name in _numbered(wanted) if name not in self._taken)
        self._taken.add(name)
        return name


def _numbered(name: str) -> Iterator[str]:
    yield name
    at = 2
    while True:
        yield f"{name}_{at}"
        at += 1
