"""The rules that act before a commit, as SQL over the produced rows.

A row's fate is decided once: quarantined if any quarantine rule fails, else dropped if any drop
rule fails, else kept. `fail` rules are asked of the rows that are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakewright.engines.counting import ALL, Counts
from lakewright.graph import Check, KeepTest, ReferenceTest, RowTest, TableTest
from lakewright.names import quote

BAD_RECORD = "_lw_bad"  # true for a record that the reader could not make a row of
FAILED = "_lw_failed"  # names of the quarantine rules a row breaks
DROPPED = "_lw_dropped"
READABLE = "readable"


def literal(text: str) -> str:
    """`text` as a SQL string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True, slots=True)
class Rules:
    """The checks of one job with the column that holds each verdict."""

    checks: tuple[Check, ...]
    reads_files: bool = False  # rows carry BAD_RECORD

    @classmethod
    def of(cls, checks: Sequence[Check], *, reads_files: bool = False) -> Rules:
        """The checks that act on rows; measurements of a written version are somebody else's."""
        acting = (
            check
            for check in checks
            if not isinstance(check.test, TableTest) and check.tolerance is None
        )
        return cls(tuple(acting), reads_files)

    @property
    def separates(self) -> bool:
        """Whether some rows may not reach the table."""
        return self.reads_files or any(
            check.on_fail in ("quarantine", "drop") for check in self.checks
        )

    @property
    def guards(self) -> bool:
        return any(check.on_fail == "fail" for check in self.checks)

    def verdicts(self) -> tuple[tuple[str, str], ...]:
        """Column and SQL of each check's verdict; true passes. References come from a join."""
        return tuple(
            (verdict(index), self._passes(index, check)) for index, check in enumerate(self.checks)
        )

    def fates(self) -> tuple[tuple[str, str], ...]:
        """Columns FAILED and DROPPED over rows that have their verdicts."""
        names = [
            f"CASE WHEN NOT {verdict(index)} THEN {literal(check.name)} END"
            for index, check in self._having("quarantine")
        ]
        failed = (
            f"array_compact(array({', '.join(names)}))"
            if names
            else "cast(array() AS array<string>)"
        )
        if self.reads_files:
            failed = f"CASE WHEN {BAD_RECORD} THEN array({literal(READABLE)}) ELSE {failed} END"
        broken = [f"NOT {verdict(index)}" for index, _ in self._having("drop")]
        dropped = f"size({FAILED}) = 0 AND ({' OR '.join(broken)})" if broken else "false"
        return ((FAILED, failed), (DROPPED, dropped))

    def counts(self) -> Counts:
        """Everything that is counted over produced rows with fates."""
        fixed: Counts = (("produced", ALL), ("quarantined", QUARANTINED), ("dropped", DROPPED))
        if not self.separates:
            fixed = fixed[:1]
        return fixed + tuple(
            (f"failed_{index}", self._counted(index, check))
            for index, check in enumerate(self.checks)
            if check.on_fail != "fail"
        )

    def violations(self) -> Counts:
        """Of all produced rows, those that are kept and break each `fail` rule."""
        broken = tuple(
            (f"failed_{index}", f"NOT {verdict(index)} AND {self.kept}")
            for index, _ in self._having("fail")
        )
        return (("produced", ALL), *broken)

    def guard(self, column: str, type_: str) -> str:
        """`column`, or an error that stops the write when a kept row breaks a `fail` rule."""
        name = quote(column)
        cases = "".join(
            f" WHEN NOT {verdict(index)} THEN"
            f" cast(raise_error({literal(f'LW401 {check.name}')}) AS {type_})"
            for index, check in self._having("fail")
        )
        return f"CASE{cases} ELSE {name} END AS {name}" if cases else name

    @property
    def kept(self) -> str:
        """The condition of rows that reach the table."""
        return KEPT if self.separates else "true"

    def failed(self, numbers: dict[str, int]) -> dict[str, int]:
        """Check name -> rows, from the numbers of `counts` or `violations`."""
        return {
            check.name: numbers[f"failed_{index}"]
            for index, check in enumerate(self.checks)
            if f"failed_{index}" in numbers
        }

    def _having(self, action: str) -> list[tuple[int, Check]]:
        return [pair for pair in enumerate(self.checks) if pair[1].on_fail == action]

    def _counted(self, index: int, check: Check) -> str:
        if check.on_fail == "warn":
            return f"NOT {verdict(index)} AND {self.kept}"
        return f"NOT {verdict(index)}"

    def _passes(self, index: int, check: Check) -> str:
        match check.test:
            case RowTest(ok=ok):
                passes = f"({ok})"
            case ReferenceTest() as test:
                passes = _reference_passes(test, index)
            case KeepTest() as test:
                passes = _keep_passes(test)
            case TableTest():
                raise AssertionError("measurements are not verdicts on rows")
        return f"({BAD_RECORD} OR {passes})" if self.reads_files else passes


QUARANTINED = f"size({FAILED}) > 0"
KEPT = f"size({FAILED}) = 0 AND NOT {DROPPED}"


def verdict(index: int) -> str:
    """The column that says whether check `index` passes."""
    return f"_lw_ok_{index}"


def found(index: int) -> str:
    """The column that is true where the reference of check `index` was found."""
    return f"_lw_found_{index}"


def _reference_passes(test: ReferenceTest, index: int) -> str:
    absent = [f"{quote(column)} IS NULL" for column in test.columns]
    outside = [f"NOT ({test.only_where})"] if test.only_where else []
    return f"({' OR '.join([f'{found(index)} IS NOT NULL', *absent, *outside])})"


def _keep_passes(test: KeepTest) -> str:
    # NULL keys and rows outside the rule are equal to nothing, so they get no rank.
    columns = ", ".join(quote(column) for column in test.columns)
    absent = [f"{quote(column)} IS NULL" for column in test.columns]
    outside = [f"NOT ({test.only_where})"] if test.only_where else []
    ranked = f"({test.only_where})" if test.only_where else "true"
    rank = f"row_number() OVER (PARTITION BY {columns}, {ranked} ORDER BY {test.order_by})"
    return f"({' OR '.join([f'{rank} = 1', *absent, *outside])})"
