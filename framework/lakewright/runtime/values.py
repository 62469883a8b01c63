"""What a run says while it goes on and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lakewright.errors import Problem
from lakewright.lake import CheckResult, Held
from lakewright.names import TableName

Outcome = Literal["published", "held", "failed", "skipped", "discarded"]
EventKind = Literal["started", "finished", "failed", "held", "step"]


@dataclass(frozen=True, slots=True)
class TableReport:
    """What happened to one table. Row counts are None where no rows were written."""

    table: TableName
    action: str
    refresh: str
    outcome: Outcome
    version: int | None = None
    rows_produced: int | None = None
    rows_kept: int | None = None
    rows_quarantined: int | None = None
    rows_dropped: int | None = None
    seconds: float = 0.0
    checks: tuple[CheckResult, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ServeReport:
    """How a catalog was brought to a release. Names are those in the catalog."""

    catalog: str
    release: int
    put: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    unchanged: int = 0
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def exit_code(self) -> int:
        """4 when all that is missing was refused to spare objects of others, 1 for the rest."""
        if not self.problems:
            return 0
        return 4 if all(problem.code == "LW464" for problem in self.problems) else 1


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended. `release`: a number, None for none, "unknown" if storage would not say."""

    run_id: str
    environment: str
    release: int | Literal["unknown"] | None
    ok: bool
    tables: tuple[TableReport, ...]
    held: tuple[Held, ...] = ()
    problems: tuple[Problem, ...] = ()
    exit_code: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    served: ServeReport | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Progress of a run. `detail` of a step is its number and name."""

    kind: EventKind
    table: TableName | None = None
    detail: str = ""
    rows: int | None = None
    seconds: float | None = None
    checks: tuple[CheckResult, ...] = ()


Watch = Callable[[Event], None]


def watch_nothing(event: Event) -> None:
    """Looks at no event."""
    del event
