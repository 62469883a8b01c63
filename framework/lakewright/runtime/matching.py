"""One catalog against one release: what each object needs, and doing it.

Objects that are not ours are never touched. A view of ours says so in its properties. A table's
entry cannot carry any (they would be a commit in the table's log), so it is ours when it lies over
files of this environment and serving noted that it would put it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from lakewright.engines.catalogs import (
    Catalog,
    CatalogObject,
    CatalogTable,
    CatalogView,
    ObjectName,
)
from lakewright.errors import LakewrightError, Problem
from lakewright.lake import Lake, Release
from lakewright.runtime.projecting import ENVIRONMENT, LAKE, MARK, RELEASE, Projection, Wanted

REDO = "`lakewright refresh` does it again; the release is published all the same"
NO_GRANTS = "LW465"
Found = Mapping[ObjectName, CatalogObject]
Step = Literal["same", "put", "swap", "foreign", "newer"]


@dataclass(slots=True)
class Matching:
    """One serving: what it was given, and what it has done so far.

    `entries` are the table entries that serving ever put. `unserved` does not show the release.
    """

    lake: Lake
    lake_id: str
    release: Release
    catalog: Catalog
    projection: Projection
    entries: frozenset[str]
    hold: Callable[[], None]  # keeps the claim, or raises
    put: list[ObjectName] = field(default_factory=list)
    withdrawn: list[ObjectName] = field(default_factory=list)
    unserved: set[ObjectName] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def differs(self, found: Found) -> bool:
        steps = (self.step_of(found, name) for name in self.projection.objects)
        return any(step != "same" for step in steps) or bool(self._leavers(found))

    def left_behind(self, found: Found) -> set[int]:
        """The releases that put what does not show this one: what they named is still read."""
        stale = [
            item
            for name, item in found.items()
            if name in self.projection.objects
            and self._is_ours(item)
            and self.step_of(found, name) != "same"
        ]
        return {_number(item) for item in (*stale, *self._leavers(found))} - {0}

    def entries_to_put(self, found: Found) -> frozenset[str]:
        """Table entries that `put_all` will make."""
        return frozenset(
            str(name)
            for name, wanted in self.projection.objects.items()
            if isinstance(wanted, CatalogTable) and self.step_of(found, name) in {"put", "swap"}
        )

    def put_all(self, found: Found) -> None:
        """Tables before views, as the projection has them."""
        for schema in sorted({name.schema for name in self.projection.objects}):
            self.catalog.make_schema(schema)
        for name, wanted in self.projection.objects.items():
            step = self.step_of(found, name)
            match step:
                case "same":
                    continue
                case "foreign":
                    self._refuse(name)
                case "newer":
                    self.unserved.add(name)
                    self.notes.append(f"{name} shows a later release, and was left")
                case "put":
                    self._put(wanted, None)
                case "swap":
                    self._put(wanted, found[name])
                case _:
                    assert_never(step)

    def withdraw_all(self, found: Found) -> None:
        """What left the release."""
        for item in self._leavers(found):
            with self._noticing(item.name):
                self.catalog.withdraw(item)
                self.withdrawn.append(item.name)

    def verify(self, found: Found) -> None:
        """Look again: what is not as it should be was not done, whatever was answered."""
        for name in sorted(self.projection.objects.keys() - self.unserved):
            if self.step_of(found, name) != "same":
                message = f"{name} is not as release {self.release.release} says it should be"
                self._fail(name, [Problem("LW463", message)])

    def grant_all(self, found: Found, readers: Iterable[str]) -> None:
        """Again at every serving: twice is once, and a crash may have come in between."""
        for name in sorted(self.projection.objects.keys() - self.unserved):
            for reader in readers:
                try:
                    self.catalog.grant(found[name], reader)
                except LakewrightError as error:
                    if error.code != "LW636":
                        self._fail(name, error.problems)
                        continue
                    why = f"{self.catalog.name} knows no GRANT, so nobody was granted anything"
                    self.notes.append(f"{NO_GRANTS}: {why}")
                    return

    def step_of(self, found: Found, name: ObjectName) -> Step:
        """What the object needs; nothing is done."""
        there, wanted = found.get(name), self.projection.objects[name]
        if there is None:
            return "put"
        if isinstance(wanted, CatalogTable) and _is_entry_over(there, wanted.location):
            return "same"
        if not self._is_ours(there):
            return "foreign"
        equal = isinstance(wanted, CatalogView) and _is_equal(there, wanted)
        if equal:
            return "same"
        if _number(there) > self.release.release:
            return "newer"
        return "swap" if isinstance(wanted, CatalogTable) or there.kind != "view" else "put"

    def _put(self, wanted: Wanted, instead_of: CatalogObject | None) -> None:
        with self._noticing(wanted.name):
            if instead_of is not None:
                self.catalog.withdraw(instead_of)
            match wanted:
                case CatalogView():
                    self.catalog.put_view(wanted)
                case CatalogTable():
                    self.catalog.put_table(wanted)
                case _:
                    assert_never(wanted)
            self.put.append(wanted.name)

    def _is_ours(self, found: CatalogObject) -> bool:
        if found.kind == "view":
            owner = (found.properties.get(LAKE), found.properties.get(ENVIRONMENT))
            return owner == (self.lake_id, self.release.environment)
        below = f"{self.lake.uri}/{self.release.environment}/"
        noted = str(found.name) in self.entries
        return found.kind == "table" and noted and found.location.startswith(below)

    def _leavers(self, found: Found) -> list[CatalogObject]:
        """Ours, and not of this release; views first."""
        gone = [
            item
            for name, item in found.items()
            if name not in self.projection.objects
            and self._is_ours(item)
            and _number(item) <= self.release.release
        ]
        return sorted(gone, key=lambda item: (item.kind != "view", item.name))

    def _refuse(self, name: ObjectName) -> None:
        self.unserved.add(name)
        self.problems.append(
            Problem(
                "LW464",
                f"{self.catalog.name}.{name} is not ours, and was left as it is",
                hint="rename or drop it, or serve into another schema; then `lakewright refresh`",
            )
        )

    @contextmanager
    def _noticing(self, name: ObjectName) -> Iterator[None]:
        """One object that fails stops no other; a lost claim or catalog stops all."""
        self.hold()
        try:
            yield
        except LakewrightError as error:
            if error.code not in {"LW635", "LW637"}:
                raise
            self._fail(
                name, [replace(it, message=f"{name}: {it.message}") for it in error.problems]
            )

    def _fail(self, name: ObjectName, problems: Iterable[Problem]) -> None:
        self.unserved.add(name)
        self.problems += map(redoable, problems)


def redoable(problem: Problem) -> Problem:
    """The problem with how to do it again."""
    return replace(problem, hint=f"{problem.hint}; {REDO}" if problem.hint else REDO)


def _is_equal(found: CatalogObject, view: CatalogView) -> bool:
    """Whether it was put as this view, and nobody gave it another query since."""
    if found.properties.get(MARK) != view.properties[MARK]:
        return False
    if found.text is None:
        return True
    # A catalog keeps a query up to its last word.
    rest = view.sql.removeprefix(found.text).strip()
    return view.sql.startswith(found.text) and (not rest or rest.startswith(("--", "/*")))


def _is_entry_over(found: CatalogObject, location: str) -> bool:
    return found.kind == "table" and found.location == location


def _number(found: CatalogObject) -> int:
    """The release that put the object; 0 for a table's entry, which belongs to none."""
    text = found.properties.get(RELEASE, "")
    return int(text) if text.isdigit() else 0
