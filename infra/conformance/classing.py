"""From classed cases to the class of each function, operator and construct."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.conformance.cases import Case
from infra.conformance.comparing import Status, compare
from infra.conformance.expressions import all_cases
from infra.conformance.measuring import QUERY_AREA, Outcome, query_cases


@dataclass(frozen=True, slots=True)
class Classed:
    """A case with its class; `note` says what differs."""

    case: Case
    status: Status
    note: str


@dataclass(frozen=True, slots=True)
class Entry:
    """All cases of one name. Edges are not among them: they hang on values, not on the query."""

    name: str
    area: str
    classed: tuple[Classed, ...]

    @property
    def equal(self) -> int:
        return sum(one.status == "equal" for one in self.classed)

    @property
    def status(self) -> Status:
        """Equal in all cases; refused when no case gives Spark's values; else different."""
        statuses = {one.status for one in self.classed}
        if statuses == {"equal"}:
            return "equal"
        return "refused" if statuses == {"refused"} else "different"

    @property
    def note(self) -> str:
        """The first that differs, the worst ones first."""
        unequal = [one for one in self.classed if one.status != "equal"]
        if not unequal:
            return ""
        first = min(unequal, key=lambda one: one.status != "refused")
        what = f"`{first.case.sql}`: " if first.case.area != QUERY_AREA else ""
        return " ".join(f"{what}{first.note}".split())


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured, with the versions it holds for."""

    versions: Mapping[str, str]
    functions: tuple[str, ...]  # all of Spark's
    classed: tuple[Classed, ...]

    @property
    def edges(self) -> tuple[Classed, ...]:
        return tuple(one for one in self.classed if one.case.shape == "edge")

    @property
    def entries(self) -> tuple[Entry, ...]:
        """One for each name, in the order of the areas."""
        found: dict[str, list[Classed]] = {}
        for one in self.classed:
            if one.case.shape != "edge":
                found.setdefault(one.case.name, []).append(one)
        return tuple(Entry(name, own[0].case.area, tuple(own)) for name, own in found.items())

    @property
    def unverified(self) -> tuple[str, ...]:
        """Spark's functions that no case tests."""
        tested = {entry.name for entry in self.entries} | {"cast", "try_cast"}
        return tuple(name for name in self.functions if name not in tested)


def class_outcomes(spark: Path, sail: Path) -> Table:
    """Compare what the two processes wrote."""
    ours, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (spark, sail))
    versions = {"sail": theirs["packages"]["engine"].removeprefix("sail ")}
    versions |= {key: ours["packages"][key] for key in ("pyspark", "delta")}
    return Table(versions, tuple(ours["functions"]), tuple(_classed(ours, theirs)))


def _classed(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Classed]:
    for case in cases():
        found = compare(case, _outcome(ours, case), _outcome(theirs, case))
        if found is not None:
            yield Classed(case, *found)


def cases() -> Sequence[Case]:
    """Expressions, edges, constructs and analytical queries."""
    return (*all_cases(), *query_cases())


def _outcome(document: Mapping[str, Any], case: Case) -> Outcome:
    kind, rows, error = document["outcomes"].get(case.key, ["", [], "not run"])
    return Outcome(kind, tuple(rows), error)


def write_table(table: Table, path: Path) -> None:
    """The measured table as a file: one line a case, so that a change reads as a change."""
    lines = [json.dumps([one.case.key, one.status, one.note]) for one in table.classed]
    head = json.dumps({"versions": table.versions, "functions": table.functions})
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def read_table(path: Path) -> Table:
    """What `write_table` wrote."""
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    known = {case.key: case for case in cases()}
    classed = tuple(
        Classed(known[key], status, note) for key, status, note in map(json.loads, lines)
    )
    top = json.loads(head)
    return Table(top["versions"], tuple(top["functions"]), classed)
