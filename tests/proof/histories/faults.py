"""What may go wrong at a write to a lake in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakes.lake import Crash, Moment
from lakewright.errors import LakeError

WRITES = {
    *("put_new", "put", "delete", "sync", "claim", "release"),
    *("define", "restore", "write", "clone", "vacuum"),
    *("make_schema", "put_view", "put_table", "withdraw", "grant"),
}


@dataclass(slots=True)
class Fault:
    """A hook that does `harm` at the n-th write, before it is done or after."""

    at: int
    moment: Moment
    harm: Callable[[str], None]
    tear: bool = False
    lasting: bool = False  # storage fails from then on
    seen: int = 0
    met: str = ""

    def __call__(self, operation: str, path: str, moment: Moment) -> None:
        if operation not in WRITES:
            return
        self.seen += moment == "before"
        if moment != self.moment or (self.met and not self.lasting):
            return
        if self.seen == self.at or (self.met and self.lasting):
            self.met = f"{moment} {operation} {path}"
            self.harm(self.met)


def die(where: str) -> None:
    raise Crash(where)


def fail(where: str) -> None:
    raise LakeError("LW501", f"storage failed {where}", hint="try again")
