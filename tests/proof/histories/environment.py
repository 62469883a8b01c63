"""What the model knows of one environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from proof.histories.model import Released
from proof.histories.project import Code
from proof.histories.situations import GOOD

RETENTION = timedelta(days=30)


@dataclass(slots=True)
class Environment:
    """Its releases, and what people and strangers did there."""

    releases: dict[int, Released] = field(default_factory=dict)
    code: Code = GOOD  # as its checkout has it now
    said: set[str] = field(default_factory=set)  # held by a person
    rolled: set[str] = field(default_factory=set)  # held by a rollback
    stopped: bool = False
    drifted: bool = False  # somebody may have written to the ingest or its companions
    made: dict[int, datetime] = field(default_factory=dict)  # when a release replaced another
    dead: set[int] = field(default_factory=set)  # what a collection may have taken
    pinned: set[int] = field(default_factory=set)

    @property
    def number(self) -> int:
        return max(self.releases, default=0)

    @property
    def latest(self) -> Released:
        return self.releases.get(self.number, Released())

    @property
    def promised(self) -> set[int]:
        """Releases that must be there, whatever was collected."""
        return self.releases.keys() - self.dead | self.pinned

    def note(self, release: Released, now: datetime) -> None:
        """One more; a clock that went back makes no release older than one before it."""
        self.made[self.number + 1] = max([now, *self.made.values()])
        self.releases[self.number + 1] = release

    def die(self, now: datetime) -> None:
        """From now on nobody promises what was replaced a retention ago."""
        old = now - RETENTION
        self.dead |= {n for n in self.releases if n + 1 in self.made and self.made[n + 1] <= old}
